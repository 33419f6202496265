"""What somebody said that may be quoted, interviews with them, and who directories say they are."""

from collections.abc import Sequence
from typing import Any

from inbox.accounts.models import User
from inbox.community import elsewhere, reading
from inbox.people.models import Contact, Identity
from inbox.web.quotes import rows_of, what_may

MOST = 20


def context(contact: Contact, identities: Sequence[Identity], user: User) -> dict[str, Any]:
    """A person's quotes, interviews and links to directories."""
    held = reading.interviews_visible_to(user).filter(identity__contact=contact)
    return {
        "quotes": rows_of(list(reading.quotes_of(contact, user)[:MOST])),
        "interviews": reading.with_people(held).order_by("-pk")[:MOST],
        "known_as": elsewhere.known_of(identities),
        **what_may(user),
    }
