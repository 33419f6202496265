"""The shipped office hours by a simulated clock: from the series to the description of the video."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from django.utils import timezone
from pytest_django import Settings

from inbox import pipeline
from inbox.calendars.services import save_calendar
from inbox.common.work import Actor
from inbox.handbook.services import PRESET
from inbox.notify.models import Notice
from inbox.operations import playbookjobs, sweep
from inbox.outbox.models import Outgoing
from inbox.playbooks import acting, jobs
from inbox.playbooks import services as playbooks
from inbox.playbooks.models import Event, Playbook, Run, RunStep, Series
from integrations.github.tests.conftest import REPO, git, hub
from integrations.slack.tests.conftest import connected as slack
from integrations.slack.tests.conftest import workspace
from rig.desk import WEEK, agent
from rig.github_git import GitRepository
from rig.slack import FakeSlack

__all__ = ["git", "hub", "workspace"]
pytestmark = pytest.mark.django_db
T = datetime(2026, 12, 3, 16, 0, tzinfo=UTC)  # a Thursday, five o'clock in Berlin
MEET = "https://meet.example.com/hours"
VIDEO = "https://www.youtube.com/watch?v=abcdefghijk"
FORM = (
    "---\nname: Office hours\nabout: A meeting\ntitle: Office hours\nlabels: office-hours\n---\n"
    "- [ ] Find members\n- [ ] Announce it\n"
)
FIELDS: dict[str, Any] = {
    "product": "Millrace",
    "room": "#office-hours",
    "repository": REPO,
    "stream_url": VIDEO,
    "members": ["Mirela"],
    "topics": ["Replication slots"],
    "names": ["mira", "Ansel"],
}
AGENDA = [
    {"title": "Welcome", "minutes": 5, "people": [], "at_seconds": 0},
    {"title": "Replication slots", "minutes": 15, "people": ["mira"], "at_seconds": 308},
    {"title": "Questions", "minutes": 40, "people": [], "at_seconds": 1265},
]
PEOPLE = [
    {"name": "Mirela", "alias": "mira", "contact": None, "role": "brings a topic"},
    {"name": "Ansel", "alias": "", "contact": None, "role": "contributor"},
]
LINKS = [{"label": "Documentation", "url": "https://docs.example.com/"}]
DESCRIPTION = """Millrace Office Hours, 3 December 2026.

0:00 Welcome
5:08 Replication slots (mira)
21:05 Questions

With thanks to mira, Ansel.

Documentation: https://docs.example.com/"""
WEEK_BEFORE, TODAY, BEFORE = timedelta(days=-7), timedelta(hours=-4), timedelta(minutes=-10)
LATER, NEXT_DAY, START = timedelta(hours=2), timedelta(days=1), timedelta()
FORTNIGHT = timedelta(days=-14)
# what needs nobody is told to nobody: the issue, and what stands in our own Slack
BY_ITSELF = {"issue": FORTNIGHT, "tell-slack-early": WEEK_BEFORE, "tell-slack-today": TODAY}
# when each step's owner is told; the one for a tracker's page was not chosen
TOLD = {
    "find": FORTNIGHT, "where": FORTNIGHT,
    "tell-twitter-early": WEEK_BEFORE, "tell-linkedin-early": WEEK_BEFORE,
    "agenda": timedelta(days=-2), "names": timedelta(days=-1),
    "tell-twitter-today": TODAY,
    "start-stream": BEFORE, "wait-stream": BEFORE,
    "tell-room": START, "remind-recording": START,
    "title-video": LATER, "cover": LATER, "chapters": LATER,
    "describe-video": LATER, "post-video": LATER,
    "answer-askers": NEXT_DAY, "edit-video": NEXT_DAY,
}  # fmt: skip


class Hours:
    """The series, its one event's run, and a clock that jumps; the worker dies at each turn."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = T - timedelta(days=15)
        self.killed: list[datetime] = []
        self.ana, self.ben = agent("ana"), agent("ben")
        calendar = save_calendar(
            key="team", name="", zone="Europe/Berlin", week=WEEK, holidays=[], closed=[]
        )
        rows = yaml.safe_load(PRESET.read_text("utf-8"))["playbooks"]
        said = next(row for row in rows if row["key"] == "office-hours")
        book = Playbook.objects.create(key=said["key"], name=said["name"], definition=said)
        Series.objects.create(
            key="hours", name="Millrace Office Hours", playbook=book, calendar=calendar,
            meeting_url=MEET, channel_label="#office-hours", weekday=3, every=4,
            starts_on=T.date(),
        )  # fmt: skip
        for room in ("recurring", "timing"):
            monkeypatch.setattr(f"inbox.playbooks.{room}.point", self._die)
        self.tick()
        self.run, self.event = Run.objects.get(), Event.objects.get()

    def _die(self, name: str) -> None:
        if self.now not in self.killed:
            self.killed.append(self.now)
            raise SystemExit(137)

    def tick(self) -> None:
        """The clockwork looks; whoever was killed comes again."""
        for _ in range(2):
            try:
                sweep.tick(now=self.now)
            except SystemExit:
                continue

    def do(self, verb: Any, *args: Any, **fields: Any) -> None:
        """Ana does something."""
        with pipeline.change(Actor.user(self.ana), now=self.now):
            verb(*args, **fields)

    def work(self) -> None:
        """What waits for a worker is done."""
        for pk in jobs.due_ids(self.now):
            playbookjobs.work_on(pk, now=self.now)
        rows = Outgoing.objects.filter(state="queued")
        rows.update(not_before=timezone.now())
        for pk in list(rows.values_list("pk", flat=True)):
            pipeline.deliver(pk)

    def step(self, key: str) -> RunStep:
        return self.run.steps.get(key=key)

    def finish(self, key: str) -> None:
        """A step with all that it asks for."""
        step = self.step(key)
        if step.step.gate:
            self.do(playbooks.confirm_gate, step)
        if key == "where":
            self.do(playbooks.choose_branch, step, option="here")
        elif key == "describe-video":
            self.do(acting.act, step)
            self.do(playbooks.finish_step, step)
        else:
            self.do(playbooks.finish_step, step)

    def to_the_end(self) -> None:
        """Everything is done when it is due."""
        for at in dict.fromkeys(TOLD.values()):
            self.now = T + at
            self.tick()
            self.work()
            if at == LATER:  # the recording is there
                Event.objects.filter(pk=self.event.pk).update(
                    agenda=AGENDA, people=PEOPLE, links=LINKS
                )
            while ready := self.run.steps.filter(state="ready").order_by("position").first():
                self.finish(ready.key)
                self.work()


def test_office_hours_make_themselves_their_issue_and_their_description(
    git: GitRepository, workspace: FakeSlack, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """S82–S91: every reminder once and at its time, though the worker dies at each of them."""
    both = (git.fake.url, workspace.url)
    settings.OUTBOUND_ALLOW = [url.removeprefix("http://") for url in both]
    slack(workspace)
    room = workspace.room("office-hours")
    git.commit("Forms", {".github/ISSUE_TEMPLATE/office-hours.md": FORM})
    hours = Hours(monkeypatch)
    assert (hours.run.anchor_at, hours.run.roles) == (T, {})
    for role, user in (("host", hours.ana), ("cohost", hours.ben)):
        hours.do(playbooks.bind_role, hours.run, role=role, user=user)
    hours.do(playbooks.set_values, hours.run, values=FIELDS)
    hours.to_the_end()
    hours.run.refresh_from_db()
    assert hours.run.state == "finished"
    assert hours.step("describe-video").result["text"] == DESCRIPTION
    assert hours.step("title-video").step.title == "Give the video its title"
    told = [
        (row.text.partition(" (Millrace")[0], row.made_at)
        for row in Notice.objects.filter(kind="playbook")
    ]
    titles = {key: hours.step(key).step.title for key in TOLD}
    assert sorted(told) == sorted((titles[key], T + at) for key, at in TOLD.items())
    issue = git.fake.things[git.row["id"], 1]
    assert (issue["title"], [label["name"] for label in issue["labels"]]) == (
        "Millrace Office Hours - 2026-12-03", ["office-hours"],
    )  # fmt: skip
    assert issue["body"].partition("\n\n")[0] == "- [ ] Find members\n- [ ] Announce it"
    by_itself = hours.run.entries.filter(kind="by_itself").values_list("step__key", "at")
    assert dict(by_itself) == {key: T + at for key, at in BY_ITSELF.items()}
    said = [post.text for post in workspace.posted(room.id)]
    assert said == [
        "Millrace Office Hours: Thursday, 3 December 2026, 17:00 CET.",
        "Millrace Office Hours is today at 17:00 CET.",
    ]
    assert hours.step("issue").result["url"] == f"https://github.com/{REPO}/issues/1"
    fired = {T - timedelta(days=15)} | {T + at for at in TOLD.values()}
    assert set(hours.killed) == fired
    assert list(Run.objects.filter(event=hours.event)) == [hours.run]
    assert Event.objects.get(pk=hours.event.pk).state == "over"
