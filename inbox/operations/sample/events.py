"""The demo community's events: office hours that come, and a drill of a leaked secret that is over.

Nothing is made where the handbook's playbooks are missing.
"""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from inbox import pipeline
from inbox.accounts.models import User
from inbox.calendars import services as calendars
from inbox.calendars.models import Calendar
from inbox.common.work import Actor
from inbox.playbooks import attending, timing
from inbox.playbooks import services as playbooks
from inbox.playbooks.models import Event, EventState, EventTicket, Playbook, Run, Series, StepState
from inbox.tickets.models import Ticket

THURSDAY, BEGINS, CALENDAR = 3, "16:00", "team"
MEET = "https://meet.example.com/office-hours"
VIDEO = "https://video.example.com/watch?v=office-hours"
HOUR = timedelta(hours=1)
KNOWN: dict[str, list[str]] = {
    "members": ["Mirela Dutko"],
    "topics": ["A replication slot that grows after every run"],
    "names": ["mirela", "anselm", "kez"],
}
TITLE = "Drill: secret shown during a livestream"
# fortnights ago, and what it was about
PAST = (
    (3, "Heartbeats, and when they lie"),
    (8, "A warehouse at night"),
    (13, "The first connector"),
    (21, "Logs that say why"),
)
# what happened in the drill: minutes after it began, and what was done then
DRILL: tuple[tuple[int, str], ...] = (
    (1, "notify"),
    (4, "call-out"),
    (6, "private"),
    (8, "rejoin"),
    (41, "rotated"),
    (75, "way"),
    (22 * 60, "processed"),
    (23 * 60, "clip-in-place"),
    (26 * 60, "watch"),
    (26 * 60 + 10, "publish-in-place"),
    (27 * 60, "learn"),
)


def make(users: dict[str, User], now: datetime) -> None:
    """A series, its next event with a run that goes on, and the drill."""
    keys = ("office-hours", "secret-in-stream")
    books = {book.key: book for book in Playbook.objects.filter(key__in=keys, active=True)}
    if len(books) < len(keys):
        return
    _hours(books["office-hours"], users, now)
    nine_days_ago = now - timedelta(days=9)
    leaked(books["secret-in-stream"], users, nine_days_ago, DRILL, TITLE)


# ------------------------------------------------------------------ office hours


def _hours(book: Playbook, users: dict[str, User], now: datetime) -> None:
    series = Series.objects.create(
        key="office-hours",
        name="Office hours",
        playbook=book,
        channel_label="#office-hours",
        meeting_url=MEET,
        calendar=Calendar.objects.filter(key=CALENDAR).first(),
        weekday=THURSDAY,
        time=BEGINS,
        every=2,
    )
    coming = _next_thursday(now)
    for fortnights, topic in PAST:
        _was(series, coming - fortnights * timedelta(days=14), topic)
    event = _event(series, coming)
    with pipeline.change(Actor.user(users["noor"]), now=event.starts_at - timedelta(days=14)):
        run = playbooks.start(
            playbook=book,
            anchor_at=event.starts_at,
            roles={"host": users["ilse"].pk, "cohost": users["noor"].pk},
            values={"product": "Millrace", "repository": "millrace/core"},
            event=event,
        )
        Run.objects.filter(pk=run.pk).update(definition=_pressed(book.definition))
    _until(run, users["ilse"], now)


def _pressed(definition: dict[str, Any]) -> dict[str, Any]:
    """The same without anything that goes by itself: nothing is connected in the demo."""
    said = deepcopy(definition)
    for step in said["steps"]:
        step.get("action", {}).pop("by_itself", None)
    return said


def _next_thursday(now: datetime) -> datetime:
    """The first one that is at least three days away, in the series' zone."""
    day = now.date() + timedelta(days=3)
    day += timedelta(days=(THURSDAY - day.weekday()) % 7)
    known = calendars.named(CALENDAR)
    zone = ZoneInfo(known.zone) if known else UTC
    return datetime.combine(day, time.fromisoformat(BEGINS), tzinfo=zone).astimezone(UTC)


def _was(series: Series, starts_at: datetime, topic: str) -> None:
    """Office hours that are over; who was there has it on the timeline."""
    event = Event.objects.create(
        series=series,
        title="Millrace Office Hours",
        starts_at=starts_at,
        ends_at=starts_at + HOUR,
        stream_url=VIDEO,
        state=EventState.OVER,
        agenda=[{"title": topic, "minutes": 15, "people": ["mirela"]}],
        people=[{"name": "Mirela Dutko", "alias": "mirela", "contact": None, "role": "speaker"}],
    )
    attending.recognise(event)
    event.save(update_fields=["people"])
    attending.took_part(event)


def _event(series: Series, starts_at: datetime) -> Event:
    event = Event.objects.create(
        series=series,
        title="Millrace Office Hours",
        starts_at=starts_at,
        ends_at=starts_at + HOUR,
        meeting_url=MEET,
        agenda=[
            {"title": KNOWN["topics"][0], "minutes": 15, "people": ["mirela"]},
            {"title": "Questions, debugging, anything", "minutes": 45, "people": []},
        ],
        people=[
            {"name": "Mirela Dutko", "alias": "mirela", "contact": None, "role": "brings a topic"},
            {"name": "Anselm Oyelade", "alias": "", "contact": None, "role": "contributor"},
        ],
        links=[{"label": "Documentation", "url": "https://docs.example.com/"}],
    )
    for ticket in Ticket.objects.filter(status="open", restricted_team=None).order_by("pk")[:2]:
        EventTicket.objects.create(event=event, ticket=ticket)
    return event


def _until(run: Run, user: User, now: datetime) -> None:
    """Everything up to yesterday was done when it was due; what is due since waits for somebody."""
    yesterday = now - timedelta(days=1)
    while True:
        waiting = run.steps.filter(state=StepState.WAITING, due_at__lte=now)
        due_at = waiting.order_by("due_at").values_list("due_at", flat=True).first()
        if due_at is not None:
            _act(user, due_at, partial(timing.fire, run.pk, due_at))
        ready = run.steps.filter(state=StepState.READY, due_at__lte=yesterday)
        for step in ready.order_by("position"):
            _finish(run, step.key, user, (step.due_at or now) + HOUR)
        if due_at is None:
            return


# ------------------------------------------------------------------ the drill


def leaked(
    book: Playbook,
    users: dict[str, User],
    at: datetime,
    story: tuple[tuple[int, str], ...],
    title: str = "",
) -> Run:
    """Somebody showed a secret at that moment; what the story tells was done, and timed."""
    noor, ilse = users["noor"], users["ilse"]
    with pipeline.change(Actor.user(noor), now=at):
        run = playbooks.start(
            playbook=book,
            anchor_at=at,
            roles={"presenter": ilse.pk, "responder": noor.pk},
            values={
                "sharer": "tomas",
                "room": "#office-hours",
                "meeting_url": MEET,
                "stream_url": VIDEO,
            },
            title=title,
        )
    for minutes, key in story:
        moment = at + timedelta(minutes=minutes)
        for step in timing.due_sign_ids(moment):
            if run.steps.filter(pk=step).exists():
                _act(noor, moment, partial(timing.escalate, step, moment))
        _act(noor, moment, partial(timing.fire, run.pk, moment))
        _finish(run, key, ilse if key == "learn" else noor, moment)
        if key == "call-out":
            sign = run.steps.get(key="notify")
            _act(noor, moment, partial(playbooks.acknowledge, sign))
    return run


# ------------------------------------------------------------------ both


def _finish(run: Run, key: str, user: User, at: datetime) -> None:
    """A step is done by hand, with all that it asks for."""
    step = run.steps.get(key=key)
    said = run.template.step(key)
    given: dict[str, Any] = {
        need.field: KNOWN[need.field] for need in said.needs if need.field in KNOWN
    }
    if given:
        _act(user, at, partial(playbooks.set_values, run, values=given))
    if said.gate:
        _act(user, at, partial(playbooks.confirm_gate, step))
    if said.branch:
        first = said.branch.options[0].key
        _act(user, at, partial(playbooks.choose_branch, step, option=first))
    else:
        _act(user, at, partial(playbooks.finish_step, step))


def _act(user: User, at: datetime, verb: Callable[[], object]) -> None:
    with pipeline.change(Actor.user(user), now=at):
        verb()
