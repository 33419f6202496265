"""What is asked before the first line, what rules make of it, and a visitor's earlier chats."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from inbox.channels.models import Channel
from inbox.common.versions import bump
from inbox.livechat.identity import proof
from inbox.livechat.models import Conversation
from inbox.livechat.tests.conftest import SECRET, SITE, Browser, answer, file_all
from inbox.operations.connecting import connect
from inbox.routing.models import Rule
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from rig.desk import act, agent
from rig.desk import ticket as mail_ticket

pytestmark = pytest.mark.django_db
TOPICS = {"topics": "Billing, Self-hosting , Billing", "ask_topic": "required"}


def test_the_session_says_what_is_asked(chat: Channel) -> None:
    shown = Browser().begin().json()
    assert shown["fields"] == {"name": "off", "email": "optional", "topic": "off"}
    assert (shown["topics"], shown["history"], shown["transcript"]) == ([], [], False)
    assert shown["kept_months"] is None
    connect("livechat", "docs", {**TOPICS, "ask_name": "optional", "ask_email": "required"})
    shown = Browser().begin().json()
    assert shown["fields"] == {"name": "optional", "email": "required", "topic": "required"}
    assert shown["topics"] == ["Billing", "Self-hosting"]


def test_what_is_required_is_answered_before_the_first_line(chat: Channel) -> None:
    connect("livechat", "docs", {**TOPICS, "ask_name": "required", "ask_email": "required"})
    browser = Browser()
    browser.begin()
    refused = browser.say("hello")
    wanted = {"name": "required", "email": "required", "topic": "required"}
    assert (refused.status_code, refused.json()["errors"]) == (400, wanted)
    assert browser.begin(topic="Weather").json()["errors"] == {"topic": "unknown"}
    browser.begin(name="Ada", email="ada@example.org", topic="Billing")
    assert browser.say("hello").status_code == 201
    connect("livechat", "docs", {"topics": "Sales"})  # who has begun is not asked again
    assert browser.say("one more", "line-0002").status_code == 201


@pytest.mark.parametrize(
    "given",
    [
        {"ask_name": "maybe"},
        {"ask_topic": "optional", "topics": ""},
        {"ask_topic": "optional", "topics": " , "},
        {"topics": "x" * 81},
        {"proof": "sometimes"},
        {"without_origin": "1"},
        {"identity_previous_until": "20261231"},
        {"identity_secret_previous": "short"},
    ],
)
def test_settings_that_cannot_be_are_refused(chat: Channel, given: dict[str, str]) -> None:
    desk = Client()
    desk.force_login(agent("boss", role="admin"))
    before = dict(chat.settings)
    assert desk.post("/channels/livechat/docs/", given).status_code == 422
    chat.refresh_from_db()
    assert chat.settings == before


def rule(field: str, value: Any, category: str, *, trigger: str = "message") -> None:
    Rule.objects.create(
        key=f"by-{field}",
        label=f"By {field}",
        trigger=trigger,
        condition={field: value},
        actions=[{"category": category}],
    )
    bump("rules")


def test_a_rule_goes_by_the_topic_and_the_ticket_shows_it(chat: Channel) -> None:
    connect("livechat", "docs", TOPICS)
    rule("topic", "Billing", "Accounts Payable")
    billed, other = Browser(), Browser()
    sent = {"topic": "Billing", "referrer": "https://search.example/find?q=secret#x"}
    billed.begin(**sent)
    billed.say("My invoice")
    other.begin(topic="Self-hosting")
    other.say("My server", "line-0009")
    first, second = Ticket.objects.order_by("number")
    assert (first.category, second.category) == ("Accounts Payable", "")
    desk = Client()
    desk.force_login(agent("ana"))
    page = desk.get(f"/tickets/{first.number}/").content.decode()
    assert "Topic: <b>Billing</b>" in page
    assert f"{SITE}/start" in page
    assert "Came from https://search.example/find<" in page
    assert "secret" not in page


def test_later_rules_know_topic_and_page_too(chat: Channel) -> None:
    connect("livechat", "docs", TOPICS)
    browser = Browser()
    browser.begin(topic="Billing")
    browser.say("My invoice")
    rule("page", {"ends_with": "/start"}, "Start", trigger="state")
    ticket = Ticket.objects.get()
    desk = Client()
    desk.force_login(agent("ana"))
    desk.post(f"/tickets/{ticket.number}/fields/", {"priority": "high"})
    ticket.refresh_from_db()
    assert ticket.category == "Start"
    mail = mail_ticket()
    desk.post(f"/tickets/{mail.number}/fields/", {"priority": "high"})
    mail.refresh_from_db()
    assert mail.category == ""


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("https://docs.example.com/a?token=x#frag", "https://docs.example.com/a"),
        ("https://ada:secret@docs.example.com/a", "https://docs.example.com/a"),
        ("http://docs.example.com:8080/", "http://docs.example.com:8080/"),
        ("javascript:alert(1)", ""),
        ("https://", ""),
        ("https://[x/", ""),
        ("data:text/html,x", ""),
        ("httpx://docs.example.com/", ""),
        ("/start", ""),
    ],
)
def test_of_a_page_only_its_place_is_kept(chat: Channel, page: str, kept: str) -> None:
    Browser().begin(page=page, referrer=page)
    row = Conversation.objects.get()
    assert (row.page, row.referrer) == (kept, kept)


# ------------------------------------------------------------------ history


def chat_again(browser: Browser, text: str, line: str) -> str:
    """End what is going on, begin anew; the new conversation's key."""
    Conversation.objects.update(ended_at=timezone.now() - timedelta(days=2))
    key: str = browser.begin().json()["conversation"]
    browser.say(text, line)
    return key


def test_a_returning_visitor_reads_their_own_earlier_chats(visitor: Browser) -> None:
    first = Conversation.objects.get().key
    visitor.say("the first   question")
    answer(Ticket.objects.get(), "the first answer")
    act(tickets.add_note, Ticket.objects.get(), body="a note", user=agent("ana"))
    chat_again(visitor, "the second question", "line-0002")
    (told,) = visitor.begin().json()["history"]
    assert (told["conversation"], told["title"]) == (first, "the first question")
    read = visitor.call("GET", f"messages/?conversation={first}").json()["results"]
    assert [row["text"] for row in read] == ["the first   question", "the first answer"]
    behind = visitor.call("GET", f"messages/?conversation={first}&after={read[0]['id']}").json()
    assert [row["text"] for row in behind["results"]] == ["the first answer"]
    assert Conversation.objects.get(key=first).seen_at is None  # reading is no presence
    assert [row["text"] for row in visitor.read()] == ["the second question"]


def test_history_is_the_newest_ten_in_which_something_was_said(
    visitor: Browser, django_assert_num_queries: Any
) -> None:
    Conversation.objects.all().delete()
    visitor_id = visitor.begin() and Conversation.objects.get().visitor_id
    for number in range(12):
        Conversation.objects.update(ended_at=timezone.now() - timedelta(days=2))
        Conversation.objects.create(
            channel=Channel.objects.get(), visitor_id=visitor_id, key=f"empty{number}",
            created_at=timezone.now(), ended_at=timezone.now() - timedelta(days=2),
        )  # fmt: skip
        made = Conversation.objects.create(
            channel=Channel.objects.get(), visitor_id=visitor_id, key=f"key{number}",
            created_at=timezone.now(),
        )  # fmt: skip
        assert visitor.say(f"question {number}", f"line-{number:04}").status_code == 201
        assert made.key == f"key{number}"
    Conversation.objects.update(ended_at=timezone.now() - timedelta(days=2))
    told = visitor.begin().json()["history"]
    assert [row["title"] for row in told] == [f"question {n}" for n in range(11, 1, -1)]


def test_another_visitors_chat_is_as_unknown_as_none(visitor: Browser) -> None:
    visitor.say("secret")
    key = Conversation.objects.get().key
    stranger = Browser()
    # a claim shows nothing: neither the address nor the name makes somebody else
    begun = stranger.begin(email="mira@example.org", name="Mira", user_id="user-42").json()
    assert begun["history"] == []
    for wanted in (key, "0" * 32, "key\x00", "%00", "é"):
        refused = stranger.call("GET", f"messages/?conversation={wanted}")
        assert refused.status_code == 404
        assert refused.json()["detail"] == "There is no such chat."


def test_a_proven_person_finds_earlier_chats_on_another_device(chat: Channel) -> None:
    proven = {"user_id": "user-42", "user_hash": proof(SECRET, "user-42", "")}
    laptop, phone = Browser(), Browser()
    first = laptop.begin(**proven).json()["conversation"]
    laptop.say("from the laptop")
    Conversation.objects.update(ended_at=timezone.now() - timedelta(days=2))
    told = phone.begin(**proven).json()["history"]
    assert [row["title"] for row in told] == ["from the laptop"]
    assert len(phone.call("GET", f"messages/?conversation={first}").json()["results"]) == 1


def test_files_of_an_earlier_chat_are_still_theirs(visitor: Browser) -> None:
    from_earlier = visitor.attach(SimpleUploadedFile("log.txt", b"boom"))
    assert from_earlier.status_code == 201
    file_all()
    (file,) = visitor.read()[0]["files"]
    chat_again(visitor, "another day", "line-0002")
    assert visitor.call("GET", f"files/{file['id']}/").content == b"boom"
    stranger = Browser()
    stranger.begin()
    assert stranger.call("GET", f"files/{file['id']}/").status_code == 404
