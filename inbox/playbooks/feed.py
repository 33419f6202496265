"""Events as iCal (RFC 5545), for people's own calendars."""

import importlib
from datetime import datetime, timedelta
from typing import Any

from inbox.playbooks.models import Event, EventState

BACK, AHEAD = timedelta(days=60), timedelta(days=400)


def ical(now: datetime) -> bytes:
    """Every event from two months ago until a year from now."""
    library: Any = importlib.import_module("icalendar")  # a large import that most never need
    calendar = library.Calendar()
    calendar.add("prodid", "-//Switchboard//events//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "Events")
    rows = Event.objects.filter(starts_at__gte=now - BACK, starts_at__lt=now + AHEAD)
    for row in rows.order_by("starts_at", "pk"):
        event = library.Event()
        event.add("uid", f"event-{row.pk}@switchboard")
        event.add("dtstamp", now)
        event.add("dtstart", row.starts_at)
        event.add("dtend", row.ends_at)
        event.add("summary", row.title)
        if row.state == EventState.CANCELLED:
            event.add("status", "CANCELLED")
        if row.meeting_url:
            event.add("location", row.meeting_url)
        words = [f"{line.get('minutes', '')} min  {line['title']}" for line in row.agenda]
        if row.stream_url:
            words.append(row.stream_url)
        if words:
            event.add("description", "\n".join(words))
        calendar.add_component(event)
    return bytes(calendar.to_ical())
