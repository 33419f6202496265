"""Every step about a person can be taken back by its event."""

from collections.abc import Callable

from inbox.people import merging, proposing, standing
from inbox.people.errors import PeopleError
from inbox.people.models import Championship, Contact, ContactNote, PersonEvent


def undo(event: PersonEvent) -> Contact:
    """Take a step back; the contact to look at afterwards. Raises `PeopleError`."""
    locked = PersonEvent.objects.select_for_update().select_related("contact").get(pk=event.pk)
    act = STEPS.get(locked.kind)
    if act is None:
        raise PeopleError("This cannot be taken back.")
    if locked.undone_at:
        raise PeopleError("This was taken back already.")
    act(locked)
    if locked.undone_at is None:  # merges and splits say it themselves
        standing.undone(locked)
    whole = Contact.objects.get(pk=locked.contact_id)
    return whole.root or whole


def can_undo(event: PersonEvent) -> bool:
    """Whether the page offers it."""
    return event.undone_at is None and event.kind in STEPS


def _end_honour(event: PersonEvent) -> None:
    rows = Championship.objects.filter(pk__in=event.data["honours"], ended_at=None)
    rows.update(ended_at=event.at)
    _freshen(event)


def _restore_honours(event: PersonEvent) -> None:
    ended = Championship.objects.filter(pk__in=event.data["honours"])
    taken = Championship.objects.filter(contact__in=ended.values("contact"), ended_at=None)
    if taken.exists():
        raise PeopleError("They were named a champion again meanwhile.")
    ended.update(ended_at=None)
    _freshen(event)


def _freshen(event: PersonEvent) -> None:
    whole = event.contact.root or event.contact
    standing.freshen(whole)
    if whole.pk != event.contact_id:
        standing.freshen(event.contact)


def _remove_note(event: PersonEvent) -> None:
    ContactNote.objects.filter(pk=event.data["note"]).update(removed_at=event.at)


def _restore_note(event: PersonEvent) -> None:
    ContactNote.objects.filter(pk=event.data["note"]).update(removed_at=None)


def _alias_back(event: PersonEvent) -> None:
    event.contact.alias = event.data["before"]
    event.contact.save(update_fields=["alias"])


def _rename_back(event: PersonEvent) -> None:
    event.contact.name = event.data["before"]
    event.contact.save(update_fields=["name"])


def _open_again(event: PersonEvent) -> None:
    proposing.reopen(event.data["proposals"])


def _unmerge(event: PersonEvent) -> None:
    merging.unmerge(event)


def _join(event: PersonEvent) -> None:
    merging.join(event)


STEPS: dict[str, Callable[[PersonEvent], None]] = {
    merging.MERGED: _unmerge,
    merging.SPLIT: _join,
    standing.NAMED: _end_honour,
    standing.ENDED: _restore_honours,
    standing.NOTED: _remove_note,
    standing.NOTE_REMOVED: _restore_note,
    standing.RENAMED: _rename_back,
    standing.ALIASED: _alias_back,
    proposing.APART: _open_again,
}
