"""One search for both databases: what a query means in words, and the tickets that hold them."""

from dataclasses import dataclass, field, replace

from django.db.models import Q, QuerySet

from inbox.common.config import setting
from inbox.people.models import Contact
from inbox.search import filters, ranking, synonyms, vocabulary
from inbox.search.filters import Scope
from inbox.search.language import Group, Query
from inbox.search.ranking import Choice, Match, Wanted
from inbox.search.words import STOP, fold, is_learned, spans, stems
from inbox.tickets import queries
from inbox.tickets.models import Ticket

SYNONYM, BEGINNING, TYPO = 0.6, 0.5, 0.8
MOST_OTHERS = 5
MOST_OF_OTHER = 1500  # documents: a stand-in that is more frequent tells nothing
MOST_PEOPLE = 5
MARGIN = 60  # a text is shown from its start when the first mark is so near


@dataclass(kw_only=True)
class Found:
    """Matches, best first, and what to say about them."""

    matches: list[Match] = field(default_factory=list)
    wanted: list[Wanted] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    partial: bool = False  # no ticket holds every word: these come closest
    meant: dict[str, str] = field(default_factory=dict)  # misspelt word → the one searched for

    @property
    def numbers(self) -> list[int]:
        """The tickets, best first."""
        return [match.number for match in self.matches]

    @property
    def marks(self) -> list[tuple[str, ...]]:
        """The stems to mark in a text."""
        return [choice.stems for one in self.wanted for choice in one.choices]


def find(query: Query, scope: Scope, *, typing: bool = False) -> Found:
    """The tickets that hold the words and pass the filters; of an empty query none.

    `typing`: the last word may be a beginning.
    """
    found = Found(notes=[*query.notes, *filters.unknown(query, scope)])
    if query.is_empty or query.impossible:
        return found
    rows, is_narrow = _candidates(query, scope)
    if query.number is not None:
        found.matches = [Match(pk, 0, 0) for pk in _exactly(query.number, scope)]
    elif not any(not group.negated for group in query.groups):
        newest = rows.order_by("-number").values_list("number", flat=True)
        found.matches = [Match(pk, 0, 0) for pk in newest[: ranking.MOST_FOUND]]
    if any(not group.negated for group in query.groups):
        found.wanted, found.meant = wanted_of(query, typing=typing)
        matches = ranking.best(
            found.wanted,
            size=vocabulary.size(),
            among=rows,
            is_narrow=is_narrow,
            need_all=True,
        )
        known = set(found.numbers)
        found.matches += [match for match in matches if match.number not in known]
        found.partial = bool(matches) and matches[0].words < len(found.wanted)
        found.meant = _seen(found.meant, [match.number for match in matches])
    return found


def _seen(meant: dict[str, str], numbers: list[int]) -> dict[str, str]:
    """Of the words that were probably meant those that the tickets found hold.

    The vocabulary is everybody's and forgets nothing: a word that is told must be in something
    that the person may see today.
    """
    ways = {plain: Wanted((Choice(tuple(stems(right))),)) for plain, right in meant.items()}
    return {plain: meant[plain] for plain, one in ways.items() if ranking.holding(one, numbers)}


def tickets(query: Query, scope: Scope, *, limit: int) -> list[Ticket]:
    """The first tickets that are found, best first."""
    numbers = find(query, scope).numbers[:limit]
    rows = queries.visible_to(scope.user).select_related(*queries.RELATED).in_bulk(numbers)
    return [rows[number] for number in numbers if number in rows]


def narrow(rows: QuerySet[Ticket], query: Query, scope: Scope) -> QuerySet[Ticket]:
    """Tickets of a list that a query lets through, in the list's own order."""
    rows = filters.narrowed(rows, query, scope)
    if query.groups and not query.impossible:
        found = find(query, scope)
        whole = found.numbers and not found.partial
        rows = rows.filter(pk__in=found.numbers) if whole else filters.nothing(rows)
    elif query.number is not None and not query.tokens:
        rows = rows.filter(pk=query.number)
    return rows


def _candidates(query: Query, scope: Scope) -> tuple[QuerySet[Ticket], bool]:
    """What may be found, and whether that is less than what is mostly there."""
    rows = filters.narrowed(queries.visible_to(scope.user), query, scope)
    if not filters.asks_for_gone(query):
        rows = rows.exclude(status__in=filters.GONE)
    for group in query.groups:
        if group.negated:
            rows = _without(rows, group)
    return rows, bool(query.tokens) or any(group.negated for group in query.groups)


def _without(rows: QuerySet[Ticket], group: Group) -> QuerySet[Ticket]:
    unwanted = [tuple(stems(words)) for words in group.words]
    unwanted = [words for words in unwanted if words]
    if not unwanted:
        return rows
    sql, params = ranking.excluded(unwanted)
    return rows.extra(where=[sql], params=params)  # noqa: S610 - our own words, marks for values


def _exactly(number: int, scope: Scope) -> list[int]:
    """The ticket of this number, also when it is merged, spam or in the trash."""
    rows = queries.visible_to(scope.user).filter(pk=number)
    return list(rows.values_list("pk", flat=True))


# ------------------------------------------------------------------ words that are wanted


def wanted_of(query: Query, *, typing: bool) -> tuple[list[Wanted], dict[str, str]]:
    """The words to look for with everything that may stand for them, and what was respelt."""
    groups = [group for group in query.groups if not group.negated]
    telling = [group for group in groups if group.phrase or not _is_filler(group)]
    groups = telling or groups
    read = [(group, [tuple(stems(words)) for words in group.words]) for group in groups]
    known = vocabulary.frequencies({root for _, ways in read for way in ways for root in way})
    meant: dict[str, str] = {}
    extra = tuple(setting("search_synonyms"))
    last = groups[-1] if typing and groups and not groups[-1].phrase else None
    found = []
    for group, ways in read:
        choices = [Choice(way) for way in ways if way]
        if not group.phrase:
            choices += _stand_ins(group, ways, known, meant, extra, beginning=group is last)
        if choices:
            found.append(choices)
    return counted(found), meant


def _is_filler(group: Group) -> bool:
    return all(fold(word) in STOP for words in group.words for word in words.split())


def _stand_ins(
    group: Group,
    ways: list[tuple[str, ...]],
    known: dict[str, int],
    meant: dict[str, str],
    extra: tuple[str, ...],
    *,
    beginning: bool,
) -> list[Choice]:
    found = [Choice(other, SYNONYM) for way in ways for other in alternatives(way, extra)]
    for word, way in zip(group.words, ways, strict=True):
        if len(way) != 1:
            continue
        plain = fold(word.strip(".,;:!?()[]{}'`"))
        if beginning and len(plain) > 1:
            found += [Choice((s,), BEGINNING) for s in vocabulary.beginning_with(plain)]
        if way[0] not in known and (right := vocabulary.nearest(plain)):
            meant[plain] = right
            found.append(Choice(tuple(stems(right)), TYPO))
    return [choice for choice in found if choice.stems not in ways]


def alternatives(way: tuple[str, ...], extra: tuple[str, ...]) -> list[tuple[str, ...]]:
    """What people also write for a word."""
    others = synonyms.others(" ".join(way), extra)
    return [tuple(other.split()) for other in others]


def counted(found: list[list[Choice]]) -> list[Wanted]:
    """Wanted words with how frequent each way to write them is: a phrase as its rarest member.

    Of what only stands in for a word the rarest ways are kept; what stands nowhere costs nothing.
    """
    roots = {root for choices in found for choice in choices for root in choice.stems}
    known = vocabulary.frequencies(roots)
    wanted = []
    for choices in found:
        ways = [replace(choice, n=_frequency(choice.stems, known)) for choice in choices]
        own = [way for way in ways if way.factor == 1]
        others = [way for way in ways if way.factor < 1 and 0 < way.n <= MOST_OF_OTHER]
        kept = sorted(others, key=lambda way: (-way.factor, way.n))[:MOST_OTHERS]
        wanted.append(Wanted((*own, *kept)))
    return wanted


def _frequency(roots: tuple[str, ...], known: dict[str, int]) -> int:
    """In about how many documents all of these stand; a word that nobody counts is rare."""
    return min((known.get(root, 0) for root in roots if is_learned(root)), default=1)


# ------------------------------------------------------------------ people


def people(query: Query, scope: Scope) -> list[Contact]:
    """People whose names, handles or addresses hold what was typed, and who asked something that
    the person may see."""
    words = query.plain.removeprefix("@").strip('"')
    if len(words) < 2 or any(group.negated for group in query.groups):
        return []
    named_so = Q(name__icontains=words) | Q(identities__name__icontains=words)
    if scope.user.sees_addresses:
        named_so |= Q(identities__handle__istartswith=words)
        named_so |= Q(identities__external_id__istartswith=words)
    elif "@" in words:
        return []  # else a viewer could spell an address out, letter by letter
    named = Contact.objects.filter(named_so)
    asked = queries.visible_to(scope.user).filter(asker__contact__in=named.values("pk"))
    rows = Contact.objects.filter(pk__in=asked.values("asker__contact")).order_by("name", "pk")
    return list(rows[:MOST_PEOPLE])


# ------------------------------------------------------------------ snippets


@dataclass(frozen=True)
class Piece:
    """A part of a text, marked or not; whoever shows it escapes it."""

    text: str
    marked: bool = False


def snippet(text: str, marks: list[tuple[str, ...]], *, length: int = 180) -> list[Piece]:
    """The part of a text that holds most of the words, with these marked."""
    single = {root for way in marks for root in way}
    hits = [(start, end) for start, end, root in spans(text) if root in single]
    begin = _densest(hits, length)
    begin = 0 if begin < MARGIN else text.find(" ", begin - 30, begin) + 1 or begin
    finish = min(begin + length, len(text))
    shown = [(start, end) for start, end in hits if start >= begin and end <= finish]
    pieces = [Piece("… ")] if begin > 0 else []
    at = begin
    for start, end in shown:
        pieces += [Piece(text[at:start]), Piece(text[start:end], marked=True)]
        at = end
    pieces.append(Piece(text[at:finish] + (" …" if finish < len(text) else "")))
    return [piece for piece in pieces if piece.text]


def _densest(hits: list[tuple[int, int]], length: int) -> int:
    """Where the window with the most hits begins."""
    most, begin, first = 0, 0, 0
    for last, (_, end) in enumerate(hits):
        while end - hits[first][0] > length - 40:
            first += 1
            if first > last:
                break
        if last - first + 1 > most:
            most, begin = last - first + 1, hits[min(first, last)][0]
    return begin
