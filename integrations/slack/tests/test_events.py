"""Events as normalised values, bad input at the door, and the contract that every channel keeps."""

import json
import time
from dataclasses import asdict
from typing import Any

import pytest
from django.test import Client

from inbox.channels.contract import ChannelConfig, RawRequest
from inbox.channels.models import Delivery
from inbox.channels.testing import ChannelContract
from integrations.slack import messages
from integrations.slack.kind import SLACK
from integrations.slack.tests.conftest import connected
from rig import slack
from rig.slack import FakeSlack, signed

CONFIG = ChannelConfig(
    kind="slack",
    key="main",
    settings={"team_id": slack.TEAM, "watch": "#help"},
    secrets={"signing_secret": slack.SECRET},
)
TS = "1790000000.000100"
NAMES = {
    "users": {
        "U1": {
            "name": "ada",
            "handle": "ada",
            "email": "ada@example.org",
            "tz": "Europe/Lisbon",
            "tz_offset": 3600,
            "team": slack.TEAM,
            "kind": "full",
        },
        "U9": {"name": "guest", "team": "T0OTHER", "kind": "full"},
    },
    "channels": {"C1": "help", "C2": "random"},
}


def envelope(event: dict[str, Any], **more: Any) -> dict[str, Any]:
    granted = [{"team_id": slack.TEAM, "user_id": slack.BOT_USER, "is_bot": True}]
    return {
        "type": "event_callback", "team_id": slack.TEAM, "api_app_id": slack.APP,
        "event_id": "Ev1", "authorizations": granted, "event": event, **more,
    }  # fmt: skip


def raw_of(body: Any, **headers: str) -> RawRequest:
    content = json.dumps(body).encode()
    named = {"content-type": "application/json", **signed(content), **headers}
    return RawRequest(headers=named, body=content)


def said(**more: Any) -> dict[str, Any]:
    return {
        "type": "message",
        "channel": "C1",
        "channel_type": "channel",
        "user": "U1",
        "text": "hi",
        "ts": TS,
        **more,
    }


def parsed(event: dict[str, Any]) -> Any:
    return SLACK.parse(raw_of(envelope(event)), CONFIG, NAMES)


class TestContract(ChannelContract):
    """What every channel must do."""

    config = CONFIG
    signature_headers = ("x-slack-signature", "x-slack-request-timestamp")

    def samples(self) -> list[RawRequest]:
        """A message and an edit."""
        changed = {
            "type": "message",
            "subtype": "message_changed",
            "channel": "C1",
            "message": said(text="ho", edited={"user": "U1", "ts": TS}),
            "previous_message": said(),
            "ts": TS,
        }
        return [raw_of(envelope(said())), raw_of(envelope(changed, event_id="Ev2"))]


def test_a_message_becomes_these_values() -> None:
    (found,) = parsed(
        said(
            text="hi <@U9> &amp; <#C2>",
            files=[
                {
                    "id": "F1",
                    "name": "a.txt",
                    "mimetype": "text/plain",
                    "size": 3,
                    "url_private": "https://files.slack.com/a",
                }
            ],
        )
    ).messages
    shown = {name: value for name, value in asdict(found).items() if value}
    assert shown == {
        "thread_key": f"C1/{TS}",
        "message_key": f"{slack.TEAM}/C1/{TS}",
        "author": {
            **asdict(found.author),
            "external_id": "U1",
            "name": "ada",
            "email": "ada@example.org",
            "timezone": "Europe/Lisbon",
            "utc_offset_minutes": 60,
            "member_kind": "full",
        },
        "sent_at": messages.moment(TS),
        "subject": "hi @guest & #random",
        "text": "hi @guest & #random",
        "new_text": "hi @guest & #random",
        "html": "hi @guest &amp; #random",
        "files": (
            {
                "filename": "a.txt", "content": b"", "content_type": "text/plain", "content_id": "",
                "inline": False, "url": "https://files.slack.com/a", "size": 3,
            },
        ),
        "message_class": "normal",
        "facts": {"dm": False, "mentioned": False},
        "source_key": "C1",
        "source_label": "help",
        "group_seconds": 120,
        "version": "000000000000.000000",
    }  # fmt: skip


def test_answers_edits_deletions_and_mentions() -> None:
    (answer,) = parsed(said(ts="1790000009.000200", thread_ts=TS)).messages
    assert (answer.thread_key, answer.group_seconds) == (f"C1/{TS}", 0)
    edited = said(text="ho", edited={"user": "U1", "ts": "1790000010.000000"})
    changed = {
        "type": "message",
        "subtype": "message_changed",
        "channel": "C1",
        "message": edited,
        "previous_message": said(),
        "ts": "1790000010.000000",
    }
    (edit,) = parsed(changed).messages
    assert (edit.message_key, edit.text, edit.version) == (
        f"{slack.TEAM}/C1/{TS}",
        "ho",
        "001790000010.000000",
    )
    preview = {**changed, "message": said(attachments=[{"text": "a preview"}])}
    assert parsed(preview).ignored == "only a link's preview was added"
    tombstone = {**changed, "message": {"subtype": "tombstone", "ts": TS}}
    gone = {
        "type": "message",
        "subtype": "message_deleted",
        "channel": "C1",
        "deleted_ts": TS,
        "ts": "1790000011.000000",
    }
    assert [parsed(e).deletes[0].message_key for e in (tombstone, gone)] == [
        f"{slack.TEAM}/C1/{TS}"
    ] * 2
    elsewhere = said(channel="C2")
    assert parsed(elsewhere).ignored == "#random is not watched"
    (asked,) = parsed({**elsewhere, "type": "app_mention"}).messages
    assert asked.joins_only is False
    (quiet,) = parsed(said(channel="C2", ts="1790000009.000200", thread_ts=TS)).messages
    assert quiet.joins_only is True


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (said(metadata={"event_type": "desk_outbox"}), "our own message"),
        (said(app_id=slack.APP, bot_id="B1"), "our own message"),
        (said(user=slack.BOT_USER), "our own message"),
        (said(bot_id="B9"), "written by a bot"),
        (said(subtype="bot_message", user=None), "written by a bot"),
        (said(subtype="channel_join"), "channel_join: said by Slack itself"),
        (said(user=None), "nobody wrote it"),
        (said(ts="soon"), "a message without a time"),
        ({"type": "pin_added"}, "pin_added: nothing to us"),
        ({"type": "app_home_opened"}, "shown by the home view"),
        (
            {"type": "member_joined_channel", "user": slack.BOT_USER},
            "the bot was invited: it listens here from now on",
        ),
        (
            {
                "type": "reaction_added",
                "user": slack.BOT_USER,
                "reaction": "eyes",
                "item": {"type": "message", "channel": "C1", "ts": TS},
            },
            "our own reaction",
        ),
        (
            {"type": "reaction_added", "user": "U1", "reaction": "eyes", "item": {"type": "file"}},
            "a reaction on something else than a message",
        ),
        ({}, "an event without a type"),
    ],
)
def test_noise_is_ignored_with_a_reason(event: dict[str, Any], why: str) -> None:
    """Trust 38, 40."""
    assert parsed(event).ignored == why


def test_people_of_other_workspaces_and_guests_are_no_members() -> None:
    """Trust 43: a profile address of theirs names no account."""
    (found,) = parsed(said(user="U9")).messages
    assert (found.author.member_kind, found.author.realm) == ("stranger", "T0OTHER")


def test_reactions_carry_their_time_and_no_skin() -> None:
    event = {
        "type": "reaction_removed",
        "user": "U1",
        "reaction": "thumbsup::skin-tone-3",
        "item": {"type": "message", "channel": "C1", "ts": TS},
        "event_ts": "1790000020.000000",
    }
    (found,) = parsed(event).reactions
    assert (found.emoji, found.added, found.at) == (
        "thumbsup",
        False,
        messages.moment("1790000020.000000"),
    )


@pytest.mark.parametrize(
    ("kind", "pauses"),
    [("tokens_revoked", True), ("app_uninstalled", True), ("channel_archive", False)],
)
def test_trouble_is_said_with_its_remedy(kind: str, pauses: bool) -> None:
    """Trust 44–46."""
    found = parsed({"type": kind, "channel": "C1"}).trouble
    assert found is not None
    assert found.pauses is pauses
    assert found.text


# ------------------------------------------------------------------ the door


@pytest.fixture
def door(db: None, workspace: FakeSlack) -> Client:
    connected(workspace)
    return Client()


def post(client: Client, content: bytes, kind: str = "application/json", **headers: str) -> int:
    named = {**signed(content), **headers}
    meta = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in named.items()}
    return client.post("/hooks/slack/main/", content, content_type=kind, **meta).status_code  # type: ignore[arg-type]  # headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"x-slack-signature": ""}, 401),
        ({"x-slack-signature": "v0=" + "0" * 64}, 401),
        ({"x-slack-signature": "v0=é"}, 401),
        ({"x-slack-request-timestamp": ""}, 401),
        ({"x-slack-request-timestamp": "soon"}, 401),
        ({"x-slack-request-timestamp": "9" * 5000}, 401),
        ({"x-slack-request-timestamp": "١٧"}, 401),
    ],
)
def test_headers_that_prove_nothing(door: Client, headers: dict[str, str], status: int) -> None:
    body = json.dumps(envelope(said())).encode()
    assert post(door, body, **headers) == status
    assert Delivery.objects.count() == (status == 200)


def test_old_requests_are_refused(door: Client) -> None:
    body = json.dumps(envelope(said())).encode()
    for age in (-400, 400):
        assert post(door, body, **signed(body, at=time.time() + age)) == 401


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b" ", "application/json", 200),
        (b"{", "application/json", 200),
        (b"[]", "application/json", 200),
        (b"\xff\xfe", "application/json", 200),
        (b"[" * 5000, "application/json", 200),
        (b"payload=%7B", "application/x-www-form-urlencoded", 200),
        (b"payload=[]", "application/x-www-form-urlencoded", 200),
        (b"\xff\xfe=\x00", "application/x-www-form-urlencoded", 200),
        (b"a=b", "application/x-www-form-urlencoded", 200),
        (b"ssl_check=1", "application/x-www-form-urlencoded", 200),
        (b"{}", "text/plain", 415),
        (b"x" * 1_000_001, "application/json", 413),
    ],
)
def test_bodies_that_are_none(door: Client, content: bytes, kind: str, status: int) -> None:
    """Never 500 and never a stack trace."""
    assert post(door, content, kind) == status


def test_challenge_is_echoed_and_duplicates_are_one(door: Client) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc123"}).encode()
    meta = {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in signed(body).items()}
    answer = door.post("/hooks/slack/main/", body, content_type="application/json", **meta)  # type: ignore[arg-type]  # headers
    assert answer.content == b"abc123"
    twice = json.dumps(envelope(said())).encode()
    assert [post(door, twice) for _ in range(2)] == [200, 200]
    assert Delivery.objects.count() == 1
