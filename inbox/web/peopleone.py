"""One person: which plugs are theirs and how sure, what waits, when it is day there, and all they
did with us."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Case, Count, Max, Prefetch, Q, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.channels import peoplefiles, registry
from inbox.common.config import setting
from inbox.community.arithmetic import Part
from inbox.community.models import Deed, DeedKind, Engagement, Level, Nomination, NominationState
from inbox.people import keys, proposing, standing
from inbox.people.daytime import daytime, strip
from inbox.people.models import (
    Contact,
    ContactNote,
    Identity,
    Proposal,
    Trait,
    TraitKind,
)
from inbox.people.services import LISTED
from inbox.tickets import queries
from inbox.tickets.models import LIVE, Ticket
from inbox.tickets.people import known_to
from inbox.web import voiced
from inbox.web.guard import entered
from inbox.web.page import page, zone_of
from inbox.web.people import words_of
from inbox.web.peopletime import FEEDS, timeline
from inbox.web.peopleyear import year_of
from inbox.web.queue import RELATED, Row, day_hours, row_of

MOST_TICKETS, MOST_NOTES = 40, 50
REASONS = {
    "proven": "the same proven address {value}",
    "profile": "the profile names {value}",
    "noreply": "GitHub’s own address for {value}",
    "address": "both name {value}, nobody proved it",
    "login": "the same handle {value} in both",
    "local": "the handle is like the address: {value}",
    "twin": "both addresses begin with {value}",
    "name": "the same name",
    "zone": "the same time zone",
    "list": "{value} names both as one person",
    "teammate": "{value} says that they are one of the team",
}
NUMBERS = "Two Three Four Five Six Seven Eight Nine Ten".split()


@dataclass(frozen=True, kw_only=True)
class Plug:
    """One identity, or a guess that waits for a yes."""

    identity: Identity
    words: str
    say: str
    sure: str
    state: str  # ok: proven · line: a claim · wait: a guess
    other: Contact | None = None


@login_required
@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of a person; who was merged away leads to the one they are now."""
    return show(request, pk)


def show(request: HttpRequest, pk: int, *, status: int = 200, **extra: Any) -> HttpResponse:
    """The page, also as the answer to a form with a mistake."""
    user = entered(request)
    own = Identity.objects.select_related("user").order_by("pk")
    rows = known_to(user).select_related("engagement").prefetch_related(Prefetch("identities", own))
    contact = rows.filter(pk=pk).first()
    if contact is None:
        whole = get_object_or_404(known_to(user), whole=pk)
        return HttpResponseRedirect(reverse("person", args=[whole.pk]))
    context = {**context_of(request, contact, user), **extra}
    return page(request, "people/person.html", context, fragments={"feed"}, status=status)


def context_of(request: HttpRequest, contact: Contact, user: User) -> dict[str, Any]:
    """Everything the page shows, in a fixed number of statements."""
    now, zone = timezone.now(), zone_of(user)
    identities = list(contact.identities.all())
    feed_kind = request.GET.get("show", "")
    moments, more = timeline(contact, user, request.GET.get("before", ""), feed_kind)
    tickets = _tickets(contact, user, now, zone)
    plugs = [_plug(identity) for identity in identities]
    guesses = _guesses(contact, user)
    return {
        "contact": contact,
        "name": name_of(contact, identities),
        "address": next((one.external_id for one in identities if one.kind == "email"), ""),
        "plugs": [*plugs, *guesses],
        "sure": len(plugs),
        "many": dict(enumerate(NUMBERS, 2)).get(len(plugs), f"{len(plugs)}"),
        "cords": cords(len(plugs), len(guesses)),
        "honour": standing.honours(contact).first(),
        "notes": _notes(contact),
        "traits": traits_of(contact),
        "open": [row for row in tickets if row.ticket.is_live],
        "earlier": [row for row in tickets if not row.ticket.is_live],
        "tallies": tallies(contact, user),
        **year_of(contact, user, now),
        "moments": moments,
        "feed_kind": feed_kind if feed_kind in FEEDS else "",
        "feed_kinds": [(name, feed.words) for name, feed in FEEDS.items()],
        **_engagement(contact),
        "more": more,
        "path": reverse("person", args=[contact.pk]),
        "acts": can(user, Right.ACT),
        "writes": can(user, Right.NOTE),
        **day_of(identities, now),
        **voiced.context(contact, identities, user),
    }


def name_of(contact: Contact, identities: list[Identity]) -> str:
    """What the person is called."""
    known = next((i.name or i.handle for i in identities if i.name or i.handle), "")
    return contact.name or known or str(contact)


def _engagement(contact: Contact) -> dict[str, Any]:
    """What they add up to with its parts, by which scale, and whether somebody nominated them."""
    row: Engagement | None = getattr(contact, "engagement", None)
    levels = sorted(setting("community_levels").items(), key=lambda level: level[1])
    waiting = Nomination.objects.filter(
        standing.parts_of(contact), state=NominationState.WAITING
    ).select_related("by")
    return {
        "engagement": row,
        "parts": [Part(**part) for part in row.parts] if row else [],
        "scale": ", ".join(f"{Level(name).label} from {least:g}" for name, least in levels),
        "fresh_days": min(days for days, _ in setting("community_ages")),
        "nomination": waiting.first(),
    }


def _notes(contact: Contact) -> list[ContactNote]:
    rows = ContactNote.objects.filter(standing.parts_of(contact), removed_at=None)
    return list(rows.select_related("by").order_by("-at", "-pk")[:MOST_NOTES])


def traits_of(contact: Contact) -> list[str]:
    """What lists say of them: levels, then tags, each once, then when they were last active."""
    rows = Trait.objects.filter(standing.parts_of(contact)).order_by("kind", "source", "value")
    levels, tags, seen = [], [], []
    for row in rows:
        if row.kind == TraitKind.LEVEL:
            who = f"{peoplefiles.label_of(row.source)} level" if row.source else "Level"
            levels.append(f"{who} {row.value}")
        elif row.kind == TraitKind.SEEN:
            seen.append(row.value)
        else:
            tags.append(row.value)
    active = [f"last active {date.fromisoformat(max(seen)):%-d %B %Y}"] if seen else []
    return list(dict.fromkeys([*levels, *tags, *active]))


def _tickets(contact: Contact, user: User, now: datetime, zone: str) -> list[Row[Ticket]]:
    """Open ones first, the most urgent of them at the top."""
    rows = queries.visible_to(user).filter(asker__contact=contact).exclude(status="merged")
    live = Case(When(status__in=LIVE, then=Value(0)), default=Value(1))
    rows = rows.select_related(*RELATED).order_by(live, "next_due_at", "-number")
    return [row_of(ticket, now, zone) for ticket in rows[:MOST_TICKETS]]


# ------------------------------------------------------------------ plugs


def _plug(identity: Identity) -> Plug:
    kinds = registry.all_kinds()
    known = kinds.get(identity.kind)
    where = known.label if known else peoplefiles.label_of(identity.kind)
    sure, state, why = "Claimed", "line", "nobody proved it"
    if identity.user is not None:
        sure, state, why = "Team", "ok", f"bound to {identity.user.display_name}"
    elif identity.verified:
        sure, state, why = "Proven", "ok", "proven by its owner"
    elif identity.member_kind == LISTED:
        why = "a list says so"
    elif identity.kind in ("slack", "github"):
        sure, state, why = "Certain", "ok", "signed in there"
    if identity.unreachable_reason:
        why = f"not reached: {identity.unreachable_reason}"
    return Plug(
        identity=identity,
        words=words_of(identity),
        say=f"{where} · {why}",
        sure=sure,
        state=state,
    )


def _guesses(contact: Contact, user: User) -> list[Plug]:
    """Who else may be this person, each once, the surest first."""
    mine = Q(one__contact=contact) | Q(other__contact=contact)
    rows = proposing.waiting().filter(mine).order_by("-score", "pk")
    seen: dict[int, Plug] = {}
    for row in rows.select_related("one__contact", "other__contact")[:20]:
        theirs = row.other if row.one.contact_id == contact.pk else row.one
        seen.setdefault(
            theirs.contact_id,
            Plug(
                identity=theirs,
                words=words_of(theirs),
                say=reason_words(row),
                sure=keys.sureness(row.score),
                state="wait",
                other=theirs.contact,
            ),
        )
    known = set(known_to(user).filter(pk__in=seen).values_list("pk", flat=True)) if seen else set()
    return [plug for pk, plug in seen.items() if pk in known]


def reason_words(proposal: Proposal) -> str:
    """Why two may be one, in half a sentence."""
    said = [REASONS[code].format(value=value) for code, value in proposal.reasons]
    return ", ".join(said)


def cords(sure: int, maybe: int) -> dict[str, Any]:
    """The cords from the person to each plug, in a picture of 52 units a row."""
    height = 52 * max(sure + maybe, 1)
    middle = height / 2
    lines = []
    for n in range(sure + maybe):
        end = 26 + 52 * n
        lines.append((f"M0 {middle:g}C40 {middle:g} 30 {end:g} 72 {end:g}", n >= sure))
    return {"height": height, "lines": lines}


# ------------------------------------------------------------------ figures


def tallies(contact: Contact, user: User) -> dict[str, Any]:
    """How much they asked, and how often they helped others."""
    asked = queries.visible_to(user).filter(asker__contact=contact)
    counted = asked.aggregate(
        n=Count("pk"), last=Max("created_at"), open=Count("pk", filter=Q(status__in=LIVE))
    )
    theirs = queries.messages_visible_to(user).filter(author__contact=contact, visibility="public")
    said = theirs.aggregate(n=Count("pk"), channels=Count("thread__channel", distinct=True))
    deeds = Deed.objects.filter(identity__contact=contact, ticket__in=queries.visible_to(user))
    helped = deeds.aggregate(
        answered=Count("ticket", filter=Q(kind=DeedKind.ANSWERED), distinct=True),
        solved=Count("ticket", filter=Q(kind=DeedKind.CREDITED), distinct=True),
    )
    return {"asked": counted, "said": said, **helped}


def day_of(identities: list[Identity], now: datetime) -> dict[str, Any]:
    """Where their sun stands, by the identity that was heard last and says where it is."""
    placed = [i for i in identities if i.timezone or i.utc_offset_minutes is not None]
    if not placed:
        return {"there": None}
    newest = max(placed, key=lambda i: (i.heard_at or i.created_at, bool(i.timezone), i.pk))
    there = daytime(now, newest.timezone, newest.utc_offset_minutes, day_hours())
    city = newest.timezone.rpartition("/")[2].replace("_", " ")
    return {
        "there": there,
        "strip": strip(there.local, day_hours()),
        "city": city or "their zone",
        "offset": _offset(there.local),
        "by_mail": not newest.timezone,
    }


def _offset(local: datetime) -> str:
    """`UTC−3`, `UTC+5:30`, `UTC`."""
    minutes = int((local.utcoffset() or timedelta()).total_seconds() // 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'−' if minutes < 0 else '+'}{hours}{f':{rest:02d}' if rest else ''}"
