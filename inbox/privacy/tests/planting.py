"""A person who has left a mark in every table and every file, whatever tables there are."""

import secrets
import string
import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.utils import timezone

from inbox import pipeline
from inbox.accounts.models import Team
from inbox.bulk.models import BulkRun
from inbox.channels import inlet
from inbox.channels.models import Channel, Delivery
from inbox.common.work import Actor
from inbox.guard.models import Block
from inbox.livechat.models import Conversation, Visitor
from inbox.operations.connecting import connect
from inbox.outbox.models import Outgoing
from inbox.people.models import (
    Contact,
    Identity,
    PeopleExport,
    PeopleImport,
    PeopleImportText,
)
from inbox.playbooks.models import Event, Playbook, Run
from inbox.privacy import register
from inbox.privacy.columns import words_in
from inbox.privacy.person import Person
from inbox.saved.models import SavedView
from inbox.tickets import services as tickets
from inbox.tickets.models import Attachment, Message, Thread, Ticket
from inbox.webhooks.models import Webhook
from rig import tools
from rig.desk import agent, mailbox

OTHER = "Noor Hadid <noor@others.example>"


def canary() -> str:
    """32 letters that nobody else has: search learns them like any word."""
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(32))


def mail(sender: str, subject: str, text: str, key: str, extra: str = "", file: str = "") -> bytes:
    """A mail with a file."""
    head = (
        f"From: {sender}\r\nTo: support@example.com\r\nSubject: {subject}\r\nMessage-ID: {key}\r\n"
    )
    kind = 'Content-Type: multipart/mixed; boundary="b"\r\n'
    part = f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    if file:
        part += (
            "--b\r\nContent-Type: text/x-log\r\nContent-Disposition: attachment; "
            f'filename="{file}.log"\r\n\r\nlog of {file}\r\n'
        )
    return f"{head}{extra}MIME-Version: 1.0\r\n{kind}\r\n{part}--b--\r\n".encode()


def arrive(raw: bytes) -> str:
    """Through the inlet, as the network brings it."""
    channel, now = mailbox(), timezone.now()
    made = inlet.receive(
        channel, dedupe_key=f"{hash(raw)}", headers={"x-source": "pipe"}, body=raw, now=now
    )
    return pipeline.process_delivery(made.pk) if made else "duplicate"


def write_in(word: str) -> Person:
    """Mails of the person, answers, a note, and somebody else who quotes them."""
    mine = f"Mira {word} <mira@{word}.example>"
    said = f"I am {word} and my pipeline fails.\r\nTypeError: {word} has no attribute\r\n"
    assert (
        arrive(mail(mine, f"Trouble of {word}", said, f"<1@{word}.example>", file=word)) == "done"
    )
    ticket, ana = Ticket.objects.get(), agent("ana")
    with pipeline.change(Actor.user(ana)):
        tickets.reply(ticket, body=f"Hi {word}, try again.", user=ana)
        tickets.add_note(tickets.lock(ticket.pk), body=f"{word} is impatient", user=ana)
        tickets.hold(tickets.lock(ticket.pk), reason=f"waits for {word}")
    ref = f"In-Reply-To: <1@{word}.example>\r\nCc: mira@{word}.example\r\n"
    quote = f"Mine fails too.\r\n\r\nOn Monday mira@{word}.example wrote:\r\n> {said}"
    question = mail(OTHER, "Another one", quote, "<2@others.example>", ref)
    assert arrive(question) == "done"
    theirs = Ticket.objects.exclude(pk=ticket.pk).first()
    if theirs is not None:
        _answer_there(theirs, Identity.objects.get(external_id=f"mira@{word}.example"), word)
    return Person(Identity.objects.get(external_id=f"mira@{word}.example").contact)


def _answer_there(ticket: Ticket, who: Identity, word: str) -> None:
    with pipeline.change(Actor.contact(who.pk, who.label)):
        row = tickets.lock(ticket.pk)
        tickets.add_message(
            row, row.threads.get(), direction="in", visibility="public", role="community",
            external_id=f"<3@{word}.example>", sent_at=timezone.now(), author=who,
            author_label=who.label, body_text=f"{word} knows", new_text=f"{word} knows",
        )  # fmt: skip


def chats(person: Person, word: str) -> None:
    """A live chat of the same person, once their accounts were merged."""
    connect("livechat", "docs", {"site_name": "Docs", "origins": "https://docs.example.com"})
    channel, now = Channel.objects.get(kind="livechat"), timezone.now()
    identity = Identity.objects.create(
        contact=person.contact, kind="livechat", realm=channel.realm, external_id=f"id-{word}"
    )
    with pipeline.change(Actor.system("test")):
        _, thread = tickets.open_ticket(
            subject=word, channel=channel, asker=identity, thread_key=f"chat-{word}", at=now
        )
    visitor = Visitor.objects.create(
        channel=channel, external_key=f"id-{word}", email=f"mira@{word}.example", created_at=now
    )
    Conversation.objects.create(
        channel=channel, visitor=visitor, key=f"chat-{word}", thread=thread, created_at=now
    )


DAY = timedelta(days=1)


class Planter:
    """Fills rows of any table with the word."""

    def __init__(self, word: str, person: Person) -> None:
        self.word, self.person = word, person
        ticket = Ticket.objects.filter(asker__contact=person.contact).order_by("pk")[0]
        message = Message.objects.filter(author__contact=person.contact, ticket=ticket)[0]
        conversation = Conversation.objects.get(visitor__external_key=f"id-{word}")
        now = timezone.now()
        playbook = Playbook.objects.create(key="office-hours", name="Office hours")
        self.ends: dict[Any, Any] = {
            Contact: person.contact,
            Identity: person.identities[0],
            Ticket: ticket,
            Message: message,
            Thread: message.thread,
            Attachment: Attachment.objects.filter(message=message)[0],
            Visitor: conversation.visitor,
            Conversation: conversation,
            Channel: mailbox(),
            Outgoing: Outgoing.objects.filter(ticket=ticket)[0],
            Delivery: message.delivery,
            type(agent("ana")): agent("ana"),
            Team: Team.objects.get_or_create(key="t", defaults={"name": "T"})[0],
            ContentType: ContentType.objects.get(app_label="inbox", model="contact"),
            # rows of the team's that rows of the person hang on
            PeopleImport: PeopleImport.objects.create(
                filename="people.csv", encoding="utf-8", delimiter=",", at=timezone.now()
            ),
            BulkRun: BulkRun.objects.create(
                user=agent("ana"), operation="close", said="Closed", created_at=timezone.now()
            ),
            Event: self.called_out(),
            Playbook: playbook,
            Run: Run.objects.create(
                playbook=playbook, ticket=ticket, title="A run", anchor_at=now, started_at=now
            ),
            Webhook: Webhook.objects.create(label="CRM", url="https://crm.example.com/hook"),
        }

    def called_out(self) -> Event:
        """A meeting of the team's where they are greeted by name; somebody else is, too."""
        now = timezone.now()
        mine = {"name": self.word, "alias": "", "contact": self.person.contact.pk, "role": "guest"}
        noor = {"name": "Noor", "alias": "", "contact": None, "role": "guest"}
        return Event.objects.create(
            title=f"Office hours with {self.word}",
            starts_at=now,
            ends_at=now + timedelta(hours=1),
            people=[mine, noor],
            agenda=[{"title": f"{self.word} asks", "minutes": 10, "people": [self.word]}],
            links=[{"label": self.word, "url": "https://example.com/hours"}],
        )

    def plant(self) -> list[str]:
        """A row in every table that hangs on the person; the tables' names."""
        planted = []
        for model in sorted(apps.get_models(), key=lambda m: m._meta.label_lower):
            name = model._meta.label_lower
            if name in {"inbox.message", "inbox.attachment", "inbox.searchdoc"} | set(
                register.KEPT
            ):
                continue
            if register.whose(model, self.person) is not None and words_in(model):
                self.fill(self.row_of(model))
                planted.append(name)
        for row in Message.objects.filter(self.person.concerns()):
            self.fill(row)
        self.fill(self.person.contact)
        self.name_in_passing(f"mira@{self.word}.example")
        return planted

    def name_in_passing(self, address: str) -> None:
        """Their address where nothing leads to the person."""
        ana, now = self.ends[type(agent("ana"))], timezone.now()
        kept: PeopleImport = self.ends[PeopleImport]
        kept.errors = [[3, f"{address} is two people here"]]
        kept.save()
        lines = f"Name,E-mail\r\nNoor,noor@others.example\r\n{self.word},{address}\r\n"
        PeopleImportText.objects.create(of=kept, text=lines)
        PeopleExport.objects.create(by=ana, at=now, people=1, about=f"“{address}”")
        query = urlencode({"q": f"from:{address} is:open", "sort": "oldest"})
        SavedView.objects.create(name=f"All of {address}"[:60], query=query, owner=ana)
        Block.objects.create(kind="address", value=address, reason=self.word, created_at=now)
        run = BulkRun(user=ana, operation="tag", said="Tagged", created_at=now)
        run.params = {"q": f"from:{address}"}
        run.save()

    def row_of(self, model: type[models.Model]) -> models.Model:
        """A row that hangs on the person; one that is there already, where there is one."""
        mine = register.whose(model, self.person)
        found = model._default_manager.filter(mine).first() if mine is not None else None
        return found or self.make(model)

    def make(self, model: type[models.Model]) -> models.Model:
        """A new row with whatever the table asks for."""
        values = {
            column.name: self._value(column)
            for column in model._meta.concrete_fields
            if not column.primary_key and not getattr(column, "generated", False)
        }
        if model._meta.label_lower == "admin.logentry":
            values["object_id"] = f"{self.person.contact.pk}"
        if "ends_at" in values:
            values["ends_at"] += DAY
        row: models.Model = model._default_manager.create(**values)
        return row

    def fill(self, row: models.Model) -> None:
        """The word in every column of words, as the database would let anybody."""
        name = row._meta.label_lower
        columns = [c for c in words_in(type(row)) if c.name not in register.OURS.get(name, ())]
        values = {c.name: self._words(c) for c in columns}
        if name != "inbox.ticket":
            values = {n: v for n, v in values.items() if n not in KEYS}
        if name == "inbox.clock":
            values["pauses"] = [["2026-11-01T00:00", "2026-11-01T01:00", self.word]]
        if name == "inbox.ruletrace":
            values["steps"] = [{"rule": "r", "label": "l", "matched": True, "why": self.word}]
        if name == "inbox.ticketevent":
            values |= {"actor_kind": "contact"}
        if name == "inbox.outgoing":
            return
        type(row)._default_manager.filter(pk=row.pk).update(**values)

    def _value(self, column: Any) -> Any:
        if isinstance(column, models.ForeignKey):
            end = column.related_model
            if column.name == "other" and end is Identity:  # a pair is never twice the same
                return self.person.identities[1]
            if end not in self.ends and not column.null:
                self.ends[end] = self.make(end)
            return self.ends.get(end)
        ours = register.OURS.get(column.model._meta.label_lower, frozenset())
        if column in words_in(column.model) and column.name not in ours:
            return self._words(column)
        return _plain(column)

    def _words(self, column: Any) -> Any:
        if isinstance(column, models.JSONField):
            return {"said": self.word, "list": [self.word, {"deep": self.word}]}
        if isinstance(column, models.BinaryField):
            return self.word.encode()
        return self.word


def _plain(column: Any) -> Any:
    if isinstance(column, models.CharField) and column.choices:
        return column.choices[0][0]
    kinds = {
        models.DateTimeField: timezone.now(),
        models.DateField: date(2026, 11, 18),
        models.BooleanField: False,
        models.JSONField: column.get_default(),
        models.CharField: "x",
    }
    return next((value for kind, value in kinds.items() if isinstance(column, kind)), 1)


# by these the person is found: they have the word already
KEYS = {
    "subject",
    "body_text",
    "new_text",
    "author_label",
    "external_key",
    "thread_key",
    "key",
    "realm",
    "external_id",
    "object_id",
    "digest",
}


# ------------------------------------------------------------------ looking


def database_bytes() -> bytes:
    """Everything that the database holds, as a backup has it."""
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        return bytes(connection.connection.serialize())
    return pg_dump()


def pg_dump() -> bytes:
    """`pg_dump` of this test's database."""
    given = connection.settings_dict
    command = [str(tools.find("pg_dump")), "-h", given["HOST"], "-p", str(given["PORT"])]
    command += ["-U", given["USER"], "--inserts", given["NAME"]]
    return subprocess.run(command, capture_output=True, check=True).stdout


def files_with(folder: Path, word: str) -> list[str]:
    """Files that have the word in their bytes or in their name."""
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and (word in path.name or word.encode() in path.read_bytes())
    ]
