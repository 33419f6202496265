"""Activities of a list: whose they are, which are here already, and taking them in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from inbox.common import rows
from inbox.people.models import Activity, Identity, PeopleImport, PeopleImportRow, RowKind

AT_ONCE = 1_000
COUNTED = ("done_new", "done_same")


def chunk_of(row: PeopleImport, after: int) -> list[PeopleImportRow]:
    """The next activities of a list."""
    found = row.read.filter(kind=RowKind.ACTIVITY, pk__gt=after).order_by("pk")
    return list(found[:AT_ONCE])


def check(row: PeopleImport, chunk: Sequence[PeopleImportRow]) -> tuple[list[str], list[Any]]:
    """Words for the counts, and (row, words) of each that is nobody's; nothing is changed."""
    people = {_person(one) for one in chunk}
    known = set(_owners(row, people))
    read = row.read.filter(kind=RowKind.PERSON, key__in=people)
    known |= set(read.values_list("key", flat=True))
    bad = row.read.filter(kind=RowKind.BAD, key__in=[f"person {key}" for key in people])
    known -= {key.removeprefix("person ") for key in bad.values_list("key", flat=True)}
    there = _there(chunk)
    words = []
    wrong: list[Any] = []
    for one in chunk:
        if _person(one) not in known:
            wrong.append((one, f"is by {_person(one)[:60]}, who is not in these files"))
        else:
            words.append("done_same" if one.key in there else "done_new")
    return words, wrong


def write(row: PeopleImport, chunk: Sequence[PeopleImportRow]) -> list[str]:
    """Take them in, each once whatever list names it. Words for the counts."""
    owners = _owners(row, {_person(one) for one in chunk})
    there = _there(chunk)
    mine = [one for one in chunk if _person(one) in owners]
    rows.insert(_made(row, one, owners[_person(one)]) for one in mine if one.key not in there)
    again = [there[one.key] for one in mine if one.key in there]
    for activity in again:
        if activity.run_id != row.pk and row.pk not in activity.also:
            activity.also.append(row.pk)
    Activity.objects.bulk_update(again, ["also"], batch_size=200)
    return ["done_same" if one.key in there else "done_new" for one in mine]


def _made(row: PeopleImport, one: PeopleImportRow, owner: int) -> Activity:
    data = one.data
    return Activity(
        identity_id=owner,
        source=row.source,
        source_key=one.key,
        kind=data["kind"][:60],
        title=data["title"][:250] or "Activity",
        url=data["url"][:500],
        at=datetime.fromisoformat(data["at"]),
        run=row,
    )


def _person(one: PeopleImportRow) -> str:
    return str(one.data["person"])[:250]


def _there(chunk: Sequence[PeopleImportRow]) -> dict[str, Activity]:
    rows = Activity.objects.filter(source_key__in=[one.key for one in chunk])
    return {activity.source_key: activity for activity in rows}


def _owners(row: PeopleImport, people: set[str]) -> dict[str, int]:
    """The identities of the source's own people by their keys."""
    found = Identity.objects.filter(kind=row.source, realm=row.source, external_id__in=people)
    return dict(found.values_list("external_id", "pk"))
