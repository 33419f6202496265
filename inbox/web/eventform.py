"""An event as it is typed: rows of agenda, people and links, empty rows left out."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.http import QueryDict

from inbox.playbooks import describing
from inbox.playbooks.models import Event, Series
from inbox.tickets.errors import VerbError

MOST_ROWS, LONGEST = 60, 300
AGENDA = ("agenda_title", "agenda_minutes", "agenda_people", "agenda_at")
EMPTY_ROWS = 3  # below what is there, for those who write without a script
_web = URLValidator(schemes=["http", "https"])


def moment(text: str, zone: str, *, field: str) -> datetime:
    """A moment of a `datetime-local` field, in the zone of whoever wrote it."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise VerbError("Say the day and the hour.", field=field) from None
    return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def typed(at: datetime | None, zone: str) -> str:
    """The same moment as such a field shows it."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}" if at else ""


def address(text: str, *, field: str) -> str:
    """A link of the web; "" for none."""
    text = text.strip()
    if text:
        try:
            _web(text)
        except ValidationError:
            raise VerbError(
                f"“{text[:60]}” is no link. It begins with https://.", field=field
            ) from None
    return text


def read(data: QueryDict, event: Event, zone: str) -> None:
    """Put what was typed onto an event. Raises `VerbError`; what came before it stays typed."""
    key = data.get("series", "")
    event.series = Series.objects.filter(key=key).first() if key else None
    event.title = _clean(data.get("title", ""))[:200]
    if not event.title:
        raise VerbError("Give it a title.", field="title")
    event.people = [
        {"name": name, "alias": alias, "role": role, "contact": None}
        for name, alias, role in _rows(data, "person_name", "person_alias", "person_role")
    ]
    event.agenda = [
        {"title": title, "minutes": _minutes(minutes), "people": _names(people), **_stamp(at)}
        for title, minutes, people, at in _rows(data, *AGENDA)
    ]
    event.meeting_url = address(data.get("meeting_url", ""), field="meeting_url")
    event.stream_url = address(data.get("stream_url", ""), field="stream_url")
    event.links = [
        {"label": label, "url": address(url, field="link_url")}
        for label, url in _rows(data, "link_label", "link_url")
    ]
    event.starts_at = moment(data.get("starts_at", ""), zone, field="starts_at")
    event.ends_at = moment(data.get("ends_at", ""), zone, field="ends_at")


def _rows(data: QueryDict, *names: str) -> list[tuple[str, ...]]:
    """What stands in fields of these names, row by row; rows in which nothing stands are none."""
    columns = [[_clean(text) for text in data.getlist(name)][:MOST_ROWS] for name in names]
    length = max(map(len, columns), default=0)
    padded = [column + [""] * (length - len(column)) for column in columns]
    return [row for row in zip(*padded, strict=True) if any(row)]


def _clean(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())[:LONGEST]


def _minutes(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) <= 1440):
        raise VerbError(
            "Each line of the agenda says how many minutes it takes.", field="agenda_minutes"
        )
    return int(text[:6])


def _stamp(text: str) -> dict[str, int]:
    """Where in the recording a part begins, once there is one."""
    try:
        return {"at_seconds": describing.seconds_of(text)} if text else {}
    except ValueError:
        raise VerbError("Write where it begins as 12:30 or 1:02:30.", field="agenda_at") from None


def _names(text: str) -> list[str]:
    return [name for name in (part.strip() for part in text.split(",")) if name]


def shown(event: Event, zone: str) -> dict[str, Any]:
    """What the form's fields hold for an event, with empty rows at the end of each list."""
    blank: list[dict[str, str]] = [{} for _ in range(EMPTY_ROWS)]
    agenda: Sequence[Any] = [
        {**row, "people": ", ".join(row.get("people") or []), "at": _stamped(row)}
        for row in event.agenda
    ]
    return {
        "title": event.title,
        "series": event.series.key if event.series else "",
        "starts_at": typed(event.starts_at, zone),
        "ends_at": typed(event.ends_at, zone),
        "meeting_url": event.meeting_url,
        "stream_url": event.stream_url,
        "agenda": [*agenda, *blank],
        "people": [*event.people, *blank],
        "links": [*event.links, *blank],
    }


def _stamped(row: dict[str, Any]) -> str:
    seconds = row.get("at_seconds")
    return describing.stamp(int(seconds)) if seconds is not None else ""


def written(data: QueryDict) -> dict[str, Any]:
    """The same for what was typed and could not be kept: no word of it is lost."""
    names = ("title", "series", "starts_at", "ends_at", "meeting_url", "stream_url")
    blank: list[dict[str, str]] = [{} for _ in range(EMPTY_ROWS)]
    agenda = _rows(data, *AGENDA)
    people = _rows(data, "person_name", "person_alias", "person_role")
    links = _rows(data, "link_label", "link_url")
    return {
        **{name: data.get(name, "") for name in names},
        "agenda": [
            *(dict(zip(("title", "minutes", "people", "at"), r, strict=True)) for r in agenda),
            *blank,
        ],
        "people": [*(dict(zip(("name", "alias", "role"), r, strict=True)) for r in people), *blank],
        "links": [*(dict(zip(("label", "url"), r, strict=True)) for r in links), *blank],
    }
