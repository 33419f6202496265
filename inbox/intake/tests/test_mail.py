"""The main job without a network: a mail through the inlet becomes a routed ticket (S10–S31)."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from inbox import pipeline
from inbox.accounts.models import User
from inbox.channels import inlet
from inbox.channels.models import Channel
from inbox.common.versions import bump
from inbox.common.work import Actor
from inbox.handbook.services import load
from inbox.outbox.models import Outgoing
from inbox.routing.models import Rule
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Ticket
from inbox.tickets.tokens import token_for

PRESET = Path(__file__).resolve().parents[2] / "handbook" / "presets" / "devrel.yaml"
NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def handbook(db: None) -> None:
    """The shipped preset."""
    load(PRESET.read_text())


def mail(
    *,
    to: str = "support@example.com",
    sender: str = "Mira Kovac <mira@community.example>",
    subject: str = "How do I start?",
    body: str = "Hello, how do I start the pipeline?",
    message_id: str = "<1@community.example>",
    extra: str = "",
) -> bytes:
    """A small mail."""
    head = f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: {message_id}\r\n"
    date = "Date: Wed, 18 Nov 2026 09:59:00 +0100\r\n"
    return (head + date + extra + "\r\n" + body + "\r\n").encode()


def arrive(raw: bytes, key: str = "support", now: datetime = NOW) -> str:
    """Offer a mail to a mailbox and process it."""
    channel = Channel.objects.get(kind="email", key=key)
    delivery = inlet.receive(
        channel, dedupe_key=f"{hash(raw)}", headers={"x-source": "pipe"}, body=raw, now=now
    )
    return pipeline.process_delivery(delivery.pk, now=now) if delivery else "duplicate"


def test_question_becomes_an_open_ticket_for_whoever_is_on_duty() -> None:
    """S10: triaged with a category and an owner, with a soft target (S1)."""
    assert arrive(mail()) == "done"
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.category, ticket.waiting_on) == ("open", "Question", "us")
    assert ticket.owner is not None
    assert ticket.asker is not None
    assert ticket.asker.external_id == "mira@community.example"
    clock = ticket.clocks.get()
    assert (clock.metric, clock.soft, clock.unit) == ("first_response", True, "business_hours")
    assert ticket.next_due_at == clock.due_at
    assert not Outgoing.objects.exists()


def test_security_report_is_restricted_and_acknowledged_by_the_next_business_day() -> None:
    """S11, S12, S14: category, team, and the end of the next business day."""
    arrive(mail(to="security@example.com", subject="XSS in the console"), key="security")
    ticket = Ticket.objects.get()
    assert (ticket.category, ticket.kind, ticket.priority) == ("Security Issue", "security", "high")
    assert ticket.restricted_team is not None
    assert ticket.restricted_team.key == "security"
    clocks = {clock.metric: clock for clock in ticket.clocks.all()}
    assert set(clocks) == {"acknowledge", "update"}
    assert clocks["acknowledge"].due_at == datetime(2026, 11, 19, 18, 0, tzinfo=UTC)


def test_invoice_is_forwarded_once_when_accounts_payable_was_not_copied() -> None:
    """S29: category, solved, and forwarded unless copied."""
    raw = mail(to="billing@example.com", subject="Invoice 2026-114", body="Please find attached.")
    arrive(raw, key="billing")
    ticket = Ticket.objects.get()
    assert (ticket.category, ticket.status, ticket.resolution) == (
        "Accounts Payable",
        "closed",
        "solved",
    )
    sent = Outgoing.objects.get()
    assert (sent.kind, sent.payload["to"]) == ("forward", ["accounts-payable@example.com"])
    assert not ticket.clocks.filter(state__in=["running", "paused"]).exists()


def test_invoice_with_accounts_payable_in_copy_is_not_forwarded() -> None:
    """S29: they have it already."""
    extra = "Cc: Accounts-Payable@example.com\r\n"
    raw = mail(to="billing@example.com", subject="Invoice 7", extra=extra)
    arrive(raw, key="billing")
    assert Ticket.objects.get().status == "closed"
    assert not Outgoing.objects.exists()


def test_answer_and_customers_reply_stay_on_one_ticket() -> None:
    """L1: the reply joins by our Message-ID, reopens, and the next response is owed."""
    arrive(mail())
    ticket = Ticket.objects.get()
    ana = User.objects.get(username="ana")
    with pipeline.change(Actor.user(ana), now=NOW):
        tickets.reply(ticket, body="Run `mill start`.", user=ana, then="wait")
    ticket.refresh_from_db()
    assert (ticket.status, ticket.waiting_on) == ("in_progress", "them")
    row = Outgoing.objects.get()
    assert row.payload["to"] == ["mira@community.example"]
    assert row.payload["in_reply_to"] == "<1@community.example>"
    extra = f"In-Reply-To: {row.payload['external_id']}\r\n"
    reply = mail(message_id="<2@community.example>", subject="Re: How do I start?", extra=extra)
    arrive(reply)
    ticket.refresh_from_db()
    assert (Ticket.objects.count(), ticket.message_count) == (1, 3)
    assert (ticket.status, ticket.waiting_on) == ("open", "us")
    last = ticket.messages.latest("id")
    assert (last.matched_by, last.flags) == ("in_reply_to", [])
    assert {c.metric: c.state for c in ticket.clocks.all()} == {
        "first_response": "met",
        "next_response": "running",
    }


def test_pleasantry_reopens_nothing() -> None:
    """H 3: "thanks!" is filed and starts no clock."""
    arrive(mail())
    ticket = Ticket.objects.get()
    with pipeline.change(Actor.system("test"), now=NOW):
        tickets.close(ticket, resolution="answered")
    extra = "In-Reply-To: <1@community.example>\r\n"
    arrive(mail(message_id="<3@community.example>", body="Thanks, that works!", extra=extra))
    ticket.refresh_from_db()
    assert (ticket.status, ticket.message_count) == ("closed", 2)


def test_stranger_with_a_customers_id_opens_a_ticket_of_their_own_with_a_hint() -> None:
    """L1, trust 16: an id that is not ours joins only for people who take part."""
    arrive(mail())
    extra = "In-Reply-To: <1@community.example>\r\n"
    raw = mail(sender="eve@evil.example", message_id="<9@evil.example>", extra=extra)
    arrive(raw)
    assert Ticket.objects.count() == 2
    assert Ticket.objects.latest("number").hint == Ticket.objects.earliest("number")


def test_token_of_a_recipient_joins_and_marks_a_stranger_unverified() -> None:
    """L1: the signed plus-address."""
    arrive(mail())
    ticket = Ticket.objects.get()
    token = token_for(ticket.pk, "mira@community.example")
    raw = mail(to=f"support+t.{token}@example.com", message_id="<5@community.example>")
    arrive(raw)
    assert Message.objects.latest("id").matched_by == "reply_token"
    assert Ticket.objects.count() == 1


def test_guessed_token_opens_a_new_ticket() -> None:
    """L1: no unsigned number ever joins."""
    arrive(mail())
    guessed = f"support+t.{Ticket.objects.get().pk}-aaaaaaaaaaaaaaaa@example.com"
    arrive(mail(to=guessed, sender="eve@evil.example", message_id="<6@evil.example>"))
    assert Ticket.objects.count() == 2


def test_empty_ids_match_nothing() -> None:
    """L3: two mails without any id are two tickets, and so is one that names an empty one."""
    arrive(mail(message_id="", body="The first of all"))
    arrive(mail(message_id="", body="The second", extra="In-Reply-To: \r\nReferences: <>\r\n"))
    assert Ticket.objects.count() == 2


def test_an_answer_to_a_mail_of_many_opens_a_linked_ticket() -> None:
    """L3: what went to a crowd joins nobody's conversation, not even for one of the crowd."""
    crowd = ", ".join(f"member{n}@community.example" for n in range(60))
    arrive(mail(extra=f"Cc: {crowd}\r\n"))
    extra = "In-Reply-To: <1@community.example>\r\n"
    sender = "member7@community.example"
    arrive(mail(sender=sender, message_id="<7@community.example>", extra=extra))
    first, second = Ticket.objects.order_by("number")
    assert second.hint == first


def test_a_changed_subject_stays_and_is_flagged() -> None:
    """L4: marks of replies and forwards are no change."""
    arrive(mail())
    said = {}
    for number, subject in enumerate(("AW: Re: how do I start?", "Something else entirely"), 2):
        extra = "In-Reply-To: <1@community.example>\r\n"
        mark = f"<{number}@community.example>"
        arrive(mail(message_id=mark, subject=subject, body=f"Line {number}", extra=extra))
        said[subject] = Message.objects.latest("id").flags
    assert list(said.values()) == [[], ["subject_changed"]]
    assert Ticket.objects.get().subject == "How do I start?"


def test_a_reply_to_another_mailbox_joins_all_the_same() -> None:
    """L7: the mailbox is no part of what is matched."""
    arrive(mail())
    extra = "In-Reply-To: <1@community.example>\r\n"
    arrive(mail(to="jobs@example.com", message_id="<8@community.example>", extra=extra), key="jobs")
    assert Ticket.objects.get().message_count == 2


def test_one_mail_to_two_mailboxes_is_one_ticket_also_received() -> None:
    """L5."""
    raw = mail(to="support@example.com, jobs@example.com")
    arrive(raw)
    assert arrive(raw, key="jobs") == "ignored"
    ticket = Ticket.objects.get()
    assert [str(r.channel) for r in ticket.messages.get().receipts.all()] == ["email/jobs"]


def test_staff_answer_from_their_own_client_is_outgoing_and_not_sent_again() -> None:
    """L2."""
    arrive(mail())
    extra = "In-Reply-To: <1@community.example>\r\nCc: support@example.com\r\n"
    raw = mail(
        sender="Ana Sousa <ana@example.com>",
        to="mira@community.example",
        message_id="<7@example.com>",
        extra=extra,
    )
    arrive(raw)
    message = Message.objects.latest("id")
    assert (message.direction, message.role, message.flags) == (
        "out",
        "team",
        ["sender_unverified"],
    )
    assert not Outgoing.objects.exists()


def test_vacation_note_without_a_ticket_is_kept_as_a_delivery_only() -> None:
    """L8."""
    extra = "Auto-Submitted: auto-replied\r\n"
    assert arrive(mail(subject="Out of office", extra=extra)) == "ignored"
    assert not Ticket.objects.exists()


def test_reply_that_is_faster_than_its_question_ends_on_one_ticket() -> None:
    """Deliveries come in any order."""
    extra = "In-Reply-To: <1@community.example>\r\nReferences: <1@community.example>\r\n"
    arrive(mail(message_id="<2@community.example>", subject="Re: How do I start?", extra=extra))
    arrive(mail())
    assert Ticket.objects.count() == 1
    assert Message.objects.count() == 2


def greeting() -> None:
    """A rule that answers everybody."""
    Rule.objects.create(
        key="greet", label="Greet", actions=[{"answer": "We have got your mail."}], order=0
    )
    bump("rules")


def test_two_desks_that_answer_each_other_stop_at_once() -> None:
    """L8: our automatic answer comes back as another desk's automatic answer; nobody answers it."""
    greeting()
    arrive(mail(sender="other@desk.example.net", subject="Question"))
    ours = Outgoing.objects.get()
    assert ours.payload["automatic"] == "auto-replied"
    back = f"In-Reply-To: {ours.payload['external_id']}\r\nAuto-Submitted: auto-replied\r\n"
    for n in range(5):
        arrive(
            mail(
                sender="other@desk.example.net",
                subject="Re: Question",
                message_id=f"<auto{n}@desk.example.net>",
                extra=back,
            )
        )
    assert (Outgoing.objects.count(), Ticket.objects.count()) == (1, 1)


def test_robot_without_marks_gets_a_few_answers_a_day_never_a_storm() -> None:
    """L8: the cap holds when nothing else tells that it is a robot."""
    greeting()
    for n in range(30):
        arrive(mail(sender="helper@desk.example.net", message_id=f"<r{n}@desk.example.net>"))
    assert Ticket.objects.count() == 30
    assert 1 <= Outgoing.objects.count() <= 5
