"""One person of two, and two of one again: only ever an agent's explicit act (L23).

Merges form a forest. A merged contact points at the one it went into and keeps its own name,
notes and honours; only identities move, and each remembers its home. So a merge that is taken
back restores exactly what was there, whatever was merged or written in between.
"""

from django.db.models import F, Q

from inbox.people.errors import PeopleError
from inbox.people.models import Contact, Identity, PersonEvent
from inbox.people.proposing import keep_apart, reopen
from inbox.people.standing import freshen, mark, undone

MERGED, SPLIT = "merged", "split"


def locked(*pks: int | None) -> dict[int, Contact]:
    """Contacts under their row locks, in id order so that two changes never wait in a ring."""
    wanted = sorted({pk for pk in pks if pk})
    rows = Contact.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
    return {row.pk: row for row in rows}


def merge(kept: Contact, merged: Contact, *, why: str = "") -> PersonEvent:
    """Make `merged` a part of `kept`: its identities and tickets show there from now on.

    Raises `PeopleError`.
    """
    if kept.pk == merged.pk:
        raise PeopleError("That is the same person already.", field="into")
    rows = locked(kept.pk, merged.pk)
    if len(rows) < 2 or any(row.merged_into_id for row in rows.values()):
        raise PeopleError("One of the two was merged meanwhile. Look again.", field="into")
    kept, merged = rows[kept.pk], rows[merged.pk]
    theirs = Identity.objects.filter(contact=merged)
    theirs.filter(home=None).update(home=merged)
    theirs.update(contact=kept)
    Contact.objects.filter(root=merged).update(root=kept)
    merged.merged_into = merged.root = kept
    merged.counted_at = None
    merged.save(update_fields=["merged_into", "root", "counted_at"])
    freshen(kept)
    return mark(kept, MERGED, other=merged, why=why[:250])


def unmerge(event: PersonEvent) -> Contact:
    """Take one merge back: what came with the merged contact, and nothing else, goes with it.

    Raises `PeopleError`.
    """
    merged = event.other
    whole = merged.root_id if merged else None
    rows = locked(event.contact_id, event.other_id, whole)
    merged = rows.get(event.other_id or 0)
    if event.undone_at or merged is None or merged.merged_into_id != event.contact_id:
        raise PeopleError("This merge was taken back already.")
    if merged.root_id != whole:
        raise PeopleError("Somebody merged them further at this moment. Try again.")
    parts = _with_all_below(merged)
    merged.merged_into = merged.root = None
    merged.save(update_fields=["merged_into", "root"])
    Contact.objects.filter(pk__in=parts).exclude(pk=merged.pk).update(root=merged)
    Identity.objects.filter(home__in=parts).update(contact=merged, looked_at=None)
    Identity.objects.filter(contact=merged, home=F("contact")).update(home=None)
    freshen(merged)
    freshen(rows[whole or 0])
    undone(event)
    return merged


def _with_all_below(contact: Contact) -> list[int]:
    """The contact and everything that was ever merged into it, by the pointers."""
    found, level = [contact.pk], [contact.pk]
    while level:
        below = Contact.objects.filter(merged_into__in=level).order_by("pk")
        level = list(below.values_list("pk", flat=True))
        found += level
    return found


def split(identity: Identity) -> PersonEvent:
    """Make one identity a person of its own. Raises `PeopleError`."""
    whole = locked(identity.contact_id)[identity.contact_id]
    identity = Identity.objects.select_for_update().get(pk=identity.pk)
    if identity.contact_id != whole.pk:
        raise PeopleError("It was moved meanwhile. Look again.")
    if not Identity.objects.filter(contact=whole).exclude(pk=identity.pk).exists():
        raise PeopleError("It is the only one this person has.")
    home = identity.home_id or whole.pk
    alone = Contact.objects.create(name=identity.name or identity.handle)
    apart = keep_apart(identity, whole)
    identity.contact, identity.home, identity.looked_at = alone, None, None
    identity.save(update_fields=["contact", "home", "looked_at"])
    freshen(alone)
    freshen(whole)
    return mark(whole, SPLIT, other=alone, identity=identity, home=home, apart=apart)


def join(event: PersonEvent) -> Contact:
    """Take one split back: the identity returns to where it lived. Raises `PeopleError`."""
    alone, identity = event.other, event.identity
    home = Contact.objects.filter(pk=event.data["home"]).first()
    if event.undone_at or alone is None or identity is None or home is None:
        raise PeopleError("This split was taken back already.")
    rows = locked(alone.pk, alone.root_id, home.pk, home.root_id)
    identity = Identity.objects.select_for_update().get(pk=identity.pk)
    if alone.pk not in (identity.contact_id, identity.home_id):
        raise PeopleError("It belongs to somebody else by now.")
    left, home = identity.contact_id, rows[home.pk]
    whole = rows.get(home.root_id or home.pk, home)
    identity.contact, identity.home = whole, home if home.pk != whole.pk else None
    identity.save(update_fields=["contact", "home"])
    _hide_empty(rows[alone.pk], whole)
    freshen(whole)
    freshen(Contact.objects.get(pk=left))
    reopen(event.data.get("apart", []))
    undone(event)
    return whole


def _hide_empty(alone: Contact, whole: Contact) -> None:
    """What was written about the split-off contact meanwhile stays with the person."""
    used = Q(contact=alone) | Q(home=alone)
    if alone.merged_into_id or Identity.objects.filter(used).exists():
        return
    Contact.objects.filter(root=alone).update(root=whole)
    alone.merged_into = alone.root = whole
    alone.counted_at = None
    alone.save(update_fields=["merged_into", "root", "counted_at"])
