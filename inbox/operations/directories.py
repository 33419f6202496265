"""Directories: people looked up when somebody asks, notes kept there and taken away again."""

from datetime import datetime, timedelta

import structlog
from django.db.models import Q

from inbox import pipeline
from inbox.channels import registry
from inbox.channels.contract import DeliveryError
from inbox.channels.models import Channel
from inbox.channels.ports import Directory, DirectoryPerson
from inbox.common.work import Actor
from inbox.community import elsewhere, exporting
from inbox.community.records import DirectoryNote
from inbox.people.models import Contact

log = structlog.get_logger(__name__)

LABEL = "directory"
LEASE = timedelta(minutes=5)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
A_DAY = timedelta(days=1)  # what a person has to repair is tried again now and then


def look_up(contact: Contact, channel: Channel, *, now: datetime) -> DirectoryPerson | None:
    """Ask a directory who somebody is, by each of their addresses, and keep the link.

    Outside of any transaction. Nobody is merged by what it says. Raises `DeliveryError`.
    """
    port = channel.type.directory
    if port is None:
        return None
    for identity, address in elsewhere.addresses_of(contact):
        found = port.find(channel.config, address)
        if found is not None:
            with pipeline.change(Actor.system(LABEL), now=now):
                elsewhere.keep(channel, identity, found, now=now)
            return found
    with pipeline.change(Actor.system(LABEL), now=now):
        elsewhere.forget(contact.identities.all(), channel=channel)
    return None


# ------------------------------------------------------------------ notes


def due_ids(now: datetime) -> list[int]:
    """Notes to be made, said anew or taken away, at directories that are connected."""
    kinds = [kind.kind for kind in registry.all_kinds().values() if kind.directory is not None]
    rows = DirectoryNote.objects.filter(channel__kind__in=kinds, channel__active=True)
    due = rows.filter(Q(due_at__lte=now) | exporting.needs_work())
    return list(due.order_by("pk").values_list("pk", flat=True)[:100])


def keep_note(pk: int, now: datetime) -> bool:
    """Bring one note to where it should be. False when somebody else was faster.

    A note that says something else is another one: first the old one goes, then the new one comes.
    """
    if pk not in due_ids(now):
        return False
    mine = DirectoryNote.objects.filter(Q(due_at=None) | Q(due_at__lte=now), pk=pk)
    if not mine.update(due_at=now + LEASE):
        return False
    row = DirectoryNote.objects.select_related("channel", "quote", "interview").get(pk=pk)
    port = row.channel.type.directory
    if port is None:
        return False
    try:
        stands = _done(row, port, now)
        values: dict[str, object] = {"error": "", "attempts": 0}
        rest: dict[str, object] = {"due_at": None}
    except DeliveryError as error:
        stands, values, rest = True, {}, _failed(row, error, now)
    with pipeline.change(Actor.system(LABEL), now=now):
        DirectoryNote.objects.filter(pk=pk).update(**values)
        # what was asked for meanwhile has its own turn
        held = DirectoryNote.objects.filter(pk=pk, due_at=now + LEASE)
        if stands:
            held.update(**rest)
        else:
            held.delete()
    return True


def _done(row: DirectoryNote, port: Directory, now: datetime) -> bool:
    """Ask the directory; whether there is a note afterwards. Raises `DeliveryError`.

    Each step is written down as soon as it is done, so that none is lost when the next one fails.
    """
    text = exporting.note_of(row)
    key = exporting.key_of(row, text) if text else ""
    if row.key and row.key != key:
        _take_away(row, port, now)
    if not text:
        return False
    if port.note is None:
        raise DeliveryError("Notes cannot be kept there.", permanent=True)
    if not row.note_key:
        # our key first: should the answer be lost, the note is found by it
        _write(row, key=key)
        _write(row, note_key=port.note(row.channel.config, row.person_key, text, now, key))
    return True


def _take_away(row: DirectoryNote, port: Directory, now: datetime) -> None:
    if port.unnote is None or port.note is None:
        raise DeliveryError("It cannot be taken away from here: do it there.", permanent=True)
    config = row.channel.config
    if not row.note_key:  # nobody knows whether it came to be: the directory finds it, or it is now
        _write(row, note_key=port.note(config, row.person_key, "Withdrawn.", now, row.key))
    port.unnote(config, row.note_key)
    _write(row, key="", note_key="")


def _write(row: DirectoryNote, **values: str) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    DirectoryNote.objects.filter(pk=row.pk).update(**values)


def _failed(row: DirectoryNote, error: DeliveryError, now: datetime) -> dict[str, object]:
    log.warning("directory_note_failed", note=row.pk, reason=error.text)
    wait = min(FIRST_WAIT * 2 ** min(row.attempts, 9), LONGEST_WAIT)
    if error.retry_after_seconds:
        wait = timedelta(seconds=error.retry_after_seconds)
    again = now + (A_DAY if error.permanent else wait)
    return {"error": error.text[:250], "attempts": min(row.attempts + 1, 100), "due_at": again}
