"""The words of a run: what stands in braces is what the run, its event and its people say."""

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from inbox.accounts.models import User
from inbox.playbooks.models import Run
from inbox.playbooks.running import calendar_of
from inbox.playbooks.telling import told_words

PLACE = re.compile(r"\{([a-z][\w.-]*)\}")


def fill(text: str, known: dict[str, str]) -> str:
    """Put in what is known; a name that nothing is called by stays as it is written."""
    return PLACE.sub(lambda found: known.get(found[1], found[0]), text)


def gaps(text: str, known: dict[str, str]) -> list[str]:
    """The names in a text for which nothing is known yet."""
    return [name for name in PLACE.findall(text) if known.get(name) == ""]


def words_of(run: Run) -> dict[str, str]:
    """Everything that a run's texts can name: its fields, its people, its event, its moment.

    What the run has itself counts more than what its event says.
    """
    known = {one.key: "" for one in run.template.fields} | _event(run) | told_words(run)
    known |= {name: _one(value) for name, value in run.values.items() if value}
    people = {user.pk: user.display_name for user in User.objects.filter(pk__in=run.roles.values())}
    known |= {f"role.{key}": people.get(pk, "") for key, pk in run.roles.items()}
    known |= {"run": run.title, "run_url": _absolute(run.get_absolute_url())}
    if run.ticket is not None:
        known["ticket_url"] = _absolute(run.ticket.get_absolute_url())
    return known | _moment(run.anchor_at, calendar_of(run).zone)


def _one(value: Any) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value or "")


def _moment(at: datetime, zone: str) -> dict[str, str]:
    local = at.astimezone(ZoneInfo(zone))
    return {"date": f"{local:%Y-%m-%d}", "time": f"{local:%H:%M %Z}"}


def _event(run: Run) -> dict[str, str]:
    event = run.event
    if event is None:
        return {}
    return {
        "event": event.title,
        "channel": event.series.channel_label if event.series else "",
        "series": event.series.name if event.series else "",
    }


def _absolute(path: str) -> str:
    return str(settings.BASE_URL).rstrip("/") + path
