"""What a directory says of people here: a link that is kept, and never a reason to merge anybody.

One row for each account of ours by which somebody was found there, so that merging people and
taking merges back needs nothing here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from inbox.channels import directory
from inbox.channels.models import Channel, Lookup
from inbox.channels.ports import DirectoryPerson
from inbox.people.models import Contact, Identity

KIND = "directory_person"
MOST_ADDRESSES = 5


def directories() -> list[Channel]:
    """The connections by which people can be looked up."""
    return [channel for channel in directory.active() if channel.type.directory is not None]


def addresses_of(contact: Contact) -> list[tuple[Identity, str]]:
    """By which addresses somebody can be looked for, the proven ones first."""
    rows = contact.identities.order_by("-verified", "pk")
    found = {}
    for identity in rows:
        for address in (identity.external_id, identity.email):
            if "@" in address and address.lower() not in found:
                found[address.lower()] = (identity, address)
    return list(found.values())[:MOST_ADDRESSES]


def keep(channel: Channel, identity: Identity, found: DirectoryPerson, *, now: datetime) -> None:
    """Remember who somebody is there."""
    values = {"name": found.name[:250], "data": asdict(found), "fetched_at": now}
    Lookup.objects.update_or_create(kind=KIND, key=_key(channel, identity.pk), defaults=values)


def forget(identities: Iterable[Identity], *, channel: Channel | None = None) -> int:
    """Forget who somebody is there. Returns how many links there were."""
    # not those kept in mind: a connection of this moment must not be passed over
    places = [channel] if channel is not None else Channel.objects.order_by("pk")
    rows = Lookup.objects.filter(kind=KIND, key__in=_keys(identities, places))
    count = rows.count()
    rows.delete()
    return count


def book(identities: Iterable[Identity]) -> dict[int, list[DirectoryPerson]]:
    """What every directory says of some accounts, by the account; in one statement for a list."""
    keys = _keys(identities, directory.every())  # what was said by one taken away is still here
    found: dict[int, list[DirectoryPerson]] = {}
    for row in Lookup.objects.filter(kind=KIND, key__in=keys).order_by("key"):
        pk = int(row.key.partition(":")[2])
        found.setdefault(pk, []).append(DirectoryPerson(**row.data))
    return found


def known_of(identities: Iterable[Identity]) -> list[DirectoryPerson]:
    """The same as one list."""
    return [person for people in book(identities).values() for person in people]


def person_at(channel: Channel, contact: Contact) -> DirectoryPerson | None:
    """Who somebody is at one directory, as it was looked up last."""
    keys = _keys(contact.identities.all(), [channel])
    row = Lookup.objects.filter(kind=KIND, key__in=keys).order_by("-fetched_at").first()
    return DirectoryPerson(**row.data) if row is not None else None


def _key(channel: Channel, pk: int) -> str:
    return f"{channel.pk}:{pk}"


def _keys(identities: Iterable[Identity], channels: Iterable[Channel]) -> Sequence[str]:
    places = [channel for channel in channels if channel.type.directory is not None]
    return [_key(place, one.pk) for one in identities for place in places]
