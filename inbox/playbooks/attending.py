"""Who took part in an event: once it is over, that stands on their timelines, and it counts."""

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.db.models.functions import Coalesce, Lower

from inbox.common import rows
from inbox.people.models import EVENT, Activity, Contact, Identity
from inbox.playbooks.models import Event, EventState

CALLED = ("name", "alias")


def ended_ids(now: datetime) -> list[int]:
    """Planned events whose end has come."""
    found = Event.objects.filter(state=EventState.PLANNED, ends_at__lte=now)
    return list(found.order_by("ends_at").values_list("pk", flat=True)[:100])


def end(pk: int, now: datetime) -> bool:
    """An event is over. False when somebody else said so, moved it or called it off."""
    found = Event.objects.filter(pk=pk, state=EventState.PLANNED, ends_at__lte=now)
    if not found.update(state=EventState.OVER):
        return False
    took_part(Event.objects.get(pk=pk))
    return True


def took_part(event: Event) -> None:
    """Write down for everybody of an event that is over that they were there; again after an edit.

    What is written hangs on an identity, so it follows merges.
    """
    key = f"{EVENT}:{event.pk}:"
    mine = Activity.objects.filter(source=EVENT, source_key__startswith=key)
    people = _people(event) if event.state == EventState.OVER else {}
    gone = mine.exclude(identity__in=people)
    marked = {*people, *gone.values_list("identity", flat=True)}
    gone.delete()
    told = {
        "title": f"Took part in {event.title}"[:250],
        "url": event.stream_url,
        "at": event.starts_at,
    }
    for row in mine:
        Activity.objects.filter(pk=row.pk).update(kind=people.pop(row.identity_id), **told)
    rows.insert(
        Activity(
            identity_id=who, source=EVENT, source_key=f"{key}{who}", kind=role, run=None, **told
        )
        for who, role in people.items()
    )
    Contact.objects.filter(identities__in=marked).update(counted_at=None)


def recognise(event: Event) -> None:
    """Say who of an event's people is known: by alias, handle or address, where it is one person.

    A name alone tells nobody apart. Whoever was known before stays so.
    """
    before = Event.objects.filter(pk=event.pk).values_list("people", flat=True).first() or []
    linked = {(one.get("name"), one.get("alias")): one.get("contact") for one in before}
    known = _known({word for one in event.people for word in _words(one)})
    people = []
    for one in event.people:
        found = {contact for word in _words(one) for contact in known.get(word, ())}
        same = one.get("contact") or linked.get((one.get("name"), one.get("alias")))
        people.append({**one, "contact": same or (found.pop() if len(found) == 1 else None)})
    event.people = people


def _words(one: dict[str, Any]) -> set[str]:
    return {str(one.get(key) or "").strip().lower().removeprefix("@") for key in CALLED} - {""}


def _known(words: set[str]) -> dict[str, set[int]]:
    """The contacts that each word means."""
    names = {"a": Lower("contact__alias"), "h": Lower("handle"), "e": Lower("external_id")}
    rows_of = Identity.objects.annotate(**names)
    rows_of = rows_of.filter(Q(a__in=words) | Q(h__in=words) | Q(e__in=words))
    found: dict[str, set[int]] = {}
    for contact, *said in rows_of.values_list("contact", *names):
        for word in words.intersection(said):
            found.setdefault(word, set()).add(contact)
    return found


def _people(event: Event) -> dict[int, str]:
    """The first identity of each person who was there, with what they did."""
    roles = {
        one["contact"]: str(one.get("role") or "")[:60]
        for one in event.people
        if isinstance(one.get("contact"), int)
    }
    # their own one: another that a merge brought may leave again
    whose = Identity.objects.annotate(whose=Coalesce("home", "contact")).filter(whose__in=roles)
    rows_of = whose.order_by("-pk").values_list("whose", "pk")
    found: dict[int, int] = dict(rows_of)  # the lowest number stands last
    return {pk: roles[contact] for contact, pk in found.items()}
