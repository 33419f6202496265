"""Buttons of steps at real vendors' fakes: done once, shown when refused, pressed again."""

import json
from typing import Any

import pytest

from inbox import pipeline
from inbox.audit.models import AuditEntry
from inbox.notify.models import Notice
from inbox.outbox.models import Outgoing
from inbox.people.models import Identity
from inbox.playbooks import acting, jobs
from inbox.playbooks import services as playbooks
from inbox.playbooks.tests.desk import NOW, Desk
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.errors import NotAllowed, VerbError
from integrations.github.tests.conftest import REPO, git, hub
from integrations.github.tests.conftest import connected as github
from integrations.slack.tests.conftest import connected as slack
from integrations.slack.tests.conftest import workspace
from integrations.youtube.tests.conftest import connected as youtube
from integrations.youtube.tests.conftest import vendor
from rig.desk import asker, ticket
from rig.github import FakeGitHub
from rig.github_git import GitRepository
from rig.slack import FakeSlack
from rig.slack_model import TEAM
from rig.vendor import Answer
from rig.youtube import FakeYouTube, error

__all__ = ["git", "hub", "vendor", "workspace"]
pytestmark = pytest.mark.django_db


def book(**action: Any) -> dict[str, Any]:
    """A playbook whose only step has this button."""
    return {
        "key": "one",
        "name": "One step",
        "roles": ["host"],
        "fields": [{"key": "sharer", "label": "Who shared it", "kind": "person"}],
        "steps": [
            {"key": "it", "title": "Do it", "role": "host", "action": action},
            {"key": "after", "title": "Then this", "at": "after:it"},
        ],
    }


def person(user: str = "U0ADA", name: str = "Ada") -> Identity:
    """Somebody of the workspace."""
    who = asker(name.lower())
    return Identity.objects.create(
        contact=who.contact, kind="slack", realm=TEAM, external_id=user, handle=name.lower()
    )


# ------------------------------------------------------------------ messages


def test_a_message_reaches_the_person_of_a_field(workspace: FakeSlack) -> None:
    """S95: the sharer is told, directly; the step is done when it is out."""
    slack(workspace)
    ada = person()
    text = "Rotate it now, {role.host} asks. See {run_url}"
    desk = Desk(book(kind="message", to="sharer", text=text), values={"sharer": str(ada.pk)})
    desk.do(acting.act, "it")
    assert desk.states == {"it": "started", "after": "waiting"}
    desk.work()
    (sent,) = [json.loads(call.body) for call in workspace.called("chat.postMessage")]
    assert (
        f"Rotate it now, Ben asks. See http://127.0.0.1:8000/playbooks/{desk.run.pk}/"
        in sent["text"]
    )
    assert desk.states == {"it": "done", "after": "ready"}


def test_an_unknown_person_is_refused_and_nothing_leaves(workspace: FakeSlack) -> None:
    slack(workspace)
    desk = Desk(book(kind="message", to="sharer", text="Hi"))
    with pytest.raises(VerbError, match="Say first who it is"):
        desk.do(acting.act, "it")
    assert desk.states["it"] == "ready"
    assert Outgoing.objects.count() == 0


def test_an_answer_goes_to_the_tickets_asker() -> None:
    row = ticket(who=asker("mira"))
    desk = Desk(book(kind="message", to="ticket", text="Please rotate it."), ticket=row)
    desk.do(acting.act, "it")
    (sent,) = Outgoing.objects.filter(kind="reply")
    assert sent.payload["text"] == "Please rotate it."
    Outgoing.objects.update(state="sent")
    with pipeline.change(desk.actor(), now=NOW):
        locked = tickets.lock(row.pk)
        tickets.record(locked, kinds.SENT, outgoing=sent.pk, message=sent.message_id)
    assert desk.states["it"] == "done"


def test_a_post_stands_in_its_channel_once(workspace: FakeSlack) -> None:
    slack(workspace)
    room = workspace.room("office-hours")
    desk = Desk(book(kind="post", place="#office-hours", text="Rejoin by the link\n\nIt moved."))
    desk.do(acting.act, "it")
    with pytest.raises(NotAllowed, match="being done already"):
        desk.do(acting.act, "it")
    desk.work()
    desk.work()
    assert [post.text for post in workspace.posted(room.id)] == ["Rejoin by the link"]
    assert desk.states["it"] == "done"


def test_a_message_that_does_not_leave_calls_whoever_says_it_aloud(workspace: FakeSlack) -> None:
    """S96: nobody waits for a sign to something that never arrived."""
    slack(workspace)
    ada, definition = person(), book(kind="message", to="sharer", text="Rotate it")
    definition["steps"][0]["ack"] = {"after_minutes": 2, "escalate_to": "shout"}
    definition["steps"].append({"key": "shout", "title": "Say it", "at": "when called"})
    desk = Desk(definition, values={"sharer": str(ada.pk)})
    refused = Answer(200, {"ok": False, "error": "cannot_dm_bot"})
    workspace.fail("chat.postMessage", answer=refused)
    desk.do(acting.act, "it")
    desk.work()
    assert (desk.states["it"], desk.states["shout"]) == ("failed", "ready")
    desk.do(acting.act, "it")
    desk.work()
    desk.later(minutes=5)
    assert desk.states["it"] == "done"
    assert desk.log.count(("escalated", "it")) == 1


# ------------------------------------------------------------------ streams


def test_a_stream_is_private_and_given_back(vendor: FakeYouTube) -> None:
    """S98: the one that is live needs no address; the way back knows which it was."""
    youtube(vendor)
    key = vendor.put("Office hours", privacy="unlisted")
    definition = book(kind="hide_stream")
    definition["steps"][1]["action"] = {"kind": "show_stream"}
    desk = Desk(definition)
    desk.do(acting.act, "it")
    desk.work()
    assert vendor.videos[key]["status"]["privacyStatus"] == "private"
    assert desk.step("it").result["privacy"] == "private"
    desk.do(acting.act, "after")
    desk.work()
    assert vendor.videos[key]["status"]["privacyStatus"] == "unlisted"
    said = AuditEntry.objects.filter(what__startswith="stream.").order_by("number")
    assert list(said.values_list("what", "actor")) == [
        ("stream.hidden", "ben"),
        ("stream.shown", "ben"),
    ]
    assert set(desk.states.values()) == {"done"}


def test_a_refusal_is_shown_and_the_button_is_there_again(vendor: FakeYouTube) -> None:
    youtube(vendor)
    key = vendor.put("Office hours")
    vendor.fail("/videos", answer=error(403, "quotaExceeded"))
    desk = Desk(book(kind="hide_stream", stream=key))
    desk.do(acting.act, "it")
    desk.work()
    row = desk.step("it")
    assert (row.state, row.action_state) == ("failed", "failed")
    assert "quota" in row.action_error
    told = Notice.objects.filter(text="Do it did not work (One step)").values_list("user__username")
    assert list(told) == [("ben",)]
    desk.do(acting.act, "it")
    desk.work()
    assert vendor.videos[key]["status"]["privacyStatus"] == "private"
    assert ("action_failed", "it") in desk.log
    assert desk.states["it"] == "done"


def test_a_worker_that_was_lost_is_replaced_when_its_lease_ends(vendor: FakeYouTube) -> None:
    youtube(vendor)
    key = vendor.put("Office hours")
    desk = Desk(book(kind="hide_stream", stream=key))
    desk.do(acting.act, "it")
    lost = jobs.claim(desk.step("it").pk, now=desk.now)
    assert lost is not None
    desk.work()
    assert vendor.videos[key]["status"]["privacyStatus"] == "public"
    desk.now += jobs.LEASE
    desk.work()
    assert vendor.videos[key]["status"]["privacyStatus"] == "private"
    with pipeline.change(desk.actor(), now=desk.now):
        assert not jobs.done(lost, result={}, error="too late")
    assert desk.log.count(("action_done", "it")) == 1
    assert desk.states["it"] == "done"


# ------------------------------------------------------------------ issues

FORM = """---
name: Office hours
about: A meeting
title: Office hours
labels: office-hours
---
## Steps
- [ ] Find members
"""


def test_an_issue_is_opened_out_of_the_repositorys_template(git: GitRepository) -> None:
    """S83."""
    git.commit("Forms", {".github/ISSUE_TEMPLATE/office-hours.md": FORM})
    action = {"template": "office-hours.md", "title": "Office Hours {date}"}
    desk = Desk(book(kind="issue", place=REPO, **action))
    desk.do(acting.act, "it")
    desk.work()
    (call,) = [c for c in git.fake.calls if c.method == "POST" and c.path.endswith("/issues")]
    opened = json.loads(call.body)
    assert opened["title"] == "Office Hours 2026-11-22"
    assert opened["labels"] == ["office-hours"]
    assert opened["body"].startswith("## Steps\n- [ ] Find members")
    row = desk.step("it")
    assert row.state == "done"
    assert row.result["url"] == f"https://github.com/{REPO}/issues/1"


def test_a_template_that_is_not_there_is_said(git: GitRepository) -> None:
    desk = Desk(book(kind="issue", place=REPO, template="none.md", title="Office Hours"))
    desk.do(acting.act, "it")
    desk.work()
    assert desk.step("it").action_error == f"{REPO} has no issue template “none.md”."
    assert Outgoing.objects.count() == 0


def test_an_issue_that_the_tracker_refuses_can_be_asked_for_again(hub: FakeGitHub) -> None:
    github(hub)
    hub.repository(REPO)
    refused = Answer(422, {"message": "Validation Failed"})
    hub.fail("/issues", answer=refused)
    desk = Desk(book(kind="issue", place=REPO, title="Office Hours", text="Steps"))
    desk.do(acting.act, "it")
    desk.work()
    assert desk.states["it"] == "failed"
    desk.do(acting.act, "it")
    desk.work()
    assert desk.states["it"] == "done"
    assert desk.step("it").attempts == 2


def test_words_to_take_along_leave_nothing() -> None:
    text = "Join us on {date}"
    desk = Desk(book(kind="copy", text=text, **{"for": "Twitter"}))
    row = desk.do(acting.act, "it")
    assert row.result == {"text": "Join us on 2026-11-22"}
    assert desk.states["it"] == "started"
    assert desk.do(playbooks.finish_step, "it").state == "done"
