"""Everything that is kept about a person, as files that anybody can read: JSON, and files.

A folder: `person.json` (who they are), `conversations.json` (what was said, in order),
`tables/<table>.json` (every other row that hangs on them), `files/`, `raw/` (mails and posts as
they came). Internal notes about them only when asked for.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import BinaryField, Model
from django.utils import timezone

from inbox.channels.models import Delivery
from inbox.common.crypto import EncryptedTextField
from inbox.community import elsewhere
from inbox.privacy import register, remains
from inbox.privacy.columns import tables
from inbox.privacy.person import Person
from inbox.tickets.files import path_of
from inbox.tickets.models import Attachment, Message, Ticket, TicketEvent, Visibility

Say = Callable[[str], None]
# what proves who somebody is, or is only of use to the product
HIDDEN = {"digest", "fence", "lease_until", "version"}
INSIDE = frozenset(
    """admin.logentry inbox.bulkitem inbox.championship inbox.contactnote inbox.draft
    inbox.identitykey inbox.interview inbox.notice inbox.personevent inbox.promiseoffer
    inbox.proposal inbox.ruletrace inbox.takenline inbox.webhookattempt
    inbox.webhookevent""".split()
)


def write(person: Person, folder: Path, *, notes: bool, say: Say) -> dict[str, int]:
    """Write everything below a new folder. Returns counts. Raises `FileExistsError`."""
    folder.mkdir(parents=True)
    done = {"identities": _who(person, folder)}
    done["tickets"] = _conversations(person, folder, notes=notes)
    say("conversations")
    done["rows"] = sum(_tables(person, folder, notes=notes))
    say("tables")
    done["files"] = sum(_files(person, folder, notes=notes))
    done["raw"] = sum(_raw(person, folder))
    say("files")
    return done


def _put(path: Path, data: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
    path.write_text(text, "utf-8")


def _who(person: Person, folder: Path) -> int:
    data = {
        "exported_at": timezone.now(),
        "contact": as_data(person.contact),
        "merged": [as_data(part) for part in person.parts[1:]],
        "identities": [as_data(identity) for identity in person.identities],
        "chats": [as_data(visitor) for visitor in person.visitors()],
        "directories": [asdict(found) for found in elsewhere.known_of(person.identities)],
    }
    _put(folder / "person.json", data)
    return len(person.identities)


def as_data(row: Model) -> dict[str, Any]:
    """A row's columns by name, without secrets and without what only the product needs."""
    return {
        column.name: getattr(row, column.attname)
        for column in row._meta.concrete_fields
        if column.name not in HIDDEN and not isinstance(column, BinaryField | EncryptedTextField)
    }


# ------------------------------------------------------------------ what was said


def _conversations(person: Person, folder: Path, *, notes: bool) -> int:
    """Their tickets with every public message; of other people's tickets their own messages."""
    found = []
    rows = Ticket.objects.filter(pk__in=person.asked | person.joined).order_by("pk")
    for ticket in rows.iterator(chunk_size=100):
        mine = ticket.pk in person.asked
        messages = Message.objects.filter(ticket=ticket.pk).order_by("sent_at", "pk")
        if not mine:
            messages = messages.filter(person.wrote())
        if not notes:
            messages = messages.filter(visibility=Visibility.PUBLIC)
        about = {"number": ticket.pk, "asked": mine}
        if mine:
            about |= _about(ticket)
        said = [_message(person, message) for message in messages.prefetch_related("attachments")]
        found.append({**about, "messages": said})
    _put(folder / "conversations.json", found)
    return len(found)


def _about(ticket: Ticket) -> dict[str, Any]:
    names = ("subject", "status", "resolution", "category", "created_at", "closed_at", "permalink")
    return {**{name: getattr(ticket, name) for name in names}, "events": _events(ticket)}


def _events(ticket: Ticket) -> list[dict[str, Any]]:
    """What happened, without who of the team did it."""
    rows = TicketEvent.objects.filter(ticket=ticket.pk).order_by("pk")
    return [{"at": event.at, "kind": event.kind, "by": event.actor_kind} for event in rows]


def _message(person: Person, message: Message) -> dict[str, Any]:
    """One message. Other people from outside are only “somebody else”: they have rights too."""
    by = "you"
    if message.author_id not in {identity.pk for identity in person.identities}:
        by = message.author_label if message.direction == "out" else "somebody else"
    whose = {"to": message.to, "cc": message.cc} if by == "you" else {}
    return {
        "id": message.external_id,
        "by": by,
        "at": message.sent_at,
        "visibility": message.visibility,
        "subject": message.subject,
        "text": message.body_text,
        "edited_at": message.edited_at,
        "deleted_at": message.deleted_at,
        "files": [file.filename for file in message.attachments.all()],
        **whose,
    }


# ------------------------------------------------------------------ everything else


def _tables(person: Person, folder: Path, *, notes: bool) -> Iterator[int]:
    """Every row of every table that hangs on the person, also of tables that come later."""
    told = {"inbox.message", "inbox.contact", "inbox.identity", "inbox.ticketevent"}
    passed = {*told, *register.KEPT, *(() if notes else INSIDE)}
    for model in {*remains.hanging(), *tables()}:
        name = model._meta.label_lower
        mine = register.whose(model, person) if name not in passed else None
        if mine is None:
            continue
        rows = [as_data(row) for row in model._default_manager.filter(mine).order_by("pk")]
        if rows:
            _put(folder / "tables" / f"{name.partition('.')[2]}.json", rows)
            yield len(rows)


def _files(person: Person, folder: Path, *, notes: bool) -> Iterator[int]:
    """The files of those messages, under the attachment's number and its name."""
    messages = Message.objects.filter(person.concerns())
    if not notes:
        messages = messages.filter(visibility=Visibility.PUBLIC)
    for file in Attachment.objects.filter(message__in=messages, is_missing=False).order_by("pk"):
        source = path_of(file.sha256)
        if source.exists():
            target = folder / "files" / f"{file.pk}-{_plain(file.filename)}"
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(source.read_bytes())
            yield 1


def _plain(name: str) -> str:
    """A file's name without what a file system or a shell may take for something else."""
    kept = "".join(char if char.isalnum() or char in "-_." else "_" for char in name)
    return kept.lstrip(".")[:120] or "file"


def _raw(person: Person, folder: Path) -> Iterator[int]:
    """What they sent, byte for byte, as long as it is kept; without what had a secret in it."""
    came = Delivery.objects.filter(messages__in=Message.objects.filter(person.wrote()))
    came = came.filter(secrets=None).exclude(body=b"").distinct()
    for row in came.order_by("pk").iterator(chunk_size=50):
        target = folder / "raw" / f"{row.pk}.bin"
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(bytes(row.body))
        yield 1
