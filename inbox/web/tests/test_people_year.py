"""The picture of a person's year: messages, what lists tell, and events, a line for each."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from inbox.people.models import EVENT, Activity, Identity
from inbox.web.peopleyear import MONTHS, outline, year_of
from rig.desk import agent, asker, ticket, writes

pytestmark = pytest.mark.django_db


def did(who: Identity, source: str, at: datetime) -> None:
    Activity.objects.create(
        identity=who, source=source, source_key=f"{source}:{at}", title="Something", at=at
    )


def test_the_year_has_a_line_for_each_place_events_last() -> None:
    mira, now = asker("mira"), timezone.now()
    row = ticket(who=mira)
    writes(row, mira, at=now)
    did(mira, "orbit", now - timedelta(days=100))
    did(mira, "orbit", now - timedelta(days=500))
    for back in (timedelta(0), timedelta(microseconds=1), timedelta(days=200)):
        did(mira, EVENT, now - back)
    year = year_of(mira.contact, agent("ana"), now)
    assert len(year["months"]) == MONTHS
    mail, orbit, events = year["lanes"]
    assert (mail.name, orbit.name, events.name) == ("E-mail", "Orbit", "Events")
    assert [sum(n for _, _, n in lane.dots) for lane in (mail, orbit, events)] == [2, 1, 3]


def test_a_clock_that_is_ahead_breaks_no_page() -> None:
    mira, now = asker("mira"), timezone.now()
    did(mira, EVENT, now + timedelta(days=40))
    assert year_of(mira.contact, agent("ana"), now)["lanes"] == []


@pytest.mark.parametrize("mark", range(4))
def test_more_is_larger_and_never_larger_than_its_row(mark: int) -> None:
    shapes = [outline(mark, n) for n in (1, 9, 10_000)]
    assert len(set(shapes)) == 3
    assert any(size in shapes[2] for size in ("14.0", "10.5"))
