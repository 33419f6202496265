"""Keeping what people do added up: somebody is marked when something happens, counted soon after.

Counting reads what is there, so nothing is counted twice, and a desk that was there before is
counted like a new one. With age a deed counts less: everybody is counted anew once a day.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from inbox.common import rows, work
from inbox.common.config import setting
from inbox.common.work import Phase
from inbox.community import interviews, nominating, quotes
from inbox.community.arithmetic import Scheme, Sum, reckon
from inbox.community.gathering import Built, gather, own
from inbox.community.models import ELSEWHERE, Deed, Engagement, Level
from inbox.people.models import EVENT, Activity, Contact, Identity
from inbox.tickets import kinds
from inbox.tickets.models import AuthorRole, Message, TicketEvent

AT_ONCE = 100  # people of one tick
DAY = timedelta(days=1)
MOST_ELSEWHERE = 1_000
# after these nobody's deeds on the ticket may stand as they did
UPSETTING = frozenset(
    {
        kinds.TRASHED, kinds.SPAM, kinds.RESTORED, kinds.RESTRICTED, kinds.MERGED,
        kinds.UNMERGED, kinds.SPLIT, kinds.MESSAGE_DELETED,
    }
)  # fmt: skip


def on_event(event: TicketEvent) -> None:
    """Whoever did something on a ticket is counted anew; what never left asked nobody."""
    if event.kind == kinds.MESSAGE_IN:
        _mark_author(event)
    elif event.kind == kinds.CREDITED:
        _mark(Identity.objects.filter(pk=event.data.get("identity")))
    elif event.kind in (kinds.CLOSED, kinds.REOPENED) and event.ticket.asker_id:
        _mark(Identity.objects.filter(pk=event.ticket.asker_id))
    elif event.kind in UPSETTING:
        concerned = Deed.objects.filter(ticket=event.ticket_id).values("identity")
        _mark(Identity.objects.filter(pk__in=concerned))
    elif event.kind == kinds.TAKEN_BACK:
        quotes.take_back(event.data["message"])
        interviews.take_back(event.ticket_id, datetime.fromisoformat(event.data["said_at"]))


def _mark_author(event: TicketEvent) -> None:
    if event.data.get("role") not in (AuthorRole.ASKER, AuthorRole.COMMUNITY):
        return
    message: Message | None = work.current().objects.get(("message", event.data.get("message")))
    if message is None or message.author is None:
        return
    _mark([message.author])


def _mark(identities: Iterable[Identity]) -> None:
    for one in identities:
        stale = Contact(pk=one.contact_id, counted_at=None)
        work.current().at_end(
            Phase.COUNT, ("counted", stale.pk), partial(rows.update, stale, ["counted_at"])
        )


# ------------------------------------------------------------------ counting


def due_ids(now: datetime) -> list[int]:
    """People who did something since they were counted, then those counted yesterday."""
    fresh = list(Contact.objects.filter(counted_at=None).values_list("pk", flat=True)[:AT_ONCE])
    old = Engagement.objects.filter(score__gt=0, counted_at__lt=now - DAY).order_by("counted_at")
    again = old.values_list("contact", flat=True)[: AT_ONCE - len(fresh)]
    return list(dict.fromkeys([*fresh, *again]))


def count(contact: Contact, built: Iterable[Built]) -> Sum:
    """Add up what somebody did; the contact is under its row lock."""
    now = work.current().now
    mine = own(contact)
    deeds = gather(contact, mine, built)
    told = [(deed.kind, deed.at) for deed in deeds]
    scheme = scheme_now()
    elsewhere = _elsewhere(mine, now, scheme)
    found = reckon([*told, *elsewhere], now=now, scheme=scheme)
    times = [at for _, at in (*told, *elsewhere)]
    if times:
        values = {
            "score": found.score,
            "level": found.level,
            "parts": [part.as_data() for part in found.parts],
            "deeds": len(told),
            "first_at": min(times),
            "counted_at": now,
        }
        Engagement.objects.update_or_create(contact=contact, defaults=values)
    else:
        Engagement.objects.filter(contact=contact).delete()
    Contact.objects.filter(pk=contact.pk).update(counted_at=now)
    if found.level == Level.CANDIDATE:
        nominating.propose(contact, why=found.words)
    return found


def _elsewhere(mine: list[int], now: datetime, scheme: Scheme) -> list[tuple[str, datetime]]:
    """(kind, moment) of what lists tell and of events, as far back as it counts."""
    since = now - timedelta(days=max((days for days, _ in scheme.ages), default=0))
    done = Activity.objects.filter(identity__in=mine, at__gt=since, at__lte=now).order_by("-at")
    told = done.exclude(source=EVENT).values_list("at", flat=True)[:MOST_ELSEWHERE]
    # somebody who stood on an event's list twice and was merged since took part once
    took_part = done.filter(source=EVENT).values_list("title", "at").distinct()
    return [(ELSEWHERE, at) for at in told] + [(EVENT, at) for _, at in took_part]


def scheme_now() -> Scheme:
    """How the settings want it counted."""
    ages = sorted((int(days), float(share)) for days, share in setting("community_ages"))
    return Scheme(
        points=setting("community_points"),
        most=setting("community_most"),
        ages=tuple(ages),
        levels=setting("community_levels"),
    )
