"""A typed address is confirmed by a click, never by a scanner; transcripts go there alone."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from inbox.accounts.models import User
from inbox.channels.models import Channel
from inbox.livechat.models import Conversation, Visitor
from inbox.livechat.tests.conftest import Browser, answer
from inbox.livechat.tests.test_rating import link_in, mails, stranger
from inbox.outbox import effects
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Ticket
from rig.desk import act, agent, mailbox

pytestmark = pytest.mark.django_db
ADDRESS = "Mira@example.org"


@pytest.fixture
def gone(chat: Channel) -> Browser:
    """A visitor who typed an address, wrote, and closed the tab."""
    mailbox("support")
    chat.settings["mail_channel"] = "email/support"
    chat.save()
    browser = Browser()
    browser.begin(email=ADDRESS, name="Win $$$ at evil.example")
    browser.say("question")
    browser.call("POST", "leave/", {})
    return browser


def first_mail() -> Outgoing:
    answer(Ticket.objects.get(), "the answer")
    (mail,) = mails()
    return mail


def test_the_first_mail_asks_and_holds_nothing_of_the_visitors(gone: Browser) -> None:
    mail = first_mail()
    sent = str(mail.payload)
    assert "the answer" in sent
    assert "evil.example" not in sent
    assert "question" not in sent
    assert link_in(mail, "confirm")
    assert not link_in(mail)  # the chat goes on: nothing to rate


def test_a_scanner_confirms_nothing_and_a_click_does(gone: Browser) -> None:
    path = link_in(first_mail(), "confirm")
    page = stranger().get(path)
    assert "mira@example.org" in page.content.decode().lower()
    stranger().head(path)
    assert Conversation.objects.get().email_confirmed_at is None
    answer(Ticket.objects.get(), "the second answer")
    assert len(mails(60)) == 1
    done = stranger().post(path)
    assert "is confirmed" in done.content.decode()
    assert Conversation.objects.get().email_confirmed_at is not None
    assert Visitor.objects.get().confirmed_email == "mira@example.org"
    later = mails(61)
    assert len(later) == 2
    assert "the second answer" in later[1].payload["text"]
    assert not link_in(later[1], "confirm")
    assert stranger().post(path).status_code == 200  # once more changes nothing


def test_a_confirmed_address_stays_theirs_in_the_next_chat(gone: Browser) -> None:
    stranger().post(link_in(first_mail(), "confirm"))
    Conversation.objects.update(ended_at=timezone.now() - timedelta(days=2))
    gone.begin()
    assert Conversation.objects.order_by("-pk")[0].email_confirmed_at is not None
    other = Browser()
    other.begin(email=ADDRESS)  # the same address typed by somebody else
    assert Conversation.objects.order_by("-pk")[0].email_confirmed_at is None


def test_another_address_or_a_week_makes_the_link_void(gone: Browser) -> None:
    path = link_in(first_mail(), "confirm")
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert stranger().post(path).status_code == 404
    gone.begin(email="victim@example.com")
    assert stranger().post(path).status_code == 404
    assert Conversation.objects.get().email_confirmed_at is None


def test_forged_confirmations_are_unknown(gone: Browser) -> None:
    token = link_in(first_mail(), "confirm").split("/")[2]
    rating = f"/confirm/{token[:-1]}/"
    assert stranger().post(rating).status_code == 404
    assert stranger().post(f"/csat/{token}/", {"score": "1"}).status_code == 404
    assert stranger().post("/confirm/1.x.9999999999./").status_code == 404
    assert Conversation.objects.get().email_confirmed_at is None


# ------------------------------------------------------------------ transcripts


@pytest.fixture
def known(gone: Browser) -> Browser:
    """The same visitor, whose address is known to be theirs."""
    Conversation.objects.update(email_confirmed_at=timezone.now())
    return gone


def test_a_transcript_has_no_notes_and_nothing_deleted(known: Browser) -> None:
    ticket = Ticket.objects.get()
    act(tickets.add_note, ticket, body="canary-note", user=agent("ana"))
    answer(ticket, "wrong words")
    answer(ticket, "canary-deleted")
    kept, deleted = Message.objects.filter(direction="out", visibility="public").order_by("pk")
    act(effects.amend, kept, text="right words", at=timezone.now())
    act(effects.withdraw, deleted, at=timezone.now())
    assert known.begin().json()["transcript"] is True
    assert known.call("POST", "transcript/", {}).status_code == 202
    text = Outgoing.objects.filter(kind="chat_mail").order_by("-pk")[0].payload["text"]
    assert "question" in text
    assert "right words" in text
    for never in ("canary", "wrong words"):
        assert never not in text


def test_an_agent_sends_it_to_a_confirmed_address_alone(known: Browser, ana: User) -> None:
    ticket = Ticket.objects.get()
    desk = Client()
    desk.force_login(ana)
    address = f"/tickets/{ticket.number}/"
    assert "Send them the transcript" in desk.get(address).content.decode()
    codes = [desk.post(f"{address}transcript/").status_code for _ in range(4)]
    assert codes == [302, 302, 302, 422]
    assert Outgoing.objects.filter(kind="chat_mail").count() == 3
    Conversation.objects.update(email_confirmed_at=None)
    assert "Send them the transcript" not in desk.get(address).content.decode()
    assert desk.post(f"{address}transcript/").status_code == 422
    assert Outgoing.objects.filter(kind="chat_mail").count() == 3


@pytest.fixture
def ana(db: None) -> User:
    """An agent."""
    return agent("ana")
