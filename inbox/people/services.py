"""Who is who: from a vendor's author to an Identity, and whose account stands behind it."""

from django.db import IntegrityError, transaction

from inbox.accounts.models import User
from inbox.channels.contract import Author
from inbox.common import rows
from inbox.people.models import Contact, Identity

MAILBOX = "mailbox"  # Identity.member_kind of our own addresses
LISTED = "listed"  # of an account that only a list has named so far


def resolve(kind: str, realm: str, author: Author) -> Identity:
    """The identity of an author, made on first sight.

    An address is a claim: it makes a contact of its own and is never merged with another (L23).
    """
    external_id = author.external_id.lower() if "@" in author.external_id else author.external_id
    realm = author.realm or realm
    found, account = _known(kind, realm, external_id, proof(author, external_id))
    if found is None:
        return _first_sight(kind, realm, external_id, author, account)
    _freshen(found, author)
    if found.user_id is None and account is not None and author.member_kind == FULL:
        found.user_id = account  # a full member whose profile names an account's address
        found.save(update_fields=["user"])
    return found


FULL = "full"


def proof(author: Author, external_id: str) -> str:
    """The address that may name an account: of a mail its own, of a full member the profile's.

    A guest or a stranger can claim any profile address (trust.md 13).
    """
    return author.email if author.member_kind == FULL and author.email else external_id


# One statement answers both questions: is the identity here, and is the address an account's?
KNOWN = """
SELECT i.*, u.id AS account FROM (SELECT 1) AS one
LEFT JOIN inbox_identity i ON i.kind = %s AND i.realm = %s AND i.external_id = %s
LEFT JOIN inbox_user u ON UPPER(u.email) = UPPER(%s) AND u.is_active
ORDER BY u.id LIMIT 1
"""


def _known(
    kind: str, realm: str, external_id: str, address: str
) -> tuple[Identity | None, int | None]:
    row = Identity.objects.raw(KNOWN, [kind, realm, external_id[:250], address])[0]
    account: int | None = row.account  # type: ignore[attr-defined]  # a column of the statement
    return (row if row.pk is not None else None), account


def _first_sight(
    kind: str, realm: str, external_id: str, author: Author, account: int | None
) -> Identity:
    contact = Contact(name=author.name[:250])
    rows.insert([contact])
    identity = Identity(
        contact=contact,
        kind=kind,
        realm=realm,
        external_id=external_id[:250],
        handle=author.handle[:250],
        name=author.name[:250],
        email=profile_address(author, kind),
        verified=author.verified,
        timezone=author.timezone,
        utc_offset_minutes=author.utc_offset_minutes,
        member_kind=author.member_kind,
        user_id=account,
    )
    # A concurrent first sight ends in IntegrityError; the whole change is then tried again.
    rows.insert([identity])
    return identity


def _freshen(identity: Identity, author: Author) -> None:
    """Take over what the vendor newly says; an empty word erases nothing."""
    news = {
        "name": author.name[:250] or identity.name,
        "handle": author.handle[:250] or identity.handle,
        "email": profile_address(author, identity.kind) or identity.email,
        "member_kind": author.member_kind or identity.member_kind,
        "timezone": author.timezone or identity.timezone,
        "utc_offset_minutes": author.utc_offset_minutes
        if author.utc_offset_minutes is not None
        else identity.utc_offset_minutes,
    }
    changed = [name for name, value in news.items() if getattr(identity, name) != value]
    if changed:
        for name in changed:
            setattr(identity, name, news[name])
        if changed != ["utc_offset_minutes"]:
            identity.looked_at = None  # it may be found and compared by something else now
            changed.append("looked_at")
        identity.save(update_fields=changed)


def profile_address(author: Author, kind: str) -> str:
    """The address that the account's profile names; of a mail the account is the address."""
    return "" if kind == "email" or "@" not in author.email else author.email.lower()[:250]


MAINTAINER = "maintainer"


def is_team(identity: Identity) -> bool:
    """Whether an active account of ours stands behind the identity.

    The roster comes first; where it says nothing, a maintainer by the vendor's word is one of us.
    """
    if identity.user is not None:
        return identity.user.is_active
    return identity.member_kind == MAINTAINER


def bind(user: User, *, kind: str, realm: str, external_id: str, handle: str = "") -> Identity:
    """Say that an identity is a member of staff's own (`manage.py staff`)."""
    external_id = external_id.lower() if kind == "email" else external_id
    identity = Identity.objects.filter(kind=kind, realm=realm, external_id=external_id).first()
    if identity is None:
        contact = Contact.objects.create(name=user.display_name)
        try:
            with transaction.atomic():
                identity = Identity.objects.create(
                    contact=contact,
                    kind=kind,
                    realm=realm,
                    external_id=external_id,
                    handle=handle,
                    name=user.display_name,
                )
        except IntegrityError:
            identity = Identity.objects.get(kind=kind, realm=realm, external_id=external_id)
    identity.user = user
    identity.save(update_fields=["user"])
    return identity
