"""Answers, notes, ends and assignments reach Intercom once, whatever it does."""

import base64
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbox.channels.contract import (
    ChannelConfig,
    DeliveryError,
    OutboundEffect,
    OutboundFile,
    OutboundMessage,
)
from integrations.intercom import client, effects, outbound
from integrations.intercom.tests.conftest import ADA, ANA, config_of
from rig import intercom
from rig.intercom import FakeIntercom
from rig.vendor import Answer

LIMITED = {"type": "error.list", "errors": [{"code": "rate_limit_exceeded", "message": "slow"}]}


def answer(key: str, **more: Any) -> OutboundMessage:
    given = {"idempotency_key": "message:1", "external_id": "", "text": "Try **2.4**.\n\nReally."}
    html = "<p>Try <strong>2.4</strong>.</p>\n<p>Really.</p>\n"
    return OutboundMessage(
        thread_key=key, **{"html": html, "created_at": datetime.now(UTC), **given, **more}
    )


def do(config: ChannelConfig, kind: str, key: str, *, again: bool = False, **data: Any) -> str:
    wanted = OutboundEffect(
        kind=kind,
        idempotency_key=f"{kind}:0123456789abcdef0123456789abcdef",
        data={"thread_key": key, **data},
        again=again,
    )
    return effects.effect(wanted, config).external_id


def test_answer_stands_in_the_conversation_and_is_found_again(workspace: FakeIntercom) -> None:
    config = config_of(workspace)
    key = workspace.begin(ADA, "It hangs")
    wanted = answer(key)
    assert outbound.find_sent(wanted, config) is None
    sent = outbound.send(wanted, config)
    (part,) = workspace.said(key)
    assert part["body"] == wanted.html
    assert part["author"]["id"] == intercom.OWN_ADMIN
    assert sent.external_id == f"part/{part['id']}"
    workspace.say(ADA, key, "Try 2.4. Really.")  # a customer repeats our words
    workspace.say(ANA, key, "Try 2.4. Really.")  # and so does a teammate
    assert outbound.find_sent(wanted, config) == sent
    assert outbound.find_sent(replace(wanted, text="x", html="<p>x</p>"), config) is None
    later = wanted.created_at and wanted.created_at + timedelta(hours=1)
    assert outbound.find_sent(replace(wanted, created_at=later), config) is None


def test_people_answer_under_their_own_name_where_that_is_wanted(workspace: FakeIntercom) -> None:
    key = workspace.begin(ADA, "It hangs")
    for speak_as, who in (("desk", intercom.OWN_ADMIN), ("people", ANA)):
        outbound.send(answer(key, author_key=ANA), config_of(workspace, speak_as=speak_as))
        assert workspace.said(key)[-1]["author"]["id"] == who
    outbound.send(answer(key), config_of(workspace, speak_as="people", admin_id=ANA))
    assert workspace.said(key)[-1]["author"]["id"] == ANA


def test_the_tokens_owner_speaks_when_nobody_is_named(workspace: FakeIntercom) -> None:
    key = workspace.begin(ADA, "It hangs")
    outbound.send(answer(key), config_of(workspace, token_admin_id=""))
    assert workspace.said(key)[-1]["author"]["id"] == intercom.OWN_ADMIN


def test_somebody_elses_words_are_no_markup(workspace: FakeIntercom) -> None:
    key = workspace.begin(ADA, "It hangs")
    outbound.send(answer(key, foreign=True, text="<b>x</b>\ny"), config_of(workspace))
    assert workspace.said(key)[-1]["body"] == "<p>&lt;b&gt;x&lt;/b&gt;<br>y</p>"


def test_files_go_along_and_come_back_without_our_token(workspace: FakeIntercom) -> None:
    config = config_of(workspace)
    key = workspace.begin(ADA, "It hangs")
    file = OutboundFile(filename="a b.txt", content=b"\x00abc", content_type="text/plain")
    wanted = answer(key, files=(file,))
    sent = outbound.send(wanted, config)
    (part,) = workspace.said(key)
    (row,) = part["attachments"]
    assert (row["name"], row["filesize"]) == ("a b.txt", 4)
    assert client.fetch(row["url"], config) == b"\x00abc"
    assert outbound.find_sent(wanted, config) == sent
    assert outbound.find_sent(replace(wanted, files=()), config) is None
    body = workspace.called("/reply")[-1].json()
    assert body["attachment_files"][0]["data"] == base64.b64encode(b"\x00abc").decode()


@pytest.mark.parametrize("files", [(11, 1), (1, outbound.MOST_BYTES + 1)])
def test_too_many_or_too_large_files_are_refused_before_they_are_sent(
    workspace: FakeIntercom, files: tuple[int, int]
) -> None:
    number, size = files
    file = OutboundFile(filename="a", content=b"x" * size, content_type="text/plain")
    key = workspace.begin(ADA, "It hangs")
    with pytest.raises(DeliveryError) as caught:
        outbound.send(answer(key, files=(file,) * number), config_of(workspace))
    assert caught.value.permanent
    assert workspace.called("/reply") == []


@pytest.mark.parametrize("key", ["", "../me", "1/parts", "１２", "x"])
def test_what_is_no_conversation_is_never_asked_for(workspace: FakeIntercom, key: str) -> None:
    config = config_of(workspace)
    for ask in (
        lambda: outbound.send(answer(key), config),
        lambda: outbound.find_sent(answer(key), config),
        lambda: do(config, "close", key),
    ):
        with pytest.raises(DeliveryError) as caught:
            ask()
        assert caught.value.permanent
    assert workspace.calls == []


# ------------------------------------------------------------------ trouble


def test_a_limit_is_waited_out_until_its_reset(workspace: FakeIntercom) -> None:
    config = config_of(workspace)
    key = workspace.begin(ADA, "It hangs")
    workspace.budget = 0
    with pytest.raises(DeliveryError) as caught:
        outbound.send(answer(key), config)
    wait = caught.value.retry_after_seconds
    assert wait is not None
    assert 1 <= wait <= 10
    assert not caught.value.permanent
    for reset, seconds in (("", 10), ("soon", 10), (str(int(time.time()) + 9999), 3600)):
        workspace.budget = None
        workspace.fail("/reply", answer=Answer(429, LIMITED, {"X-RateLimit-Reset": reset}))
        with pytest.raises(DeliveryError) as caught:
            outbound.send(answer(key), config)
        assert caught.value.retry_after_seconds == seconds
    assert workspace.said(key) == []


def test_a_lost_answer_is_uncertain_and_then_found(workspace: FakeIntercom) -> None:
    config = config_of(workspace)
    key = workspace.begin(ADA, "It hangs")
    troubles: list[dict[str, Any]] = [
        {"drop": "after"},
        {"drop": "after", "answer": Answer(502, b"<html>")},
    ]
    for trouble in troubles:
        workspace.fail("/reply", answer=trouble.get("answer"), drop=trouble["drop"])
        wanted = answer(key, text=str(trouble), html=f"<p>{len(trouble)}</p>")
        with pytest.raises(DeliveryError) as caught:
            outbound.send(wanted, config)
        assert caught.value.uncertain
        assert outbound.find_sent(wanted, config) is not None
    assert len(workspace.said(key)) == 2


@pytest.mark.parametrize(
    ("status", "words", "blocked"),
    [
        (401, "refuses the token", True),
        (403, "does not allow that: Active subscription needed", True),
        (404, "knows nothing there", False),
        (422, "answered 422: Active subscription needed", False),
    ],
)
def test_refusals_say_what_to_do(
    workspace: FakeIntercom, status: int, words: str, blocked: bool
) -> None:
    row = {"code": "api_plan_restricted", "message": "Active subscription needed"}
    workspace.fail("/reply", answer=Answer(status, {"type": "error.list", "errors": [row]}))
    key = workspace.begin(ADA, "It hangs")
    with pytest.raises(DeliveryError) as caught:
        outbound.send(answer(key), config_of(workspace))
    assert caught.value.permanent
    assert caught.value.blocked is blocked
    assert words in caught.value.text


def test_a_server_that_is_away_is_tried_again(workspace: FakeIntercom) -> None:
    config = replace(config_of(workspace), settings={"api_url": "http://127.0.0.1:9"})
    with pytest.raises(DeliveryError) as caught:
        outbound.send(answer("1", author_key=""), replace(config, secrets={"access_token": "t"}))
    assert not caught.value.permanent
    assert not caught.value.uncertain
    with pytest.raises(DeliveryError) as caught:
        outbound.send(answer("1"), replace(config, secrets={}))
    assert caught.value.blocked


# ------------------------------------------------------------------ effects


def test_closing_and_opening_again_reach_the_conversation(workspace: FakeIntercom) -> None:
    config = config_of(workspace)
    key = workspace.begin(ADA, "It hangs")
    do(config, "close", key, reason="solved")
    assert workspace.conversations[key]["state"] == "closed"
    do(config, "close", key, again=True)
    do(config, "reopen", key)
    do(config, "reopen", key, again=True)
    assert workspace.conversations[key]["state"] == "open"
    kinds = [part["part_type"] for part in workspace.conversations[key]["conversation_parts"]]
    assert kinds == ["close", "open"]


def test_assigning_reaches_the_conversation(workspace: FakeIntercom) -> None:
    config = config_of(workspace)
    key = workspace.begin(ADA, "It hangs")
    do(config, "assign", key, person=ANA)
    assert workspace.conversations[key]["admin_assignee_id"] == int(ANA)
    do(config, "assign", key, person="")
    assert workspace.conversations[key]["admin_assignee_id"] is None
    for person in ("99", "x/y"):
        with pytest.raises(DeliveryError) as caught:
            do(config, "assign", key, person=person)
        assert caught.value.permanent


def test_a_note_is_kept_once_with_its_writers_name(workspace: FakeIntercom) -> None:
    config = config_of(workspace)
    key = workspace.begin(ADA, "It hangs")
    given: dict[str, Any] = {"text": "**Tim** knows <this>\nwell\n\n`x`", "author_name": "Ana <b>"}
    made = do(config, "note", key, **given)
    (part,) = workspace.said(key, "note")
    assert made == f"part/{part['id']}"
    assert part["body"] == (
        "<p><b>Ana &lt;b&gt;</b></p><p><b>Tim</b> knows &lt;this&gt;<br>well</p>"
        "<p><code>x</code></p><p>#note:0123456789abcdef0123456789abcdef</p>"
    )
    assert do(config, "note", key, again=True, **given) == made
    assert len(workspace.said(key, "note")) == 1


def test_our_own_words_can_be_taken_out(workspace: FakeIntercom) -> None:
    config = config_of(workspace)
    key = workspace.begin(ADA, "It hangs")
    sent = outbound.send(answer(key), config)
    do(config, "delete", key, target=sent.external_id)
    assert workspace.said(key)[0]["redacted"]
    for target in ("source/1", "", "part/x"):
        with pytest.raises(DeliveryError):
            do(config, "delete", key, target=target)


def test_what_intercom_cannot_do_is_refused(workspace: FakeIntercom) -> None:
    with pytest.raises(DeliveryError) as caught:
        do(config_of(workspace), "react", "1", emoji="x")
    assert caught.value.permanent


# ------------------------------------------------------------------ files


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/a", "http://downloads.intercomcdn.com/a", "file:///etc/passwd",
        "https://intercomcdn.com.evil.example/a", "https://xintercomcdn.com/a",
        "https://downloads.intercomcdn.com:8443/a", "http://[::1", "",
    ],
)  # fmt: skip
def test_files_come_only_from_where_intercom_keeps_them(workspace: FakeIntercom, url: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        client.fetch(url, config_of(workspace))
    assert caught.value.permanent


def test_a_file_whose_address_has_ended_is_said_to_be(workspace: FakeIntercom) -> None:
    with pytest.raises(DeliveryError) as caught:
        client.fetch(f"{workspace.url}/attachments/5/a?signature=wrong", config_of(workspace))
    assert caught.value.text == "the file's address is not valid any more"
