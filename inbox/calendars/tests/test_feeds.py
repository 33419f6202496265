"""Closed days from an iCal feed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from inbox.calendars import feeds
from inbox.calendars.models import Calendar, CalendarVersion
from inbox.calendars.services import newest, save_calendar
from inbox.operations import sweep
from rig.vendor import Answer, Call, FakeVendor

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
WEEK = {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}


def ics(*events: str) -> bytes:
    body = "".join(
        f"BEGIN:VEVENT\r\nUID:{n}\r\nDTSTAMP:20260101T000000Z\r\n{e}\r\nEND:VEVENT\r\n"
        for n, e in enumerate(events)
    )
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\n{body}END:VCALENDAR\r\n".encode()
    )


def test_all_day_events_close_days_with_repetitions_and_exceptions() -> None:
    body = ics(
        "DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227\r\nSUMMARY:Christmas",
        "DTSTART;VALUE=DATE:20260601\r\nRRULE:FREQ=YEARLY;COUNT=3\r\nEXDATE;VALUE=DATE:20270601",
        "DTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z\r\nSUMMARY:a meeting",
        "DTSTART;VALUE=DATE:20261202\r\nSTATUS:CANCELLED",
    )
    assert feeds.closed_days(body, today=NOW.date()) == [
        "2026-06-01", "2026-12-24", "2026-12-25", "2026-12-26", "2028-06-01",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html>", "this is no calendar"),
        (b"", "this is no calendar"),
        (ics("DTSTART:20260101T000000Z\r\nRRULE:FREQ=SECONDLY"), "repeats secondly"),
        (ics("DTSTART;VALUE=DATE:20200101\r\nDTEND;VALUE=DATE:20400101"), "more than 2000 days"),
    ],
)
def test_bad_feeds_are_refused_in_words(body: bytes, why: str) -> None:
    with pytest.raises(feeds.BadFeed, match=why):
        feeds.closed_days(body, today=NOW.date())


class Feed(FakeVendor):
    body = b""

    def answer(self, call: Call) -> Answer:
        return Answer(200, self.body, {"content-type": "text/calendar"})


@pytest.fixture
def feed(settings: object) -> Iterator[Feed]:
    with Feed() as fake:
        settings.OUTBOUND_ALLOW = fake.url.removeprefix("http://")  # type: ignore[attr-defined]  # pytest-django's wrapper
        yield fake


@pytest.mark.django_db
def test_feed_is_followed_as_new_versions_and_an_outage_changes_nothing(feed: Feed) -> None:
    calendar = save_calendar(
        key="team",
        name="",
        zone="UTC",
        week=WEEK,
        holidays=[],
        closed=[],
        feed_url=f"{feed.url}/x.ics",
    )
    feed.body = ics("DTSTART;VALUE=DATE:20261224")
    sweep.tick(now=NOW)
    assert date(2026, 12, 24) in newest(calendar.pk)[1].closed
    feed.is_away = True
    sweep.tick(now=NOW + timedelta(hours=7))
    calendar.refresh_from_db()
    assert calendar.feed_error == "the feed cannot be reached"
    assert date(2026, 12, 24) in newest(calendar.pk)[1].closed
    feed.is_away, feed.body = False, ics("DTSTART;VALUE=DATE:20261231")
    sweep.tick(now=NOW + timedelta(hours=14))
    assert newest(calendar.pk)[1].closed == {date(2026, 12, 31)}
    kept = CalendarVersion.objects.order_by("version").values_list("imported", flat=True)
    assert list(kept) == [[], ["2026-12-24"], ["2026-12-31"]]
    assert Calendar.objects.get().feed_error == ""
