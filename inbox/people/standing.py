"""What a person stands for at the desk: name, champion, notes; each step is written down."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Max, Q, QuerySet

from inbox.common import work
from inbox.people.errors import PeopleError
from inbox.people.models import NEVER, Championship, Contact, ContactNote, Identity, PersonEvent

NAMED, ENDED, NOTED, NOTE_REMOVED, RENAMED = "champion", "champion_off", "note", "note_off", "name"
ALIASED = "alias"
MOST_NOTE = 5_000


def mark(contact: Contact, kind: str, **data: Any) -> PersonEvent:
    """Write down what was done about a person."""
    current = work.current()
    people = {name: data.pop(name) for name in ("other", "identity") if name in data}
    return PersonEvent.objects.create(
        contact=contact,
        kind=kind,
        at=current.now,
        actor_label=current.actor.label[:150],
        by_id=current.actor.user_id,
        data=data,
        **people,
    )


def undone(event: PersonEvent) -> None:
    """Note that a step was taken back."""
    event.undone_at = work.current().now
    event.save(update_fields=["undone_at"])


def parts_of(contact: Contact) -> Q:
    """Everybody who is this person: for the rows of notes, honours and events."""
    return Q(contact=contact) | Q(contact__root=contact)


def honours(contact: Contact) -> QuerySet[Championship]:
    """What they are a champion for now, the oldest first."""
    rows = Championship.objects.filter(parts_of(contact), ended_at=None)
    return rows.select_related("named_by").order_by("since", "pk")


def honours_of(pks: Iterable[int]) -> dict[int, Championship]:
    """What several people have been champions for the longest, by contact."""
    rows = Championship.objects.filter(Q(contact__in=pks) | Q(contact__root__in=pks), ended_at=None)
    found = rows.select_related("contact").order_by("-since", "-pk")
    return {honour.contact.root_id or honour.contact_id: honour for honour in found}


def freshen(contact: Contact) -> None:
    """Bring what is kept about a whole person up to date; what they did is added up again."""
    heard = Identity.objects.filter(contact=contact).aggregate(last=Max("heard_at"))["last"]
    contact.champion = honours(contact).exists()
    contact.last_heard_at = heard or NEVER
    contact.counted_at = None
    contact.save(update_fields=["champion", "last_heard_at", "counted_at"])


def name_champion(
    contact: Contact, *, reason: str, evidence_url: str = "", since: date | None = None
) -> PersonEvent:
    """Recognise somebody as a champion (S35). Raises `PeopleError`."""
    if not reason.strip():
        raise PeopleError("Say what for: the reason is what people will read.", field="reason")
    if honours(contact).exists():
        raise PeopleError("They are a champion already.")
    current = work.current()
    honour = Championship.objects.create(
        contact=contact,
        reason=reason.strip()[:250],
        since=since or current.now.date(),
        evidence_url=evidence_url.strip()[:500],
        named_at=current.now,
        named_by_id=current.actor.user_id,
    )
    freshen(contact)
    return mark(contact, NAMED, honours=[honour.pk])


def end_champion(contact: Contact) -> PersonEvent:
    """They are no champion any more; the reason stays in what was done. Raises `PeopleError`."""
    ending = list(honours(contact))
    if not ending:
        raise PeopleError("They are no champion.")
    _end(ending)
    freshen(contact)
    return mark(contact, ENDED, honours=[honour.pk for honour in ending])


def _end(rows: list[Championship]) -> None:
    Championship.objects.filter(pk__in=[row.pk for row in rows]).update(ended_at=work.current().now)


def add_note(contact: Contact, text: str) -> PersonEvent:
    """Write something down about somebody, for the team alone. Raises `PeopleError`."""
    if not text.strip():
        raise PeopleError("The note is empty.", field="text")
    current = work.current()
    note = ContactNote.objects.create(
        contact=contact,
        text=text.strip()[:MOST_NOTE],
        at=current.now,
        by_id=current.actor.user_id,
    )
    return mark(contact, NOTED, note=note.pk)


def remove_note(note: ContactNote) -> PersonEvent:
    """Take a note away; it can be put back. Raises `PeopleError`."""
    if note.removed_at:
        raise PeopleError("The note is gone already.")
    note.removed_at = work.current().now
    note.save(update_fields=["removed_at"])
    return mark(note.contact, NOTE_REMOVED, note=note.pk)


def rename(contact: Contact, name: str) -> PersonEvent:
    """How the person is called here. Raises `PeopleError`."""
    name = " ".join(name.split())[:250]
    if not name:
        raise PeopleError("A name has at least a letter.", field="name")
    before, contact.name = contact.name, name
    contact.save(update_fields=["name"])
    Identity.objects.filter(contact=contact).update(looked_at=None)
    return mark(contact, RENAMED, before=before)


def set_alias(contact: Contact, alias: str) -> PersonEvent:
    """By which name they are thanked in public (S85); empty: by the one they have."""
    before, contact.alias = contact.alias, " ".join(alias.split())[:120]
    contact.save(update_fields=["alias"])
    return mark(contact, ALIASED, before=before)
