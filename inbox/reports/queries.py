"""Reading figures: permission first, then sums where there are sums, single facts where not.

Sums are kept by one dimension at a time. A question with two (bugs by channel) is answered from
the facts of its range; the answer is the same, only later.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay, TruncDate

from inbox.accounts.models import User
from inbox.reports.models import ReportDay, ReportFact
from inbox.reports.services import DIMENSIONS
from inbox.reports.spans import Period, Pieces, moment, pieces

PUBLIC = 0


class Cell(NamedTuple):
    """One sum's place in an answer."""

    value: str
    kind: str
    label: str
    bucket: int


@dataclass
class Tally:
    """How many facts, and how many seconds they have together."""

    n: Counter[Cell] = field(default_factory=Counter)
    seconds: Counter[Cell] = field(default_factory=Counter)

    def count(self, kind: str, *, value: str | None = None, label: str | None = None) -> int:
        """How many of a kind."""
        return sum(
            n
            for cell, n in self.n.items()
            if cell.kind == kind
            and (value is None or cell.value == value)
            and (label is None or cell.label == label)
        )

    def spread(self, kind: str, *, value: str | None = None) -> Counter[int]:
        """How many of a kind stand at each mark of the scale."""
        found: Counter[int] = Counter()
        for cell, n in self.n.items():
            if cell.kind == kind and (value is None or cell.value == value):
                found[cell.bucket] += n
        return found

    def values(self, *kinds: str) -> list[str]:
        """The values of the dimension that have any of these kinds."""
        return sorted({cell.value for cell, n in self.n.items() if n and cell.kind in kinds})


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A range of local days, what it is narrowed to, and what the person may see."""

    first: date
    last: date
    zone: str
    scopes: frozenset[int] | None = frozenset({PUBLIC})  # none: everything, for admins
    filters: Mapping[str, str] = field(default_factory=dict)

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From the first local midnight to the last."""
        return moment(self.first, self.zone), moment(self.last + timedelta(days=1), self.zone)

    def before(self) -> "Asked":
        """As many days right before."""
        days = (self.last - self.first).days + 1
        shift = timedelta(days=days)
        return replace(self, first=self.first - shift, last=self.last - shift)


def scopes_of(user: User) -> frozenset[int] | None:
    """The public figures, and those of the restricted teams that somebody is in."""
    if user.is_admin:
        return None
    return frozenset({PUBLIC, *user.teams.values_list("pk", flat=True)})


def tally(asked: Asked, kinds: Iterable[str], by: str = "") -> Tally:
    """Everything of these kinds in the range, sorted by one dimension."""
    found = Tally()
    parts = pieces([asked.span])
    sums = _sums(asked, kinds, by)
    if sums is None:
        parts = Pieces((), (asked.span,))
    elif parts.days:
        rows = sums.filter(_days(parts)).values_list("value", "kind", "label", "bucket")
        summed = rows.annotate(n_=Sum("n"), seconds_=Sum("seconds")).order_by()
        _collect(found, summed if by else (("", *row[1:]) for row in summed))
    if parts.slivers:
        names = [by] if by else []
        facts = _facts(asked, kinds, parts).values_list(*names, "kind", "label", "bucket")
        counted = facts.annotate(n_=Count("pk"), seconds_=Sum("seconds")).order_by()
        _collect(found, (row if by else ("", *row) for row in counted))
    return found


def _collect(found: Tally, rows: Iterable[tuple[object, ...]]) -> None:
    for value, kind, label, bucket, n, seconds in rows:
        cell = Cell(str(value), str(kind), str(label), int(str(bucket)))
        found.n[cell] += int(str(n))
        found.seconds[cell] += int(str(seconds))


def series(
    asked: Asked, kinds: Iterable[str], cut: Sequence[Period]
) -> dict[tuple[int, str, str], int]:
    """(which period, kind, label) → how many."""
    spans = [(moment(p.first, asked.zone), moment(p.end, asked.zone)) for p in cut]
    parts = pieces(spans)
    found: Counter[tuple[int, str, str]] = Counter()
    sums = _sums(asked, kinds, "")
    if sums is None:
        parts = Pieces((), (asked.span,))
    elif parts.days:
        place = {day: n for n, period in enumerate(spans) for day in _whole(period)}
        # one range of the index; the days between the periods are left out here, not there
        bounds = Q(day__gte=parts.days[0][0], day__lt=parts.days[-1][1])
        rows = sums.filter(bounds).values_list("day", "kind", "label")
        for day, kind, label, n in rows.annotate(n_=Sum("n")).order_by():
            if day in place:
                found[place[day], kind, label] += n
    if parts.slivers:
        local = {day: n for n, period in enumerate(cut) for day in _every(period.first, period.end)}
        facts = _facts(asked, kinds, parts).annotate(
            local=TruncDate("at", tzinfo=ZoneInfo(asked.zone))
        )
        for day, kind, label, n in (
            facts.values_list("local", "kind", "label").annotate(n_=Count("pk")).order_by()
        ):
            found[local[day], kind, label] += n
    return found


def standing(asked: Asked) -> int:
    """How many tickets were on the desk when the range began."""
    begin = asked.span[0]
    whole, rest = begin.date(), datetime.combine(begin.date(), time(), UTC)
    sums = _sums(asked, ("in", "back", "out"), "")
    counts: Counter[str] = Counter()
    if sums is None:
        facts = _facts(asked, ("in", "back", "out"), None).filter(at__lt=begin)
    else:
        rows = sums.filter(day__lt=whole).values_list("kind").annotate(n_=Sum("n")).order_by()
        counts.update(dict(rows))
        facts = _facts(asked, ("in", "back", "out"), Pieces((), ((rest, begin),)))
    counts.update(dict(facts.values_list("kind").annotate(n_=Count("pk")).order_by()))
    return counts["in"] + counts["back"] - counts["out"]


def hours(asked: Asked) -> dict[tuple[int, int], int]:
    """(weekday, hour) → how many tickets were opened, in the range's own zone."""
    zone, parts = ZoneInfo(asked.zone), pieces([asked.span])
    found: Counter[tuple[int, int]] = Counter()
    if asked.filters or not _whole_hours(zone, asked):
        parts = Pieces((), (asked.span,))
    elif parts.days:
        rows = _scoped(ReportDay.objects.filter(dim="hour", kind="in"), asked).filter(_days(parts))
        for day, hour, n in rows.values_list("day", "value").annotate(n_=Sum("n")).order_by():
            local = datetime.combine(day, time(int(hour)), UTC).astimezone(zone)
            found[local.weekday(), local.hour] += n
    if parts.slivers:
        facts = _facts(asked, ("in",), parts).annotate(
            weekday=ExtractIsoWeekDay("at", tzinfo=zone), hour=ExtractHour("at", tzinfo=zone)
        )
        for weekday, hour, n in (
            facts.values_list("weekday", "hour").annotate(n_=Count("pk")).order_by()
        ):
            found[weekday - 1, hour] += n
    return found


def facts_in(asked: Asked, kind: str) -> QuerySet[ReportFact]:
    """The single facts of a kind in the range: for what has too many names to be summed."""
    return _facts(asked, (kind,), Pieces((), (asked.span,)))


# ------------------------------------------------------------------ where to look


def _sums(asked: Asked, kinds: Iterable[str], by: str) -> QuerySet[ReportDay] | None:
    """The sums that answer the question; none when it has two dimensions."""
    filters = dict(asked.filters)
    dim = by or next(iter(filters), "")
    if len({*filters, dim} - {""}) > 1:
        return None
    rows = ReportDay.objects.filter(dim=dim, kind__in=list(kinds))
    if filters:
        rows = rows.filter(value=filters[dim])
    return _scoped(rows, asked)


def _facts(asked: Asked, kinds: Iterable[str], parts: Pieces | None) -> QuerySet[ReportFact]:
    rows = ReportFact.objects.filter(kind__in=list(kinds))
    for name in DIMENSIONS:
        if name in asked.filters:
            rows = rows.filter(**{name: asked.filters[name]})
    if parts is not None:
        within = Q()
        for begin, end in parts.slivers:
            within |= Q(at__gte=begin, at__lt=end)
        rows = rows.filter(within)
    return rows if asked.scopes is None else rows.filter(scope__in=asked.scopes)


def _scoped(rows: QuerySet[ReportDay], asked: Asked) -> QuerySet[ReportDay]:
    return rows if asked.scopes is None else rows.filter(scope__in=asked.scopes)


def _days(parts: Pieces) -> Q:
    (first, end), *_ = parts.days
    return Q(day__gte=first, day__lt=end)


def _whole(span: tuple[datetime, datetime]) -> Iterable[date]:
    return (day for first, end in pieces([span]).days for day in _every(first, end))


def _every(first: date, end: date) -> Iterable[date]:
    return (first + timedelta(days=n) for n in range((end - first).days))


def _whole_hours(zone: ZoneInfo, asked: Asked) -> bool:
    """Whether the zone's hours are UTC's hours: not so in India, Nepal or Newfoundland."""
    days = {d.replace(day=1) for d in (asked.first, asked.last)}
    days |= {asked.first.replace(month=month, day=1) for month in (1, 7)}
    offsets = {datetime.combine(d, time(12), zone).utcoffset() for d in (*days, asked.last)}
    return all(offset is not None and offset.seconds % 3600 == 0 for offset in offsets)
