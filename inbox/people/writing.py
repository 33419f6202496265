"""Making what the lines of a list bring: people, accounts, tags, notes, honours, questions."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from inbox.common import rows, work
from inbox.people.keys import score
from inbox.people.lines import Line
from inbox.people.matching import SINGLE, Chunk, Key, empty, others
from inbox.people.models import (
    NEVER,
    Championship,
    Contact,
    ContactNote,
    Identity,
    PeopleImport,
    PersonEvent,
    Proposal,
    TakenLine,
    Trait,
)
from inbox.people.services import LISTED

Asked = tuple[int, int, str]  # an identity, another one, why: a code of `keys.WEIGHTS`


@dataclass(kw_only=True)
class _Taken:
    """One line while it is taken in; rows get their keys when all lines are written."""

    line: Line
    owner: Identity
    is_new: bool
    identities: list[int] = field(default_factory=list)
    filled: dict[str, Any] = field(default_factory=dict)
    note: ContactNote | None = None
    honour: Championship | None = None
    traits: list[Trait] = field(default_factory=list)
    asks: list[Asked] = field(default_factory=list)
    claims: dict[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> list[str]:
        """What became of it, for the counts."""
        added = self.identities or self.filled or self.note or self.honour or self.traits
        first = "new" if self.is_new else "filled" if added else "same"
        conflict = any(code == "list" for *_, code in self.asks)
        teammate = ["teammate"] if self.line.is_teammate else []
        return [first, *(["conflict"] if conflict else []), *teammate]


def write(row: PeopleImport, good: list[Line], chunk: Chunk, label: str) -> list[list[str]]:
    """Make what is new. Lines of one person after another in one chunk meet again."""
    fresh, made = _make_people(good, chunk)
    team = _team(good)
    taken = []
    for line in good:
        owner = chunk.identities(line)[0]  # whoever was missing was made above
        one = _Taken(line=line, owner=owner, is_new=fresh.get(owner.contact_id) == line.number)
        one.identities = [pk for key in chunk.keys_of(line) if (pk := made.get((key, line.number)))]
        one.claims = _claims(one, chunk)
        one.filled = {} if one.is_new else _fill(line, owner)
        _add(one, chunk)
        one.asks = [*_conflicts(line, owner, chunk), *_same_as_team(line, owner, team)]
        taken.append(one)
    rows.insert(one.note for one in taken if one.note)
    rows.insert(one.honour for one in taken if one.honour)
    rows.insert(trait for one in taken for trait in one.traits)
    starred = [one.owner.contact_id for one in taken if one.honour]
    Contact.objects.filter(pk__in=starred).update(champion=True)
    asked = _ask({ask for one in taken for ask in one.asks}, label)
    rows.insert(_trace(row, one, asked) for one in taken)
    _say_so(fresh)
    return [one.words for one in taken]


def _say_so(fresh: Iterable[int]) -> None:
    current = work.current()
    rows.insert(
        PersonEvent(
            contact_id=pk,
            kind="imported",
            at=current.now,
            actor_label=current.actor.label[:150],
            by_id=current.actor.user_id,
        )
        for pk in fresh
    )


def _trace(row: PeopleImport, one: _Taken, asked: dict[tuple[int, int], int]) -> TakenLine:
    """What the line made, so that it can be taken back."""
    pairs = [_pair(ask) for ask in one.asks]
    return TakenLine(
        of=row,
        line=one.line.number,
        contact_id=one.owner.contact_id,
        is_new=one.is_new,
        identity_ids=one.identities,
        filled={**one.filled, **({"of": one.owner.pk} if one.filled else {})},
        note=one.note,
        honour=one.honour,
        trait_ids=[trait.pk for trait in one.traits],
        proposal_ids=[pk for pair in pairs if (pk := asked.pop(pair, 0))],
        claims=one.claims,
    )


# ------------------------------------------------------------------ people and accounts


def _make_people(
    good: list[Line], chunk: Chunk
) -> tuple[dict[int, int], dict[tuple[Key, int], int]]:
    """Contacts and identities that are missing, two statements for all.

    Returns contact → its line, and (key, line) → the identity that the line made.
    """
    contacts: list[tuple[Line, Contact]] = []
    waiting: dict[Key, tuple[Line, Contact]] = {}
    for line in good:
        keys = chunk.keys_of(line)
        contact = next(
            (
                chunk.owners[key].contact if key in chunk.owners else waiting[key][1]
                for key in keys
                if key in chunk.owners or key in waiting
            ),
            None,
        )
        if contact is None:
            contact = Contact(name=line.name, last_heard_at=NEVER)
            contacts.append((line, contact))
        for key in keys:
            if key not in chunk.owners:
                waiting.setdefault(key, (line, contact))
    rows.insert([contact for _, contact in contacts])
    identities = [
        (key, line, _identity(key, line, contact)) for key, (line, contact) in waiting.items()
    ]
    rows.insert([identity for *_, identity in identities])
    chunk.owners.update({key: identity for key, _, identity in identities})
    made = {(key, line.number): identity.pk for key, line, identity in identities}
    return {contact.pk: line.number for line, contact in contacts}, made


def _identity(key: Key, line: Line, contact: Contact) -> Identity:
    kind, realm, external_id = key
    return Identity(
        contact=contact,
        kind=kind,
        realm=realm[:100],
        external_id=external_id[:250],
        handle=_handle_of(line, kind, external_id)[:250],
        name=line.name,
        timezone=line.timezone,
        member_kind="" if kind == "email" else LISTED,
    )


def _handle_of(line: Line, kind: str, name: str) -> str:
    """How the account of this number, or of this handle in small letters, is written."""
    mine = (a for a in line.accounts if a.kind == kind and name in (a.uid, a.handle.lower()))
    return next((account.handle for account in mine), "")


def _claims(one: _Taken, chunk: Chunk) -> dict[str, Any]:
    """What the line names that others brought: known here before it."""
    line, contact = one.line, one.owner.contact_id
    mine = set(one.identities)
    known = [row.pk for row in chunk.identities(line) if row.contact_id == contact]
    traits: list[int] = []
    for kind, value in chunk.traits_of(line):
        there = chunk.traits.get((contact, kind), {})
        # of what a source has one it names the one that is there, even where it changes it
        traits += there.values() if kind in SINGLE else [there.get(value, 0)]
    found: dict[str, Any] = {
        "identities": [pk for pk in known if pk not in mine],
        "traits": [pk for pk in traits if pk],
        "note": chunk.noted.get((contact, line.note), 0) if line.note else 0,
        "honour": chunk.starred.get(contact, 0) if line.champion else 0,
    }
    return {name: value for name, value in found.items() if value}


# ------------------------------------------------------------------ what is said of them


def _fill(line: Line, owner: Identity) -> dict[str, Any]:
    found: dict[str, Any] = {**empty(line, owner)}
    if "name" in found:
        owner.contact.name = found["name"]
        owner.contact.save(update_fields=["name"])
    if "timezone" in found:
        owner.timezone = found["timezone"]
        owner.save(update_fields=["timezone"])
    return found


def _add(one: _Taken, chunk: Chunk) -> None:
    current, line, contact = work.current(), one.line, one.owner.contact_id
    if line.note and (contact, line.note) not in chunk.noted:
        chunk.noted[contact, line.note] = 0
        one.note = ContactNote(
            contact_id=contact, text=line.note, at=current.now, by_id=current.actor.user_id
        )
    if line.champion and contact not in chunk.starred:
        chunk.starred[contact] = 0
        one.honour = Championship(
            contact_id=contact,
            reason=line.champion,
            since=line.champion_since or current.now.date(),
            evidence_url=line.evidence_url,
            named_at=current.now,
            named_by_id=current.actor.user_id,
        )
    for kind, value in chunk.traits_of(line):
        _add_trait(one, chunk, kind, value)


def _add_trait(one: _Taken, chunk: Chunk, kind: str, value: str) -> None:
    """A tag is added; a level or a last activity takes the place of the source's former one."""
    contact = one.owner.contact_id
    if not chunk.is_news(contact, kind, value):
        return
    known = chunk.traits.setdefault((contact, kind), {})
    former = next(((word, pk) for word, pk in known.items() if pk), None)
    if kind in SINGLE and former is not None:
        word, pk = former
        Trait.objects.filter(pk=pk).update(value=value)
        one.filled.setdefault("traits", {})[f"{pk}"] = [word, value]
        chunk.traits[contact, kind] = {value: pk}
    elif kind not in SINGLE or not known:
        known[value] = 0
        trait = Trait(contact_id=contact, kind=kind, value=value, source=chunk.source)
        one.traits.append(trait)


# ------------------------------------------------------------------ questions


def _conflicts(line: Line, owner: Identity, chunk: Chunk) -> list[Asked]:
    """The line names two people: nobody is merged, somebody is asked."""
    return [(owner.pk, other.pk, "list") for other in others(line, chunk)]


def _team(good: list[Line]) -> dict[str, Identity]:
    """Accounts' own identities by the address of the account, for those called teammates."""
    addresses = {a for line in good if line.is_teammate for a in line.emails}
    if not addresses:
        return {}
    mine = Identity.objects.filter(user__isnull=False).select_related("user").order_by("-pk")
    bound = {row.user.email.lower(): row for row in mine if row.user}
    return {address: bound[address] for address in addresses & bound.keys()}


def _same_as_team(line: Line, owner: Identity, team: dict[str, Identity]) -> list[Asked]:
    """A list's word makes nobody one of us: it proposes that they are."""
    if not line.is_teammate:
        return []
    found = (team[address] for address in line.emails if address in team)
    return [(owner.pk, r.pk, "teammate") for r in found if r.contact_id != owner.contact_id]


def _pair(ask: Asked) -> tuple[int, int]:
    return min(ask[:2]), max(ask[:2])


def _ask(asks: set[Asked], label: str) -> dict[tuple[int, int], int]:
    """Proposals that are not there yet; a pair that somebody has decided on stays decided."""
    wanted = {_pair(ask): ask[2] for ask in sorted(asks)}
    if not wanted:
        return {}
    ends = {pk for pair in wanted for pk in pair}
    there = set(
        Proposal.objects.filter(Q(one__in=ends) & Q(other__in=ends)).values_list("one", "other")
    )
    made = [
        Proposal(
            one_id=pair[0],
            other_id=pair[1],
            score=score([(code, label)]),
            reasons=[[code, label]],
            made_at=work.current().now,
        )
        for pair, code in wanted.items()
        if pair not in there
    ]
    rows.insert(made)
    return {(row.one_id, row.other_id): row.pk for row in made}
