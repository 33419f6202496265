"""Answers, notes, states and assignees reach HubSpot, each once, whatever happens on the way."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbox.channels.contract import (
    ChannelConfig,
    DeliveryError,
    OutboundEffect,
    OutboundFile,
    OutboundMessage,
    RawRequest,
)
from integrations.hubspot import asking, effects, files, inbound, outbound
from integrations.hubspot.tests.conftest import config_of
from rig import hubspot
from rig.hubspot import FakeHubSpot
from rig.vendor import Answer

NOW = datetime(2026, 11, 18, 10, 0, 30, tzinfo=UTC)


def message(thread: str, text: str = "Try **2.4**.", **more: Any) -> OutboundMessage:
    given = {"idempotency_key": "message:1", "external_id": "", "created_at": NOW, **more}
    return OutboundMessage(thread_key=thread, text=text, html=f"<p>{text}</p>", **given)


def do(fake: FakeHubSpot, kind: str, thread: str, *, again: bool = False, **data: Any) -> str:
    wanted = OutboundEffect(
        kind=kind, idempotency_key=f"{kind}:1", data={"thread_key": thread, **data}, again=again
    )
    return effects.effect(wanted, config_of(fake)).external_id


def asked(fake: FakeHubSpot, **more: Any) -> str:
    fake.at = NOW - timedelta(minutes=5)
    thread = fake.inbox.start("V-501", "My sync hangs", **more)
    fake.at = NOW
    return thread


def test_answer_goes_where_the_latest_question_came_from(portal: FakeHubSpot) -> None:
    thread = asked(portal)
    ours = {"type": "HS_EMAIL_ADDRESS", "value": "support@example.com"}
    copied = {"type": "HS_EMAIL_ADDRESS", "value": "boss@example.org"}
    recipients = [
        {"recipientField": "TO", "deliveryIdentifier": ours},
        {"recipientField": "CC", "deliveryIdentifier": copied, "name": "Boss"},
    ]
    portal.inbox.say(thread, "V-502", "Me too", channel="1000", recipients=recipients)
    portal.inbox.say(thread, "A-77", "One moment")
    sent = outbound.send(message(thread, subject="Sync"), config_of(portal))
    row = portal.inbox.messages[thread][-1]
    assert sent.external_id == f"{thread}/{row['id']}"
    assert (row["channelId"], row["channelAccountId"]) == ("1000", "40")
    assert row["subject"] == "Sync"
    assert [(p["recipientField"], p.get("actorId")) for p in row["recipients"]] == [
        ("TO", "V-502"),
        ("CC", None),
    ]
    assert row["recipients"][1]["deliveryIdentifiers"] == [copied]


def test_answer_goes_out_as_the_writers_own_user(portal: FakeHubSpot) -> None:
    portal.inbox.actor("A-78", "Ben", "ben@example.com")
    thread = asked(portal)
    outbound.send(message(thread, author_key="A-78"), config_of(portal))
    assert portal.inbox.messages[thread][-1]["senders"][0]["actorId"] == "A-78"
    with pytest.raises(DeliveryError, match="sender_actor") as caught:
        outbound.send(message(thread), config_of(portal, sender_actor=""))
    assert caught.value.permanent


def test_what_cannot_go_anywhere_is_refused_in_words(portal: FakeHubSpot) -> None:
    thread = asked(portal)
    portal.inbox.messages[thread].clear()
    config = config_of(portal)
    for wanted, words in (
        (message(thread), "nobody has written"),
        (message("../1"), "no conversation"),
        (message("999999"), "knows nothing there"),
        (message(thread, "x" * 70_000), "that length"),
    ):
        with pytest.raises(DeliveryError, match=words) as caught:
            outbound.send(wanted, config)
        assert caught.value.permanent


def test_files_are_uploaded_first(portal: FakeHubSpot) -> None:
    thread = asked(portal)
    file = OutboundFile(filename="fix.patch", content=b"--- a\r\n+++ b", content_type="text/x-diff")
    outbound.send(message(thread, files=(file,)), config_of(portal))
    ((key, stored),) = portal.crm.files.items()
    assert stored == ("fix.patch", b"--- a\r\n+++ b")
    assert portal.inbox.messages[thread][-1]["attachments"] == [{"type": "FILE", "fileId": key}]


@pytest.mark.parametrize("trouble", ["drop", "500", "502"])
def test_answer_whose_fate_is_unknown_is_looked_for(portal: FakeHubSpot, trouble: str) -> None:
    thread = asked(portal)
    config, wanted = config_of(portal), message(thread)
    assert outbound.find_sent(wanted, config) is None
    # reading comes first, the write second: the trouble waits for the write
    messages = f"/threads/{thread}/messages"
    real = portal.answer

    def after_the_write(call: Any) -> Answer:
        answer = real(call)
        if call.method == "POST" and call.path.endswith(messages):
            return Answer(int(trouble), b"") if trouble.isdigit() else Answer(200, b"{")
        return answer

    portal.answer = after_the_write  # type: ignore[method-assign]  # the effect, then no good answer
    with pytest.raises(DeliveryError) as caught:
        outbound.send(wanted, config)
    assert caught.value.uncertain
    found = outbound.find_sent(wanted, config)
    assert found is not None
    assert found.external_id.startswith(f"{thread}/")
    assert portal.inbox.said(thread) == [("MESSAGE", "Try **2.4**.")]


def test_only_our_own_new_words_are_taken_for_the_answer(portal: FakeHubSpot) -> None:
    thread = asked(portal)
    wanted = message(thread)
    other = {"clientType": "INTEGRATION", "integrationAppId": hubspot.OTHER_APP}
    own = {"clientType": "INTEGRATION", "integrationAppId": hubspot.APP}
    portal.inbox.say(thread, "A-77", wanted.text)
    portal.inbox.say(thread, "A-77", wanted.text, client=other)
    portal.inbox.say(thread, "A-77", wanted.text, client=own, type="COMMENT")
    portal.at = NOW - timedelta(minutes=3)
    portal.inbox.say(thread, "A-77", wanted.text, client=own)
    assert outbound.find_sent(wanted, config_of(portal)) is None
    portal.at = NOW
    for _ in range(120):
        portal.inbox.say(thread, "V-501", "and another thing")
    row = portal.inbox.say(thread, "A-77", " Try\n**2.4**.", client=own)
    found = outbound.find_sent(wanted, config_of(portal))
    assert found is not None
    assert found.external_id == f"{thread}/{row['id']}"


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (Answer(429, {**hubspot.LIMIT, "policyName": "TEN_SECONDLY_ROLLING"}), 10),
        (Answer(429, {**hubspot.LIMIT, "policyName": "SECONDLY"}), 1),
        (Answer(429, {**hubspot.LIMIT, "policyName": "DAILY"}), 3600),
        (Answer(429, {**hubspot.LIMIT, "policyName": "NEW"}, {"Retry-After": "42"}), 42),
        (Answer(429, b"slow down"), 10),
    ],
)
def test_limits_name_how_long_to_wait(portal: FakeHubSpot, answer: Answer, seconds: int) -> None:
    thread = asked(portal)
    portal.fail(f"/threads/{thread}", answer=answer)
    with pytest.raises(DeliveryError) as caught:
        do(portal, "close", thread)
    assert caught.value.retry_after_seconds == seconds
    assert not caught.value.permanent


def test_missing_scopes_are_named(portal: FakeHubSpot) -> None:
    thread = asked(portal)
    portal.scopes.remove("conversations.write")
    with pytest.raises(DeliveryError, match=r"wants the scope conversations\.write") as caught:
        do(portal, "close", thread)
    assert caught.value.blocked


def test_status_and_assignee_follow(portal: FakeHubSpot) -> None:
    thread = asked(portal)
    row = portal.inbox.threads[thread]
    do(portal, "close", thread)
    do(portal, "close", thread)
    assert row["status"] == "CLOSED"
    do(portal, "reopen", thread)
    assert row["status"] == "OPEN"
    do(portal, "assign", thread, person="A-77")
    assert row["assignedTo"] == "A-77"
    do(portal, "assign", thread, person="")
    assert "assignedTo" not in row
    with pytest.raises(DeliveryError, match="cannot “react”"):
        do(portal, "react", thread)


def test_note_is_a_comment_and_is_not_written_twice(portal: FakeHubSpot) -> None:
    thread = asked(portal)
    key = do(portal, "note", thread, text="Ask the core team", author_name="Ana")
    again = do(portal, "note", thread, text="Ask the core team", author_name="Ana", again=True)
    assert key == again == f"{thread}/{portal.inbox.messages[thread][-1]['id']}"
    assert portal.inbox.said(thread) == [("COMMENT", "Ana: Ask the core team")]


def test_their_notes_come_in_as_internal_and_ours_do_not_come_back(portal: FakeHubSpot) -> None:
    thread = asked(portal)
    portal.inbox.say(thread, "A-77", "She is a big customer", type="COMMENT")
    do(portal, "note", thread, text="We know")
    batch = read(portal, config_of(portal))
    (note,) = [m for m in batch.messages if m.is_internal]
    assert (note.text, note.author.email) == ("She is a big customer", "ana@example.com")
    assert (note.author.member_kind, note.joins_only, note.is_own) == ("full", True, False)
    assert "our own words came back" in batch.ignored


def test_assignment_there_names_who_has_it(portal: FakeHubSpot) -> None:
    thread = asked(portal)
    portal.take()
    portal.inbox.give(thread, "A-77")
    (state,) = read(portal, config_of(portal)).threads
    assert (state.assigned, state.closed, state.at) == (True, False, NOW)
    assert state.assignee is not None
    assert (state.assignee.external_id, state.assignee.email) == ("A-77", "ana@example.com")
    portal.inbox.give(thread, "")
    (state,) = read(portal, config_of(portal)).threads
    assert (state.assigned, state.assignee) == (True, None)


def read(fake: FakeHubSpot, config: ChannelConfig) -> Any:
    """What waits, read as intake does."""
    raw = RawRequest(headers={}, body=json.dumps(fake.take()).encode())
    return inbound.parse(raw, config, asking.complete(raw, config))


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x", "http://hubspot.com/x", "https://hubspot.com.evil.example/x",
        "https://evilhubspot.com/x", "file:///etc/passwd", "//hubspot.com/x", "",
        "https://hubspot.com@evil.example/x",
    ],
)  # fmt: skip
def test_files_are_fetched_from_hubspots_hosts_only(portal: FakeHubSpot, url: str) -> None:
    with pytest.raises(DeliveryError, match="not HubSpot"):
        files.fetch(url, config_of(portal))
    assert portal.calls == []


def test_file_that_is_gone_is_said_so(portal: FakeHubSpot) -> None:
    key = portal.crm.file("a", b"b")
    assert files.fetch(f"hubspot-file:{key}", config_of(portal)) == b"b"
    portal.fail(f"/signed/{key}", answer=Answer(404, b""))
    with pytest.raises(DeliveryError, match="not available any more") as caught:
        files.fetch(f"hubspot-file:{key}", config_of(portal))
    assert caught.value.permanent
    portal.fail(f"/signed/{key}", answer=Answer(302, b"", {"Location": "http://evil.example"}))
    with pytest.raises(DeliveryError):
        files.fetch(f"hubspot-file:{key}", config_of(portal))


def test_message_of_somebody_without_an_actor_has_an_address(portal: FakeHubSpot) -> None:
    """Old mails have senders whom HubSpot names by their address alone."""
    thread = asked(portal)
    where = {"type": "HS_EMAIL_ADDRESS", "value": "old@example.org"}
    portal.take()
    portal.inbox.say(thread, "V-501", "hi", senders=[{"deliveryIdentifier": where}], createdBy="")
    batch = read(portal, config_of(portal))
    (found,) = [m for m in batch.messages if not m.only_opens]
    assert (found.author.external_id, found.author.email) == (
        "E-old@example.org",
        "old@example.org",
    )
