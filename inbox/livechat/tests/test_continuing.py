"""When the visitor has gone: the answer by mail, and the mail's reply on the ticket."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inbox.channels.models import Channel
from inbox.intake.tests.test_mail import arrive
from inbox.livechat import continuing
from inbox.livechat.models import Conversation
from inbox.livechat.tests.conftest import Browser, answer
from inbox.operations import sweep
from inbox.outbox.models import Outgoing
from inbox.tickets.models import Message, Ticket
from rig.desk import mailbox

pytestmark = pytest.mark.django_db
ADDRESS = "mira@example.org"


@pytest.fixture
def gone(chat: Channel) -> Browser:
    """A visitor who left an address, wrote, and closed the tab."""
    mailbox("support")
    chat.settings["mail_channel"] = "email/support"
    chat.save()
    browser = Browser()
    browser.begin(email=ADDRESS, name="Mira")
    browser.say("question")
    assert browser.call("POST", "leave/", {}).status_code == 204
    return browser


def mails() -> list[Outgoing]:
    """What is queued by mail."""
    sweep.tick(now=timezone.now())
    return list(Outgoing.objects.filter(kind="chat_mail").order_by("pk"))


def reply_to(row: Outgoing, text: str, n: int, *, sender: str = ADDRESS) -> None:
    """A mail to the address with the token."""
    token = row.payload["reply_token"]
    arrive(
        f"From: Mira <{sender}>\r\nTo: support+t.{token}@example.com\r\n"
        f"Subject: Re: {row.payload['subject']}\r\nMessage-ID: <r{n}@example.org>\r\n"
        "Date: Wed, 18 Nov 2026 10:00:00 +0000\r\n\r\n"
        f"{text}\r\n".encode()
    )


def test_the_answer_goes_by_mail_and_its_reply_joins(gone: Browser) -> None:
    ticket = Ticket.objects.get()
    answer(ticket, "With **pg_drop**.", then="wait")
    (row,) = mails()
    assert (row.channel.kind, row.payload["to"]) == ("email", [ADDRESS])
    assert "With **pg_drop**." in row.payload["text"]
    assert "question" not in row.payload["text"]  # nothing that the visitor chose
    reply_to(row, "That helped, and now?", 1)
    ticket.refresh_from_db()
    assert (Ticket.objects.count(), ticket.status) == (1, "open")
    last = Message.objects.order_by("-pk")[0]
    assert (last.new_text.strip(), last.role) == ("That helped, and now?", "asker")
    assert [row["text"].strip() for row in gone.read()][-1] == "That helped, and now?"
    assert Conversation.objects.get().email_confirmed_at is not None


def test_somebody_who_is_here_gets_no_mail(gone: Browser) -> None:
    gone.read()
    answer(Ticket.objects.get(), "here")
    assert mails() == []
    last = gone.read()[-1]["id"]
    gone.call("POST", "read/", {"id": last})
    gone.call("POST", "leave/", {})
    sweep.tick(now=timezone.now() + timedelta(minutes=11))
    assert mails() == []


def test_what_nobody_reads_is_mailed_later(gone: Browser) -> None:
    gone.read()
    answer(Ticket.objects.get(), "here")
    sweep.tick(now=timezone.now() + timedelta(minutes=11))
    assert len(mails()) == 1


def test_a_claimed_address_gets_one_mail_until_it_answers(gone: Browser) -> None:
    ticket = Ticket.objects.get()
    answer(ticket, "first")
    (row,) = mails()
    later = timezone.now() + timedelta(minutes=20)
    answer(ticket, "second")
    sweep.tick(now=later)
    assert len(mails()) == 1
    other = Browser()
    other.begin(email=ADDRESS)
    other.say("again", "line-0002")
    other.call("POST", "leave/", {})
    answer(Ticket.objects.order_by("-number")[0], "third")
    assert len(mails()) == 1
    reply_to(row, "yes?", 1)
    answer(ticket, "fourth")
    sweep.tick(now=later)
    sweep.tick(now=later + timedelta(minutes=20))
    found = Outgoing.objects.filter(kind="chat_mail").order_by("pk")
    assert len(found) == 2
    assert "fourth" in found[1].payload["text"]


def test_a_strangers_mail_with_the_token_is_marked(gone: Browser) -> None:
    answer(Ticket.objects.get(), "answer")
    (row,) = mails()
    reply_to(row, "let me in", 2, sender="eve@evil.example")
    ticket = Ticket.objects.order_by("number")[0]
    assert "let me in" not in str([row["text"] for row in gone.read()])
    assert not ticket.messages.filter(role="asker", new_text__contains="let me in").exists()
    assert Conversation.objects.get().email_confirmed_at is None


@pytest.mark.parametrize("address", ["support@example.com", "support+x@example.com"])
def test_our_own_addresses_are_never_written_to(gone: Browser, address: str) -> None:
    gone.begin(email=address)
    gone.call("POST", "leave/", {})
    answer(Ticket.objects.get(), "loop")
    assert mails() == []


def test_transcripts_go_only_to_confirmed_addresses(gone: Browser) -> None:
    assert gone.call("POST", "transcript/", {}).status_code == 409
    Conversation.objects.update(email_confirmed_at=timezone.now())
    codes = [gone.call("POST", "transcript/", {}).status_code for _ in range(4)]
    assert codes == [202, 202, 202, 429]
    assert "question" in mails()[0].payload["text"]
    gone.begin(email="another@example.org")
    assert gone.call("POST", "transcript/", {}).status_code == 409


def test_without_a_mailbox_nothing_is_mailed(gone: Browser, chat: Channel) -> None:
    chat.refresh_from_db()
    chat.settings["mail_channel"] = "email/nowhere"
    chat.save()
    answer(Ticket.objects.get(), "answer")
    assert mails() == []
    assert continuing.due_ids(timezone.now()) == []
