"""The lists of the community's page. Restricted tickets are in none of them."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import RowNumber

from inbox.accounts.models import User
from inbox.common.config import setting
from inbox.community.models import (
    HELPING,
    Deed,
    DeedKind,
    Engagement,
    LiveTopic,
    Nomination,
    NominationState,
    Referral,
)
from inbox.people.models import Championship, Contact
from inbox.tickets import queries as tickets
from inbox.tickets.models import LIVE, AuthorRole, Resolution, Status, Ticket
from inbox.tickets.people import known_to

WEEK, UNANSWERED_FOR, LOOKED_BACK = timedelta(days=7), timedelta(hours=24), timedelta(days=90)
SILENT_UP_TO = timedelta(days=180)
ACTIVE_FROM = 3  # deeds of somebody whose silence says something
# nobody waits for an answer to these
NEEDS_NONE = (Resolution.TRANSACTIONAL, Resolution.SPAM, Resolution.DUPLICATE)
OPEN = Q(ticket__restricted_team=None)


def helpers(user: User, since: datetime) -> "QuerySet[Deed, Any]":
    """Who helped since then, by points without age: contact, counts, newest moment."""
    points = setting("community_points")
    rows = Deed.objects.filter(OPEN, kind__in=HELPING, at__gte=since)
    rows = rows.filter(identity__contact__in=known_to(user).values("pk"))
    counted = rows.values("identity__contact").annotate(
        answered=Count("pk", filter=Q(kind=DeedKind.ANSWERED)),
        credited=Count("pk", filter=Q(kind=DeedKind.CREDITED)),
        merged=Count("pk", filter=Q(kind=DeedKind.MERGED)),
        last=Max("at"),
    )
    worth = sum(
        (F(kind.value) * float(points.get(kind.value, 0)) for kind in HELPING[1:]),
        start=F("answered") * float(points.get("answered", 0)),
    )
    return counted.annotate(points=worth).order_by("-points", "-last", "identity__contact")


def nominations(user: User) -> QuerySet[Nomination]:
    """Who waits for a decision, the longest first; a list may have named them meanwhile."""
    rows = Nomination.objects.filter(state=NominationState.WAITING)
    known = known_to(user).filter(champion=False).values("pk")
    rows = rows.filter(Q(contact__in=known) | Q(contact__root__in=known))
    return rows.select_related("contact__root", "by").order_by("at", "pk")


def champions(user: User) -> QuerySet[Championship]:
    """Who is a champion now, the newest first."""
    rows = Championship.objects.filter(ended_at=None)
    whole = Q(contact__in=known_to(user).values("pk"))
    merged = Q(contact__root__in=known_to(user).values("pk"))
    rows = rows.filter(whole | merged).select_related("contact__root", "named_by")
    return rows.order_by("-since", "-pk")


def first_timers(user: User, now: datetime) -> QuerySet[Engagement]:
    """Who did something here for the first time within a week, with the ticket it was on."""
    first = Deed.objects.filter(OPEN, identity__contact=OuterRef("contact")).order_by("at", "pk")
    rows = Engagement.objects.filter(first_at__gte=now - WEEK, deeds__gt=0)
    rows = rows.filter(contact__in=known_to(user).values("pk")).select_related("contact")
    return rows.annotate(number=Subquery(first.values("ticket")[:1])).order_by("-first_at", "-pk")


def silent(user: User, now: datetime) -> QuerySet[Contact]:
    """Who was active and is not heard since a ticket of theirs was answered and closed (S103)."""
    quiet = timedelta(days=int(setting("community_silent_days")))
    theirs = Ticket.objects.filter(asker__contact=OuterRef("pk"), restricted_team=None)
    last = theirs.filter(status=Status.CLOSED, answered_at__isnull=False).order_by("-closed_at")
    rows = known_to(user).filter(
        last_heard_at__lt=now - quiet,
        last_heard_at__gte=now - SILENT_UP_TO,
        engagement__deeds__gte=ACTIVE_FROM,
    )
    rows = rows.exclude(Exists(theirs.filter(status__in=LIVE)))
    found = rows.annotate(
        number=Subquery(last.values("pk")[:1]), ended=Subquery(last.values("closed_at")[:1])
    ).filter(ended__gte=F("last_heard_at"))
    return found.order_by("-last_heard_at", "-pk")


def unanswered(user: User, now: datetime) -> QuerySet[Ticket]:
    """Questions to which nobody but their asker has said a word for a day (S3, S103)."""
    rows = tickets.visible_to(user).filter(
        Q(status__in=LIVE) | Q(status=Status.CLOSED),
        restricted_team=None,
        answered_at=None,
        asked_at__isnull=False,
        asked_at__lt=now - UNANSWERED_FOR,
        created_at__gte=now - LOOKED_BACK,
        opener_role=AuthorRole.ASKER,
        opener_class="normal",
    )
    rows = rows.exclude(resolution__in=NEEDS_NONE).select_related("channel", "asker__contact")
    return rows.order_by("-number")


def evidence_of(contacts: list[int], user: User, most: int) -> dict[int, list[Deed]]:
    """How each of some people helped, newest first: what a nomination rests on."""
    seen = tickets.visible_to(user).filter(restricted_team=None)
    rows = Deed.objects.filter(
        identity__contact__in=contacts, kind__in=HELPING, ticket__in=seen
    ).annotate(
        place=Window(
            RowNumber(),
            partition_by=F("identity__contact"),
            order_by=[F("at").desc(), F("pk").desc()],
        )
    )
    newest = rows.filter(place__lte=most).select_related("ticket", "identity")
    found: dict[int, list[Deed]] = {}
    for deed in newest.order_by("-at", "-pk"):
        found.setdefault(deed.identity.contact_id, []).append(deed)
    return found


def _kept(user: User) -> QuerySet[Ticket]:
    return tickets.visible_to(user).exclude(status__in=(Status.TRASHED, Status.SPAM))


def referrals(user: User) -> QuerySet[Referral]:
    """What was referred to product, the newest first."""
    rows = Referral.objects.filter(ticket__in=_kept(user))
    return rows.select_related("ticket__channel", "ticket__asker__contact", "by").order_by(
        "-at", "-pk"
    )


def topics(user: User) -> QuerySet[LiveTopic]:
    """What is kept for the office hours, the newest first."""
    rows = LiveTopic.objects.filter(ticket__in=_kept(user))
    return rows.select_related("ticket__channel", "ticket__asker__contact", "by").order_by(
        "-at", "-pk"
    )
