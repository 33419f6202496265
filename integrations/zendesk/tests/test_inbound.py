"""Signatures, hints, and a ticket with its comments as our values."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from inbox.channels.contract import (
    BadSignature,
    ChannelConfig,
    ConfigError,
    InboundBatch,
    MalformedBody,
    RawRequest,
    UnknownEvent,
    WrongType,
)
from inbox.channels.testing import ChannelContract
from integrations.zendesk import inbound, reading
from integrations.zendesk.inspecting import inspect
from integrations.zendesk.kind import ZENDESK
from integrations.zendesk.tests.conftest import config_of, given
from rig import zendesk
from rig.vendor import Answer
from rig.zendesk import FakeZendesk, signed

VECTORS = json.loads((Path(__file__).parents[3] / "rig" / "vectors.json").read_text("utf-8"))
NAMES = ("x-zendesk-webhook-signature", "x-zendesk-webhook-signature-timestamp")


def raw_of(body: Any, *, invocation: str = "01HI1") -> RawRequest:
    raw = json.dumps(body).encode()
    headers = {**signed(raw), "x-zendesk-webhook-invocation-id": invocation}
    return RawRequest(headers=headers, body=raw)


def read(desk: FakeZendesk, body: Any, config: ChannelConfig | None = None) -> InboundBatch:
    raw, config = raw_of(body), config or config_of(desk)
    return inbound.parse(raw, config, reading.complete(raw, config))


class TestContract(ChannelContract):
    """What every channel must do."""

    config = ChannelConfig(kind="zendesk", key="main", secrets={"webhook_secret": zendesk.SECRET})
    signature_headers = NAMES

    @pytest.fixture(autouse=True)
    def account(self, desk: FakeZendesk) -> Iterator[None]:
        """A ticket to ask about."""
        desk.open("Mira", "It hangs", "After an hour.")
        self.desk, self.comment = desk, desk.comment("Mira", 1, "Still.")
        self.config = config_of(desk)
        yield
        self.config = type(self).config

    def samples(self) -> list[RawRequest]:
        """An event, and what a trigger sends."""
        added = self.desk.added(self.comment, 1)
        return [raw_of(added), raw_of(self.desk.triggered(1), invocation="01HI2")]

    def notes(self) -> list[RawRequest]:
        """A private comment."""
        note = self.desk.comment("Ana", 1, "He is right.", public=False)
        return [raw_of(self.desk.added(note, 1))]

    def states(self) -> list[RawRequest]:
        """Solved, with an assignee and without."""
        body = self.desk.event("agent_assignment_changed", 1)
        self.desk.change("Ana", 1, status="solved", assignee_id=self.desk.person("Ana")["id"])
        return [raw_of(body), raw_of(self.desk.event("status_changed", 1), invocation="01HI4")]


# ------------------------------------------------------------------ signatures


@pytest.mark.parametrize("name", ["zendesk", "zendesk-empty"])
def test_documented_signatures_are_what_we_compute(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vector = VECTORS[name]
    headers = {
        NAMES[0]: vector["expected"], NAMES[1]: vector["timestamp"],
        "content-type": "application/json",
    }  # fmt: skip
    raw = RawRequest(headers=headers, body=vector["body"].encode())
    monkeypatch.setattr(inbound, "WINDOW", timedelta(days=36500))  # the vectors are old
    local = ChannelConfig(
        kind="zendesk", key="x", secrets={"webhook_secret": vector["secret"]},
        webhook_url="http://127.0.0.1:8000/hooks/zendesk/x/",
    )  # fmt: skip
    inbound.verify(raw, local)
    for elsewhere in ("https://desk.example.com/hooks/zendesk/x/", ""):
        with pytest.raises(BadSignature, match="public"):
            inbound.verify(raw, replace(local, webhook_url=elsewhere))
        with pytest.raises(ConfigError, match="test button"):
            ZENDESK.validate(replace(local, webhook_url=elsewhere, settings={"subdomain": "x"}))


@pytest.mark.parametrize("minutes", [-6, 6, 60 * 24])
def test_old_and_future_deliveries_are_refused(desk: FakeZendesk, minutes: int) -> None:
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    with pytest.raises(BadSignature, match="too old"):
        inbound.verify(RawRequest(headers=signed(b"{}", at=at), body=b"{}"), config_of(desk))


@pytest.mark.parametrize("stamp", ["", "now", "1700000000", "2026-13-40T00:00:00Z", "9" * 5000])
def test_timestamps_that_are_none_are_refused(desk: FakeZendesk, stamp: str) -> None:
    headers = {**signed(b"{}"), NAMES[1]: stamp}
    with pytest.raises(BadSignature):
        inbound.verify(RawRequest(headers=headers, body=b"{}"), config_of(desk))


def test_other_types_are_refused(desk: FakeZendesk) -> None:
    headers = {**signed(b"<x/>"), "content-type": "application/xml"}
    with pytest.raises(WrongType):
        inbound.verify(RawRequest(headers=headers, body=b"<x/>"), config_of(desk))


# ------------------------------------------------------------------ hints


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"type": "zen:event-type:user.created", "detail": {"id": "1"}}, "about a user"),
        ({"type": "zen:event-type:article.published"}, "about the help centre"),
        (
            {"type": "zen:event-type:messaging_ticket.message_added", "detail": {"id": "1"}},
            "Sunshine Conversations",
        ),
        ({"type": "zen:event-type:ticket.brand_changed", "detail": {"id": "1"}}, "nothing that"),
    ],
)
def test_what_is_not_ours_is_ignored_with_a_reason_and_nothing_is_asked(
    desk: FakeZendesk, body: dict[str, Any], reason: str
) -> None:
    assert reason in read(desk, body).ignored
    assert desk.calls == []


def test_unknown_events_are_seen(desk: FakeZendesk) -> None:
    for body in ({"type": "zen:event-type:moon.landed"}, {"type": "Something else"}, {"a": 1}):
        with pytest.raises(UnknownEvent):
            read(desk, body)


@pytest.mark.parametrize(
    "body",
    [{"ticket_id": "{{ticket.id}}"}, {"ticket_id": ""}, {"ticket_id": "1/../2"}, {"ticket_id": -1},
     {"type": "zen:event-type:ticket.created", "detail": {"id": "../users"}}],
)  # fmt: skip
def test_broken_placeholders_fail_with_a_readable_reason(
    desk: FakeZendesk, body: dict[str, Any]
) -> None:
    with pytest.raises(MalformedBody):
        read(desk, body)
    assert desk.calls == []


def test_new_kinds_of_ticket_events_are_read_like_the_known_ones(desk: FakeZendesk) -> None:
    desk.open("Mira", "It hangs")
    body = desk.event("something_new_in_2027", 1, surprise={"a": [1]})
    assert len(read(desk, {**body, "more": 1}).messages) == 1


# ------------------------------------------------------------------ values


def test_ticket_becomes_these_values(desk: FakeZendesk) -> None:
    desk.open("Mira", "It hangs", "After an hour.", tags=["sync"], priority="high")
    ana, mira = desk.person("Ana"), desk.person("Mira")
    desk.change("Ana", 1, assignee_id=ana["id"])
    desk.comment("Ana", 1, "Which version?")
    desk.comment("Ana", 1, "It is the old bug.", public=False)
    batch = read(desk, desk.event("status_changed", 1, actor="Ana"))
    opener, answer, note = batch.messages
    keys = [f"comment/{row['id']}" for row in desk.comments[1]]
    assert [m.message_key for m in batch.messages] == keys
    assert {m.thread_key for m in batch.messages} == {"ticket/1"}
    assert (opener.subject, opener.text, opener.html) == (
        "It hangs",
        "After an hour.",
        "<p>After an hour.</p>",
    )
    assert (opener.author.external_id, opener.author.email) == (str(mira["id"]), mira["email"])
    assert (opener.author.member_kind, opener.author.timezone) == ("", "Europe/Lisbon")
    assert opener.sent_at == datetime(2026, 11, 18, 9, 0, 2, tzinfo=UTC)
    assert opener.permalink == f"{desk.url}/agent/tickets/1"
    assert opener.facts == {
        "sender": "mira@example.org",
        "domain": "example.org",
        "via": "web",
        "labels": ("sync",),
    }
    assert (answer.author.member_kind, answer.is_own, answer.is_internal) == ("full", True, False)
    assert [ref.external_id for ref in answer.refs] == [opener.message_key]
    assert (note.is_internal, note.is_own, note.text) == (True, False, "It is the old bug.")
    (state,) = batch.threads
    assert (state.thread_key, state.closed, state.labels) == ("ticket/1", False, ("sync",))
    assert state.assigned
    assert state.assignee is not None
    assert state.assignee.email == "ana@example.com"
    assert state.author.name == "Ana"


def test_new_comment_brings_itself_and_the_first_one_in_case(desk: FakeZendesk) -> None:
    desk.open("Mira", "It hangs")
    said = [desk.comment("Mira", 1, f"and {n}") for n in range(3)]
    batch = read(desk, desk.added(said[1], 1))
    assert [(m.text, m.only_opens) for m in batch.messages] == [
        ("It hangs", True),
        ("and 1", False),
        ("and 2", False),
    ]


def test_note_that_came_first_opens_nothing(desk: FakeZendesk) -> None:
    desk.open("Ana", "Prepare", comment={"body": "inside", "public": False})
    said = [desk.comment("Mira", 1, text) for text in ("hello", "again")]
    batch = read(desk, desk.added(said[0], 1))
    assert [(m.text, m.only_opens) for m in batch.messages] == [("hello", False), ("again", False)]
    batch = read(desk, desk.added(said[1], 1))
    assert [(m.text, m.only_opens) for m in batch.messages] == [("hello", True), ("again", False)]


def test_what_an_agent_took_down_is_the_customers_question(desk: FakeZendesk) -> None:
    mira, ana = desk.person("Mira"), desk.person("Ana")
    row = desk.new_ticket({"requester_id": mira["id"], "submitter_id": ana["id"], "subject": "x"})
    desk.apply(row, {"comment": {"body": "She called.", "author_id": ana["id"]}}, ana["id"])
    (message,) = read(desk, desk.event("created", 1, actor="Ana")).messages
    assert message.author.name == "Mira"
    assert message.notes == ("Written down by Ana at Zendesk.",)
    assert not message.is_own


def test_senders_of_transactional_mail_are_robots(desk: FakeZendesk) -> None:
    """S23."""
    desk.person("Shop", email="No-Reply@shop.example")
    desk.open("Shop", "Your receipt")
    (message,) = read(desk, desk.event("created", 1)).messages
    assert (message.author.is_bot, message.facts["sender"]) == (True, "no-reply@shop.example")


@pytest.mark.parametrize("status", ["solved", "closed"])
def test_ended_tickets_are_closed(desk: FakeZendesk, status: str) -> None:
    desk.open("Mira", "It hangs")
    desk.change("Ana", 1, status=status, assignee_id=desk.person("Ana")["id"])
    (state,) = read(desk, desk.event("status_changed", 1)).threads
    assert (state.closed, state.resolution) == (True, "solved")


def test_nobody_has_it(desk: FakeZendesk) -> None:
    desk.open("Mira", "It hangs")
    (state,) = read(desk, desk.event("agent_assignment_changed", 1)).threads
    assert (state.assigned, state.assignee) == (True, None)


def test_deleted_ticket_ends_the_conversation(desk: FakeZendesk) -> None:
    desk.open("Mira", "It hangs")
    body = desk.event("soft_deleted", 1)
    desk.delete("Ana", 1)
    (state,) = read(desk, body).threads
    assert (state.thread_key, state.closed, state.at.tzinfo) == ("ticket/1", True, UTC)
    assert "not there any more" in read(desk, desk.event("status_changed", 1)).ignored


def test_merged_ticket_goes_on_in_the_other_one(desk: FakeZendesk) -> None:
    desk.open("Mira", "It hangs")
    desk.open("Mira", "It hangs again")
    desk.merge("Ana", 2, 1)
    batch = read(desk, desk.event("merged", 2, actor="Ana", target_ticket_id="1"))
    (move,) = batch.moves
    assert (move.thread_key, move.new_thread_key) == ("ticket/2", "ticket/1")
    assert batch.messages[0].text == "It hangs"
    # without a word of where to, it is at least over
    (state,) = read(desk, desk.event("merged", 2, actor="Ana")).threads
    assert (state.closed, state.resolution) == (True, "duplicate")


def test_follow_up_goes_on_with_the_conversation_before(desk: FakeZendesk) -> None:
    desk.open("Mira", "It hangs")
    row = desk.open("Mira", "It hangs once more")
    origin = {"ticket_id": 1, "subject": "It hangs"}
    row["via"] = {"channel": "email", "source": {"from": origin, "to": {}, "rel": "follow_up"}}
    (move,) = read(desk, desk.event("created", 2)).moves
    assert (move.thread_key, move.new_thread_key) == ("ticket/1", "ticket/2")


def test_redaction_makes_a_later_version(desk: FakeZendesk) -> None:
    desk.open("Mira", "My key", "It is secret-1 or secret-2.")
    key = desk.comments[1][0]["id"]
    versions = []
    for word in ("", "secret-1", "secret-2"):
        if word:
            desk.redact(1, key, word)
        (message,) = read(desk, desk.event("comment_redacted", 1)).messages
        versions.append(message.version)
    assert versions == ["", "00000008", "00000016"]
    assert "secret" not in message.text + message.html


def test_comment_that_was_made_private_is_taken_out_and_kept_as_a_note(desk: FakeZendesk) -> None:
    desk.open("Mira", "It hangs")
    said = desk.comment("Ana", 1, "He is wrong.")
    said["public"] = False
    body = desk.event("comment_made_private", 1, comment={"id": str(said["id"])})
    batch = read(desk, body)
    assert [d.message_key for d in batch.deletes] == [f"comment/{said['id']}"]
    assert batch.messages[1].message_key == f"comment/{said['id']}#note"
    assert batch.messages[1].is_internal


def test_files_come_by_their_address_but_never_malware(desk: FakeZendesk) -> None:
    files = [desk.file("a.log", b"x"), desk.file("b.exe", b"y"), desk.file("c.txt", b"z")]
    files[1]["malware_scan_result"] = "malware_found"
    files[2]["deleted"] = True
    desk.open("Mira", "It hangs", comment={"body": "see", "attachments": files})
    (message,) = read(desk, desk.triggered(1)).messages
    (file,) = message.files
    assert (file.filename, file.size, file.url) == ("a.log", 1, files[0]["content_url"])
    assert message.notes == ("Zendesk found malware in b.exe: not taken.",)


def test_own_comments_are_left_out_whoever_wrote_them_by_the_api(desk: FakeZendesk) -> None:
    desk.open("Mira", "It hangs")
    ours, ana = {"desk_outbox": "message:1", "desk": ""}, desk.person("Ana")["id"]
    for who, marks in ((9000, ours), (ana, ours), (ana, {"desk": "other", "desk_outbox": "m"})):
        comment = {"body": f"by {who}", "author_id": who}
        desk.apply(desk.tickets[1], {"comment": comment}, 9000, marks)
    forged = {"body": "copied the mark", "author_id": ana}
    desk.apply(desk.tickets[1], {"comment": forged}, ana, ours)
    batch = read(desk, desk.event("status_changed", 1))
    assert [m.text for m in batch.messages] == ["It hangs", f"by {ana}", "copied the mark"]
    echo = desk.comments[1][1]
    batch = read(desk, desk.added(echo, 1))
    assert (batch.messages, len(batch.threads)) == ((), 1)


def test_very_long_tickets_are_read_from_their_end(desk: FakeZendesk) -> None:
    desk.open("Mira", "It hangs")
    for n in range(520):
        desk.comment("Ana" if n == 20 else "Mira", 1, f"and {n}")
    batch = read(desk, desk.triggered(1))
    assert [m.text for m in batch.messages] == [f"and {n}" for n in range(20, 520)]
    assert (batch.messages[0].author.name, batch.messages[0].is_own) == ("Ana", True)


def test_what_cannot_be_asked_is_asked_again_later(desk: FakeZendesk) -> None:
    desk.open("Mira", "It hangs")
    desk.fail("/tickets/1", answer=Answer(429, b"", {"retry-after": "3"}))
    with pytest.raises(Exception, match="asks us to wait"):
        read(desk, desk.triggered(1))


def test_odd_rows_are_survived(desk: FakeZendesk) -> None:
    config = config_of(desk)
    odd = {
        "ticket": {"id": 5, "tags": None, "via": None, "assignee_id": "x", "updated_at": "?"},
        "comments": [{"id": 1, "author_id": -1, "attachments": None}, {"id": 2}, None, 7],
        "users": "none",
    }
    batch = inbound.parse(raw_of({"ticket_id": 5}), config, odd)
    assert [m.message_key for m in batch.messages] == ["comment/1", "comment/2"]
    assert batch.messages[0].author.is_bot


def test_inspect_tells_what_is_read(desk: FakeZendesk) -> None:
    body = json.dumps(desk.event("created", desk.open("Mira", "x")["id"])).encode()
    found = inspect("x.json", body, {})
    assert (found["error"], found["event"], found["ticket"]) == (None, "created", "1")
    assert inspect("x.json", b"{", {})["error"].startswith("MalformedBody")
    answer = {"comments": [{"id": 7, "author_id": 3, "body": "hi", "public": False}]}
    found = inspect("x.json", json.dumps(answer).encode(), {})
    assert found["messages"][0]["is_internal"] is True


def test_settings_are_checked(desk: FakeZendesk) -> None:
    for more in (
        {"subdomain": "", "api_url": ""},
        {"subdomain": "exa mple"},
        {"api_url": "ftp://x"},
        {"history_days": "many"},
    ):
        with pytest.raises(ConfigError):
            ZENDESK.validate(ChannelConfig(kind="zendesk", key="x", secrets=given(desk, **more)))
