"""Taking a list of people in, chunk by chunk, and taking it back; claims stay claims.

A table is read anew for each chunk; files of a community system, and pages that its connection
reads, become rows first. Then all go the same way: people are checked, then activities; taken in,
people first again.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import Q

from inbox.channels import peoplefiles
from inbox.common import work
from inbox.common.queue import after_commit
from inbox.people import doings, lists, matching, paging, staging, takingback, writing
from inbox.people.errors import PeopleError
from inbox.people.lines import Line, honour, of_person
from inbox.people.matching import Chunk, Key
from inbox.people.models import PeopleImport, PeopleImportRow, PeopleImportText, RowKind
from inbox.people.records import BUSY, ImportState

AT_ONCE = 500
MOST_ERRORS = 200
KEPT_FOR = timedelta(days=7)
MOST_EXAMPLES = 6  # of each word
SHOWN = ("new", "conflict", "teammate")


def begin(*, filename: str, content: bytes) -> PeopleImport:
    """Keep an uploaded list and guess what its columns are. Raises `PeopleError`."""
    text, encoding = lists.decode(content)
    delimiter = lists.delimiter_of(text)
    found = lists.rows(text, delimiter)
    header = next(found, (0, [], ""))[1]
    count = sum(1 for _ in found)
    if not header or not count:
        raise PeopleError("The list is empty: the first line names the columns, people follow.")
    current = work.current()
    row = PeopleImport.objects.create(
        by_id=current.actor.user_id,
        at=current.now,
        filename=filename[:200],
        encoding=encoding,
        delimiter=delimiter,
        header=[cell.strip()[:80] for cell in header],
        mapping=lists.guess(header),
        lines=count,
    )
    PeopleImportText.objects.create(of=row, text=text)
    return row


def begin_files(*, names: Sequence[str], folder: str, source: str) -> PeopleImport:
    """Note files of a community system that lie in their folder: a job reads them."""
    current = work.current()
    return PeopleImport.objects.create(
        by_id=current.actor.user_id,
        at=current.now,
        filename=", ".join(names)[:200],
        encoding="utf-8",
        delimiter="",
        source=source,
        folder=folder,
        files=list(names),
        state=ImportState.READING,
    )


def samples(row: PeopleImport, most: int = 3) -> list[list[str]]:
    """The first lines, for the person who says which column is what."""
    found = lists.rows(row.kept.text, row.delimiter, most + 1)
    return [cells for _, cells, _ in found][1:]


def check(row: PeopleImport, mapping: list[str]) -> None:
    """Have every line read, changing nothing. Raises `PeopleError`."""
    row = _locked(row.pk, ImportState.MAPPING, ImportState.CHECKED)
    lists.check_mapping(mapping)
    row.mapping = mapping
    _turn(row, ImportState.CHECKING)


def map_again(row: PeopleImport) -> None:
    """Go back to saying which column is what. Raises `PeopleError`."""
    _turn(_locked(row.pk, ImportState.CHECKED), ImportState.MAPPING)


def run(row: PeopleImport, *, skip_bad: bool) -> None:
    """Take the list in. One bad line changes nothing unless they are skipped on purpose.

    Raises `PeopleError`.
    """
    row = _locked(row.pk, ImportState.CHECKED)
    if row.counts.get("bad") and not skip_bad:
        raise PeopleError("Some lines are bad: mend them, or choose to skip them.")
    row.skip_bad = skip_bad
    _turn(row, ImportState.RUNNING)


def take_back(row: PeopleImport) -> None:
    """Undo the whole list, within seven days. Raises `PeopleError`."""
    row = _locked(row.pk, ImportState.DONE)
    if row.finished_at is None or row.finished_at < work.current().now - KEPT_FOR:
        raise PeopleError("After seven days a list cannot be taken back any more.")
    _turn(row, ImportState.UNDOING)


def _locked(pk: int, *states: str) -> PeopleImport:
    row = PeopleImport.objects.select_for_update().get(pk=pk)
    if row.state not in states:
        raise PeopleError(f"It is {ImportState(row.state).label.lower()}.")
    return row


def _turn(row: PeopleImport, state: ImportState) -> None:
    row.state, row.position, row.cursor = state, 0, {}
    if state == ImportState.CHECKING:
        row.counts, row.errors, row.examples = {}, [], []
        if not row.source:  # what files say wrongly was noted when they were read
            row.read.all().delete()
    row.save()


def due_ids(now: datetime) -> list[int]:
    """Lists that a job has to go on with, and those whose leftovers are too old.

    Those that a connection reads are not among them (`paging.due_ids`): a vendor may be slow.
    """
    old = Q(at__lt=now - KEPT_FOR, state__in=[ImportState.MAPPING, ImportState.CHECKED])
    kept = Q(finished_at__lt=now - KEPT_FOR, taken__isnull=False)
    kept |= Q(finished_at__lt=now - KEPT_FOR, read__isnull=False)
    paged = Q(state=ImportState.READING, folder="")
    found = PeopleImport.objects.filter(Q(state__in=BUSY) & ~paged | old | kept).distinct()
    return list(found.order_by("pk").values_list("pk", flat=True)[:50])


def step(pk: int) -> bool:
    """The next chunk of a list's work; False when nothing is left of it."""
    row = PeopleImport.objects.select_for_update().filter(pk=pk).first()
    if row is None:
        return False
    if row.state == ImportState.UNDOING:
        return takingback.undo_chunk(row)
    if row.state == ImportState.READING:
        return _read(row)
    if row.state in BUSY:
        return _next_chunk(row)
    _forget(row)
    return False


def _forget(row: PeopleImport) -> None:
    now = work.current().now
    if row.finished_at is not None and row.finished_at < now - KEPT_FOR:
        row.taken.all().delete()
        row.read.all().delete()
    elif row.finished_at is None and row.at < now - KEPT_FOR:
        folder = row.folder
        row.delete()
        after_commit(lambda: staging.drop(folder))


# ------------------------------------------------------------------ forwards


def read_page(pk: int, answer: paging.Answer) -> bool:
    """Keep a page that a connection gave; whether another one may be asked for at once."""
    row = PeopleImport.objects.select_for_update().get(pk=pk)
    if not paging.is_paged(row):
        return False
    if not paging.keep(row, answer):
        _all_read(row)
        return False
    row.save()
    return "trouble" not in row.cursor


def _read(row: PeopleImport) -> bool:
    """The next entries of the files; at their end everything is checked at once."""
    if staging.read_chunk(row):
        row.save()
    else:
        _all_read(row)
    return True


def _all_read(row: PeopleImport) -> None:
    folder, row.folder = row.folder, ""
    row.lines = row.read.filter(kind=RowKind.PERSON).count()
    row.doings = row.read.filter(kind=RowKind.ACTIVITY).count()
    _turn(row, ImportState.CHECKING)
    after_commit(lambda: staging.drop(folder))


def _next_chunk(row: PeopleImport) -> bool:
    checking = row.state == ImportState.CHECKING
    if row.cursor.get("doings"):
        over = _next_doings(row, checking=checking)
    else:
        over = _next_people(row, checking=checking)
    if over:
        _end(row)
    row.save()
    return row.state in BUSY


def _next_people(row: PeopleImport, *, checking: bool) -> bool:
    """Some people more; whether nothing is left behind them."""
    label = peoplefiles.label_of(row.source) if row.source else f"the list {row.filename}"
    lines = _lines_of_files(row) if row.source else _lines_of_table(row)
    for line in lines:
        honour(line, label)
    chunk = matching.look_up(lines, row.source)
    for line in lines:
        line.problems += matching.problems(line, chunk)
    good = [line for line in lines if not line.problems]
    bad = [line for line in lines if line.problems]
    _note_bad(row, [_bad_person(row, line) for line in bad])
    words = _compare(row, good, chunk) if checking else writing.write(row, good, chunk, label)
    _count(row, [word for some in words for word in some])
    row.position += len(lines)
    over = len(lines) < AT_ONCE
    if over and row.source:
        row.cursor = {"doings": True, "after": 0}
    return over and not row.source


def _lines_of_table(row: PeopleImport) -> list[Line]:
    found = lists.rows(row.kept.text, row.delimiter)
    cut = islice(found, 1 + row.position, 1 + row.position + AT_ONCE)
    return [lists.read(n, cells, row.mapping, why) for n, cells, why in cut]


def _lines_of_files(row: PeopleImport) -> list[Line]:
    people = row.read.filter(kind=RowKind.PERSON, pk__gt=row.cursor.get("after", 0))
    found = list(people.order_by("pk")[:AT_ONCE])
    keys = {key for one in found for key in one.data["refers"]}
    known = row.read.filter(kind=RowKind.ACCOUNT, key__in=keys)
    accounts = dict(known.values_list("key", "data"))
    row.cursor = {"after": found[-1].pk} if found else row.cursor
    return [of_person(one.data, accounts) for one in found]


def _next_doings(row: PeopleImport, *, checking: bool) -> bool:
    chunk = doings.chunk_of(row, row.cursor["after"])
    if checking:
        words, wrong = doings.check(row, chunk)
        _note_bad(row, [(f"doing {one.key}", one.data["n"], why, []) for one, why in wrong])
    else:
        words = doings.write(row, chunk)
    _count(row, words)
    row.position += len(chunk)
    if chunk:
        row.cursor = {"doings": True, "after": chunk[-1].pk}
    return len(chunk) < doings.AT_ONCE


def _end(row: PeopleImport) -> None:
    row.read.filter(kind=RowKind.MET).delete()
    _name_errors(row)
    if row.state == ImportState.CHECKING:
        row.state = ImportState.CHECKED
        return
    row.state, row.finished_at = ImportState.DONE, work.current().now
    PeopleImportText.objects.filter(of=row).delete()
    row.read.exclude(kind__in=[RowKind.BAD, RowKind.LEFT]).delete()


def _compare(row: PeopleImport, good: list[Line], chunk: Chunk) -> list[list[str]]:
    """What would happen to each line, with some examples; keys are kept for the next chunk."""
    names = {
        f"{kind}:{realm}:{name}"[:250]: (kind, realm, name)
        for line in good
        for kind, realm, name in chunk.keys_of(line)
    }
    there = row.read.filter(kind=RowKind.MET, key__in=list(names))
    met: dict[Key, int] = {names[key]: who for key, who in there.values_list("key", "data__who")}
    before = set(met)
    found = matching.compare(good, chunk, met)
    PeopleImportRow.objects.bulk_create(
        (
            PeopleImportRow(of=row, kind=RowKind.MET, key=":".join(key)[:250], data={"who": who})
            for key, who in met.items()
            if key not in before
        ),
        ignore_conflicts=True,
        batch_size=500,
    )
    shown = Counter(word for word, _ in row.examples)
    for line, words in found:
        for word in set(words) & set(SHOWN):
            if shown[word] < MOST_EXAMPLES:
                shown[word] += 1
                row.examples.append([word, line.label[:80]])
    return [words for _, words in found]


def _count(row: PeopleImport, words: Iterable[str]) -> None:
    if row.position == 0 and not row.cursor.get("doings"):
        row.counts = {}
    for word, n in Counter(words).items():
        row.counts[word] = row.counts.get(word, 0) + n


# ------------------------------------------------------------------ what cannot be taken in

Bad = tuple[str, int, str, list[str]]  # key, line, words, cells


def _bad_person(row: PeopleImport, line: Line) -> Bad:
    words = "; ".join(line.problems)
    if row.source:
        return f"person {line.key}"[:250], line.number, f"{line.label[:60]}: {words}", []
    return f"line {line.number}", line.number, words, line.cells


def _note_bad(row: PeopleImport, found: Iterable[Bad]) -> None:
    """All of them are kept, to be given back as a table."""
    PeopleImportRow.objects.bulk_create(
        (
            PeopleImportRow(
                of=row, kind=RowKind.BAD, key=key[:250], data={"n": n, "words": words, "cells": c}
            )
            for key, n, words, c in found
        ),
        ignore_conflicts=True,
        batch_size=500,
    )


def _name_errors(row: PeopleImport) -> None:
    """The first of them for the page; files that broke off count like a bad line."""
    found = row.read.filter(kind=RowKind.BAD).order_by("pk")
    row.errors = [[one.data["n"], one.data["words"]] for one in found[:MOST_ERRORS]]
    left = row.read.filter(kind=RowKind.LEFT).count()
    for word, n in (("bad", found.count()), ("left", left)):
        if n:
            row.counts[word] = n


def wrong(row: PeopleImport) -> Iterable[dict[str, Any]]:
    """Everything that was not taken in: line, words, and the cells of a table's line."""
    found = row.read.filter(kind__in=[RowKind.BAD, RowKind.LEFT]).order_by("pk")
    return found.values_list("data", flat=True).iterator(chunk_size=1_000)
