"""What somebody did, read anew from tickets and messages: what is found twice is kept once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min, Q

from inbox.common import rows
from inbox.community.models import Deed, DeedKind
from inbox.people.models import Contact, Identity
from inbox.people.services import MAILBOX, is_team
from inbox.tickets import kinds
from inbox.tickets.messages import ERASED
from inbox.tickets.models import AuthorRole, Message, Status, Ticket, TicketEvent, Visibility

NOWHERE = (Status.TRASHED, Status.SPAM, Status.MERGED)
Key = tuple[int, str, int]  # identity, kind, ticket
Found = dict[Key, tuple[datetime, int | None]]


@dataclass(frozen=True, kw_only=True)
class Built:
    """An issue or pull request at a tracker, told by whoever can look there."""

    identity: int
    ticket: int
    kind: str  # of `DeedKind`
    at: datetime


def gather(contact: Contact, mine: list[int], built: Iterable[Built]) -> list[Deed]:
    """Bring the deeds of a person up to date; those that count, without restricted tickets."""
    wanted = _found(mine, built) if mine else {}
    known = {
        (deed.identity_id, deed.kind, deed.ticket_id): deed
        for deed in Deed.objects.filter(identity__contact=contact)
    }
    gone = [deed.pk for key, deed in known.items() if key not in wanted]
    Deed.objects.filter(pk__in=gone).delete()
    rows.insert(_made(key, wanted[key]) for key in wanted if key not in known)
    _moved([(known[key], wanted[key]) for key in wanted if key in known])
    counted = Deed.objects.filter(identity__in=mine, ticket__restricted_team=None)
    return list(counted.order_by("at", "pk"))


def own(contact: Contact) -> list[int]:
    """Their identities; none of somebody of the team, of a mailbox, or of who was erased."""
    identities = list(Identity.objects.filter(contact=contact).select_related("user"))
    if any(is_team(one) or one.member_kind == MAILBOX for one in identities):
        return []
    return [one.pk for one in identities if not one.external_id.startswith(f"{ERASED}-")]


def _made(key: Key, told: tuple[datetime, int | None]) -> Deed:
    identity, kind, ticket = key
    at, message = told
    return Deed(identity_id=identity, kind=kind, ticket_id=ticket, at=at, message_id=message)


def _moved(pairs: Iterable[tuple[Deed, tuple[datetime, int | None]]]) -> None:
    """An earlier message came late, or the first one was deleted."""
    changed = []
    for deed, (at, message) in pairs:
        if (deed.at, deed.message_id) != (at, message):
            deed.at, deed.message_id = at, message
            changed.append(deed)
    Deed.objects.bulk_update(changed, ["at", "message"], batch_size=200)


def _found(mine: list[int], built: Iterable[Built]) -> Found:
    found: Found = {}
    asked = Ticket.objects.filter(asker__in=mine, opener_role=AuthorRole.ASKER)
    for number, identity, at in asked.exclude(status__in=NOWHERE).values_list(
        "pk", "asker", "created_at"
    ):
        found[identity, DeedKind.ASKED, number] = (at, None)
    for one in built:
        found.pop((one.identity, DeedKind.ASKED, one.ticket), None)
        found[one.identity, one.kind, one.ticket] = (one.at, None)
    answers = _answers(mine)
    for (identity, number), told in answers.items():
        found[identity, DeedKind.ANSWERED, number] = told
    for identity, number, at in _credits(set(mine), {number for _, number in answers}):
        message = answers.get((identity, number), (at, None))[1]
        found[identity, DeedKind.CREDITED, number] = (at, message)
    return found


def _answers(mine: list[int]) -> Mapping[tuple[int, int], tuple[datetime, int | None]]:
    """The first public word of each of them on each ticket of somebody else (S3)."""
    said = Message.objects.filter(
        Q(role=AuthorRole.COMMUNITY, visibility=Visibility.PUBLIC, deleted_at=None),
        author__in=mine,
        message_class="normal",
    ).exclude(ticket__status__in=NOWHERE)
    counted = said.values_list("author", "ticket").annotate(at=Min("sent_at"), first=Min("pk"))
    return {(who, number): (at, first) for who, number, at, first in counted.order_by()}


def _credits(mine: set[int], tickets: set[int]) -> Iterable[tuple[int, int, datetime]]:
    events = TicketEvent.objects.filter(kind=kinds.CREDITED, ticket__in=tickets)
    for data, number, at in events.order_by("-at").values_list("data", "ticket", "at"):
        if data.get("identity") in mine:
            yield data["identity"], number, at
