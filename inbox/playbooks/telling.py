"""What a run tells the outside: of its event, or of what its own fields say.

Its words, for a playbook's texts: `title` `day` `start` · `room` `meeting_url` `stream_url`, of the
event or its series where the run has none · `video_title` `description` · `early_slack`
`day_twitter` `now_linkedin` and the like: an announcement by its moment and its place ·
`video_slack`: the recording, for those who missed it · `issue_url`: a new issue's page, filled in.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from inbox.playbooks import announcing, describing
from inbox.playbooks.describing import Told
from inbox.playbooks.issuelinks import prefilled_issue_url
from inbox.playbooks.models import Event, Run
from inbox.playbooks.running import calendar_of, entries

TEMPLATE = "office-hours.md"


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """What a run tells of itself, in the shape of an event."""

    title: str
    starts_at: datetime
    meeting_url: str
    stream_url: str
    agenda: list[dict[str, Any]]
    people: list[dict[str, Any]]
    links: list[dict[str, Any]] = field(default_factory=list)


def told_of(run: Run) -> Told:
    """The run's event; a link that the run has itself counts more, it is the newer word."""
    event = run.event
    series = event.series if event else None
    links = {
        name: str(run.values.get(name) or getattr(event, name, "") or getattr(series, name, ""))
        for name in ("meeting_url", "stream_url")
    }
    return Occasion(
        title=event.title if event else run.title,
        starts_at=event.starts_at if event else run.anchor_at,
        agenda=(event.agenda if event else []) or [{"title": t} for t in entries(run, "topics")],
        people=people_of(event, [run]),
        links=event.links if event else [],
        **links,
    )


def people_of(event: Event | None, runs: Iterable[Run]) -> list[dict[str, Any]]:
    """Whom the event names, and whom its runs do beside them, each once (S85)."""
    people = list(event.people) if event else []
    known = {str(one.get(key)).casefold() for one in people for key in ("name", "alias")}
    for name in (str(one) for run in runs for one in entries(run, "names")):
        if name.casefold() not in known:
            people.append({"name": name})
            known.add(name.casefold())
    return people


def told_words(run: Run) -> dict[str, str]:
    """The words of what is told; see above."""
    zone = ZoneInfo(calendar_of(run).zone)
    told = told_of(run)
    series = run.event.series if run.event else None
    on = told.starts_at.astimezone(zone).date()
    words = {
        "title": told.title,
        "day": describing.day(told.starts_at, zone),
        "start": announcing.clock(told.starts_at, zone),
        "room": str(run.values.get("room") or (series.channel_label if series else "")),
        "meeting_url": told.meeting_url,
        "stream_url": told.stream_url,
        "video_title": describing.title(str(run.values.get("product") or ""), on),
        "description": describing.description(told, zone),
        "video_slack": describing.recording(told),
    }
    words["issue_url"] = _issue_url(str(run.values.get("issue_page") or ""), words["video_title"])
    for moment in announcing.Moment:
        for place, text in announcing.announcements(told, moment, zone).items():
            words[f"{moment}_{place}"] = text
    return words


def _issue_url(page: str, title: str) -> str:
    """The page of the run's field `issue_page` with title and template; "" where it is no such."""
    try:
        return prefilled_issue_url(page, title=title, text="", template=TEMPLATE)
    except ValueError:
        return ""
