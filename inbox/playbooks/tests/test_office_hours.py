"""Office hours from T−14 d to T+24 h by the clock: every reminder once, whoever is killed."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from inbox.calendars.services import save_calendar
from inbox.notify.models import Notice
from inbox.operations import sweep
from inbox.outbox.models import Outgoing
from inbox.playbooks import acting
from inbox.playbooks import services as playbooks
from inbox.playbooks.models import Event, Playbook, Run
from inbox.playbooks.tests.desk import NOW, Desk
from inbox.tickets.errors import VerbError
from integrations.github.tests.conftest import REPO, git, hub
from rig import worker
from rig.desk import WEEK
from rig.github_git import GitRepository

__all__ = ["git", "hub"]
pytestmark = pytest.mark.django_db
T = NOW + timedelta(days=16)  # a Tuesday, 15:00 UTC
FORM = "---\nname: Office hours\nabout: A meeting\ntitle: Office hours\n---\nSteps\n"
BOOK: dict[str, Any] = {
    "key": "office-hours",
    "name": "Office hours",
    "anchor": "They begin",
    "calendar": "team",
    "roles": ["host"],
    "fields": [{"key": "members", "label": "Members and topics", "kind": "list"}],
    "steps": [
        {
            "key": "find",
            "title": "Find members",
            "at": "T-14d",
            "role": "host",
            "needs": {"members": 1},
        },
        {
            "key": "issue",
            "title": "Open the issue",
            "at": "T-14d",
            "role": "host",
            "action": {
                "kind": "issue",
                "place": REPO,
                "title": "Office Hours {date}",
                "template": "office-hours.md",
            },
        },
        {"key": "announce", "title": "Announce", "at": "T-5wd", "role": "host"},
        {"key": "again", "title": "Announce again", "at": "T-24h", "role": "host"},
        {"key": "auth", "title": "Start the stream", "at": "T-10m", "role": "host"},
        {"key": "begin", "title": "Begin", "at": "T", "role": "host"},
        {"key": "upload", "title": "Upload", "at": "T+2h", "role": "host"},
        {"key": "edit", "title": "Edit the recording", "at": "T+24h", "role": "host"},
    ],
}
TIMES = {
    "find": T - timedelta(days=14),
    "issue": T - timedelta(days=14),
    "announce": T - timedelta(days=7),
    "again": T - timedelta(days=1),
    "auth": T - timedelta(minutes=10),
    "begin": T,
    "upload": T + timedelta(hours=2),
    "edit": T + timedelta(days=1),
}


def office_hours(**fields: Any) -> Desk:
    """A run that is started sixteen days ahead."""
    save_calendar(key="team", name="", zone="UTC", week=WEEK, holidays=[], closed=[])
    event = Event.objects.create(title="Office hours", starts_at=T, ends_at=T + timedelta(hours=1))
    return Desk(BOOK, anchor_at=T, event=event, **fields)


def told() -> list[tuple[str, datetime]]:
    """(what, when) somebody was told."""
    rows = Notice.objects.filter(kind="playbook").order_by("pk")
    return [(row.text.partition(" (")[0], row.made_at) for row in rows]


EXPECTED = [(step["title"], TIMES[step["key"]]) for step in BOOK["steps"]]


def test_every_reminder_comes_once_at_its_time_though_the_worker_dies_at_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """S82–S91: each firing is killed the first time."""
    desk = office_hours()
    killed: list[datetime] = []

    def die(name: str) -> None:
        if name == "playbook_in_firing" and desk.now not in killed:
            killed.append(desk.now)
            raise SystemExit(137)

    monkeypatch.setattr("inbox.playbooks.timing.point", die)
    marks = sorted({*TIMES.values(), *(at - timedelta(minutes=1) for at in TIMES.values())})
    for desk.now in marks:
        before = len(told())
        for _ in range(3):
            try:
                sweep.tick(now=desk.now)
            except SystemExit:
                assert len(told()) == before  # all of it or nothing
    assert told() == EXPECTED
    assert killed == sorted(set(TIMES.values()))


def test_the_run_is_followed_to_its_end(git: GitRepository) -> None:
    git.commit("Forms", {".github/ISSUE_TEMPLATE/office-hours.md": FORM})
    desk = office_hours()
    desk.now = TIMES["find"]
    desk.later()
    with pytest.raises(VerbError, match="“Members and topics” is needed first"):
        desk.do(playbooks.finish_step, "find")
    desk.values(members=["Kezia: replication slots"])
    desk.do(playbooks.finish_step, "find")
    desk.do(acting.act, "issue")
    desk.work()
    assert desk.step("issue").result["url"] == f"https://github.com/{REPO}/issues/1"
    (row,) = Outgoing.objects.filter(kind="issue")
    assert (row.payload["subject"], row.payload["text"]) == ("Office Hours 2026-12-08", "Steps")
    for key, desk.now in list(TIMES.items())[2:]:
        desk.later()
        desk.do(playbooks.finish_step, key)
    assert Run.objects.get().state == "finished"
    assert told() == EXPECTED


def test_another_date_moves_what_nobody_has_begun() -> None:
    desk = office_hours()
    desk.now = TIMES["announce"]
    desk.later()
    desk.values(members=["Kezia"])
    desk.do(playbooks.finish_step, "find")
    desk.reschedule(T + timedelta(days=7))
    assert desk.states["announce"] == "waiting"
    assert desk.states["find"] == "done"
    assert desk.step("begin").due_at == T + timedelta(days=7)


@pytest.mark.service
def test_a_killed_process_leaves_all_of_a_firing_or_nothing(
    process_env: dict[str, str], tmp_path: Path
) -> None:
    """Real processes: the first is killed inside its transaction, two go on together."""
    begun = timezone.now() - timedelta(days=40)
    desk = office_hours()
    Run.objects.update(started_at=begun, anchor_at=begun + timedelta(days=16))
    for row in desk.run.steps.all():
        row.due_at = TIMES[row.key] - NOW + begun
        row.save(update_fields=["due_at"])
    dying = {**process_env, "DESK_CRASH_AT": "playbook_in_firing"}
    first = worker.manage(dying, "drain", "--timeout", "60", log=tmp_path / "first.log")
    assert first.popen.wait(90) == 137
    assert told() == []
    going = [
        worker.manage(process_env, "drain", "--timeout", "60", log=tmp_path / f"{n}.log")
        for n in range(2)
    ]
    assert [process.popen.wait(90) for process in going] == [0, 0]
    assert sorted(title for title, _ in told()) == sorted(step["title"] for step in BOOK["steps"])
    assert set(desk.states.values()) == {"ready"}
    assert Playbook.objects.get().runs.count() == 1
