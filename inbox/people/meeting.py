"""Many authors at once: for histories, where one look for each of them would cost too much."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Model
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.db.models.functions import Lower

from inbox.accounts.models import User
from inbox.channels.contract import Author
from inbox.common import rows
from inbox.people.models import NEVER, Contact, Identity, IdentityKey, Proposal
from inbox.people.services import profile_address, proof

Key = tuple[str, str]  # realm, external id
CHUNK = 100
WORKED_OUT = (IdentityKey, Proposal)  # the sweep makes them from the identities


def key_of(realm: str, author: Author) -> Key:
    """Under which an author is known: as `services.resolve` knows them."""
    name = author.external_id
    return author.realm or realm, (name.lower() if "@" in name else name)[:250]


def meet(
    kind: str, realm: str, authors: Iterable[Author], heard: Mapping[Key, datetime]
) -> dict[Key, Identity]:
    """The identities of authors, with their contacts; who is new is made, as `resolve` does.

    What is known is not freshened: a history says nothing new. `heard`: when each of them last
    wrote in it. Raises `IntegrityError` when somebody else met one of them at this moment.
    """
    wanted = {key_of(realm, author): author for author in authors}
    found: dict[Key, Identity] = {}
    for place in {place for place, _ in wanted}:
        names = [name for there, name in wanted if there == place]
        known = Identity.objects.filter(kind=kind, realm=place, external_id__in=names)
        found |= {(place, row.external_id): row for row in known.select_related("contact", "user")}
    strangers = {key: author for key, author in wanted.items() if key not in found}
    return found | _make(kind, strangers, heard)


def accounts(addresses: Iterable[str]) -> dict[str, User]:
    """Active accounts by their address in lower case."""
    wanted = {address.lower() for address in addresses if "@" in address}
    users = User.objects.annotate(address=Lower("email")).filter(address__in=wanted)
    return {user.email.lower(): user for user in users.filter(is_active=True).order_by("-pk")}


def _make(
    kind: str, strangers: Mapping[Key, Author], heard: Mapping[Key, datetime]
) -> dict[Key, Identity]:
    ours = accounts(proof(author, key[1]) for key, author in strangers.items())
    made: dict[Key, Identity] = {}
    for key, author in strangers.items():
        at = heard.get(key)
        made[key] = Identity(
            contact=Contact(name=author.name[:250], last_heard_at=at or NEVER),
            kind=kind,
            realm=key[0],
            external_id=key[1],
            handle=author.handle[:250],
            name=author.name[:250],
            email=profile_address(author, kind),
            verified=author.verified,
            timezone=author.timezone,
            utc_offset_minutes=author.utc_offset_minutes,
            member_kind=author.member_kind,
            user=ours.get(proof(author, key[1]).lower()),
            heard_at=at,
        )
    insert([identity.contact for identity in made.values()])
    for identity in made.values():
        identity.contact_id = identity.contact.pk
    insert(list(made.values()))
    return made


def insert(made: Sequence[Contact] | Sequence[Identity]) -> None:
    """INSERT in statements of one size, so that their text is made once."""
    for start in range(0, len(made), CHUNK):
        rows.insert(made[start : start + CHUNK])


# ------------------------------------------------------------------ taken back


def unmeet(pks: Iterable[int], *, since: datetime) -> int:
    """Let go of identities that were met since a moment, where nothing is left that names them.

    With them go contacts that have nobody else and nothing else. Returns how many identities.
    """
    count = 0
    met = Identity.objects.filter(pk__in=set(pks), created_at__gte=since, user=None, home=None)
    for identity in met.select_related("contact").order_by("pk"):
        contact = identity.contact
        if _is_named(identity) or _is_named(contact, but=Identity):
            continue
        identity.delete()
        count += 1
        if contact.created_at >= since and not contact.identities.exists():
            contact.delete()
    return count


def _is_named(row: Model, *, but: type[Model] | None = None) -> bool:
    """Whether anything points at it, but for what is only worked out from it."""
    for field in row._meta.get_fields(include_hidden=True):
        if not isinstance(field, ForeignObjectRel) or field.related_model in (*WORKED_OUT, but):
            continue
        others = field.related_model._base_manager
        if others.filter(**{field.field.name: row.pk}).exists():
            return True
    return False
