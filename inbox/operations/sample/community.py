"""`sample_data`: the demo community, made through the same doors as real life.

Every mail goes through the inlet and the rules, every answer through a verb, each at its own
time in the past; nothing leaves, what would have left is marked as sent.
"""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from datetime import timezone as dt_timezone
from email.utils import format_datetime
from functools import partial

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from inbox import pipeline
from inbox.accounts.models import User
from inbox.channels import inlet
from inbox.channels.models import Channel, Delivery
from inbox.common.versions import bump
from inbox.common.work import Actor
from inbox.followups import promises
from inbox.followups.models import Handover
from inbox.loop import services as loop
from inbox.oncall import swaps
from inbox.oncall.models import Rotation
from inbox.operations.sample import (
    events,
    gatherings,
    issues,
    past,
    releases,
    rooms,
    voices,
    words,
)
from inbox.outbox.models import HeldReason, Outgoing, OutgoingState
from inbox.people import merging, standing
from inbox.people.models import Contact
from inbox.reports import services as reports
from inbox.saved import services as saved
from inbox.saved.models import SharedWith
from inbox.sla.models import Policy
from inbox.tickets import counts
from inbox.tickets import services as tickets
from inbox.tickets.models import Category, Ticket

TICKETS = 150
AGENTS = ("noor", "ilse", "tomas", "priya", "ana")
SPONSORS = "sponsors"


class AlreadyThere(Exception):
    """The desk has tickets; the sample is for an empty one."""


class NoHandbook(Exception):
    """The preset's mailboxes are missing: load the handbook first."""


def make() -> int:
    """Fill an empty desk; how many tickets it has then. Raises `AlreadyThere`, `NoHandbook`."""
    if Ticket.objects.exists():
        raise AlreadyThere
    if not Channel.objects.filter(kind="email", key="support").exists():
        raise NoHandbook
    maker = _Maker(timezone.now())
    maker.run()
    past.make(maker.users["noor"], maker.now)
    gatherings.make(maker.users, maker.now)
    for name, query in words.VIEWS:
        saved.save(
            maker.users["noor"], name=name, query=query, shared_with=SharedWith.EVERYBODY, team=None
        )
    counts.fold()
    reports.renew(now=maker.now)
    return Ticket.objects.count()


# Where the community lives, as offsets from UTC in minutes: what their mails' clocks say.
OFFSETS = (0, 60, 120, -180, -300, -480, 330, 480, 540, 180, 60, 600)


def _written(at: datetime, address: str) -> str:
    offset = OFFSETS[sum(address.encode()) % len(OFFSETS)]
    return format_datetime(at.astimezone(dt_timezone(timedelta(minutes=offset))))


class _Maker:
    """One run with its own dice, so that every sample is the same but for its times."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.dice = random.Random(20261121)  # noqa: S311 - the same community every time
        self.people = [self._person(n, name) for n, name in enumerate(words.PEOPLE)]
        self.users = {u.username: u for u in User.objects.filter(username__in=AGENTS)}
        self.count = 0

    def run(self) -> None:
        """Make everything, oldest first."""
        sponsors = self._sponsors()
        for name in sorted({row[3] for row in (*words.ROOMS, *words.CHATS)} | set(words.ABOUT)):
            Category.objects.get_or_create(name=name)
        issues.make(self.users["ilse"], self.now)
        for n, row in enumerate(words.RULED):
            self._ruled(n, row)
        for n in range(
            TICKETS - len(words.RULED + words.ISSUES + words.PULLS + words.ROOMS + words.CHATS)
        ):
            self._question(n)
        rooms.make(self.users, sponsors, self.now)
        events.make(self.users, self.now)
        self._duty()
        self._releases()
        self._settle()

    def _duty(self) -> None:
        """Somebody is away, somebody asks for a swap, and somebody promised something."""
        rotation = Rotation.objects.first()
        if rotation is None:
            return
        day = timedelta(days=1)
        noor, ilse, tomas = (self.users[name] for name in ("noor", "ilse", "tomas"))
        self._act(
            tomas,
            self.now,
            lambda: swaps.add_absence(
                tomas, starts_at=self.now + day, ends_at=self.now + 8 * day, reason="vacation"
            ),
        )
        self._act(
            noor,
            self.now,
            lambda: swaps.ask(
                rotation,
                by=noor,
                starts_at=self.now + 2 * day,
                ends_at=self.now + 2 * day + timedelta(hours=5),
                reason="at the dentist",
            ),
        )
        Handover.objects.create(
            rotation=rotation,
            shift_at=self.now - timedelta(hours=5),
            made_at=self.now - timedelta(hours=5),
            outgoing=ilse,
            incoming=tomas,
            words=words.HANDOVER,
            written_at=self.now - timedelta(hours=6),
        )
        open_ones = Ticket.objects.filter(
            lane="us", category="Question", owner__isnull=False
        ).order_by("number")
        for ticket, words_ in zip(open_ones, words.PROMISES, strict=False):
            answer, hours = words_
            self._act(ilse, self.now, partial(tickets.reply, ticket, body=answer, user=ilse))
            due_at = self.now + timedelta(hours=hours)
            keep = partial(promises.promise, ticket, due_at=due_at, words=answer)
            self._act(ilse, self.now, keep)

    def _releases(self) -> None:
        """Questions of the last weeks whose fixes came out, or come out next."""
        ended = Ticket.objects.filter(channel__key="support", status="closed", resolution="solved")
        asked = ended.filter(created_at__lt=self.now - timedelta(days=13)).order_by("-number")
        releases.make(self.users["ilse"], list(asked[:5]), self.now)

    def _person(self, n: int, name: str) -> tuple[str, str]:
        local = name.split()[0].encode("ascii", "ignore").decode().lower() or f"person{n}"
        return name, f"{local}{n}@{words.DOMAINS[n % len(words.DOMAINS)]}"

    def _sponsors(self) -> Policy:
        """A hard promise around the clock, so that every state is there on a Sunday too."""
        policy, _ = Policy.objects.get_or_create(
            key=SPONSORS,
            defaults={
                "name": "Sponsors, four hours",
                "first_response_amount": 4,
                "first_response_unit": "hours",
            },
        )
        bump("policies")
        return policy

    # ---------------------------------------------------------------- mails

    def _ruled(self, n: int, row: tuple[str, str, str, str, str, str]) -> None:
        key, address, name, subject, text, extra = row
        at = self.now - timedelta(hours=2 + 5 * n)
        self._mail(key, name, address, subject, text, at, extra=extra)

    def _question(self, n: int) -> None:
        subject, question, answer = words.QUESTIONS[n % len(words.QUESTIONS)]
        name, address = self.people[self.dice.randrange(len(self.people))]
        at = self.now - self._age(n)
        ticket = self._mail("support", name, address, subject, question, at)
        if ticket is not None:
            about = words.ABOUT[n % len(words.QUESTIONS)]
            agent = self.users[AGENTS[n % len(AGENTS)]]
            self._act(agent, at, partial(tickets.set_category, ticket, about))
            self._go_on(n, ticket, answer, at)

    def _age(self, n: int) -> timedelta:
        if n < 12:  # sponsors: over, within the hour, and later today
            return timedelta(minutes=(290, 262, 205, 190, 185, 100, 60, 30, 245, 215, 130, 15)[n])
        if n < 34:
            return timedelta(hours=self.dice.uniform(1, 40))
        return timedelta(hours=self.dice.uniform(30, 24 * 21))

    def _mail(
        self,
        key: str,
        name: str,
        address: str,
        subject: str,
        text: str,
        at: datetime,
        *,
        extra: str = "",
    ) -> Ticket | None:
        self.count += 1
        head = (
            f"From: {name} <{address}>\r\nTo: {key}@example.com\r\nSubject: {subject}\r\n"
            f"Message-ID: <sample.{self.count}@example.org>\r\nDate: {_written(at, address)}\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
        )
        raw = f"{head}{extra}\r\n{text}\r\n".encode()
        channel = Channel.objects.get(kind="email", key=key)
        # The row is processed right here, at its own time; no worker is to be quicker.
        with transaction.atomic():
            delivery = inlet.receive(
                channel,
                dedupe_key=f"sample:{self.count}",
                headers={"x-source": "pipe"},
                body=raw,
                now=at,
            )
            if delivery is not None:
                Delivery.objects.filter(pk=delivery.pk).update(not_before=at)
        if delivery is None:
            return None
        pipeline.process_delivery(delivery.pk, now=at)
        return Ticket.objects.filter(messages__delivery=delivery).first()

    # ---------------------------------------------------------------- what became of it

    def _go_on(self, n: int, ticket: Ticket, answer: str, at: datetime) -> None:
        agent = self.users[AGENTS[n % len(AGENTS)]]
        if n < 12:
            self._act(agent, at, lambda: self._promise(ticket))
        elif n < 34:
            self._recent(n, ticket, answer, agent, at)
        else:
            self._old(n, ticket, answer, agent, at)

    def _promise(self, ticket: Ticket) -> None:
        policy = Policy.objects.get(key=SPONSORS)
        if ticket.number % 3 == 0:  # somebody looked already
            user = self.users["noor"]
            tickets.add_note(ticket, body=words.NOTES[0], user=user)
        tickets.set_policy(ticket, policy, reason="a sponsor asks")
        tickets.add_tags(ticket, ["sponsor"])

    def _recent(self, n: int, ticket: Ticket, answer: str, agent: User, at: datetime) -> None:
        later = min(at + timedelta(minutes=50), self.now)
        if n % 4 == 0:
            self._act(
                agent, later, lambda: tickets.reply(ticket, body=answer, user=agent, then="wait")
            )
        elif n % 4 == 1:
            note = words.NOTES[n % len(words.NOTES)]
            self._act(agent, later, lambda: tickets.add_note(ticket, body=note, user=agent))
            self._act(agent, later, lambda: tickets.assign(ticket, None if n % 8 == 1 else agent))
        elif n % 11 == 2:
            self._act(agent, later, lambda: tickets.wait(ticket, on="research"))

    def _old(self, n: int, ticket: Ticket, answer: str, agent: User, at: datetime) -> None:
        answered = min(at + timedelta(hours=self.dice.uniform(0.3, 9)), self.now)
        self._act(agent, at, lambda: tickets.assign(ticket, agent))
        self._act(
            agent, answered, lambda: tickets.reply(ticket, body=answer, user=agent, then="wait")
        )
        if n % 5 == 0 and n % 17 not in (5, 6):
            self._ask_again(n, ticket, answered)
        ending = n % 17
        end = min(answered + timedelta(hours=self.dice.uniform(2, 60)), self.now)
        if ending == 1:
            why = words.HOLDS[n % len(words.HOLDS)]
            self._act(agent, end, lambda: tickets.hold(ticket, reason=why))
        elif ending == 2:
            url = f"https://github.example.com/millrace/core/issues/{300 + n}"
            self._act(agent, end, lambda: self._became_issue(ticket, url))
        elif ending == 3:
            until = self.now + timedelta(hours=20 + n % 30)
            self._act(agent, self.now, lambda: tickets.snooze(ticket, until=until, mode="reply"))
        elif ending == 4:
            self._act(agent, end, lambda: tickets.mark_spam(ticket))
        elif ending not in (5, 6):
            resolution = ("answered", "solved", "no_reply", "duplicate")[n % 4]
            self._act(agent, end, lambda: tickets.close(ticket, resolution=resolution))

    def _ask_again(self, n: int, ticket: Ticket, at: datetime) -> None:
        ticket.refresh_from_db()
        sent = ticket.messages.filter(direction="out", visibility="public").latest("id")
        asker = ticket.asker
        if asker is not None:
            extra = f"In-Reply-To: {sent.external_id}\r\n"
            text = words.FOLLOW_UPS[n % len(words.FOLLOW_UPS)]
            later = min(at + timedelta(hours=1), self.now)
            self._mail(
                "support",
                asker.name,
                asker.external_id,
                f"Re: {ticket.subject}",
                text,
                later,
                extra=extra,
            )

    def _became_issue(self, ticket: Ticket, url: str) -> None:
        loop.add_link(ticket, url=url)
        tickets.close(ticket, resolution="became_issue")

    def _same(self) -> None:
        """Who writes mails, and asks in the rooms under the same name, was merged by somebody."""
        for name in ("Mirela Dutko", "Anselm Oyelade"):
            here = Contact.objects.filter(name=name, identities__kind="slack").first()
            mails = Contact.objects.filter(name=name, identities__kind="email").first()
            if here is not None and mails is not None and here != mails:
                merge = partial(merging.merge, here, mails, why="the same address")
                self._act(self.users["noor"], self.now, merge)
                honour = partial(standing.name_champion, here, reason="answering others")
                self._act(self.users["noor"], self.now, honour)

    def _act(self, agent: User, at: datetime, verb: Callable[[], object]) -> None:
        with pipeline.change(Actor.user(agent), now=at):
            verb()

    def _settle(self) -> None:
        """What would have left is marked as sent; one row failed and one waits for a person."""
        rows = Outgoing.objects.filter(state=OutgoingState.QUEUED).order_by("-pk")
        failed, held = rows[0].pk, rows[1].pk
        left = rows.exclude(pk__in=[failed, held])
        left.update(state=OutgoingState.SENT, sent_at=F("created_at"))
        refused = "the mail server said 550: no such user"
        Outgoing.objects.filter(pk=failed).update(state=OutgoingState.FAILED, error=refused)
        Outgoing.objects.filter(pk=held).update(
            state=OutgoingState.HELD,
            held_reason=HeldReason.UNCERTAIN,
            error="the connection was lost after the mail was handed over",
        )
        self._same()
        best = Contact.objects.filter(identities__user=None).distinct().order_by("pk")[:6]
        with pipeline.change(Actor.user(self.users["noor"]), now=self.now):
            for contact in best:
                standing.name_champion(contact, reason="answering others in the community")
        known = Contact.objects.filter(name="Mirela Dutko", identities__kind="slack").first()
        voices.make(self.users["noor"], known or best[0], self.now)
