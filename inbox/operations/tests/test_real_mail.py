"""The main job with a real IMAP server, a real SMTP server and the shipped handbook."""

from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from django.utils import timezone

from inbox import pipeline
from inbox.accounts.models import User
from inbox.channels.models import Channel, Delivery
from inbox.common.work import Actor
from inbox.handbook.services import load
from inbox.oncall.services import on_duty
from inbox.operations import draining, polling
from inbox.operations.connecting import connect
from inbox.operations.tests.handbook_mails import CASES, Case
from inbox.outbox.models import Outgoing
from inbox.routing.models import RuleTrace
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Ticket
from rig.dovecot import Dovecot
from rig.smtp import SmtpSink

PRESET = Path(__file__).resolve().parents[2] / "handbook" / "presets" / "devrel.yaml"
BOXES = ("support", "security", "jobs", "billing")

pytestmark = [pytest.mark.django_db, pytest.mark.mail]


@pytest.fixture
def desk(dovecot: Dovecot, smtp_sink: SmtpSink) -> Dovecot:
    """The preset with its four mailboxes on the real servers."""
    load(PRESET.read_text())
    for box in BOXES:
        address = f"{box}@example.com"
        urls = {"imap_url": dovecot.url(address), "smtp_url": smtp_sink.url()}
        said = connect("email", box, {"address": address, **urls})
        assert said["check"] == "IMAP: signed in, 0 mails; SMTP: signed in"
    return dovecot


def fetch_and_drain() -> None:
    """`manage.py poll` and `manage.py drain`."""
    polling.poll_now(None, now=timezone.now())
    _, empty = draining.drain(timeout_seconds=60)
    assert empty


def ticket_of(case: Case) -> Ticket | None:
    """The ticket that holds the case's mail."""
    return Ticket.objects.filter(messages__external_id=f"<{case.key}@writers.example.org>").first()


def outcome(case: Case) -> dict[str, object] | None:
    """What became of a case, in the words of the case."""
    ticket = ticket_of(case)
    if ticket is None:
        return None
    return {
        "category": ticket.category,
        "status": ticket.status,
        "owner": ticket.owner.username if ticket.owner else None,
        "forwarded": tuple(
            address
            for row in Outgoing.objects.filter(ticket=ticket, kind="forward")
            for address in row.payload["to"]
        ),
        "metrics": tuple(
            sorted(ticket.clocks.exclude(state="stopped").values_list("metric", flat=True))
        ),
        "tags": tuple(ticket.tags.values_list("name", flat=True)),
    }


def wanted(case: Case) -> dict[str, object] | None:
    """What must become of a case."""
    if case.category is None:
        return None
    duty = on_duty(timezone.now())
    owner = (duty.username if duty else None) if case.owner == "on duty" else case.owner
    return {
        "category": case.category,
        "status": case.status,
        "owner": owner,
        "forwarded": case.forwarded,
        "metrics": case.metrics,
        "tags": case.tags,
    }


def test_handbook_sorts_fourteen_real_mails(desk: Dovecot, smtp_sink: SmtpSink) -> None:
    """S10–S14, S16–S17, S23–S31: exactly the category, status, assignee, forward and SLA."""
    for case in CASES:
        desk.append(f"{case.box}@example.com", case.raw)
    fetch_and_drain()
    assert {case.key: outcome(case) for case in CASES} == {case.key: wanted(case) for case in CASES}
    assert Delivery.objects.exclude(state__in=["done", "ignored"]).count() == 0
    # nothing is ever answered to robots: all that left is the one forward
    assert [letter.rcpt_to for letter in smtp_sink.letters] == [("accounts-payable@example.com",)]
    assert (
        RuleTrace.objects.filter(ticket=ticket_of(CASES[2])).get().matched[0]["rule"] == "invoices"
    )


def test_second_poll_finds_nothing_new_and_marks_nothing_twice(desk: Dovecot) -> None:
    """L6: a mail is marked seen only after the commit, and fetched once."""
    desk.append("support@example.com", CASES[9].raw)
    fetch_and_drain()
    assert desk.flags("support@example.com") == [True]
    fetch_and_drain()
    assert (Ticket.objects.count(), Delivery.objects.count()) == (1, 1)


def test_poison_mail_does_not_stop_the_mailbox(desk: Dovecot) -> None:
    """L9: the raw mail is stored first; whatever is in it, the next one is read."""
    desk.append(
        "support@example.com", b"Subject: \xff\xfe\r\nContent-Type: multipart/mixed\r\n\r\n\x00\x01"
    )
    desk.append("support@example.com", CASES[9].raw)
    fetch_and_drain()
    assert Delivery.objects.count() == 2
    assert ticket_of(CASES[9]) is not None


def test_mailbox_that_is_away_says_so_and_comes_back(desk: Dovecot) -> None:
    """A broken connection is shown in words and heals by itself."""
    desk.stop()
    polling.poll_now("support", now=timezone.now())
    channel = Channel.objects.get(key="support")
    assert (channel.health, channel.health_text) == ("error", "the mail server cannot be reached")
    desk.start()
    desk.append("support@example.com", CASES[9].raw)
    fetch_and_drain()
    channel.refresh_from_db()
    assert (channel.health, Ticket.objects.count()) == ("ok", 1)


def test_round_trip_by_smtp_threads_and_comes_back(desk: Dovecot, smtp_sink: SmtpSink) -> None:
    """An answer leaves as a proper mail; the reply to it joins, reopens, starts the right clock."""
    desk.append("support@example.com", CASES[9].raw)
    fetch_and_drain()
    ticket = Ticket.objects.get()
    ana = User.objects.get(username="ana")
    with pipeline.change(Actor.user(ana)):
        tickets.reply(ticket, body="Run **mill start**, then `mill run`.", user=ana, then="wait")
    fetch_and_drain()
    sent = message_from_bytes(smtp_sink.letters[-1].raw, policy=default)
    assert sent["In-Reply-To"] == "<question@writers.example.org>"
    assert sent["References"].split() == ["<question@writers.example.org>"]
    assert sent["Subject"] == "Re: How do I start?"
    assert sent["From"] == "Ana Sousa via Support <support@example.com>"
    assert sent["To"] == "mira@writers.example.org"
    assert sent["Reply-To"].startswith(f"support+t.{ticket.pk}-")
    assert sent["Auto-Submitted"] is None
    assert [part.get_content_type() for part in sent.iter_parts()] == ["text/plain", "text/html"]
    text, html = (part.get_content() for part in sent.iter_parts())
    assert text.startswith("Run **mill start**")
    assert "<strong>mill start</strong>" in html
    answer = (
        f"From: Mira <mira@writers.example.org>\r\nTo: {sent['Reply-To']}\r\nSubject: Re: How do I start?\r\n"
        f"Message-ID: <again@writers.example.org>\r\nIn-Reply-To: {sent['Message-ID']}\r\n\r\nIt says: no plan.\r\n\r\n"
        "On Wed, 18 Nov 2026 at 10:00, Ana wrote:\r\n> Run mill start\r\n"
    )
    desk.append("support@example.com", answer.encode())
    fetch_and_drain()
    ticket.refresh_from_db()
    assert (Ticket.objects.count(), ticket.status, ticket.waiting_on) == (1, "open", "us")
    last = Message.objects.latest("id")
    assert (last.matched_by, last.new_text) == ("in_reply_to", "It says: no plan.")
    assert {c.metric: c.state for c in ticket.clocks.all()} == {
        "first_response": "met",
        "next_response": "running",
    }
    own = (
        "From: Ana Sousa <ana@example.com>\r\nTo: mira@writers.example.org\r\nCc: support@example.com\r\n"
        "Subject: Re: How do I start?\r\nMessage-ID: <phone@example.com>\r\n"
        "In-Reply-To: <again@writers.example.org>\r\n\r\nTry `mill plan` first.\r\n"
    )
    desk.append("support@example.com", own.encode())
    fetch_and_drain()
    last = Message.objects.latest("id")
    assert (last.direction, last.role, len(smtp_sink.letters)) == ("out", "team", 1)
