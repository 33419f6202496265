"""Closed days from an iCal feed: the team's holidays where they are kept anyway.

All-day events are closed days, as the feed has them now; each change makes a new version of the
calendar. A feed that is away or broken changes nothing, and says so.
"""

import importlib
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from inbox.calendars.models import Calendar
from inbox.calendars.services import new_version
from inbox.common import http

EVERY = timedelta(hours=6)
BACK, AHEAD = timedelta(days=366), timedelta(days=3 * 366)
MOST_DAYS = 2000
# Finer repetitions name no days and would be expanded for ever.
ALLOWED = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}


class BadFeed(ValueError):
    """The feed cannot be read; the text is for the admin."""


def closed_days(body: bytes, *, today: date) -> list[str]:
    """The days of all-day events, from a year ago until three years from now, as ISO dates.

    Repetitions and their exceptions are followed (RFC 5545). Raises `BadFeed`.
    """
    # Imports that most processes never need.
    ical: Any = importlib.import_module("icalendar")
    recurring: Any = importlib.import_module("recurring_ical_events")
    try:
        calendar = ical.Calendar.from_ical(body)
        _check_rules(calendar)
        found = recurring.of(calendar).between(today - BACK, today + AHEAD)
    except BadFeed:
        raise
    except Exception as error:  # the libraries raise many kinds on bad input
        raise BadFeed(f"this is no calendar: {type(error).__name__}") from error
    days: set[date] = set()
    for event in found:
        days |= set(_days_of(event))
        if len(days) > MOST_DAYS:
            raise BadFeed(f"the feed closes more than {MOST_DAYS} days")
    return sorted(day.isoformat() for day in days)


def _check_rules(calendar: Any) -> None:
    for event in calendar.walk("VEVENT"):
        rules = event.get("RRULE")
        for rule in rules if isinstance(rules, list) else [rules] if rules else []:
            often = {str(word).upper() for word in rule.get("FREQ", [])}
            if often - ALLOWED:
                raise BadFeed(f"an event repeats {min(often - ALLOWED).lower()}; daily is finest")


def _days_of(event: Any) -> list[date]:
    start, end = event.start, event.end
    if isinstance(start, datetime) or event.get("STATUS") == "CANCELLED":
        return []  # an hour in a day closes no day
    return [start + timedelta(days=n) for n in range(max((end - start).days, 1))]


def due_ids(now: datetime) -> list[int]:
    """Calendars whose feed was not read for a while."""
    with_feed = Calendar.objects.exclude(feed_url="")
    return [c.pk for c in with_feed if c.feed_at is None or c.feed_at <= now - EVERY]


def read(pk: int, now: datetime) -> bool:
    """Fetch one feed and take its days over. False when nothing changed.

    The network comes first, outside any transaction.
    """
    calendar = Calendar.objects.get(pk=pk)
    finish = partial(Calendar.objects.filter(pk=pk).update, feed_at=now)
    try:
        days = closed_days(http.fetch(calendar.feed_url), today=now.date())
    except (BadFeed, OSError) as error:
        text = str(error) if isinstance(error, BadFeed) else "the feed cannot be reached"
        finish(feed_error=text[:250])
        return False
    finish(feed_error="")
    return new_version(calendar, imported=days)
