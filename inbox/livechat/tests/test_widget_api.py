"""The visitor's API: a line is a ticket, an answer is in the widget, and nobody reads another's."""

import hmac
from datetime import timedelta
from hashlib import sha256

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from inbox.channels.models import Channel, Delivery
from inbox.common.config import change_setting
from inbox.livechat import sessions
from inbox.livechat.models import Conversation, Visitor, VisitorToken
from inbox.livechat.tests.conftest import SECRET, SITE, Browser, answer
from inbox.operations.connecting import connect
from inbox.outbox import effects
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Ticket
from rig.desk import act, agent

pytestmark = pytest.mark.django_db


# ------------------------------------------------------------------ the path through the house


def test_a_line_is_a_ticket_and_the_answer_is_in_the_widget(visitor: Browser) -> None:
    assert visitor.say("How do I *drop* a slot?").status_code == 201
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.subject) == ("open", "How do I *drop* a slot?")
    assert ticket.permalink == f"{SITE}/start"  # what stood in its query is not kept
    row = answer(ticket, "With `pg_drop`.", then="wait")
    assert row.not_before == row.created_at  # somebody waits: no time to take it back
    mine, theirs = visitor.read()
    assert (mine["mine"], mine["client_id"]) == (True, "line-0001")
    assert mine["html"] == "<p>How do I <em>drop</em> a slot?</p>\n"
    assert (theirs["mine"], theirs["author"]) == (False, "Ana")
    assert theirs["html"] == "<p>With <code>pg_drop</code>.</p>\n"
    assert visitor.read(after=mine["id"]) == [theirs]
    assert visitor.read(after=theirs["id"]) == []


def test_the_same_client_id_twice_is_one_message(visitor: Browser) -> None:
    first, second = visitor.say("once"), visitor.say("once")
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == {**first.json(), "duplicate": True}
    assert Message.objects.count() == 1
    assert [row["text"] for row in visitor.read()] == ["once"]


def test_notes_and_other_threads_never_reach_the_widget(visitor: Browser) -> None:
    visitor.say("question")
    ticket = Ticket.objects.get()
    act(tickets.add_note, ticket, body="she is in a hurry", user=agent("ana"))
    assert [row["text"] for row in visitor.read()] == ["question"]


def test_edits_and_deletions_follow(visitor: Browser) -> None:
    visitor.say("question")
    ticket = Ticket.objects.get()
    answer(ticket, "wrong")
    message = Message.objects.get(direction="out")
    act(effects.amend, message, text="right", at=timezone.now())
    seen = visitor.read()
    assert [row["kind"] for row in seen] == ["message", "message", "changed"]
    assert (seen[1]["text"], seen[2]["text"], seen[2]["edited"]) == ("right", "right", True)
    message.refresh_from_db()
    act(effects.withdraw, message, at=timezone.now())
    assert visitor.read(after=seen[-1]["id"])[0]["deleted"] is True
    assert visitor.read()[1]["html"] == ""


def test_a_merge_shows_nobody_elses_words(visitor: Browser, chat: Channel) -> None:
    other = Browser()
    other.begin()
    visitor.say("mine")
    other.say("not yours", "line-0009")
    kept, gone = Ticket.objects.order_by("number")
    act(tickets.merge, gone, into=kept)
    answer(kept, "to whoever wrote last")
    assert "not yours" not in [row["text"] for row in visitor.read()]
    assert "mine" not in [row["text"] for row in other.read()]
    told = [b for b in (visitor, other) if "to whoever wrote last" in str(b.read())]
    assert told == [other]


def test_a_closed_chat_goes_on_and_is_rated(visitor: Browser) -> None:
    visitor.say("question")
    ticket = Ticket.objects.get()
    assert visitor.call("POST", "rating/", {"score": 5}).status_code == 409
    answer(ticket, "done", then="close")
    assert [row["kind"] for row in visitor.read()] == ["message", "closed", "message"]
    assert visitor.call("POST", "rating/", {"score": 6}).status_code == 400
    assert visitor.call("POST", "rating/", {"score": 4, "comment": "quick"}).status_code == 204
    note = Message.objects.get(visibility="internal")
    assert note.new_text == "The visitor rated this chat 4 of 5: quick"
    visitor.say("one more thing", "line-0002")
    ticket.refresh_from_db()
    assert ticket.status == "open"
    assert visitor.begin().json()["ended"] is False


def test_the_visitor_ends_it_and_an_unanswered_question_stays(visitor: Browser) -> None:
    visitor.say("question")
    assert visitor.call("POST", "end/", {}).status_code == 204
    ticket = Ticket.objects.get()
    assert ticket.status == "open"
    Conversation.objects.update(ended_at=timezone.now() - timedelta(days=2))
    fresh = visitor.begin().json()["conversation"]
    visitor.say("another day", "line-0002")
    assert Ticket.objects.count() == 2
    assert Conversation.objects.get(key=fresh).thread is not None


def test_leads_are_leads(chat: Channel) -> None:
    connect("livechat", "docs", {"purpose": "leads"})
    browser = Browser()
    assert browser.begin().json()["purpose"] == "leads"
    browser.say("What does it cost?")
    assert Ticket.objects.get().kind == "lead"


def test_files_go_both_ways_as_downloads(visitor: Browser) -> None:
    given = {"client_id": "file-0001", "file": SimpleUploadedFile("log.txt", b"boom")}
    headers = {"origin": SITE, "authorization": f"Bearer {visitor.token}"}
    assert Client().post("/chat/docs/files/", given, headers=headers).status_code == 201
    visitor.say("see the log")
    (file,) = visitor.read()[0]["files"]
    got = visitor.call("GET", f"files/{file['id']}/")
    assert got.content == b"boom"
    assert got["Content-Type"] == "application/octet-stream"
    assert got["Content-Disposition"].startswith("attachment")
    stranger = Browser()
    stranger.begin()
    stranger.say("hello", "line-0003")
    assert stranger.call("GET", f"files/{file['id']}/").status_code == 404


# ------------------------------------------------------------------ who is who


def test_a_token_is_kept_as_its_digest_and_survives_a_reload(visitor: Browser) -> None:
    before = visitor.token
    conversation = visitor.begin().json()["conversation"]
    assert visitor.token == before
    assert Conversation.objects.get().key == conversation
    assert len(before) >= 43
    assert before not in str(list(VisitorToken.objects.values()))


@pytest.mark.parametrize("token", ["", "x", "Bearer", "é" * 30, "a" * 5000])
def test_forged_tokens_read_and_write_nothing(visitor: Browser, token: str) -> None:
    visitor.say("secret")
    visitor.token = token
    header = {"authorization": f"Bearer {token}".encode().decode("latin-1")}
    for method, path, data in (
        ("GET", "messages/", None),
        ("POST", "messages/", {"client_id": "line-0002", "body": "x"}),
        ("POST", "end/", {}),
        ("GET", "files/1/", None),
    ):
        assert visitor.call(method, path, data, **header).status_code == 401
    assert Message.objects.count() == 1


def test_a_token_of_another_site_is_none(visitor: Browser) -> None:
    connect("livechat", "blog", {"site_name": "Blog", "origins": SITE})
    foreign = Browser(key="blog", token=visitor.token)
    assert foreign.call("GET", "messages/").status_code == 401


def test_a_request_cannot_name_a_conversation(visitor: Browser) -> None:
    other = Browser()
    key = other.begin().json()["conversation"]
    body = {"client_id": "line-0001", "body": "x", "conversation": key}
    refused = visitor.call("POST", "messages/", body)
    assert (refused.status_code, refused.json()["errors"]) == (400, {"conversation": "unknown"})
    assert visitor.call("GET", f"messages/?conversation={key}").status_code == 404


def test_expired_and_revoked_tokens_are_none(visitor: Browser) -> None:
    VisitorToken.objects.update(expires_at=timezone.now())
    assert visitor.call("GET", "messages/").status_code == 401
    visitor.begin()
    assert visitor.call("POST", "reset/", {}).status_code == 204
    assert visitor.call("GET", "messages/").status_code == 401


def test_a_proven_person_has_one_history_on_every_device(chat: Channel) -> None:
    proof = sessions.proof(SECRET, "user-42", "")
    laptop, phone = Browser(), Browser()
    laptop.begin()
    anonymous = laptop.token
    laptop.begin(user_id="user-42", user_hash=proof, name="Ada")
    laptop.say("from the laptop")
    phone.begin(user_id="user-42", user_hash=proof)
    assert [row["text"] for row in phone.read()] == ["from the laptop"]
    assert laptop.token not in (anonymous, phone.token)
    assert Browser(token=anonymous).call("GET", "messages/").status_code == 401
    ticket = Ticket.objects.get()
    assert ticket.asker is not None
    assert (ticket.asker.verified, ticket.asker.name) == (True, "Ada")


def test_published_vector_of_the_proof() -> None:
    # vendor-apis 14.1: hex HMAC-SHA256 of the id, else of the lower-case address
    for user_id, email, signed in (("u1", "A@b.org", b"u1"), ("", "A@b.org", b"a@b.org")):
        wanted = hmac.new(SECRET.encode(), signed, sha256).hexdigest()
        assert sessions.proof(SECRET, user_id, email) == wanted


@pytest.mark.parametrize(
    "claims",
    [
        {"user_id": "user-42", "user_hash": "0" * 64},
        {"user_id": "user-43", "user_hash": sessions.proof(SECRET, "user-42", "")},
        {"user_id": "user-42", "user_hash": sessions.proof("", "user-42", "")},
        {"user_hash": sessions.proof(SECRET, "", "")},
        {"user_id": "user-42", "user_hash": "é"},
    ],
)
def test_forged_proofs_are_refused(chat: Channel, claims: dict[str, str]) -> None:
    assert Browser().begin(**claims).status_code == 401
    assert not Visitor.objects.filter(verified=True).exists()


def test_a_channel_without_a_secret_believes_nobody(chat: Channel) -> None:
    connect("livechat", "docs", {"identity_secret": ""})
    claims = {"user_id": "user-42", "user_hash": sessions.proof("", "user-42", "")}
    assert Browser().begin(**claims).status_code == 401


def test_a_claimed_address_is_nobody(chat: Channel) -> None:
    agent("ana")
    browser = Browser()
    browser.begin(email="ana@example.com", name="Ana")
    browser.say("I am one of you")
    ticket = Ticket.objects.get()
    assert ticket.asker is not None
    assert (ticket.asker.user, ticket.asker.verified) == (None, False)
    assert Message.objects.get().role == "asker"


# ------------------------------------------------------------------ where from, and how much


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", f"{SITE}.evil.example"])
def test_foreign_origins_are_refused(visitor: Browser, origin: str) -> None:
    visitor.origin = origin
    refused = visitor.call("POST", "messages/", {"client_id": "line-0001", "body": "x"})
    assert refused.status_code == 403
    assert "Access-Control-Allow-Origin" not in refused
    assert not Delivery.objects.exists()


def test_our_own_frame_and_the_site_may_ask(visitor: Browser) -> None:
    preflight = visitor.call("OPTIONS", "messages/")
    assert (preflight.status_code, preflight["Access-Control-Allow-Origin"]) == (204, SITE)
    visitor.origin = "http://127.0.0.1:8000"
    assert visitor.say("from the frame").status_code == 201


@pytest.mark.usefixtures("window")
def test_a_flood_is_answered_with_429_and_others_are_not_slowed(visitor: Browser) -> None:
    codes = [
        visitor.call("POST", "messages/", {"client_id": f"line-{n:04}", "body": "x"}).status_code
        for n in range(25)
    ]
    assert set(codes[:20]) == {201}
    assert 429 in codes
    other = Browser()
    other.begin()
    assert other.say("hello").status_code == 201


@pytest.mark.usefixtures("window")
def test_sessions_of_one_address_are_limited(chat: Channel) -> None:
    change_setting("chat_visitors_per_address_hour", 3)
    codes = [Browser().begin().status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]


def test_large_things_are_413(visitor: Browser) -> None:
    long = visitor.call("POST", "messages/", {"client_id": "line-0001", "body": "x" * 4001})
    huge = visitor.call("POST", "messages/", {"client_id": "line-0001", "body": "x" * 300_000})
    assert (long.status_code, huge.status_code) == (413, 413)
    headers = {"origin": SITE, "authorization": f"Bearer {visitor.token}"}
    big = {"client_id": "file-0001", "file": SimpleUploadedFile("x.zip", b"0" * 11_000_000)}
    assert Client().post("/chat/docs/files/", big, headers=headers).status_code == 413
    lying = Client().generic(
        "POST", "/chat/docs/files/", b"x", headers={**headers, "content-length": "100000000"}
    )
    assert lying.status_code == 413
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("name", ["x.svg", "x.html", "x", "x.exe", "x.png.svg"])
def test_files_that_could_run_are_415(visitor: Browser, name: str) -> None:
    headers = {"origin": SITE, "authorization": f"Bearer {visitor.token}"}
    given = {"client_id": "file-0001", "file": SimpleUploadedFile(name, b"<svg onload=alert(1)>")}
    assert Client().post("/chat/docs/files/", given, headers=headers).status_code == 415


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](https://evil.example/p.gif)",
        '<img src=x onerror="alert(1)">',
        "<svg/onload=alert(1)>",
    ],
)
def test_payloads_come_out_harmless(visitor: Browser, text: str) -> None:
    visitor.say(text)
    html = visitor.read()[0]["html"]
    for bad in ("<script", "<img", "<svg", 'href="javascript'):
        assert bad not in html


def test_only_the_sites_may_frame_it(chat: Channel) -> None:
    answer_ = Client().get("/chat/docs/frame/")
    policy = answer_["Content-Security-Policy"]
    assert policy.endswith(f"frame-ancestors 'self' {SITE}")
    assert "unsafe" not in policy
    assert "X-Frame-Options" not in answer_
    script = Client().get("/chat/docs/widget.js")
    assert script["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert Client().get("/chat/nowhere/frame/").status_code == 404
