"""The rota as iCal (RFC 5545), for people's own calendars."""

import importlib
from datetime import datetime, timedelta
from typing import Any

from inbox.oncall.services import shifts, table

BACK, AHEAD = timedelta(days=30), timedelta(days=180)


def ical(now: datetime) -> bytes:
    """Every shift from a month ago until half a year from now, one event each."""
    library: Any = importlib.import_module("icalendar")  # a large import that most never need
    calendar = library.Calendar()
    calendar.add("prodid", "-//Switchboard//on-call//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "On-call")
    known = table()
    for rotation in known.rotations:
        for span in shifts(rotation, now - BACK, now + AHEAD):
            user = known.users.get(span.member or 0)
            if user is None:
                continue
            event = library.Event()
            event.add("uid", f"{rotation.key}-{span.starts_at:%Y%m%dT%H%MZ}@switchboard")
            event.add("dtstamp", now)
            event.add("dtstart", span.starts_at)
            event.add("dtend", span.ends_at)
            event.add("summary", f"{user.display_name}: {rotation}")
            instead = known.users.get(span.instead_of or 0)
            if instead is not None:
                event.add("description", f"for {instead.display_name}")
            calendar.add_component(event)
    return bytes(calendar.to_ical())
