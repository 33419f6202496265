"""Notifications as values, bad input at the door, and the contract that every channel keeps."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from inbox.channels.contract import (
    BadSignature,
    ChannelConfig,
    InboundBatch,
    MalformedBody,
    RawRequest,
    UnknownEvent,
    WrongType,
)
from inbox.channels.testing import ChannelContract
from integrations.intercom import wording
from integrations.intercom.kind import INTERCOM
from integrations.intercom.payloads import moment
from integrations.intercom.tests.conftest import ADA, ANA, config_of
from rig import intercom
from rig.intercom import FakeIntercom, signed

VECTORS = json.loads((Path(__file__).parents[3] / "rig" / "vectors.json").read_text("utf-8"))
CONFIG = ChannelConfig(
    kind="intercom",
    key="main",
    settings={"app_id": intercom.APP, "token_admin_id": intercom.OWN_ADMIN},
    secrets={"client_secret": intercom.CLIENT_SECRET},
)
AT = 1_790_000_000


def raw_of(body: Any, **headers: str) -> RawRequest:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"content-type": "application/json", **signed(content), **headers}
    return RawRequest(headers=named, body=content)


def read(body: Any, config: ChannelConfig = CONFIG) -> InboundBatch:
    """Complete and parse, as intake does."""
    raw = raw_of(body)
    return INTERCOM.parse(raw, config, INTERCOM.complete(raw, config))


@pytest.fixture
def quiet() -> FakeIntercom:
    """A workspace that only makes notifications; nobody can ask it."""
    fake = FakeIntercom()
    fake._server.server_close()
    fake.clock = AT
    fake.person(ADA, "Ada", email="ada@example.org")
    fake.teammate(ANA, "Ana", "ana@example.com")
    return fake


class TestContract(ChannelContract):
    """What every channel must do."""

    config = CONFIG
    signature_headers = ("x-hub-signature",)

    def samples(self) -> list[RawRequest]:
        """A beginning, an answer, a note."""
        fake = FakeIntercom()
        fake._server.server_close()
        fake.person(ADA, "Ada", email="ada@example.org")
        fake.teammate(ANA, "Ana", "ana@example.com")
        key = fake.begin(ADA, "It hangs")
        fake.say(ANA, key, "Which version?")
        fake.note(ANA, key, "I know this one")
        return [raw_of(body) for body in fake.sent]


# ------------------------------------------------------------------ the door


def test_documented_vector_is_accepted_and_no_other() -> None:
    vector = VECTORS["intercom"]
    config = ChannelConfig(kind="intercom", key="x", secrets={"client_secret": vector["secret"]})
    headers = {"content-type": "application/json", "x-hub-signature": vector["expected"]}
    raw = RawRequest(headers=headers, body=vector["body"].encode())
    INTERCOM.verify(raw, config)
    assert INTERCOM.dedupe_key(raw, config) == "notification:notif_1"
    for wrong in ("sha1=" + "0" * 40, vector["expected"].upper(), vector["expected"][5:], ""):
        with pytest.raises(BadSignature):
            INTERCOM.verify(RawRequest(headers={"x-hub-signature": wrong}, body=raw.body), config)
    other = {**headers, "content-type": "text/xml"}
    with pytest.raises(WrongType):
        INTERCOM.verify(RawRequest(headers=other, body=raw.body), config)


# ------------------------------------------------------------------ what is said


def test_a_beginning_becomes_these_values(quiet: FakeIntercom) -> None:
    row = quiet.keep("a.txt", b"abc", "text/plain")
    quiet.begin(
        ADA,
        'hi &amp; <a href="https://example.org/x">there</a>',
        url="https://example.org/docs",
        subject="<p>Sync</p>",
        attachments=[row],
    )
    batch = read(quiet.sent[-1])
    (found,) = batch.messages
    key, source = "1001", "1002"
    shown = {name: value for name, value in asdict(found).items() if value}
    assert shown == {
        "thread_key": key,
        "message_key": f"source/{source}",
        "author": {
            **asdict(found.author),
            "external_id": ADA,
            "name": "Ada",
            "handle": "ada@example.org",
            "email": "ada@example.org",
        },
        "sent_at": datetime.fromtimestamp(AT, UTC),
        "message_class": "normal",
        "version": f"{AT:012d}",
        "subject": "Sync",
        "text": "hi & there (https://example.org/x)",
        "new_text": "hi & there (https://example.org/x)",
        "html": '<p>hi &amp; <a href="https://example.org/x">there</a></p>',
        "files": (
            {
                **asdict(found.files[0]),
                "filename": "a.txt",
                "content_type": "text/plain",
                "size": 3,
                "url": row["url"],
            },
        ),
        "permalink": f"https://app.intercom.com/a/inbox/abc123/inbox/conversation/{key}",
        "facts": {"page": "https://example.org/docs", "purpose": "support"},
    }
    (stands,) = batch.threads
    assert (stands.closed, stands.assigned, stands.assignee) == (False, True, None)


def test_an_answer_brings_the_first_message_along(quiet: FakeIntercom) -> None:
    key = quiet.begin(ADA, "It hangs")
    quiet.say(ADA, key, "still")
    first, second = read(quiet.sent[-1]).messages
    assert (first.text, first.only_opens, first.joins_only) == ("It hangs", True, False)
    assert (second.text, second.message_key) == ("still", "part/1003")


def test_notes_are_internal_and_what_teammates_say_opens_nothing(quiet: FakeIntercom) -> None:
    key = quiet.begin(ADA, "It hangs")
    quiet.note(ANA, key, "Tim knows")
    _, note = read(quiet.sent[-1]).messages
    assert (note.is_internal, note.joins_only, note.is_own) == (True, False, False)
    assert (note.author.member_kind, note.author.email) == ("full", "ana@example.com")
    quiet.say(ANA, key, "Which version?")
    _, said = read(quiet.sent[-1]).messages
    assert (said.is_internal, said.joins_only) == (False, True)


def test_bots_and_the_ai_agent_are_bots(quiet: FakeIntercom) -> None:
    key = quiet.begin(ADA, "It hangs")
    quiet.say("900", key, "Have you tried the docs?")
    assert read(quiet.sent[-1]).messages[-1].author.is_bot
    author = {**quiet.author(ANA), "from_ai_agent": True}
    quiet.say(ANA, key, "As an agent", author=author)
    said = read(quiet.sent[-1]).messages[-1]
    assert said.author.is_bot
    assert said.author.member_kind == "bot"


@pytest.mark.parametrize(
    ("speak_as", "who", "code", "own"),
    [
        ("desk", intercom.OWN_ADMIN, "desk-app", True),
        ("desk", intercom.OWN_ADMIN, None, True),
        ("desk", ANA, "other-app", False),
        ("people", ANA, "desk-app", True),
        ("people", ANA, None, False),
    ],
)
def test_our_own_seat_is_known(
    quiet: FakeIntercom, speak_as: str, who: str, code: str | None, own: bool
) -> None:
    key = quiet.begin(ADA, "It hangs")
    quiet.say(who, key, "x", app_package_code=code)
    config = ChannelConfig(
        kind="intercom", key="main", settings={**CONFIG.settings, "speak_as": speak_as}
    )
    assert read(quiet.sent[-1], config).messages[-1].is_own is own


def test_words_of_a_closing_are_a_message_too(quiet: FakeIntercom) -> None:
    key = quiet.begin(ADA, "It hangs")
    quiet.clock += 60
    quiet.close(ANA, key, "<p>Bye</p>")
    batch = read(quiet.sent[-1])
    assert [m.text for m in batch.messages] == ["It hangs", "Bye"]
    (stands,) = batch.threads
    assert stands.closed
    assert stands.closed_at == datetime.fromtimestamp(AT + 60, UTC)
    assert stands.author.external_id == ANA


def test_states_without_words_bring_no_message(quiet: FakeIntercom) -> None:
    key = quiet.begin(ADA, "It hangs")
    for do, closed in ((quiet.close, True), (quiet.open, False), (quiet.snooze, False)):
        do(ANA, key)
        batch = read(quiet.sent[-1])
        assert batch.messages == ()
        assert [stands.closed for stands in batch.threads] == [closed]


def test_who_has_it_is_told_with_name_and_address(workspace: FakeIntercom) -> None:
    config = config_of(workspace)
    key = workspace.begin(ADA, "It hangs")
    workspace.assign(ANA, key, ANA)
    (stands,) = read(workspace.sent[-1], config).threads
    assert stands.assigned
    assert stands.assignee is not None
    assert (stands.assignee.external_id, stands.assignee.email) == (ANA, "ana@example.com")
    workspace.assign(ANA, key, "0")
    (stands,) = read(workspace.sent[-1], config).threads
    assert (stands.assigned, stands.assignee) == (True, None)
    workspace.assign(ANA, key, intercom.OWN_ADMIN)  # the desk's own seat is nobody
    (stands,) = read(workspace.sent[-1], config).threads
    assert not stands.assigned


def test_redacted_words_are_deleted(quiet: FakeIntercom) -> None:
    key = quiet.begin(ADA, "It hangs")
    part = quiet.say(ADA, key, "my password is hunter2")
    quiet.redact(key, part["id"])
    batch = read(quiet.sent[-1])
    assert batch.messages == ()
    assert [gone.message_key for gone in batch.deletes] == [f"part/{part['id']}"]
    source = quiet.conversations[key]["source"]["id"]
    quiet.redact(key, source)
    assert [gone.message_key for gone in read(quiet.sent[-1]).deletes] == [f"source/{source}"]


def test_a_rating_is_a_note(quiet: FakeIntercom) -> None:
    key = quiet.begin(ADA, "It hangs")
    quiet.rate(key, 4, "<p>quick</p>")
    note = read(quiet.sent[-1]).messages[-1]
    assert (note.text, note.is_internal) == ("Rated 4 of 5: quick", True)
    assert note.author.external_id == ADA


def test_wrappers_are_taken_off_and_pictures_are_files(quiet: FakeIntercom) -> None:
    url = "https://downloads.intercomcdn.com/i/1/shot%20one.png?x=1&amp;y=2"
    body = f'look<div class="intercom-container intercom-align-left"><img src="{url}"></div>'
    quiet.begin(ADA, body)
    (found,) = read(quiet.sent[-1]).messages
    assert "intercom-container" not in found.html
    (file,) = found.files
    assert file.url == "https://downloads.intercomcdn.com/i/1/shot%20one.png?x=1&y=2"
    assert (file.filename, file.inline) == ("shot_20one.png", True)


def test_a_message_without_words_or_files_is_none(quiet: FakeIntercom) -> None:
    key = quiet.begin(ADA, "It hangs")
    quiet.say(ADA, key, None)
    assert read(quiet.sent[-1]).messages == ()


# ------------------------------------------------------------------ what has to be asked


def test_first_answer_to_our_words_asks_for_what_was_said_before(workspace: FakeIntercom) -> None:
    config = config_of(workspace)
    key = workspace.begin(ANA, "How do you like it?")
    assert [m.joins_only for m in read(workspace.sent[-1], config).messages] == [True]
    workspace.say(ANA, key, "Any news?")
    workspace.say(ADA, key, "It hangs")
    words = read(workspace.sent[-1], config).messages
    assert [m.text for m in words] == ["It hangs", "How do you like it?", "Any news?"]
    assert [m.joins_only for m in words] == [False, True, True]
    asked = len(workspace.called(f"/conversations/{key}"))
    workspace.clock = workspace.now() + 60
    workspace.say(ADA, key, "and again")
    assert [m.text for m in read(workspace.sent[-1], config).messages] == ["and again"]
    assert len(workspace.called(f"/conversations/{key}")) == asked == 1


def test_a_thin_notification_is_completed(workspace: FakeIntercom) -> None:
    config = config_of(workspace)
    key = workspace.begin(ADA, "It hangs")
    workspace.say(ADA, key, "still")
    body = workspace.sent[-1]
    thin = {"type": "conversation", "id": key}
    body["data"]["item"] = thin
    assert [m.text for m in read(body, config).messages] == ["It hangs", "still"]
    assert workspace.calls[-1].query == {}


def test_customers_without_a_name_are_looked_up_once(workspace: FakeIntercom) -> None:
    config = config_of(workspace)
    workspace.begin(ADA, "It hangs", author={"type": "lead", "id": ADA})
    (found,) = read(workspace.sent[-1], config).messages
    assert (found.author.name, found.author.email) == ("Ada", "ada@example.org")
    assert [call.path for call in workspace.calls] == [f"/contacts/{ADA}"]


def test_what_intercom_will_not_tell_is_left_out(workspace: FakeIntercom) -> None:
    config = config_of(workspace)
    key = workspace.begin(ADA, "It hangs")
    workspace.say(ADA, key, "still")
    body = workspace.sent[-1]
    del body["data"]["item"]["source"]
    workspace.token = "another one"
    (found,) = read(body, config).messages
    assert (found.text, found.joins_only) == ("still", False)


# ------------------------------------------------------------------ what is nothing to us


@pytest.mark.parametrize(
    "topic",
    [
        "ping", "contact.user.created", "contact.lead.added_email", "contact.deleted",
        "company.created", "user.deleted", "visitor.signed_up", "ticket.created",
        "ticket.admin.replied", "admin.added_to_workspace", "event.created",
        "content_stat.chat", "call.started", "conversation.unheard.of",
    ],
)  # fmt: skip
def test_other_topics_are_ignored_with_a_reason(quiet: FakeIntercom, topic: str) -> None:
    batch = read(quiet.notification(topic, {"type": "x"}))
    assert batch.ignored
    assert not batch.messages


def test_unheard_families_are_unknown(quiet: FakeIntercom) -> None:
    with pytest.raises(UnknownEvent):
        read(quiet.notification("spaceship.landed", {}))
    with pytest.raises(MalformedBody):
        read(quiet.notification("", {}))


def test_another_workspace_of_the_app_is_none_of_ours(quiet: FakeIntercom) -> None:
    quiet.begin(ADA, "It hangs")
    body = {**quiet.sent[-1], "app_id": "zzz999"}
    assert read(body).ignored == "another workspace of the same app"


def test_deleted_conversation_waits_for_nobody(quiet: FakeIntercom) -> None:
    (gone,) = read(quiet.notification("conversation.deleted", {"id": "524"})).threads
    assert (gone.thread_key, gone.closed, gone.at) == ("524", True, datetime.fromtimestamp(AT, UTC))


def test_an_uninstalled_app_is_trouble() -> None:
    trouble = read({"app_id": intercom.APP}).trouble
    assert trouble is not None
    assert trouble.pauses


def test_unknown_fields_and_odd_values_change_nothing(quiet: FakeIntercom) -> None:
    key = quiet.begin(ADA, "It hangs")
    quiet.say(ADA, key, "still")
    body = quiet.sent[-1]
    wanted = read(body)
    body["news"] = {"a": [1]}
    item = body["data"]["item"]
    item |= {"surprise": None, "statistics": "none", "tags": None, "contacts": []}
    item["conversation_parts"]["conversation_parts"] += [None, 5, {}, {"id": None, "body": "x"}]
    item["conversation_parts"]["conversation_parts"][0] |= {"metadata": {}, "attachments": {}}
    assert read(body).messages == wanted.messages


@pytest.mark.parametrize("value", [None, "", 0, True, [], {}, "soon", 1e30, "9" * 40])
def test_what_is_no_time_is_none(value: Any) -> None:
    assert moment(value) is None


# ------------------------------------------------------------------ words


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one<br>two</p><p>three</p>", "one\ntwo\n\nthree"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ('<a href="https://x.example">https://x.example</a>', "https://x.example"),
        ('<a href="javascript:alert(1)">x</a>', "x"),
        ("a<script>alert(1)</script>b<style>p{}</style>c", "abc"),
        ("1 &lt; 2 &amp;&nbsp;3", "1 < 2 & 3"),
        ("plain", "plain"),
        ("<p>open <b", "open"),
        ("", ""),
    ],
)
def test_html_is_read_as_text(html: str, text: str) -> None:
    assert wording.to_text(html) == text


@pytest.mark.parametrize(
    "piece", ["<", "<p", "<a href=", "<!--", "<script>", '<div class="intercom-']
)
def test_hostile_html_takes_no_time(piece: str) -> None:
    html = piece * (wording.MOST // len(piece))
    begin = datetime.now(UTC)
    wording.to_text(html)
    wording.images(html)
    wording.bare(html)
    assert (datetime.now(UTC) - begin).total_seconds() < 5
