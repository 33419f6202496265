"""Actions that go by themselves: at their time, once, in the log; else there is the button."""

from datetime import timedelta
from typing import Any

import pytest

from inbox import pipeline
from inbox.notify.models import Notice
from inbox.operations import playbookjobs
from inbox.outbox.models import Outgoing
from inbox.playbooks import acting, jobs
from inbox.playbooks import services as playbooks
from inbox.playbooks.definition import BadPlaybook, template_from
from inbox.playbooks.tests.desk import NOW, Desk
from integrations.github.tests.conftest import REPO, git, hub
from integrations.slack.tests.conftest import connected as slack
from integrations.slack.tests.conftest import workspace
from rig.github_git import GitRepository
from rig.slack import FakeSlack

__all__ = ["git", "hub", "workspace"]
pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
POST = {"kind": "post", "place": "#office-hours", "text": "It begins at {start}"}


def book(**step: Any) -> dict[str, Any]:
    """One step, an hour before, whose action goes by itself."""
    return {
        "key": "one",
        "name": "One step",
        "roles": ["host"],
        "fields": [{"key": "topic", "label": "Topic"}],
        "steps": [
            {"key": "it", "title": "Announce it", "role": "host", "at": "T-1h", **step},
            {"key": "after", "title": "Then this", "at": "after:it"},
        ],
    }


def announcing(**more: Any) -> dict[str, Any]:
    return book(action={**POST, "by_itself": True}, **more)


def posts(workspace: FakeSlack) -> list[str]:
    return [post.text for post in workspace.posted(workspace.room("office-hours").id)]


def told() -> list[str]:
    return list(Notice.objects.order_by("pk").values_list("text", flat=True))


def test_it_is_posted_at_its_time_once_and_the_log_says_so(
    workspace: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S83. The worker dies before and after; whoever goes on posts no second time."""
    slack(workspace)
    workspace.room("office-hours")
    deaths: list[str] = []

    def die(name: str) -> None:
        if name not in deaths:
            deaths.append(name)
            raise SystemExit(137)

    monkeypatch.setattr("inbox.operations.playbookjobs.point", die)
    desk = Desk(announcing(), anchor_at=NOW + 2 * HOUR)
    desk.work()
    assert (desk.states["it"], posts(workspace)) == ("waiting", [])
    desk.later(hours=1)
    for _ in range(2):
        with pytest.raises(SystemExit):
            desk.work()
        desk.now += jobs.LEASE
    desk.work()
    desk.later(hours=1)
    desk.work()
    assert posts(workspace) == ["It begins at 17:00 UTC"]
    assert deaths == ["playbook_after_claim", "playbook_after_action"]
    assert [line for line in desk.log if line[1] == "it"] == [
        ("by_itself", "it"), ("action_done", "it"), ("done", "it"),
    ]  # fmt: skip
    assert told() == ["Then this (One step)"]


def test_a_failure_leaves_the_button_and_reminds(workspace: FakeSlack) -> None:
    desk = Desk(announcing(), anchor_at=NOW + 2 * HOUR)
    desk.later(hours=1)
    desk.work()  # Slack is not connected
    row = desk.step("it")
    assert (row.state, row.action_state) == ("failed", "failed")
    assert told() == ["Announce it did not work (One step)"]
    slack(workspace)
    workspace.room("office-hours")
    desk.do(acting.act, "it")
    desk.work()
    assert (desk.states["it"], len(posts(workspace))) == ("done", 1)
    assert jobs.asked_by(row) == desk.ben


def test_what_comes_too_late_is_left_to_a_person(workspace: FakeSlack) -> None:
    """A run that begins after the moment: its words may be wrong by now."""
    slack(workspace)
    workspace.room("office-hours")
    desk = Desk(announcing(), anchor_at=NOW - timedelta(minutes=30))
    desk.work()
    assert (desk.states["it"], posts(workspace)) == ("ready", [])
    assert told() == ["Announce it (One step)"]


def test_what_is_missing_is_asked_for_as_ever() -> None:
    desk = Desk(announcing(needs="topic"), anchor_at=NOW + HOUR)
    assert (desk.states["it"], told()) == ("ready", ["Announce it (One step)"])


def test_nothing_leaves_a_run_that_was_cancelled_meanwhile(workspace: FakeSlack) -> None:
    slack(workspace)
    desk = Desk(announcing(), anchor_at=NOW + HOUR)
    with pipeline.change(desk.actor(), now=desk.now):
        playbooks.cancel(desk.run)
    desk.work()
    assert (desk.step("it").action_state, Outgoing.objects.count()) == ("", 0)


def test_whoever_is_sooner_does_it_and_it_does_not_come_again(workspace: FakeSlack) -> None:
    slack(workspace)
    workspace.room("office-hours")
    desk = Desk(announcing(), anchor_at=NOW + 2 * HOUR)
    desk.do(acting.act, "it")
    desk.work()
    desk.later(hours=1)
    desk.work()
    assert len(posts(workspace)) == 1


def test_only_one_of_two_workers_does_it(workspace: FakeSlack) -> None:
    slack(workspace)
    workspace.room("office-hours")
    desk = Desk(announcing(), anchor_at=NOW + HOUR)
    pk = desk.step("it").pk
    assert [playbookjobs.work_on(pk, now=desk.now) for _ in range(2)] == [True, False]
    desk.work()
    assert len(posts(workspace)) == 1


def test_an_issue_opens_by_itself_for_the_steps_owner(git: GitRepository) -> None:
    git.commit("Forms", {".github/ISSUE_TEMPLATE/hours.md": "---\nname: H\nabout: H\n---\nSteps\n"})
    issue = {"kind": "issue", "place": REPO, "title": "Hours", "template": "hours.md"}
    desk = Desk(book(action={**issue, "by_itself": True}), anchor_at=NOW + 2 * HOUR)
    desk.later(hours=1)
    desk.work()
    assert desk.step("it").result["url"] == f"https://github.com/{REPO}/issues/1"
    (sent,) = Outgoing.objects.filter(kind="issue")
    assert sent.payload["by"] == [desk.ben.pk, "ben"]


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ({"action": {"kind": "message", "to": "ticket", "text": "x", "by_itself": True}}, "presses"),
        ({"action": {"kind": "hide_stream", "by_itself": True}}, "presses"),
        ({"action": {**POST, "by_itself": True}, "gate": "It is so"}, "asks somebody"),
    ],
)  # fmt: skip
def test_what_reaches_others_or_asks_somebody_never_goes_by_itself(
    step: dict[str, Any], why: str
) -> None:
    with pytest.raises(BadPlaybook, match=why):
        template_from(book(**step))
