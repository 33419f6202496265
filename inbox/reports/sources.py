"""What is asked, and where its answer lies: in sums, or in single facts. Permission first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from inbox.accounts.models import User
from inbox.reports.models import ReportFact, ReportSum
from inbox.reports.spans import Pieces, Run, moment
from inbox.reports.summing import DIMENSIONS

PUBLIC = 0


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


def sums(asked: Asked, kinds: Iterable[str], by: str) -> QuerySet[ReportSum] | None:
    """The sums that answer the question; none when it has two dimensions."""
    filters = dict(asked.filters)
    dim = by or next(iter(filters), "")
    if len({*filters, dim} - {""}) > 1:
        return None
    rows = ReportSum.objects.filter(dim=dim, kind__in=list(kinds))
    if filters:
        rows = rows.filter(value=filters[dim])
    return rows if asked.scopes is None else rows.filter(scope__in=asked.scopes)


def facts(asked: Asked, kinds: Iterable[str], parts: Pieces | None) -> QuerySet[ReportFact]:
    """Single facts in the slivers; of all times when no parts are given."""
    rows = ReportFact.objects.filter(kind__in=list(kinds))
    for name in DIMENSIONS:
        if name in asked.filters:
            rows = rows.filter(**{name: asked.filters[name]})
    if parts is not None:
        times = Q()
        for begin, end in parts.slivers:
            times |= Q(at__gte=begin, at__lt=end)
        rows = rows.filter(times)
    return rows if asked.scopes is None else rows.filter(scope__in=asked.scopes)


def within(whole: Iterable[Run]) -> Q:
    """The sums of these runs; runs that touch are one range of the index."""
    found = Q(pk__in=[])
    joined: list[Run] = []
    for run in sorted(whole):
        if joined and (joined[-1].span, joined[-1].end) == (run.span, run.first):
            joined[-1] = joined[-1]._replace(end=run.end)
        else:
            joined.append(run)
    for span, first, end in joined:
        found |= Q(span=span, first__gte=first, first__lt=end)
    return found


def on(days: Iterable[date]) -> Q:
    """The sums of single days."""
    return Q(span="day", first__in=list(days))


def facts_in(asked: Asked, kind: str) -> QuerySet[ReportFact]:
    """The single facts of a kind in the range: for what has too many names to be summed."""
    return facts(asked, (kind,), Pieces((), (asked.span,)))
