"""The short form of the benchmark: many tickets, counted in batches, give the figures they must."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from bench import reports as bench
from inbox.reports import queries, services
from inbox.reports.scale import bucket_of
from inbox.reports.sources import Asked
from inbox.tickets.models import Ticket

MANY, DAYS = 3000, 40  # as many a day as a busy desk has
pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_many_tickets_are_counted_in_batches_that_may_be_cut_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("rows are made by generate_series of PostgreSQL")
    monkeypatch.setattr(services, "AT_ONCE", 700)
    bench.grow(bench.people(MANY, DAYS), MANY)
    batches = 0
    while services.renew(now=timezone.now(), seconds=0):  # one batch, then the time is over
        batches += 1
    assert batches == 5
    today = timezone.now().date()
    asked = Asked(
        first=today - timedelta(days=3650), last=today + timedelta(days=3), zone="Asia/Kolkata"
    )
    tally = queries.tally(asked, ("in", "first", "solved", "kept", "missed"), "channel")
    closed = Ticket.objects.filter(status="closed").count()
    assert (tally.count("in"), tally.count("first")) == (MANY, MANY)
    assert (tally.count("solved"), closed) == (closed, MANY * 9 // 10)
    late = sum(5 + n * 7919 % 2000 > 1500 for n in range(1, MANY + 1))
    assert (tally.count("kept"), tally.count("missed")) == (MANY - late, late)
    # in two dimensions from single facts, in one from the sums: the same
    one = {"channel": tally.values("in")[0]}
    sums = queries.tally(Asked(first=asked.first, last=today, zone="UTC", filters=one), ("in",))
    high = [
        queries.tally(
            Asked(first=asked.first, last=today, zone="UTC", filters={**one, "priority": priority}),
            ("in",),
        ).count("in")
        for priority in ("low", "normal", "high", "urgent")
    ]
    assert sum(high) == sums.count("in") == MANY // 6
    assert max(tally.spread("first")) <= bucket_of(2005 * 60)
