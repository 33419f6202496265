"""Zendesk's tickets on the desk: filed once, in whatever order, answered where they stand."""

import random

import pytest
from django.utils import timezone

from inbox import pipeline
from inbox.channels.models import Delivery
from inbox.handbook import services as handbook
from inbox.operations import draining
from inbox.outbox.models import Outgoing
from inbox.people.models import Identity
from inbox.tickets import services as tickets
from inbox.tickets.models import Attachment, Message, Thread, Ticket
from integrations.zendesk.tests.conftest import connected, deliver
from rig.desk import act, agent
from rig.vendor import Answer
from rig.zendesk import FakeZendesk

pytestmark = pytest.mark.django_db


def drain() -> None:
    assert draining.drain(timeout_seconds=60)[1]


def only() -> Ticket:
    return Ticket.objects.get()


def public() -> list[str]:
    """In the order in which Zendesk has them."""
    rows = Message.objects.filter(deleted_at=None, visibility="public")
    return list(rows.order_by("external_id").values_list("new_text", flat=True))


def test_ticket_with_its_comments_is_one_ticket_here(desk: FakeZendesk) -> None:
    connected(desk)
    agent("ana")
    desk.open("Mira", "It hangs", "After an hour.", tags=["sync"])
    assert deliver(desk.event("created", 1)) == "done"
    said = desk.comment("Mira", 1, "It is 2.3.")
    assert deliver(desk.added(said, 1)) == "done"
    row = only()
    assert (row.subject, row.status, row.asker and row.asker.name) == ("It hangs", "open", "Mira")
    assert public() == ["After an hour.", "It is 2.3."]
    assert row.permalink == f"{desk.url}/agent/tickets/1"
    assert [tag.name for tag in row.tags.all()] == ["sync"]


def test_team_that_answers_there_is_known_here(desk: FakeZendesk) -> None:
    connected(desk)
    ana = agent("ana")
    desk.open("Mira", "It hangs")
    deliver(desk.event("created", 1))
    deliver(desk.added(desk.comment("Ana", 1, "Which version?"), 1))
    answer = Message.objects.get(new_text="Which version?")
    assert (answer.direction, answer.role, answer.author_user) == ("out", "team", ana)
    # a colleague without an account here is one of the team all the same
    desk.person("Bo", "agent", "bo@elsewhere.example")
    deliver(desk.added(desk.comment("Bo", 1, "Let me see."), 1))
    other = Message.objects.get(new_text="Let me see.")
    assert (other.direction, other.role) == ("out", "team")
    # what was said is out there already; whom the desk gave it to is told there
    told = [(row.kind, row.payload["effect"]) for row in Outgoing.objects.all()]
    assert told == [("effect", "assign")]


def test_events_in_any_order_and_number_make_the_same_ticket(desk: FakeZendesk) -> None:
    connected(desk)
    desk.open("Mira", "It hangs", "first")
    bodies = [desk.event("created", 1)]
    bodies += [desk.added(desk.comment("Mira", 1, f"and {n}"), 1) for n in range(4)]
    desk.change("Ana", 1, status="solved", assignee_id=desk.person("Ana")["id"])
    bodies += [desk.event("status_changed", 1, actor="Ana"), desk.triggered(1)]
    for seed in range(3):
        order = bodies * 2
        random.Random(seed).shuffle(order)
        states = {deliver(body, key=f"{seed}/{n}") for n, body in enumerate(order)}
        assert states <= {"done", "ignored"}
        assert public() == ["first", "and 0", "and 1", "and 2", "and 3"]
        assert only().status == "closed"


def test_delivery_that_comes_again_is_known(desk: FakeZendesk) -> None:
    connected(desk)
    desk.open("Mira", "It hangs")
    body = desk.event("created", 1)
    assert [deliver(body, key="invocation:1"), deliver(body, key="invocation:1")] == [
        "done",
        "duplicate",
    ]


def test_customer_who_writes_again_opens_it_again(desk: FakeZendesk) -> None:
    connected(desk)
    desk.open("Mira", "It hangs")
    deliver(desk.event("created", 1))
    desk.change("Ana", 1, status="solved", assignee_id=desk.person("Ana")["id"])
    deliver(desk.event("status_changed", 1, actor="Ana"))
    assert only().status == "closed"
    deliver(desk.added(desk.comment("Mira", 1, "Not at all."), 1))
    assert only().status == "open"


def test_limit_and_faults_only_put_it_off(desk: FakeZendesk) -> None:
    connected(desk)
    desk.open("Mira", "It hangs")
    desk.fail("/tickets/1", answer=Answer(429, b"", {"retry-after": "1"}))
    desk.fail("/tickets/1", answer=Answer(500, b""))
    desk.fail("/comments", drop="before")
    assert deliver(desk.event("created", 1)) == "pending"
    for _ in range(3):
        Delivery.objects.update(not_before=timezone.now())
        pipeline.process_delivery(Delivery.objects.get().pk)
    assert Delivery.objects.get().state == "done"
    assert public() == ["It hangs"]


def test_redaction_reaches_the_desk(desk: FakeZendesk) -> None:
    connected(desk)
    desk.open("Mira", "My key", "It is secret-1.")
    deliver(desk.event("created", 1))
    desk.redact(1, desk.comments[1][0]["id"], "secret-1")
    deliver(desk.event("comment_redacted", 1))
    message = Message.objects.get()
    assert "secret" not in message.new_text + message.body_text + message.body_html
    assert message.new_text == "It is ▇▇▇▇▇▇▇▇."


def test_files_are_fetched(desk: FakeZendesk) -> None:
    connected(desk)
    file = desk.file("crash.log", b"it broke")
    desk.open("Mira", "It hangs", comment={"body": "see", "attachments": [file]})
    deliver(desk.event("created", 1))
    drain()
    kept = Attachment.objects.get()
    assert (kept.filename, kept.size, kept.is_missing) == ("crash.log", 8, False)


def test_transactional_mail_is_hidden_from_the_queue_by_the_shipped_rule(
    desk: FakeZendesk,
) -> None:
    """S23."""
    handbook.load(handbook.PRESET.read_text("utf-8"))
    connected(desk)
    desk.person("Shop", email="no-reply@shop.example")
    desk.open("Shop", "Your receipt")
    desk.open("Mira", "It hangs")
    for number in desk.tickets:
        deliver(desk.event("created", number))
    found = dict(Ticket.objects.values_list("subject", "resolution"))
    assert found == {"Your receipt": "transactional", "It hangs": ""}


def test_answer_leaves_once_and_its_echo_changes_nothing(desk: FakeZendesk) -> None:
    connected(desk)
    ana = agent("ana")
    desk.open("Mira", "It hangs")
    deliver(desk.event("created", 1))
    desk.fail("/tickets/1", times=1, answer=Answer(429, b"", {"retry-after": "1"}))
    act(tickets.reply, only(), body="Try **2.4**.", user=ana, at=timezone.now())
    drain()
    (said,) = desk.said(1)
    assert "<strong>2.4</strong>" in said
    row = Outgoing.objects.get(kind="reply")
    comment = desk.comments[1][-1]
    assert (row.state, row.message and row.message.external_id) == (
        "sent",
        f"comment/{comment['id']}",
    )
    before = only().status
    for _ in range(2):
        assert deliver(desk.added(comment, 1)) in ("done", "ignored")
    deliver(desk.event("status_changed", 1))
    assert public() == ["It hangs", "Try **2.4**."]
    assert only().status == before


def test_agent_is_named_there_as_the_one_who_answered(desk: FakeZendesk) -> None:
    connected(desk)
    ana = agent("ana")
    desk.open("Mira", "It hangs")
    deliver(desk.event("created", 1))
    deliver(desk.added(desk.comment("Ana", 1, "Hello."), 1))
    assert Identity.objects.get(user=ana).external_id == str(desk.person("Ana")["id"])
    act(tickets.reply, only(), body="And try 2.4.", user=ana, at=timezone.now())
    drain()
    assert desk.comments[1][-1]["author_id"] == desk.person("Ana")["id"]


def test_conversation_goes_on_in_the_follow_up(desk: FakeZendesk) -> None:
    connected(desk)
    ana, there = agent("ana"), desk.person("Ana")["id"]
    desk.open("Mira", "It hangs")
    deliver(desk.event("created", 1))
    desk.change("Ana", 1, status="closed", assignee_id=there)
    act(tickets.reply, only(), body="One more thing.", user=ana, at=timezone.now())
    drain()
    assert desk.tickets[2]["via"]["source"]["rel"] == "follow_up"
    deliver(desk.event("created", 2, actor="Switchboard"))
    deliver(desk.added(desk.comment("Mira", 2, "Thank you, but no."), 2))
    assert public() == ["It hangs", "One more thing.", "Thank you, but no."]
    assert Thread.objects.get().thread_key == "ticket/2"
    act(tickets.reply, only(), body="Then 2.5.", user=ana, at=timezone.now())
    drain()
    assert [len(desk.said(number)) for number in (1, 2)] == [0, 2]
    assert len(desk.tickets) == 2


def test_merged_there_is_merged_here(desk: FakeZendesk) -> None:
    connected(desk)
    ana = agent("ana")
    for text in ("first", "second"):
        number = desk.open("Mira", f"It hangs: {text}", text)["id"]
        deliver(desk.event("created", number))
    desk.merge("Ana", 2, 1)
    assert deliver(desk.event("merged", 2, actor="Ana", target_ticket_id="1")) == "done"
    assert sorted(Ticket.objects.values_list("status", flat=True)) == ["merged", "open"]
    deliver(desk.added(desk.comment("Mira", 1, "third"), 1))
    live = Ticket.objects.get(status="open")
    texts = live.messages.filter(visibility="public").values_list("new_text", flat=True)
    assert {"first", "second", "third"} <= set(texts)
    assert live.subject == "It hangs: first"
    act(tickets.reply, live, body="For both.", user=ana, at=timezone.now())
    drain()
    assert [len(desk.said(number)) for number in desk.tickets] == [1, 0]
