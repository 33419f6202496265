"""Drafts of who is told: approved, reworded, dropped and taken back; who may, and who sees them."""

import pytest
from django.test import Client

from inbox.accounts.models import ApiToken, Role, Team, User
from inbox.loop import notices
from inbox.loop import services as loop
from inbox.loop.models import LoopNotice
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket, TicketEvent
from integrations.github.tests.conftest import NOON, REPO, deliver, drafts, fixed, look
from rig.desk import act, agent, asker, ticket
from rig.github import FakeGitHub
from rig.github_git import GitRepository

pytestmark = pytest.mark.django_db


def api(user: User) -> Client:
    """A program of somebody's."""
    _, token = ApiToken.issue(user)
    return Client(HTTP_AUTHORIZATION=f"Bearer {token}")


def test_one_draft_can_be_reworded_and_another_dropped(hub: FakeGitHub, git: GitRepository) -> None:
    fixed(hub, git)
    deliver(git.release("v1.1.0"))
    look()
    first, second = LoopNotice.objects.order_by("pk")
    browser = Client()
    browser.force_login(agent("ana"))
    browser.post(f"/loop/{first.pk}/approve/", {f"text-{first.pk}": "It is in v1.1.0, try it."})
    browser.post(f"/loop/{second.pk}/discard/")
    first.outgoing.refresh_from_db()
    second.outgoing.refresh_from_db()
    assert (first.outgoing.state, second.outgoing.state) == ("queued", "failed")
    assert first.outgoing.message is not None
    assert first.outgoing.message.body_text == "It is in v1.1.0, try it."
    said = first.outgoing.message
    for notice in (first, second):
        browser.post(f"/loop/{notice.pk}/undo/")
    assert "It is in v1.1.0, try it." in [text for _, text in drafts()]
    assert len(drafts()) == 2, "both wait again"
    said.refresh_from_db()
    assert said.deleted_at is not None
    assert browser.post(f"/dead-letters/out/{first.outgoing_id}/retry/").status_code == 302
    assert Outgoing.objects.get(pk=first.outgoing_id).state == "failed"
    first.refresh_from_db()
    browser.post("/loop/approve/", {"notice": [first.pk], f"text-{first.pk}": "Try\r\nv1.1.0."})
    first.outgoing.refresh_from_db()
    assert (first.outgoing.state, first.outgoing.message.body_text) == ("queued", "Try\nv1.1.0.")


def test_discarded_draft_stays_away_when_the_release_is_edited(
    hub: FakeGitHub, git: GitRepository
) -> None:
    issue, _ = fixed(hub, git)
    deliver(git.release("v1.1.0"))
    look()
    browser = Client()
    browser.force_login(agent("ana"))
    notice = LoopNotice.objects.get(ticket=issue)
    browser.post(f"/loop/{notice.pk}/discard/")
    deliver(git.edit_release("v1.1.0", body="better notes"))
    look()
    assert [kind for kind, _ in drafts()] == ["email"]
    assert "discarded" not in browser.get("/dead-letters/").content.decode()


@pytest.mark.parametrize("verb", ["mark_spam", "trash"])
def test_nobody_is_told_on_a_ticket_that_was_put_away(
    hub: FakeGitHub, git: GitRepository, verb: str
) -> None:
    _, mail = fixed(hub, git)
    deliver(git.release("v1.1.0"))
    look()
    act(getattr(tickets, verb), mail, at=NOON)
    browser = Client()
    browser.force_login(agent("ana"))
    notice = LoopNotice.objects.get(ticket=mail)
    assert f"/loop/{notice.pk}/approve/" not in browser.get("/loop/").content.decode()
    browser.post(f"/loop/{notice.pk}/approve/")
    notice.outgoing.refresh_from_db()
    assert (notice.outgoing.state, notice.outgoing.message) == ("held", None)


def test_merged_conversation_is_told_and_its_answer_noted_where_it_went(
    hub: FakeGitHub, git: GitRepository
) -> None:
    issue, _ = fixed(hub, git)
    other = ticket(who=asker("noor"))
    deliver(git.release("v1.1.0"))
    look()
    act(tickets.merge, issue, into=other, at=NOON)
    browser = Client()
    browser.force_login(agent("ana"))
    notice = LoopNotice.objects.get(ticket=issue)
    browser.post(f"/loop/{notice.pk}/approve/")
    notice.outgoing.refresh_from_db()
    assert notice.outgoing.message is not None
    assert notice.outgoing.message.ticket == other
    Outgoing.objects.filter(pk=notice.outgoing_id).update(state="sent")
    deliver(hub.comment("kezia", REPO, 1, "It works, thanks."))
    notice.refresh_from_db()
    assert notice.answered_at is not None


def test_restricted_drafts_are_hidden_and_viewers_decide_nothing(
    hub: FakeGitHub, git: GitRepository
) -> None:
    issue, mail = fixed(hub, git)
    secret = ticket(who=asker("noor"))
    Ticket.objects.filter(pk=secret.pk).update(
        restricted_team=Team.objects.create(key="security", name="Security", restricted=True)
    )
    deliver(git.release("v1.1.0"))
    look()
    act(tickets.merge, issue, into=secret, at=NOON)
    hidden, open_ = LoopNotice.objects.get(ticket=issue), LoopNotice.objects.get(ticket=mail)
    browser = Client()
    browser.force_login(agent("ana"))
    page = browser.get("/loop/").content.decode()
    assert (f"text-{hidden.pk}" in page, f"text-{open_.pk}" in page) == (False, True)
    assert browser.post(f"/loop/{hidden.pk}/approve/").status_code == 404
    browser.post("/loop/approve/", {"notice": [hidden.pk]})
    held = "/api/v1/outgoing/?state=held&held_reason=approval"
    rows = api(agent("ana")).get(held).json()["results"]
    assert [row["id"] for row in rows] == [open_.outgoing_id]
    viewer = agent("vic")
    for role in (Role.VIEWER, Role.LIGHT):
        User.objects.filter(pk=viewer.pk).update(role=role)
        browser.force_login(User.objects.get(pk=viewer.pk))
        assert f"/loop/{open_.pk}/approve/" not in browser.get("/loop/").content.decode()
        assert browser.post(f"/loop/{open_.pk}/approve/").status_code == 404
    assert len(drafts()) == 2


def test_drafts_are_decided_by_the_api(hub: FakeGitHub, git: GitRepository) -> None:
    fixed(hub, git)
    deliver(git.release("v1.1.0"))
    look()
    browser = api(agent("ana"))
    first, second = LoopNotice.objects.order_by("pk")
    for notice, verb in ((first, "approve"), (second, "discard"), (second, "retry")):
        path = f"/api/v1/outgoing/{notice.outgoing_id}/{verb}/"
        answer = browser.post(path, content_type="application/json")
        assert answer.status_code == 200, answer.content
    first.outgoing.refresh_from_db()
    second.outgoing.refresh_from_db()
    assert (first.outgoing.state, first.outgoing.message is None) == ("queued", False)
    # a draft never leaves by trying again: it waits for a yes
    assert (second.outgoing.state, second.outgoing.held_reason) == ("held", "approval")


def test_very_many_who_wait_are_drafted_in_several_changes(
    hub: FakeGitHub, git: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "MOST_AT_ONCE", 2)
    _, mail = fixed(hub, git)
    for name in ("noor", "zoe", "ines"):
        row = ticket(channel=mail.channel, who=asker(name))
        act(loop.add_link, row, url=f"https://github.com/{REPO}/issues/1", at=NOON)
    deliver(git.release("v1.1.0"))
    look()
    assert len(drafts()) == 5
    late = ticket(channel=mail.channel, who=asker("leif"))
    act(loop.add_link, late, url=f"https://github.com/{REPO}/issues/1", at=NOON)
    assert len(drafts()) == 6
    heard = TicketEvent.objects.filter(kind="released").values_list("ticket", flat=True)
    assert len(heard) == len(set(heard)) == 6, "each ticket hears of it once"
