"""Finding: the search page, the errors, the values of filters, and what is like a ticket."""

from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from inbox.accounts.models import User
from inbox.common.veiling import veil
from inbox.search import errors, ranking
from inbox.search import similar as likeness
from inbox.search.filters import SOLVED, Scope, values_for
from inbox.search.language import KEYS, LONGEST, parse
from inbox.search.models import Fingerprint
from inbox.search.ranking import Match
from inbox.search.services import Found, Piece, find, people, snippet
from inbox.sla.explain import bounds
from inbox.tickets import naming, queries
from inbox.tickets.models import AuthorRole, Message, Ticket, Visibility
from inbox.web.page import page, zone_of
from inbox.web.queue import RELATED, SHOWN, Row, row_of
from inbox.web.verbs import may

PER_PAGE = 20
COUNTED = 300  # matches that the facets count
SOLVED_FIRST = 1.1
FACETS = {
    "state": {"solved": "Solved", "open": "Open", "waiting": "Waiting on them", "closed": "Closed"},
    "by": {"team": "Team", "community": "Community"},
    "when": {"": "Any time", "30": "Last 30 days", "365": "Last year"},
}
MOST_CATEGORIES = 6


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One ticket that was found, with its marked words."""

    row: Row[Ticket]
    title: list[Piece]
    text: list[Piece]
    state: str
    community: bool


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What the facets ask of a match."""

    state: str
    category: str
    by: str
    age_days: int


def scope_of(user: User) -> Scope:
    """The person, now, here."""
    zone = zone_of(user)
    return Scope(user=user, bounds=bounds(timezone.now(), zone), zone=zone)


@login_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What holds the words: answers first, then what is open, people and error lines."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    data = request.GET
    text = f"{data.get('f', '')} {data.get('q', '')}".strip().replace("\x00", "")[:LONGEST]
    query, scope = parse(text, naming.searched()), scope_of(user)
    typing = bool(getattr(request, "htmx", None)) and not data.get("q", "").endswith(" ")
    found = find(query, scope, typing=typing)
    facts = _facts(user, found.matches, scope)
    chosen = {name: data.getlist(name) for name in ("state", "category", "by", "when")}
    matches = _sorted([m for m in found.matches if _passes(facts.get(m.number), chosen)], facts)
    shown, after = _page(matches, data.get("after", ""))
    hits = _hits(shown, facts, found, scope)
    context = {
        "query": query,
        "filters": " ".join(text[t.start : t.end] for t in query.tokens),
        "chips": [(label, words, _address(left)) for label, words, left in query.removals()],
        "found": found,
        "total": len(matches),
        "most": ranking.MOST_FOUND,
        "sections": _sections(hits),
        "facets": _facets(facts, chosen),
        "people": [] if data.get("after") else people(query, scope),
        "errors": [] if data.get("after") else errors.of_text(user, query.plain),
        "kept": urlencode({"q": text, **chosen}, doseq=True),
        "more": "?" + urlencode([*_kept(data), ("after", after)]) if after else "",
    }
    return page(request, "search/search.html", context, fragments={"results"})


def _address(text: str) -> str:
    return "?" + urlencode({"q": text})


def _kept(data: Any) -> list[tuple[str, str]]:
    return [(k, v) for k in data for v in data.getlist(k) if k != "after" and v]


# ------------------------------------------------------------------ narrowing down


def _facts(user: User, matches: list[Match], scope: Scope) -> dict[int, Fact]:
    """What the facets need, of the first matches: one statement whatever was found."""
    answers = Message.objects.filter(
        ticket=OuterRef("pk"),
        role=AuthorRole.COMMUNITY,
        visibility=Visibility.PUBLIC,
        deleted_at=None,
    )
    rows = queries.visible_to(user).filter(pk__in=[match.number for match in matches[:COUNTED]])
    rows = rows.annotate(
        is_solved=ExpressionWrapper(SOLVED, BooleanField()), helped=Exists(answers)
    )
    return {
        pk: Fact(
            state="solved" if solved else _state(lane),
            category=category,
            by="community" if helped else "team" if answered else "",
            age_days=(scope.now - created).days,
        )
        for pk, lane, category, answered, created, solved, helped in rows.values_list(
            "pk", "lane", "category", "answered_at", "created_at", "is_solved", "helped"
        )
    }


def _state(lane: str) -> str:
    return {"us": "open", "": "closed"}.get(lane, "waiting")


def _passes(fact: Fact | None, chosen: dict[str, list[str]]) -> bool:
    """Whether a match is what is looked for; what no facet knows passes only without any."""
    wanted = {name: {v for v in values if v} for name, values in chosen.items()}
    if fact is None:
        return not any(wanted.values())
    ages = [int(days) for days in wanted.pop("when") if days in FACETS["when"]]
    return all(
        not values or getattr(fact, name) in values for name, values in wanted.items()
    ) and all(fact.age_days <= days for days in ages)


def _facets(facts: dict[int, Fact], chosen: dict[str, list[str]]) -> list[dict[str, Any]]:
    """The fields that narrow down, each choice with how many it has."""
    counts = {
        n: Counter(getattr(f, n) for f in facts.values()) for n in ("state", "category", "by")
    }
    labels = {
        "state": {
            **FACETS["state"],
            "waiting": naming.name("them"),
            "closed": naming.name("closed"),
        },
        "category": {name: name for name, _ in counts["category"].most_common(MOST_CATEGORIES)},
        "by": FACETS["by"],
    }
    fields: list[dict[str, Any]] = [
        {
            "name": name,
            "legend": {"state": "State", "category": "Category", "by": "Answered by"}[name],
            "choices": [
                (value, label, counts[name][value], value in chosen[name])
                for value, label in labels[name].items()
                if value and (counts[name][value] or value in chosen[name])
            ],
        }
        for name in labels
    ]
    when = (chosen["when"] or [""])[0]
    times = [(value, label, None, value == when) for value, label in FACETS["when"].items()]
    fields.append({"name": "when", "legend": "When", "choices": times, "one": True})
    return [field for field in fields if field["choices"]]


# ------------------------------------------------------------------ hits


def _sorted(matches: list[Match], facts: dict[int, Fact]) -> list[Match]:
    """Best first; an answer counts a little more than a question."""

    def worth(match: Match) -> float:
        fact = facts.get(match.number)
        return match.score * (SOLVED_FIRST if fact and fact.state == "solved" else 1)

    return sorted(matches, key=lambda match: -worth(match))


def _page(matches: list[Match], after: str) -> tuple[list[Match], str]:
    """A page behind the ticket `after`, and where the next one begins."""
    numbers = [str(match.number) for match in matches]
    begin = numbers.index(after) + 1 if after in numbers else 0
    shown = matches[begin : begin + PER_PAGE]
    more = begin + PER_PAGE < len(matches)
    return shown, str(shown[-1].number) if more else ""


def _hits(matches: list[Match], facts: dict[int, Fact], found: Found, scope: Scope) -> list[Hit]:
    numbers = [match.number for match in matches]
    rows = _rows(queries.visible_to(scope.user), numbers)
    best = ranking.best_documents(found.wanted, numbers)
    texts = dict(
        Message.objects.filter(pk__in=best.values(), deleted_at=None).values_list("pk", "new_text")
    )
    # before its words are marked: in pieces an address is none any more
    shown = str if scope.user.sees_addresses else veil
    hits = []
    for number in numbers:
        if number not in rows:
            continue
        fact = facts.get(number)
        hits.append(
            Hit(
                row=row_of(rows[number], scope.now, scope.zone),
                title=snippet(shown(rows[number].subject), found.marks, length=250),
                text=snippet(shown(texts.get(best.get(number, 0), "")), found.marks),
                state=fact.state if fact else "closed",
                community=bool(fact and fact.by == "community"),
            )
        )
    return hits


def _rows(tickets: QuerySet[Ticket], numbers: list[int]) -> dict[int, Ticket]:
    shown = tickets.filter(pk__in=numbers).select_related(*RELATED, "source")
    columns = (*SHOWN, "channel__label", "source__label", "source__external_key")
    return {ticket.pk: ticket for ticket in shown.only(*columns)}


def _sections(hits: list[Hit]) -> list[tuple[str, list[Hit]]]:
    names = {"solved": "Solved", "open": "Open", "waiting": "Open", "closed": "Closed"}
    parts: dict[str, list[Hit]] = {"Solved": [], "Open": [], "Closed": []}
    for hit in hits:
        parts[names[hit.state]].append(hit)
    return [(name, part) for name, part in parts.items() if part]


# ------------------------------------------------------------------ the other pages


@login_required
@require_safe
def values(request: HttpRequest) -> JsonResponse:
    """What may stand behind `key:`; without a known key the keys themselves."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    key, start = request.GET.get("key", ""), request.GET.get("q", "").replace("\x00", "")[:100]
    if key not in KEYS:
        return JsonResponse({"keys": [name for name in KEYS if name.startswith(key or start)]})
    return JsonResponse({"key": key, "values": values_for(key, start, user)})


@login_required
@require_safe
def error(request: HttpRequest, key: str) -> HttpResponse:
    """One error and every ticket that shows it; unknown while the person may see none."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    row = get_object_or_404(Fingerprint, key=key)
    tickets = errors.tickets_with(user, row)
    if not tickets:
        return page(request, "search/error.html", {"unknown": True}, status=404)
    now, zone = timezone.now(), zone_of(user)
    context = {
        "seen": errors.seen_one(user, row),
        "rows": [row_of(ticket, now, zone) for ticket in tickets],
    }
    return page(request, "search/error.html", context)


@login_required
@require_safe
def similar(request: HttpRequest, number: int) -> HttpResponse:
    """What is like a ticket: a panel of its page, or a page of its own without a script."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    ticket = get_object_or_404(
        queries.visible_to(user).select_related("asker__contact", "channel"), pk=number
    )
    context = {
        "ticket": ticket,
        "alike": likeness.alike(user, ticket),
        "errors": errors.of_ticket(user, ticket),
        "may_merge": may(user, "merge", request.GET),
    }
    return page(request, "search/similar.html", context, fragments={"similar"})
