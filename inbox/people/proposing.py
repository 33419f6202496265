"""Who may be the same person as whom: looked for behind the writes, decided by people (L23)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from itertools import combinations

from django.db.models import F, Q, QuerySet

from inbox.common import work
from inbox.common.locks import hold
from inbox.people import keys
from inbox.people.errors import PeopleError
from inbox.people.keys import Known
from inbox.people.models import Contact, Identity, IdentityKey, PersonEvent, Proposal
from inbox.people.models import ProposalState as State
from inbox.people.standing import mark

APART = "apart"
AT_ONCE, BATCHES = 200, 10  # identities a batch, batches a turn of the sweep
# a value that more than so many share tells nobody apart
MOST_ALIKE = 6
COMPARED = ("address", "handle", "name")
NOBODY = ("mailbox", "bot")
Pair = tuple[int, int]


def due_ids(now: datetime) -> list[int]:
    """One identity of each batch that nobody has looked at since it changed."""
    del now
    stale = Identity.objects.filter(looked_at=None).order_by("pk").values_list("pk", flat=True)
    return list(stale[: AT_ONCE * BATCHES])[::AT_ONCE]


def look(pk: int, now: datetime) -> bool:
    """Make the keys of the next identities, and propose whom they may be.

    False: no clock made this due, so it counts for nothing in the sweep's report.
    """
    hold("people-likeness")
    stale = Identity.objects.filter(looked_at=None, pk__gte=pk).order_by("pk")
    # locked: what is renamed at this moment is looked at again afterwards
    batch = list(stale.select_related("contact").select_for_update(of=("self",))[:AT_ONCE])
    _write_keys(batch)
    mine = {row.pk: known(row) for row in batch if row.member_kind not in NOBODY}
    pairs = _meeting(mine)
    others = {number for pair in pairs for number in pair} - mine.keys()
    rows = Identity.objects.filter(pk__in=others).exclude(member_kind__in=NOBODY)
    _propose(mine, {**mine, **{row.pk: known(row) for row in rows}}, pairs, now)
    Identity.objects.filter(pk__in=[row.pk for row in batch]).update(looked_at=now)
    return False


def known(row: Identity) -> Known:
    """What comparing needs of an identity."""
    own = row.external_id if row.kind == "email" else ""
    addresses = {a.lower() for a in (own, row.email) if "@" in a}
    is_member = row.member_kind == "full" and bool(row.email)
    proven = ({own.lower()} if row.verified and own else set()) | (
        {row.email} if row.verified and not own and row.email else set()
    )
    return Known(
        pk=row.pk,
        contact=row.contact_id,
        kind=row.kind,
        name=row.name,
        handle=row.handle,
        external_id=row.external_id,
        addresses=frozenset(addresses),
        proven=frozenset(proven),
        vouched=frozenset({row.email} if is_member else set()),
        zone=row.timezone,
        user=row.user_id,
    )


def _write_keys(batch: list[Identity]) -> None:
    IdentityKey.objects.filter(identity__in=batch).delete()
    IdentityKey.objects.bulk_create(
        IdentityKey(
            identity=row,
            kind=kind,
            value=value,
            backwards=value[::-1] if kind == "word" else "",
        )
        for row in batch
        for kind, value in sorted(keys.keys_of(known(row), row.contact.name))
    )


def _meeting(mine: dict[int, Known]) -> set[Pair]:
    """Pairs that share a key, at least one of them of this batch."""
    of_batch = IdentityKey.objects.filter(identity__in=mine, kind__in=COMPARED)
    shared = IdentityKey.objects.filter(
        kind__in=COMPARED, value__in=set(of_batch.values_list("value", flat=True))
    )
    groups: dict[tuple[str, str], set[int]] = defaultdict(set)
    for kind, value, pk in shared.values_list("kind", "value", "identity"):
        groups[kind, value].add(pk)
    return {
        (min(pair), max(pair))
        for group in groups.values()
        if 1 < len(group) <= MOST_ALIKE
        for pair in combinations(group, 2)
        if mine.keys() & set(pair)
    }


def _propose(
    mine: dict[int, Known], everybody: dict[int, Known], pairs: Iterable[Pair], now: datetime
) -> None:
    """Write the pairs that are alike enough; open ones that are not any more go away."""
    found: dict[Pair, Proposal] = {}
    for one, other in sorted(pairs):
        a, b = everybody.get(one), everybody.get(other)
        if a is None or b is None or (a.user and b.user and a.user != b.user):
            continue
        why = keys.reasons(a, b)
        if (sure := keys.score(why)) >= keys.LEAST:
            found[one, other] = Proposal(
                one_id=one, other_id=other, score=sure, reasons=why, made_at=now
            )
    known_rows = Proposal.objects.filter(Q(one__in=mine) | Q(other__in=mine))
    gone = []
    for row in known_rows:
        fresh = found.pop((row.one_id, row.other_id), None)
        # what a list says is not seen in the identities: it stands as long as the proposal
        why = [
            *(fresh.reasons if fresh else []),
            *(tuple(reason) for reason in row.reasons if reason[0] in keys.TOLD),
        ]
        if not why and row.state == State.OPEN:
            gone.append(row.pk)
        elif why and row.score != keys.score(why):
            row.score, row.reasons = keys.score(why), why
            row.save(update_fields=["score", "reasons"])
    Proposal.objects.filter(pk__in=gone).delete()
    new = [row for pair, row in found.items() if _apart(everybody, pair)]
    Proposal.objects.bulk_create(new, ignore_conflicts=True)


def _apart(everybody: dict[int, Known], pair: Pair) -> bool:
    return everybody[pair[0]].contact != everybody[pair[1]].contact


# ------------------------------------------------------------------ what waits, and a no


def waiting() -> QuerySet[Proposal]:
    """Open proposals about two people; what is merged meanwhile needs no answer."""
    rows = Proposal.objects.filter(state=State.OPEN)
    return rows.exclude(one__contact=F("other__contact"))


def between(one: Contact, other: Contact) -> QuerySet[Proposal]:
    """The open proposals that these two are one person."""
    there = Q(one__contact=one, other__contact=other)
    return waiting().filter(there | Q(one__contact=other, other__contact=one))


def decline(one: Contact, other: Contact) -> PersonEvent:
    """They are different people: remembered for each pair of identities. Raises `PeopleError`."""
    current = work.current()
    rows = list(between(one, other).values_list("pk", flat=True))
    if not rows:
        raise PeopleError("Nothing proposes this any more.")
    Proposal.objects.filter(pk__in=rows).update(
        state=State.APART, decided_at=current.now, decided_by_id=current.actor.user_id
    )
    return mark(one, APART, other=other, proposals=rows)


def keep_apart(identity: Identity, whole: Contact) -> list[int]:
    """An identity is split off: nobody proposes to put it back. The proposals that say so."""
    current, made = work.current(), []
    others = Identity.objects.filter(contact=whole).exclude(pk=identity.pk)
    for pk in others.values_list("pk", flat=True):
        one, other = sorted((identity.pk, pk))
        row, _ = Proposal.objects.get_or_create(
            one_id=one, other_id=other, defaults={"score": 0, "made_at": current.now}
        )
        if row.state == State.OPEN:
            made.append(row.pk)
    Proposal.objects.filter(pk__in=made).update(
        state=State.APART, decided_at=current.now, decided_by_id=current.actor.user_id
    )
    return made


def reopen(pks: list[int]) -> None:
    """A no is taken back; what only said no goes away."""
    rows = Proposal.objects.filter(pk__in=pks)
    rows.filter(score=0).delete()
    rows.update(state=State.OPEN, decided_at=None, decided_by=None)
