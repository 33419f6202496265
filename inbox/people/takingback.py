"""Taking a whole list back: what it made goes, unless somebody has written from it since.

What a later list names too is not taken away: the later list inherits it, and takes it away when
it is taken back itself.
"""

from collections import defaultdict

from django.db import transaction
from django.db.models import ProtectedError

from inbox.common import work
from inbox.people.models import (
    Activity,
    Championship,
    Contact,
    ContactNote,
    Identity,
    PeopleImport,
    Proposal,
    ProposalState,
    TakenLine,
    Trait,
)
from inbox.people.records import ImportState
from inbox.people.standing import freshen

AT_ONCE = 200
ACTIVITIES_AT_ONCE = 2_000


def undo_chunk(row: PeopleImport) -> bool:
    """Take activities back, then the newest lines; whether more are left."""
    if row.position == 0:
        row.counts.pop("stayed", None)
    if gone := _undo_activities(row):
        row.position += gone
        row.save()
        return True
    chunk = list(row.taken.order_by("-pk")[:AT_ONCE])
    _bequeath(row, chunk)
    ContactNote.objects.filter(pk__in=[line.note_id for line in chunk]).delete()
    Championship.objects.filter(pk__in=[line.honour_id for line in chunk]).delete()
    Trait.objects.filter(pk__in=[pk for line in chunk for pk in line.trait_ids]).delete()
    asked = [pk for line in chunk for pk in line.proposal_ids]
    Proposal.objects.filter(pk__in=asked, state=ProposalState.OPEN).delete()
    for line in chunk:
        _empty_again(line)
    _delete_identities([pk for line in chunk for pk in line.identity_ids])
    _star(chunk)
    stayed = _delete_people([line.contact_id for line in chunk if line.is_new and line.contact_id])
    row.counts["stayed"] = row.counts.get("stayed", 0) + stayed
    row.position += len(chunk)
    TakenLine.objects.filter(pk__in=[line.pk for line in chunk]).delete()
    if len(chunk) < AT_ONCE:
        row.state, row.finished_at = ImportState.UNDONE, work.current().now
    row.save()
    return row.state == ImportState.UNDOING


def _undo_activities(row: PeopleImport) -> int:
    """Activities that no other list names go; how many were looked at."""
    chunk = list(row.activities.order_by("pk")[:ACTIVITIES_AT_ONCE])
    named = {number for activity in chunk for number in activity.also}
    stand = set(
        PeopleImport.objects.filter(pk__in=named, state=ImportState.DONE).values_list(
            "pk", flat=True
        )
    )
    kept = []
    for activity in chunk:
        heirs = [number for number in activity.also if number in stand]
        if heirs:
            activity.run_id, activity.also = heirs[0], heirs[1:]
            kept.append(activity)
    Activity.objects.bulk_update(kept, ["run", "also"], batch_size=200)
    held = {activity.pk for activity in kept}
    Activity.objects.filter(pk__in=[one.pk for one in chunk if one.pk not in held]).delete()
    return len(chunk)


# ------------------------------------------------------------------ what others name too


def _bequeath(row: PeopleImport, chunk: list[TakenLine]) -> None:
    """Hand over what a list that stands names as well; the line then makes it no more."""
    people = [line.contact_id for line in chunk]
    others = TakenLine.objects.filter(contact__in=people, of__state=ImportState.DONE)
    heirs: dict[int, list[TakenLine]] = defaultdict(list)
    for heir in others.exclude(of=row).order_by("pk"):
        heirs[heir.contact_id or 0].append(heir)
    for line in chunk:
        for heir in heirs.get(line.contact_id or 0, []):
            _inherit(heir, line)
            heir.save()


def _inherit(heir: TakenLine, line: TakenLine) -> None:
    claims = heir.claims
    for name, mine, theirs in (
        ("identities", line.identity_ids, heir.identity_ids),
        ("traits", line.trait_ids, heir.trait_ids),
    ):
        both = [pk for pk in mine if pk in claims.get(name, [])]
        theirs += both
        mine[:] = [pk for pk in mine if pk not in both]
    if line.note_id and claims.get("note") == line.note_id:
        heir.note_id, line.note_id = line.note_id, None
    if line.honour_id and claims.get("honour") == line.honour_id:
        heir.honour_id, line.honour_id = line.honour_id, None
    if line.is_new and claims.get("identities"):
        heir.is_new, line.is_new = True, False


def _empty_again(line: TakenLine) -> None:
    """What was filled in goes, where nobody has changed it since."""
    if name := line.filled.get("name"):
        Contact.objects.filter(pk=line.contact_id or 0, name=name).update(name="")
    if zone := line.filled.get("timezone"):
        Identity.objects.filter(pk=line.filled["of"], timezone=zone).update(timezone="")
    for pk, (before, after) in line.filled.get("traits", {}).items():
        Trait.objects.filter(pk=int(pk), value=after).update(value=before)


def _delete_identities(pks: list[int]) -> None:
    """All at once; one that is in use meanwhile stays, with its person."""
    rows = Identity.objects.filter(pk__in=pks, tickets=None, messages=None, activities=None)
    try:
        with transaction.atomic():
            rows.delete()
    except ProtectedError:
        for row in rows:
            _delete_one(row)


def _delete_one(row: Identity) -> None:
    try:
        with transaction.atomic():
            row.delete()
    except ProtectedError:
        return


def _star(chunk: list[TakenLine]) -> None:
    people = Contact.objects.filter(
        pk__in=[line.contact_id for line in chunk if line.honour_id and not line.is_new]
    )
    for contact in people:
        freshen(contact.root or contact)


def _delete_people(pks: list[int]) -> int:
    """Those that are empty now; how many have something of their own by now and stay."""
    empty = Contact.objects.filter(
        pk__in=pks, identities=None, merged_from=None, notes=None, honours=None, traits=None
    )
    at_home = Identity.objects.filter(home__in=pks).values("home")
    gone = list(empty.exclude(pk__in=at_home).values_list("pk", flat=True))
    Contact.objects.filter(pk__in=gone).delete()
    return len(set(pks) - set(gone))
