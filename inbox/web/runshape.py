"""A run as its page shows it: steps in the order of time, each with its mark and its words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from inbox.playbooks.models import ActionStep, GateState, Run, RunStep, StepState
from inbox.playbooks.shapes import NOT, Cue, Step, Template, When
from inbox.playbooks.wording import fill, words_of
from inbox.sla.explain import Fuse, due_fuse, span
from inbox.web.runlog import took_words

UNITS = {"m": "min", "h": "h", "d": "d", "w": "weeks", "wd": "working days"}
DOABLE = (StepState.READY, StepState.STARTED, StepState.FAILED)
FRESH = timedelta(minutes=5)  # what is due at once is not late in its first minutes
ACTS = {
    "post": "Post it",
    "message": "Send it",
    "issue": "Create the issue",
    "hide_stream": "Make the stream private",
    "show_stream": "Make it public again",
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One step as it stands on the page."""

    row: RunStep
    step: Step
    number: int
    when: str
    role: str
    fuse: Fuse
    cues: tuple[Cue, ...]
    body: str
    words: str  # what its action says, and where
    place: str
    call: str  # where a call is held
    called: str  # the step that is called when no sign comes
    is_now: bool = False
    now_before: bool = False  # this moment lies between the step before and this one
    day: date | None = None  # a day that begins with this step

    @property
    def look(self) -> str:
        """Its classes."""
        names = {"done": "is-done", "skipped": "is-skipped", "failed": "is-failed"}
        look = names.get(self.row.state, "is-ready" if self.can_do else "is-off")
        if self.row.action_state == ActionStep.FAILED:
            look = "is-failed"
        return f"{look} is-now" if self.is_now else look

    @property
    def can_do(self) -> bool:
        """Whether its turn has come."""
        return self.row.state in DOABLE

    @property
    def is_open(self) -> bool:
        """Whether its buttons are shown: its turn has come, or somebody may be early."""
        return not self.row.is_over

    @property
    def gate_open(self) -> bool:
        """Whether words have to be confirmed before it is done."""
        return self.row.gate_state == GateState.OPEN

    @property
    def chosen(self) -> str:
        """Which way its question was answered."""
        choice = self.row.result.get("choice", "")
        options = self.step.branch.options if self.step.branch else ()
        return next((option.label for option in options if option.key == choice), "")

    @property
    def waits_for_sign(self) -> bool:
        """Whether a sign has to come in time, and has not."""
        row = self.row
        return bool(row.ack_due_at and row.acked_at is None and row.escalated_at is None)

    @property
    def act(self) -> str:
        """What its action's button says; "" where there is none to press."""
        action = self.step.action
        if action is None or action.kind not in ACTS:
            return ""
        return action.label or ACTS[action.kind]


def lines(run: Run, rows: Sequence[RunStep], now: datetime, zone: str) -> list[Line]:
    """Every step in the order of time; one whose time is not known stands where it was written."""
    template, known, placed = run.template, words_of(run), []
    at = run.started_at
    for row in sorted(rows, key=lambda row: row.position):
        at = row.due_at or row.done_at or at
        placed.append((at, row.position, row))
    placed.sort(key=lambda one: one[:2])
    current = next((row.pk for _, _, row in placed if row.state in DOABLE), 0)
    numbers = {row.key: n for n, (_, _, row) in enumerate(placed, start=1)}
    found: list[Line] = []
    marked, day = False, None
    for at, _, row in placed:
        step = template.step(row.key)
        ahead = row.state == StepState.WAITING and row.due_at is not None and row.due_at > now
        begins = at.astimezone(ZoneInfo(zone)).date()
        found.append(
            Line(
                row=row,
                step=step,
                number=numbers[row.key],
                when=when_words(step.at, template, numbers),
                role=role_words(step.role, template),
                fuse=fuse(run, row, step, now=now, zone=zone),
                cues=tuple(cue for cue in template.cues if cue.step == row.key),
                called=template.step(step.ack.escalate_to).title if step.ack else "",
                **words(step, known),
                is_now=row.pk == current,
                now_before=ahead and not marked and run.state == "running",
                day=begins if begins != day else None,
            )
        )
        marked, day = marked or ahead, begins
    return found


def words(step: Step, known: dict[str, str]) -> dict[str, str]:
    """What a step says, with what its action would send and where to, filled in as far as known."""
    params = {
        name: fill(value, known)
        for name, value in (step.action.params if step.action else {}).items()
        if isinstance(value, str)
    }
    is_call = step.action is not None and step.action.kind == "call"
    return {
        "body": fill(step.body, known),
        "words": params.get("text") or params.get("title") or "",
        "place": params.get("place") or params.get("for") or "",
        "call": params.get("url", "") if is_call else "",
    }


def when_words(when: When, template: Template, numbers: dict[str, int]) -> str:
    """`T−10 min`, `5 min after step 3`, `at once`, `only when called`."""
    amount = f"{abs(when.amount)} {UNITS[when.unit]}"
    if abs(when.amount) == 1:
        amount = amount.removesuffix("s")
    if when.kind == "anchor":
        return f"T{'−' if when.amount < 0 else '+'}{amount}" if when.amount else "T"
    if when.kind == "after":
        names = " and ".join(str(numbers[key]) for key in when.steps)
        before = f"{amount} after" if when.amount else "after"
        return f"{before} step{'s' if len(when.steps) > 1 else ''} {names}"
    return "at once" if when.kind == "once" else "only when called"


def role_words(role: str, template: Template) -> str:
    """`Host`, `not “Presents the demo”`."""
    labels = {one.key: one.label for one in template.roles}
    if role.startswith(NOT):
        key = role.removeprefix(NOT)
        return f"not “{labels.get(key, key)}”"
    return labels.get(role, role)


def fuse(run: Run, row: RunStep, step: Step, *, now: datetime, zone: str) -> Fuse:
    """The mark of a step: when it was done, when it is due, or what it waits for."""
    if row.state == StepState.DONE and row.done_at:
        return _done(run, row, row.done_at, zone)
    if row.state == StepState.SKIPPED:
        return Fuse(state="none", words="not needed")
    if run.state != "running":
        return Fuse(state="none", words="not done")
    if row.state in DOABLE:
        if row.due_at is None or timedelta() <= now - row.due_at < FRESH:
            return Fuse(state="hour", words="due now", left_percent=12, at=row.due_at)
        return due_fuse(row.due_at, waiting=False, now=now, zone=zone)
    if row.due_at is None:
        words = "when called" if step.at.kind == "called" else "later"
        return Fuse(state="wait", words=words, left_percent=97)
    found = due_fuse(row.due_at, waiting=False, now=now, zone=zone)
    return Fuse(state="wait", words=found.words, tail=found.tail, left_percent=90, at=row.due_at)


def _done(run: Run, row: RunStep, at: datetime, zone: str) -> Fuse:
    words = f"done {at.astimezone(ZoneInfo(zone)):%H:%M}"
    late = (at - row.due_at).total_seconds() if row.due_at else 0.0
    if late >= FRESH.total_seconds():
        return Fuse(state="breach", words=words, tail=f"· {span(late)} late", left_percent=34)
    since = (at - run.anchor_at).total_seconds()
    tail = f"· after {took_words(int(since))}" if 0 <= since < 86400 else ""
    return Fuse(state="met", words=words, tail=tail, left_percent=62, at=at)


@dataclass(frozen=True, kw_only=True)
class Part:
    """A role of a run, and who has it."""

    key: str
    label: str
    user: object | None
    steps: int

    @property
    def does(self) -> str:
        """How much of the run is theirs."""
        return f"{self.steps} step{'' if self.steps == 1 else 's'}" if self.steps else "leads on"


def parts(run: Run, rows: Sequence[RunStep], people: dict[int, object]) -> list[Part]:
    """The roles in the order of the playbook."""
    found = []
    for role in run.template.roles:
        pk = run.roles.get(role.key)
        mine = [row for row in rows if pk and row.owner_id == pk]
        user = people.get(int(pk)) if pk else None
        found.append(Part(key=role.key, label=role.label, user=user, steps=len(mine)))
    return found


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is."""

    done: int
    total: int
    next_words: str = ""

    @property
    def percent(self) -> float:
        """For the ring."""
        return round(100 * self.done / self.total, 1) if self.total else 0.0


def progress(found: Sequence[Line]) -> Progress:
    """Done or skipped, of all; and what comes next."""
    over = [line for line in found if line.row.is_over]
    late = sum(line.fuse.state == "breach" for line in over)
    current = next((line for line in found if line.is_now), None)
    coming = next((line for line in found if not line.row.is_over), None)
    line = current or coming
    said = [f"{late} late." if late else ""]
    if line is not None:
        said.append(f"Step {line.number}: {line.fuse.words}.")
    return Progress(done=len(over), total=len(found), next_words=" ".join(filter(None, said)))
