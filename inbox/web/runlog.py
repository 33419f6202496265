"""A run's log in sentences, and how long its measured steps took."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inbox.playbooks import services
from inbox.playbooks.models import Run, RunEntry
from inbox.playbooks.shapes import Template

Words = Callable[[str, dict[str, Any]], str]


@dataclass(frozen=True, kw_only=True)
class Said:
    """One line: what happened, and by whom."""

    at: datetime
    said: str
    who: str


def _noted(start: str) -> Words:
    def words(title: str, data: dict[str, Any]) -> str:
        note = f": “{data['note']}”" if data.get("note") else ""
        took = (
            f", {took_words(data['seconds'])} after the start"
            if data.get("seconds") is not None
            else ""
        )
        return f"{start}: {title}{took}{note}"

    return words


WORDS: dict[str, Words] = {
    "started": lambda title, data: "Playbook started",
    "finished": lambda title, data: "Everything is done",
    "cancelled": lambda title, data: (
        f"Cancelled{': ' + data['reason'] if data.get('reason') else ''}"
    ),
    "resumed": lambda title, data: "Taken up again",
    "rescheduled": lambda title, data: "All steps moved",
    "role": lambda title, data: f"{data.get('label', '')} is {data.get('name') or 'nobody'}",
    "values": lambda title, data: f"Filled in: {', '.join(data.get('fields', []))}",
    "begun": lambda title, data: f"Begun: {title}",
    "done": _noted("Done"),
    "skipped": _noted("Not needed"),
    "reopened": lambda title, data: f"Taken back: {title}",
    "gate": lambda title, data: f"Confirmed: {data.get('words', '')}",
    "choice": lambda title, data: f"Chosen: {data.get('label', '')}",
    "acknowledged": lambda title, data: f"A sign came: {title}",
    "escalated": lambda title, data: f"Called, for no sign came: {title}",
    "ready": lambda title, data: f"Due: {title}",
    "action": lambda title, data: f"Button pressed: {title}",
    "by_itself": lambda title, data: f"Begun by itself: {title}",
    "action_done": lambda title, data: f"It worked: {title}",
    "action_failed": lambda title, data: f"It did not work: {title}. {data.get('error', '')}",
    "assigned": lambda title, data: f"{data.get('name') or 'Nobody'} does: {title}",
}


def lines(run: Run, entries: list[RunEntry], names: dict[str, str]) -> list[Said]:
    """The log, the newest first. `names`: display names by user name."""
    template = run.template
    return [_line(entry, template, names) for entry in entries]


def _line(entry: RunEntry, template: Template, names: dict[str, str]) -> Said:
    title = template.step(entry.step.key).title if entry.step else ""
    data = {**entry.data}
    if "user" in data or "owner" in data:
        username = data.get("user") or data.get("owner") or ""
        data["name"] = names.get(username, username)
        data["label"] = next(
            (role.label for role in template.roles if role.key == data.get("role")), ""
        )
    make = WORDS.get(entry.kind)
    said = make(title, data) if make else " ".join((entry.kind.capitalize(), title)).strip()
    who = names.get(entry.actor, "") or ("by itself" if not entry.actor_user_id else entry.actor)
    return Said(at=entry.at, said=said, who=who)


def took_words(seconds: int) -> str:
    """`40 s`, `3 min`, `1 h 05`."""
    if seconds < 60:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    if minutes < 10 and rest:
        return f"{minutes} min {rest} s"
    hours, left = divmod(minutes, 60)
    return f"{hours} h {left:02d}" if hours else f"{minutes} min"


def spent(run: Run) -> list[tuple[str, str]]:
    """What was measured: time to notify, to private, to rotate (S101)."""
    return [
        (one.label, took_words(one.seconds) if one.seconds is not None else "not yet")
        for one in services.durations(run)
    ]
