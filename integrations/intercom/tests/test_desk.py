"""Conversations at the desk: one ticket each, whatever order their notifications come in."""

import random
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from inbox.channels.models import Delivery, Fetch
from inbox.macros import services as macros
from inbox.operations import draining, fetching
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.files import content_of
from inbox.tickets.models import Attachment, Message, Ticket
from integrations.intercom.tests.conftest import ADA, ANA, connected, deliver
from rig import intercom
from rig.desk import act, agent
from rig.intercom import FakeIntercom, disorder
from rig.vendor import Answer

pytestmark = pytest.mark.django_db


def texts() -> list[tuple[str, str, str]]:
    rows = Message.objects.order_by("sent_at", "pk")
    return [(m.new_text, str(m.direction), str(m.visibility)) for m in rows]


def last(fake: FakeIntercom) -> str:
    """Hand over the newest notification."""
    return deliver(fake.sent[-1])


@pytest.fixture
def desk(workspace: FakeIntercom) -> FakeIntercom:
    """A desk that is connected, with an account of Ana's."""
    agent("ana")
    connected(workspace)
    return workspace


def test_a_conversation_is_one_ticket(desk: FakeIntercom) -> None:
    key = desk.begin(ADA, "It hangs", subject="Sync")
    assert last(desk) == "done"
    desk.say(ADA, key, "Still")
    assert last(desk) == "done"
    row = Ticket.objects.get()
    assert (row.subject, row.status, row.waiting_on) == ("Sync", "open", "us")
    assert row.asker is not None
    assert (row.asker.external_id, row.asker.email) == (ADA, "ada@example.org")
    assert row.permalink.endswith(f"/a/inbox/abc123/inbox/conversation/{key}")
    assert texts() == [("It hangs", "in", "public"), ("Still", "in", "public")]


def test_answers_leave_once_and_their_echo_is_nothing_new(desk: FakeIntercom) -> None:
    key = desk.begin(ADA, "It hangs")
    last(desk)
    act(tickets.reply, Ticket.objects.get(), body="**Yes**", user=agent("ana"), at=timezone.now())
    desk.fail("/reply", drop="after")
    draining.drain(timeout_seconds=40)
    (part,) = desk.said(key)
    assert part["body"].strip() == "<p><strong>Yes</strong></p>"
    assert Outgoing.objects.get(kind="reply").state in ("sent", "uncertain")
    Outgoing.objects.filter(state="uncertain").update(not_before=timezone.now())
    draining.drain(timeout_seconds=40)
    assert Outgoing.objects.get(kind="reply").state == "sent"
    assert deliver(desk.sent[-1]) in ("ignored", "done")
    assert Message.objects.filter(direction="out").count() == 1
    assert Message.objects.get(direction="out").external_id == f"part/{part['id']}"
    assert len(desk.said(key)) == 1


def test_a_limit_puts_an_answer_off(desk: FakeIntercom) -> None:
    key = desk.begin(ADA, "It hangs")
    last(desk)
    act(tickets.reply, Ticket.objects.get(), body="Yes", user=agent("ana"), at=timezone.now())
    reset = {"X-RateLimit-Reset": str(int(timezone.now().timestamp()) + 30)}
    desk.fail("/reply", answer=Answer(429, {"type": "error.list", "errors": []}, reset))
    draining.drain(timeout_seconds=5)
    row = Outgoing.objects.get()
    assert (row.state, row.error) == ("queued", "Intercom asks us to wait")
    assert row.not_before > timezone.now() + timedelta(seconds=20)
    Outgoing.objects.update(not_before=timezone.now())
    draining.drain(timeout_seconds=20)
    assert len(desk.said(key)) == 1


def test_a_revoked_token_is_told_and_repaired(desk: FakeIntercom) -> None:
    desk.begin(ADA, "It hangs")
    last(desk)
    desk.token = "another one"
    act(tickets.reply, Ticket.objects.get(), body="Yes", user=agent("ana"), at=timezone.now())
    draining.drain(timeout_seconds=10)
    row = Outgoing.objects.get()
    assert row.state == "failed"
    assert row.error.startswith("Intercom refuses the token")


def test_files_are_copied_when_they_come(desk: FakeIntercom) -> None:
    row = desk.keep("log.txt", b"trace", "text/plain")
    desk.begin(ADA, "It hangs", attachments=[row])
    assert last(desk) == "done"
    assert fetching.fetch(Fetch.objects.get().pk, now=timezone.now()) == "done"
    file = Attachment.objects.get()
    assert (file.filename, content_of(file), file.is_missing) == ("log.txt", b"trace", False)


def test_redacted_words_are_gone_also_when_that_is_told_first(desk: FakeIntercom) -> None:
    key = desk.begin(ADA, "It hangs")
    last(desk)
    part = desk.say(ADA, key, "my password is hunter2")
    told = desk.sent[-1]
    desk.redact(key, part["id"])
    last(desk)
    deliver(told)
    message = Message.objects.get(external_id=f"part/{part['id']}")
    assert message.deleted_at is not None
    assert "hunter2" not in message.body_text


def test_another_workspace_and_campaigns_open_nothing(desk: FakeIntercom) -> None:
    desk.begin(ADA, "It hangs")
    body = {**desk.sent[-1], "app_id": "zzz999"}
    assert deliver(body) == "ignored"
    key = desk.begin(ANA, "How do you like it?")
    assert last(desk) == "ignored"
    assert not Ticket.objects.exists()
    desk.say(ADA, key, "It hangs")
    assert last(desk) == "done"
    assert Ticket.objects.get().asker is not None


@pytest.mark.parametrize("seed", range(3))
def test_order_and_repetition_change_nothing(desk: FakeIntercom, seed: int) -> None:
    """Shuffled and doubled, the customer's words are one ticket with each message once."""
    keys = [desk.begin(ADA, f"question {n}") for n in range(2)]
    for key in keys:
        for n in range(3):
            desk.say(ADA, key, f"{key} more {n}")
    seen = [deliver(body) for body in disorder(desk.sent, random.Random(seed))]
    assert seen.count("duplicate") == 2
    assert not {"failed", "pending", "unknown"} & set(seen)
    assert Ticket.objects.count() == 2
    assert Message.objects.count() == 8
    for row in Ticket.objects.all():
        assert {m.thread.thread_key for m in row.messages.all()} <= set(keys)


def test_leads_go_where_leads_go(workspace: FakeIntercom) -> None:
    """S22."""
    call_command("load_handbook", "inbox/handbook/presets/devrel.yaml", verbosity=0)
    connected(workspace, purpose="leads")
    workspace.begin(ADA, "Do you have a plan for 500 people?")
    last(workspace)
    row = Ticket.objects.get()
    assert (row.kind, row.category) == ("lead", "Pre-sales")
    assert row.owner is not None
    assert row.owner.username == "tomas"
    connected(workspace, purpose="support")
    workspace.begin(ADA, "It hangs")
    last(workspace)
    assert Ticket.objects.order_by("-number")[0].kind != "lead"


def test_saved_answers_invite_to_slack(desk: FakeIntercom) -> None:
    """S21."""
    connected(desk, invite_url="https://join.example.org/slack")
    desk.begin(ADA, "It hangs")
    last(desk)
    known = macros.values(Ticket.objects.get(), agent("ana"), "{{ links.invite }}")
    assert known["links.invite"] == "https://join.example.org/slack"


# ------------------------------------------------------------------ over HTTP


def test_the_address_may_be_looked_at_before_it_is_kept(desk: FakeIntercom) -> None:
    browser = Client()
    assert browser.head("/hooks/intercom/main/").status_code == 200
    assert browser.head("/hooks/intercom/other/").status_code == 404
    assert browser.get("/hooks/intercom/main/").status_code == 405


def test_only_signed_notifications_are_stored(desk: FakeIntercom) -> None:
    browser, kind = Client(), "application/json"
    body = b'{"type":"notification_event","topic":"ping","id":"notif_1","app_id":"abc123"}'
    path = "/hooks/intercom/main/"
    assert browser.post(path, body, content_type=kind).status_code == 401
    wrong = intercom.signed(body, secret="another secret")
    assert browser.post(path, body, content_type=kind, headers=wrong).status_code == 401
    right = intercom.signed(body)
    assert browser.post(path, body, content_type=kind, headers=right).content == b"stored\n"
    assert browser.post(path, body, content_type=kind, headers=right).content == b"duplicate\n"
    assert Delivery.objects.count() == 1
