"""Answers, notes, ends and assignees reach Zendesk, each exactly once whatever happens."""

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from inbox.channels.contract import (
    DeliveryError,
    OutboundEffect,
    OutboundFile,
    OutboundMessage,
    SendReceipt,
)
from integrations.zendesk import effects, outbound
from integrations.zendesk.tests.conftest import config_of
from rig.vendor import Answer, Call
from rig.zendesk import FakeZendesk

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)


def message(**more: Any) -> OutboundMessage:
    given = {
        "idempotency_key": "message:1", "external_id": "", "thread_key": "ticket/1",
        "text": "Try **2.4**.", "html": "<p>Try <strong>2.4</strong>.</p>", "created_at": NOW,
    }  # fmt: skip
    return OutboundMessage(**{**given, **more})


def do(desk: FakeZendesk, kind: str, *, again: bool = False, **data: Any) -> SendReceipt:
    wanted = OutboundEffect(
        kind=kind,
        idempotency_key=f"{kind}:1",
        data={"thread_key": "ticket/1", **data},
        again=again,
    )
    return effects.effect(wanted, config_of(desk))


@pytest.fixture
def asked(desk: FakeZendesk) -> FakeZendesk:
    """Mira's ticket, number 1."""
    desk.open("Mira", "It hangs", "After an hour.")
    return desk


# ------------------------------------------------------------------ answers


def test_answer_is_a_public_comment_and_is_found_again(asked: FakeZendesk) -> None:
    config = config_of(asked)
    assert outbound.find_sent(message(), config) is None
    sent = outbound.send(message(), config)
    row = asked.comments[1][-1]
    assert (row["html_body"], row["public"]) == ("<p>Try <strong>2.4</strong>.</p>", True)
    assert sent.external_id == f"comment/{row['id']}"
    assert sent.data["url"] == f"{asked.url}/agent/tickets/1"
    assert asked.tickets[1]["status"] == "pending"
    assert outbound.find_sent(message(), config) == sent
    assert outbound.find_sent(message(idempotency_key="message:2"), config) is None
    assert len(asked.said(1)) == 1


def test_mark_is_found_behind_hundreds_of_updates(asked: FakeZendesk) -> None:
    sent = outbound.send(message(), config_of(asked))
    for n in range(150):
        asked.change("Ana", 1, priority=("low", "high")[n % 2])
    assert outbound.find_sent(message(), config_of(asked)) == sent


def test_agents_write_under_their_own_name_where_they_are_known(asked: FakeZendesk) -> None:
    ana = asked.person("Ana")["id"]
    sent = outbound.send(message(author_key=str(ana)), config_of(asked))
    assert asked.comments[1][-1]["author_id"] == ana
    assert outbound.find_sent(message(), config_of(asked)) == sent


def test_automatic_answers_do_not_make_a_ticket_wait(asked: FakeZendesk) -> None:
    outbound.send(message(automatic="auto-replied"), config_of(asked))
    assert asked.tickets[1]["status"] == "new"


def test_words_of_others_are_plain_text(asked: FakeZendesk) -> None:
    outbound.send(message(foreign=True, text="<b>x</b>"), config_of(asked))
    (put,) = [call for call in asked.called("/tickets/1") if call.method == "PUT"]
    assert put.json()["ticket"]["comment"] == {"public": True, "body": "<b>x</b>"}


def test_files_travel_with_the_answer(asked: FakeZendesk) -> None:
    file = OutboundFile(filename="a b.log", content=b"\x00\xff", content_type="text/plain")
    outbound.send(message(files=(file,)), config_of(asked))
    (kept,) = asked.comments[1][-1]["attachments"]
    assert (kept["file_name"], kept["content_type"], kept["size"]) == ("a b.log", "text/plain", 2)
    place = kept["content_url"].removeprefix(asked.url).partition("?")[0]
    assert asked.files[place] == b"\x00\xff"


def test_what_is_too_long_or_no_ticket_is_refused_before_anything_is_asked(
    asked: FakeZendesk,
) -> None:
    for wrong in (
        message(html="x" * 70_000),
        message(thread_key="ticket/../users"),
        message(thread_key="T/C/1"),
    ):
        with pytest.raises(DeliveryError) as caught:
            outbound.send(wrong, config_of(asked))
        assert caught.value.permanent
    assert asked.calls == []


# ------------------------------------------------------------------ somebody was faster


class Meddling:
    """Does something on the ticket just before each of the next updates arrives."""

    def __init__(self, desk: FakeZendesk, *deeds: Any) -> None:
        self.deeds, self.answer = list(deeds), desk.answer
        desk.answer = self  # type: ignore[method-assign]  # the fake between us and itself

    def __call__(self, call: Call) -> Answer:
        if call.method == "PUT" and self.deeds:
            self.deeds.pop(0)()
        return self.answer(call)


def test_changed_field_does_not_stop_an_answer(asked: FakeZendesk) -> None:
    Meddling(asked, lambda: asked.change("Ana", 1, priority="urgent"))
    sent = outbound.send(message(), config_of(asked))
    assert sent.external_id == f"comment/{asked.comments[1][-1]['id']}"
    row = asked.tickets[1]
    assert (row["priority"], row["status"], len(asked.said(1))) == ("urgent", "pending", 1)


def test_answer_of_somebody_else_refuses_ours_with_what_was_said(asked: FakeZendesk) -> None:
    Meddling(asked, lambda: asked.comment("Ana", 1, "Please update to 2.3."))
    with pytest.raises(DeliveryError, match=r"faster.*Please update to 2\.3\.") as caught:
        outbound.send(message(), config_of(asked))
    assert caught.value.permanent
    assert asked.said(1) == []


def test_ticket_that_keeps_changing_is_tried_again_later(asked: FakeZendesk) -> None:
    levels = itertools.cycle(("low", "high"))

    def meddle() -> None:
        asked.change("Ana", 1, priority=next(levels))

    Meddling(asked, *[meddle] * 5)
    with pytest.raises(DeliveryError) as caught:
        outbound.send(message(), config_of(asked))
    assert (caught.value.permanent, caught.value.uncertain) == (False, False)
    assert caught.value.retry_after_seconds == 30


# ------------------------------------------------------------------ faults


@pytest.mark.parametrize("drop", ["after", "before"])
def test_lost_answer_is_looked_up_before_anything_is_said_twice(
    asked: FakeZendesk, drop: str
) -> None:
    config = config_of(asked)
    Failing(asked, drop)
    with pytest.raises(DeliveryError) as caught:
        outbound.send(message(), config)
    assert caught.value.uncertain
    found = outbound.find_sent(message(), config)
    assert (found is not None) == (drop == "after")
    assert len(asked.said(1)) == (1 if drop == "after" else 0)


class Failing:
    """The next update is answered with 502, after or before it was written."""

    def __init__(self, desk: FakeZendesk, drop: str) -> None:
        self.desk, self.drop, self.answer, self.done = desk, drop, desk.answer, False
        desk.answer = self  # type: ignore[method-assign]  # the fake between us and itself

    def __call__(self, call: Call) -> Answer:
        if call.method not in ("PUT", "POST") or "oauth" in call.path or self.done:
            return self.answer(call)
        self.done = True
        if self.drop == "after":
            self.answer(call)
        return Answer(502, b"")


def test_answer_without_its_audit_is_looked_up(asked: FakeZendesk) -> None:
    desk = asked
    real = desk.answer

    def without(call: Call) -> Answer:
        found = real(call)
        return Answer(200, {"ticket": desk.tickets[1]}) if call.method == "PUT" else found

    desk.answer = without  # type: ignore[method-assign]  # an older form of the answer
    with pytest.raises(DeliveryError) as caught:
        outbound.send(message(), config_of(desk))
    assert caught.value.uncertain
    assert outbound.find_sent(message(), config_of(desk)) is not None


def test_revoked_client_blocks_and_says_what_to_do(asked: FakeZendesk) -> None:
    asked.door.revoked = True
    asked.door.expire()
    with pytest.raises(DeliveryError, match="connect again") as caught:
        outbound.send(message(), config_of(asked))
    assert caught.value.blocked
    with pytest.raises(DeliveryError, match="connect again") as caught:
        do(asked, "close", reason="solved")
    assert caught.value.blocked


# ------------------------------------------------------------------ closed for good


def close_for_good(desk: FakeZendesk, number: int = 1) -> None:
    desk.change("Ana", number, status="closed", assignee_id=desk.person("Ana")["id"])


def test_closed_ticket_goes_on_in_a_follow_up(asked: FakeZendesk) -> None:
    close_for_good(asked)
    config = config_of(asked)
    sent = outbound.send(message(), config)
    row = asked.tickets[2]
    assert row["via"]["source"]["rel"] == "follow_up"
    assert (row["requester_id"], row["subject"], row["status"]) == (
        asked.person("Mira")["id"],
        "It hangs",
        "pending",
    )
    assert (sent.data["thread_key"], sent.external_id) == (
        "ticket/2",
        f"comment/{asked.comments[2][0]['id']}",
    )
    assert outbound.find_sent(message(), config) == sent
    # the next answer stands in the same follow-up, though the desk still writes to the old one
    second = outbound.send(message(idempotency_key="message:2"), config)
    assert second.data["thread_key"] == "ticket/2"
    assert len(asked.tickets) == 2


@pytest.mark.parametrize("drop", ["after", "before"])
def test_follow_up_is_made_once_though_the_answer_was_lost(asked: FakeZendesk, drop: str) -> None:
    close_for_good(asked)
    config = config_of(asked)
    Failing(asked, drop)
    with pytest.raises(DeliveryError) as caught:
        outbound.send(message(), config)
    assert caught.value.uncertain
    if outbound.find_sent(message(), config) is None:
        outbound.send(message(), config)
    assert len(asked.tickets) == 2
    (first,) = {call.headers.get("idempotency-key") for call in asked.called("/tickets")}
    assert first == ":message:1"


@pytest.mark.parametrize(
    "answer",
    [Answer(409, {"error": "Conflict"}), Answer(400, {"error": "IdempotentRequestError"})],
)
def test_follow_up_that_zendesk_has_begun_already_is_looked_up(
    asked: FakeZendesk, answer: Answer
) -> None:
    close_for_good(asked)
    asked.fail("/api/v2/tickets", answer=answer)
    with pytest.raises(DeliveryError) as caught:
        outbound.send(message(), config_of(asked))
    assert caught.value.uncertain


def test_deleted_ticket_is_refused_for_good(asked: FakeZendesk) -> None:
    asked.delete("Ana", 1)
    with pytest.raises(DeliveryError, match="deleted") as caught:
        outbound.send(message(), config_of(asked))
    assert caught.value.permanent


# ------------------------------------------------------------------ ends, assignees, notes


def test_closing_solves_and_takes_what_nobody_has(asked: FakeZendesk) -> None:
    for _ in range(2):
        do(asked, "close", reason="solved")
    row = asked.tickets[1]
    assert (row["status"], row["assignee_id"]) == ("solved", asked.own["id"])
    assert len([call for call in asked.called("/tickets/1") if call.method == "PUT"]) == 1
    for _ in range(2):
        do(asked, "reopen")
    assert row["status"] == "open"
    close_for_good(asked)
    do(asked, "close")
    with pytest.raises(DeliveryError, match="follow-up") as caught:
        do(asked, "reopen")
    assert caught.value.permanent


def test_assignee_follows_and_may_be_nobody(asked: FakeZendesk) -> None:
    ana = asked.person("Ana")["id"]
    for _ in range(2):
        do(asked, "assign", person=str(ana))
    assert asked.tickets[1]["assignee_id"] == ana
    assert len([call for call in asked.called("/tickets/1") if call.method == "PUT"]) == 1
    do(asked, "assign", person="")
    assert asked.tickets[1]["assignee_id"] is None
    for person in ("ana@example.com", str(asked.person("Mira")["id"])):
        with pytest.raises(DeliveryError) as caught:
            do(asked, "assign", person=person)
        assert caught.value.permanent


def test_note_is_private_and_never_written_twice(asked: FakeZendesk) -> None:
    Failing(asked, "after")
    with pytest.raises(DeliveryError) as caught:
        do(asked, "note", text="He is angry.", author_name="Ana")
    assert caught.value.uncertain
    found = do(asked, "note", text="He is angry.", author_name="Ana", again=True)
    assert asked.said(1, public=False) == ["He is angry.\n\n– Ana"]
    assert asked.said(1) == []
    assert found.external_id == f"comment/{asked.comments[1][-1]['id']}"
    ana = asked.person("Ana")["id"]
    do(asked, "note", text="Really.", author_key=str(ana), author_name="Ana")
    assert asked.comments[1][-1]["author_id"] == ana


def test_what_cannot_be_done_is_said_for_good(asked: FakeZendesk) -> None:
    for kind in ("sing", "edit", "delete", "react"):
        with pytest.raises(DeliveryError, match="cannot") as caught:
            do(asked, kind, target="comment/1")
        assert caught.value.permanent
    assert asked.calls == []
