"""Compare what is kept with what follows from the events: the proof that nothing drifted.

Each step holds the row of progress, so the job that keeps the figures waits for one step at most.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

from django.db import transaction
from django.db.models import Max, Min

from inbox.reports.lanes import unpacked
from inbox.reports.models import ReportFact, ReportSum
from inbox.reports.reading import stories
from inbox.reports.services import AT_ONCE, lock_progress
from inbox.reports.spans import DAY, Run, begin_of, each, next_of
from inbox.reports.story import Made, facts
from inbox.reports.summing import Moves, Place, Sum, count, folded
from inbox.tickets.models import Ticket, Touched


def check() -> Iterator[tuple[str, list[str]]]:
    """Step by step: what was looked at, and what of it is not as it should be."""
    newest = 0
    while numbers := list(_after(newest)):
        with transaction.atomic():
            lock_progress()
            wrong = wrong_facts(numbers)
        yield f"tickets to #{numbers[-1]}", [f"facts of #{n}" for n in wrong]
        newest = numbers[-1]
    for month in _months():
        with transaction.atomic():
            lock_progress()
            places = wrong_sums(month)
        yield f"sums of {month:%Y-%m}", [" ".join(map(str, place)) for place in places]


def _after(number: int) -> Iterator[int]:
    rows = Ticket.objects.filter(pk__gt=number).order_by("pk")
    return iter(rows.values_list("pk", flat=True)[:AT_ONCE])


def _months() -> Iterator[date]:
    told = ReportFact.objects.aggregate(begin=Min("at"), end=Max("at"))
    kept = ReportSum.objects.filter(span="day").aggregate(begin=Min("first"), end=Max("first"))
    days = [at.astimezone(UTC).date() for at in told.values() if at]
    days += [day for day in kept.values() if day]
    if days:
        yield from each(Run("month", begin_of(min(days), "month"), max(days) + DAY))


def wrong_facts(numbers: list[int]) -> list[int]:
    """Tickets whose facts are not what their events say; those still to be renewed left out."""
    waiting = set(Touched.objects.filter(ticket__in=numbers).values_list("ticket_id", flat=True))
    told: dict[int, list[Made]] = {s.number: sorted(facts(s)) for s in stories(numbers)}
    kept: dict[int, list[Made]] = {}
    for number, *values in ReportFact.objects.filter(ticket__in=numbers).values_list(
        "ticket_id", *Made._fields
    ):
        kept.setdefault(number, []).append(Made(*values))
    return [n for n in numbers if n not in waiting and told.get(n, []) != sorted(kept.get(n, []))]


def wrong_sums(month: date) -> list[Place]:
    """Sums of a month's days, of the weeks and the year that begin in it, and of the month."""
    end = next_of(month, "month")
    begin, until = (datetime.combine(day, time(), UTC) for day in (month, end))
    told = Moves(Sum)
    rows = ReportFact.objects.filter(at__gte=begin, at__lt=until)
    count(told, (Made(*row) for row in rows.values_list(*Made._fields).iterator()), 1)
    last = max(end, next_of(begin_of(end - DAY, "week"), "week"))
    coarse = folded(dict(_kept("day", month, last)))
    expected = told | {
        place: total
        for place, total in coarse.items()
        if (place.span == "week" and month <= place.first < end)
        or (place.span == "month" and place.first == month)
    }
    kept = {place: total for s in ("day", "week", "month") for place, total in _kept(s, month, end)}
    if month.month == 1:
        expected |= _years(month)
        kept |= dict(_kept("year", month, end))
    return sorted(
        place
        for place in {*expected, *kept}
        if expected.get(place, Sum()) != kept.get(place, Sum())
    )


def _years(first: date) -> Moves:
    """A year from its months; it knows no quarters."""
    found = Moves(Sum)
    for place, total in _kept("month", first, next_of(first, "year")):
        found[place._replace(span="year", first=first)].add(total.n, total.seconds, 0, total.marks)
    return found


def _kept(span: str, first: date, end: date) -> Iterator[tuple[Place, Sum]]:
    rows = ReportSum.objects.filter(span=span, first__gte=first, first__lt=end)
    for *where, n, seconds, quarters, marks in rows.values_list(
        *Place._fields, "n", "seconds", "quarters", "marks"
    ).iterator():
        yield Place(*where), Sum(n, seconds, unpacked(bytes(quarters)), unpacked(bytes(marks)))
