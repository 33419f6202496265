"""The scheduling link of a ticket: whose booking it will be is filled in.

SavvyCal and Calendly take name and address from the link, and Calendly keeps the `utm_` values
with the booking, by which it is found again:
https://help.calendly.com/hc/en-us/articles/226766767-Pre-populate-invitee-information-on-the-booking-page
"""

from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from inbox.channels.contract import Capability
from inbox.common.config import setting
from inbox.tickets.models import Ticket

SOURCE = "desk"


def link(ticket: Ticket, *, person: bool = True) -> str:
    """The link of the setting `call_link` for a ticket; "" without one.

    Name and address are only in it where the conversation is by address: in a forum everybody
    reads the link. What the setting's own link says already stays.
    """
    base = str(setting("call_link")).strip()
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https"):
        return base
    given = parse_qsl(parts.query, keep_blank_values=True)
    more = {"utm_source": SOURCE, "utm_content": str(ticket.pk)}
    if person and Capability.RECIPIENTS in ticket.channel.type.capabilities:
        more |= _person(ticket)
    named = dict(given)
    query = [*given, *((name, value) for name, value in more.items() if name not in named)]
    # the sign of an address stays readable, for whoever must not read addresses
    said = urlencode(query, quote_via=quote, safe="@")
    return parts._replace(query=said).geturl()


def _person(ticket: Ticket) -> dict[str, str]:
    asker = ticket.asker
    if asker is None or "@" not in asker.external_id:
        return {}
    name = asker.name or asker.contact.name
    return {"email": asker.external_id, **({"name": name[:100]} if name else {})}
