"""Whose a line of a list is: by its addresses, its accounts, their names; never by two at once.

The first that is known here counts, in the order address, the source's own number, account,
handle. Everything else that the line names and that belongs to somebody else stays where it is,
and becomes a question (L23).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q
from django.db.models.functions import Lower

from inbox.channels import directory
from inbox.people.lines import Account, Line
from inbox.people.models import Championship, ContactNote, Identity, Trait, TraitKind

Key = tuple[str, str, str]  # kind, realm, external id
# a handle is a claim until the system itself tells the account's number
CLAIMED = "login"
SINGLE = (TraitKind.LEVEL, TraitKind.SEEN)  # a source has one of each


@dataclass(kw_only=True)
class Chunk:
    """Some lines beside what is here already."""

    source: str  # the key of the files' reader; "" of a table
    lines: list[Line]
    realms: dict[str, set[str]] = field(default_factory=dict)  # of our channels, by kind
    owners: dict[Key, Identity] = field(default_factory=dict)
    starred: dict[int, int] = field(default_factory=dict)  # contact → honour
    noted: dict[tuple[int, str], int] = field(default_factory=dict)
    traits: dict[tuple[int, str], dict[str, int]] = field(default_factory=dict)  # value → row

    def keys_of(self, line: Line) -> list[Key]:
        """The identities that a line names, the surest first."""
        numbered = [account for account in line.accounts if account.uid]
        named = [account for account in line.accounts if not account.uid]
        found: list[Key] = [("email", "mail", address) for address in line.emails]
        found += [(self.source, self.source, line.key)] if line.key else []
        found += [(a.kind, self.realm_of(a), a.uid) for a in numbered]
        found += [(a.kind, CLAIMED, a.handle.lower()) for a in named]
        return list(dict.fromkeys(found))

    def realm_of(self, account: Account) -> str:
        """Where an account lives: as the line says, else where we have the only such channel."""
        ours = self.realms.get(account.kind, set())
        if account.realm in ours or (account.realm and not self.source):
            return account.realm
        if len(ours) == 1:
            return next(iter(ours))
        return account.realm or (account.kind if self.source else "")

    def identities(self, line: Line) -> list[Identity]:
        """The known ones that a line names, in their order."""
        return [self.owners[key] for key in self.keys_of(line) if key in self.owners]

    def traits_of(self, line: Line) -> list[tuple[str, str]]:
        """(kind, value) of what the line says about somebody."""
        found: list[tuple[str, str]] = [(TraitKind.TAG, tag) for tag in line.tags]
        found += [(TraitKind.LEVEL, line.level)] if line.level else []
        found += [(TraitKind.SEEN, f"{line.seen:%F}")] if line.seen else []
        return found

    def is_news(self, contact: int, kind: str, value: str) -> bool:
        """Whether a trait says more than what is known; a last activity only moves forward."""
        known = self.traits.get((contact, kind), {})
        if kind == TraitKind.SEEN and known:
            return value > max(known)
        return value not in known


def look_up(lines: list[Line], source: str) -> Chunk:
    """The lines beside what is known of the people in them, in a fixed number of statements."""
    chunk = Chunk(source=source, lines=lines, realms=_realms())
    _find_numbers(chunk)
    _find_handles(chunk)
    people = {row.contact_id for row in chunk.owners.values()}
    whole = Q(contact__in=people) | Q(contact__root__in=people)
    stars = Championship.objects.filter(whole, ended_at=None)
    for pk, contact, root in stars.values_list("pk", "contact", "contact__root"):
        chunk.starred[root or contact] = pk
    notes = ContactNote.objects.filter(whole, removed_at=None)
    for pk, contact, root, text in notes.values_list("pk", "contact", "contact__root", "text"):
        chunk.noted[root or contact, text] = pk
    traits = Trait.objects.filter(whole, source=source)
    for row in traits.select_related("contact"):
        known = chunk.traits.setdefault((row.contact.root_id or row.contact_id, row.kind), {})
        known[row.value] = row.pk
    return chunk


def _realms() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for channel in directory.active():
        found[channel.kind].add(channel.realm)
    return found


def _find_numbers(chunk: Chunk) -> None:
    """Identities by exactly what they are."""
    groups: dict[tuple[str, str], set[str]] = defaultdict(set)
    for line in chunk.lines:
        for kind, realm, external_id in chunk.keys_of(line):
            groups[kind, realm].add(external_id)
    for (kind, realm), ids in groups.items():
        rows = Identity.objects.filter(kind=kind, realm=realm, external_id__in=ids)
        for row in rows.select_related("contact"):
            chunk.owners[kind, realm, row.external_id] = row


def _find_handles(chunk: Chunk) -> None:
    """By their handles: any account for a bare handle, for a numbered one a bare claim of it."""
    wanted = {(a.kind, a.handle.lower()) for line in chunk.lines for a in line.accounts if a.handle}
    if not wanted:
        return
    rows = Identity.objects.filter(kind__in={kind for kind, _ in wanted})
    rows = rows.annotate(low=Lower("handle")).filter(low__in={handle for _, handle in wanted})
    claims: dict[tuple[str, str], Identity] = {}
    real: dict[tuple[str, str], Identity] = {}
    for row in rows.select_related("contact").order_by("-pk"):
        side = claims if row.realm == CLAIMED else real
        side[row.kind, row.handle.lower()] = row
    for account in (account for line in chunk.lines for account in line.accounts):
        name = (account.kind, account.handle.lower())
        found = claims.get(name) if account.uid else real.get(name) or claims.get(name)
        if account.handle and found is not None:
            realm = chunk.realm_of(account) if account.uid else CLAIMED
            key = (account.kind, realm, account.uid or account.handle.lower())
            if account.uid:
                chunk.owners.setdefault(key, found)
            else:
                chunk.owners[key] = found


def problems(line: Line, chunk: Chunk) -> list[str]:
    """Why a line cannot be taken in, beside what is wrong in itself."""
    if line.problems:
        return []
    if any(row.member_kind == "mailbox" for row in chunk.identities(line)):
        return ["names one of our own mailboxes"]
    if any(not realm for _, realm, _ in chunk.keys_of(line)):
        return ["write the Slack member with the workspace before it: T024BE7LD/U061F7AUR"]
    return []


def empty(line: Line, owner: Identity) -> dict[str, str]:
    """What the line knows and we do not; nothing that is known is overwritten."""
    found = {}
    if line.name and not owner.contact.name:
        found["name"] = line.name
    if line.timezone and not owner.timezone:
        found["timezone"] = line.timezone
    return found


def others(line: Line, chunk: Chunk) -> list[Identity]:
    """Of each other person whom the line names too, the first identity."""
    found = chunk.identities(line)
    mine = {found[0].contact_id} if found else set()
    strangers: dict[int, Identity] = {}
    for row in found:
        if row.contact_id not in mine:
            strangers.setdefault(row.contact_id, row)
    return list(strangers.values())


# ------------------------------------------------------------------ without changing anything


def adds(line: Line, owner: Identity, chunk: Chunk) -> bool:
    """Whether the line says something that is not known of its person."""
    contact = owner.contact_id
    return (
        any(key not in chunk.owners for key in chunk.keys_of(line))
        or bool(empty(line, owner))
        or (bool(line.champion) and contact not in chunk.starred)
        or (bool(line.note) and (contact, line.note) not in chunk.noted)
        or any(chunk.is_news(contact, *trait) for trait in chunk.traits_of(line))
    )


Who = int  # a contact; below zero: whoever a line of this list would make


def compare(
    good: Iterable[Line], chunk: Chunk, met: dict[Key, Who]
) -> list[tuple[Line, list[str]]]:
    """What would become of each line: new, filled or same, and conflict where it names two.

    `met`: whose the keys are that earlier lines of the list brought; it is added to.
    """
    taken: list[tuple[Line, list[str]]] = []
    for line in good:
        keys = chunk.keys_of(line)
        whose = {key: met.get(key, 0) for key in keys if key in met}
        whose |= {key: chunk.owners[key].contact_id for key in keys if key in chunk.owners}
        who = next((whose[key] for key in keys if key in whose), -line.number)
        met.update({key: who for key in keys if key not in whose})
        known = chunk.identities(line)
        if not whose:
            word = "new"
        elif len(whose) < len(keys) or (known and adds(line, known[0], chunk)):
            word = "filled"
        else:
            word = "same"
        words = [word, *(["conflict"] if len(set(whose.values())) > 1 else [])]
        taken.append((line, [*words, *(["teammate"] if line.is_teammate else [])]))
    return taken
