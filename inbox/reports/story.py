"""A ticket's story and the facts in it. Pure: the ORM stays outside, time is in the events.

What is told of a moment stays with that moment; what a ticket is sorted under (category, team,
person …) is what it is sorted under now, so late sorting corrects the past as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from inbox.calendars.clock import BusinessCalendar, business_seconds
from inbox.reports.scale import bucket_of
from inbox.tickets import kinds

LIVE = {"open", "in_progress", "on_hold"}
OURS = {("open", "us"), ("in_progress", "research")}
STATES = ("us", "them", "research", "on_hold")
# ends that settled what was asked; the others are no resolution time
SETTLED = {"answered", "solved", "became_issue", "docs_gap", "moved_to_dm"}
SORTING = {
    kinds.CATEGORY, kinds.KIND, kinds.PRIORITY, kinds.ASSIGNED, kinds.TEAM, kinds.RESTRICTED,
    kinds.TAGGED, kinds.FORWARDED,
}  # fmt: skip


class Happening(NamedTuple):
    """One event of the ticket."""

    kind: str
    at: datetime
    data: Mapping[str, Any]
    actor: str
    user: int | None


class Said(NamedTuple):
    """What an answer needs to be told besides its event."""

    at: datetime  # the vendor's time where it can be believed, else when it was filed
    identity: int | None
    user: int | None
    champion: bool


class Outcome(NamedTuple):
    """A promise that was kept or missed."""

    at: datetime
    kept: bool
    soft: bool


class Made(NamedTuple):
    """One fact, as it is stored."""

    kind: str
    label: str
    at: datetime
    seconds: int
    bucket: int
    channel: int
    category: str
    person: int
    team: int
    priority: str
    scope: int


@dataclass(frozen=True, kw_only=True)
class Story:
    """Everything that the facts of one ticket follow from."""

    number: int
    created_at: datetime
    status: str
    resolution: str
    by_asker: bool
    channel: int
    category: str
    person: int
    team: int
    priority: str
    scope: int
    calendar: BusinessCalendar
    state_seconds: Mapping[str, float]
    events: Sequence[Happening]
    outcomes: Sequence[Outcome] = ()
    said: Mapping[int, Said] = field(default_factory=dict)


def facts(story: Story) -> list[Made]:
    """The facts of a ticket, in no order that matters."""
    return [
        _made(story, "in", story.created_at, label=handled(story)),
        *_moves(story),
        *_first_response(story),
        *_ending(story),
        *_promises(story),
        *_help(story),
    ]


def _made(
    story: Story,
    kind: str,
    at: datetime,
    *,
    label: str = "",
    seconds: float = 0,
    measured: bool = False,
    person: int | None = None,
) -> Made:
    return Made(
        kind=kind,
        label=label,
        at=at,
        seconds=round(seconds),
        bucket=bucket_of(seconds) if measured else 0,
        channel=story.channel,
        category=story.category,
        person=story.person if person is None else person,
        team=story.team,
        priority=story.priority,
        scope=story.scope,
    )


def handled(story: Story) -> str:
    """Who dealt with it: people, rules that only sorted it, or rules alone."""
    if story.status == "merged":
        return "merged"
    end = _last_end(story)
    by_rule = end is not None and end.actor == "rule" and not _answered(story)
    if story.status == "spam":
        return "rule_spam" if by_rule else "spam"
    if by_rule and story.status in ("closed", "trashed"):
        return f"rule_{story.status}"
    sorted_by_rule = any(e.actor == "rule" and e.kind in SORTING for e in story.events)
    return "routed" if sorted_by_rule else "people"


def _answered(story: Story) -> bool:
    return any(answer_of(event) for event in story.events)


def answer_of(event: Happening) -> str:
    """Whose answer an event is: the team's, the community's, or nobody's."""
    if event.kind == kinds.MESSAGE_OUT:
        robot = event.data.get("automatic") or event.data.get("role") == "bot"
        return "" if robot else "team"
    helps = event.kind == kinds.MESSAGE_IN and event.data.get("role") == "community"
    return "community" if helps and not event.data.get("quiet") else ""


def told(events: Sequence[Happening]) -> list[Happening]:
    """What happened without the answers that were taken back before they left."""
    back = {event.data["message"] for event in events if event.kind == kinds.TAKEN_BACK}
    if not back:
        return list(events)
    return [e for e in events if e.kind != kinds.MESSAGE_OUT or e.data.get("message") not in back]


def _moves(story: Story) -> Iterator[Made]:
    """Every time the ticket left the desk and came back to it."""
    for event in story.events:
        if event.kind == kinds.STATUS:
            was, now = event.data["from"] in LIVE, event.data["to"] in LIVE
            if was and not now:
                yield _made(story, "out", event.at, label=event.data["to"])
            elif now and not was:
                yield _made(story, "back", event.at)


def _last_end(story: Story) -> Happening | None:
    """The event with which it left the desk for good, so far."""
    if story.status in LIVE:
        return None
    ends = [
        e
        for e in story.events
        if e.kind == kinds.STATUS and e.data["from"] in LIVE and e.data["to"] not in LIVE
    ]
    return ends[-1] if ends else None


def _first_response(story: Story) -> Iterator[Made]:
    """Business time until the first public answer, without the time in which it was not ours."""
    if not story.by_asker or story.status == "spam":
        return
    spent, since = 0.0, story.created_at
    running = True
    for event in story.events:
        who = answer_of(event)
        if who:
            said = story.said.get(event.data.get("message", 0))
            at = said.at if said else event.at
            if running:
                spent += business_seconds(story.calendar, since, at)
            yield _response(story, who, at, spent, said, event)
            return
        if event.kind == kinds.STATUS:
            ours = (event.data["to"], event.data["waiting_on"]) in OURS
            if running and not ours:
                spent += business_seconds(story.calendar, since, event.at)
            elif ours and not running:
                since = event.at
            running = ours


def _response(
    story: Story, who: str, at: datetime, spent: float, said: Said | None, event: Happening
) -> Made:
    if who == "community":
        label = "champion" if said and said.champion else "community"
        return _made(story, "first", at, label=label, seconds=spent, measured=True, person=0)
    person = (event.user if event.actor == "user" else None) or (said.user if said else None) or 0
    return _made(story, "first", at, label="team", seconds=spent, measured=True, person=person)


def _ending(story: Story) -> Iterator[Made]:
    """How long it took, where the time went, and whether the docs lacked something."""
    end = _last_end(story)
    if end is None:
        return
    for state in STATES:
        if seconds := story.state_seconds.get(state):
            yield _made(story, "state", end.at, label=state, seconds=seconds)
    if story.status != "closed":
        return
    if story.resolution in SETTLED:
        spent = business_seconds(story.calendar, story.created_at, end.at)
        yield _made(story, "solved", end.at, label=story.resolution, seconds=spent, measured=True)
    if story.resolution == "docs_gap":
        yield _made(story, "gap", end.at)


def _promises(story: Story) -> Iterator[Made]:
    for outcome in story.outcomes:
        kind = "kept" if outcome.kept else "missed"
        yield _made(story, kind, outcome.at, label="soft" if outcome.soft else "hard")


def _help(story: Story) -> Iterator[Made]:
    """Every answer of somebody from the community, by who wrote it."""
    for event in story.events:
        if answer_of(event) == "community":
            said = story.said.get(event.data.get("message", 0))
            if said is not None and said.identity is not None:
                yield _made(story, "help", said.at, label=str(said.identity), person=0)
