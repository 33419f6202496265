"""People outside who stand in runs of playbooks and in events: their names and words go.

May be done again: then it finds nothing.
"""

from typing import Any

from django.db.models import Model

from inbox.outbox.models import Outgoing
from inbox.playbooks.models import Event, Run, RunEntry, RunStep
from inbox.privacy import leaving
from inbox.privacy.masking import Mask
from inbox.privacy.person import Person

GONE = "(erased)"


def empty(person: Person) -> int:
    """Runs and events without a person. Returns how many changed."""
    changed = sum(_event(person, row) for row in Event.objects.order_by("pk").iterator())
    return changed + sum(
        _run(person, row)
        for row in Run.objects.select_related("playbook").order_by("pk").iterator()
    )


def _event(person: Person, row: Event) -> bool:
    """Who was to be called out, and what the agenda and the links say of them."""
    parts = {part.pk for part in person.parts}
    people = [
        {**one, "name": GONE, "alias": "", "contact": None} if one.get("contact") in parts else one
        for one in row.people
    ]
    mask = Mask([*person.addresses, *_called(row, parts)])
    values = {name: mask.value(getattr(row, name)) for name in ("title", "agenda", "links")}
    return _put(row, {**values, "people": mask.value(people)})


def _called(row: Event, parts: set[int]) -> list[str]:
    """How they were called at this event, so that the agenda forgets it too."""
    mine = [one for one in row.people if one.get("contact") in parts]
    return [str(one[key]) for one in mine for key in ("name", "alias") if one.get(key)]


def _run(person: Person, row: Run) -> bool:
    """In a run about their ticket names go as well; in others what is surely theirs."""
    asked = row.ticket_id in person.asked
    mask = person.mask if asked else person.mask_anywhere
    mine = {str(one.pk) for one in person.identities}
    mine |= {one.handle.casefold() for one in person.identities if one.handle}
    mine |= {one.external_id.casefold() for one in person.identities}
    values = {
        name: GONE if asked or _is_one(value, mine) else mask.value(value)
        for name, value in row.values.items()
    }
    title = row.playbook.name if asked else mask.text(row.title)  # it may be their subject
    is_about = values != row.values
    changed = _put(row, {"title": title, "values": values})
    found = [changed, *(_step(step, mask) for step in row.steps.all())]
    found += [_entry(entry, mask) for entry in row.entries.all()]
    if is_about:
        _outgoing(person, row)
    return any(found)


def _is_one(value: Any, mine: set[str]) -> bool:
    return isinstance(value, str) and value.strip().removeprefix("@").casefold() in mine


def _step(row: RunStep, mask: Mask) -> bool:
    names = ("note", "action_error", "result")
    return _put(row, {name: mask.value(getattr(row, name)) for name in names})


def _entry(row: RunEntry, mask: Mask) -> bool:
    return _put(row, {"data": mask.value(row.data)})


def _outgoing(person: Person, run: Run) -> None:
    """What was sent to them directly from a step."""
    sent = run.steps.exclude(outgoing=None).values("outgoing")
    keys = {one.external_id for one in person.identities}
    rows = Outgoing.objects.filter(pk__in=sent)
    mine = [row.pk for row in rows if row.payload.get("person") in keys]
    leaving.empty_outgoing(Outgoing.objects.filter(pk__in=mine))


def _put(row: Model, values: dict[str, Any]) -> bool:
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    if changed:
        type(row)._default_manager.filter(pk=row.pk).update(**changed)
    return bool(changed)
