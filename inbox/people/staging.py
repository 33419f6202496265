"""Files of community systems become rows, piece by piece; rows find each other by their keys."""

import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings

from inbox.channels import peoplefiles
from inbox.channels.peoplefiles import (
    FileAccount,
    FileActivity,
    FilePerson,
    FileProblem,
    Item,
    Piece,
    UnreadableFile,
)
from inbox.people.errors import PeopleError
from inbox.people.lines import MOST_ACCOUNTS, MOST_TAGS
from inbox.people.models import PeopleImport, PeopleImportRow, RowKind

AT_ONCE = 1_000  # entries a chunk
MOST_BYTES = 200 * 1024 * 1024  # of all files of one import
MOST_FILES = 50
HEAD = 64 * 1024
LONGEST_KEY = 250


class Uploaded(Protocol):
    """A file of a form: Django keeps larger ones on the disk."""

    name: str | None
    size: int | None

    def chunks(self) -> Iterator[bytes]:
        """Its bytes, a few at a time."""
        ...


def keep(files: list[Any]) -> tuple[str, str]:
    """Write the files of a form to the disk; their folder and the key of who reads them.

    Raises `PeopleError`.
    """
    size = sum(file.size or 0 for file in files)
    if size > MOST_BYTES:
        raise PeopleError(
            f"The files have {size / 1024 / 1024:.0f} MB; 200 MB is the most at once."
        )
    if len(files) > MOST_FILES:
        raise PeopleError(f"At most {MOST_FILES} files at once.")
    folder = secrets.token_hex(16)
    path = _path(folder)
    path.mkdir(parents=True)
    try:
        return folder, _only([_write(file, path / f"{n}") for n, file in enumerate(files)])
    except BaseException:
        drop(folder)
        raise


def _write(file: Uploaded, place: Path) -> str:
    """Store one file; the key of who reads it, which its beginning tells."""
    head = b""
    with place.open("wb") as out:
        for block in file.chunks():
            head += block[: HEAD - len(head)]
            out.write(block)
    source = peoplefiles.find(head)
    if source is None:
        known = " and ".join(peoplefiles.labels())
        raise PeopleError(f"{file.name}: nobody here reads this JSON. Known are files of {known}.")
    return source.key


def _only(keys: list[str]) -> str:
    if len(set(keys)) != 1:
        raise PeopleError("These files come from different systems: take in one after the other.")
    return keys[0]


def drop(folder: str) -> None:
    """Remove the files of an import; doing it again does no harm."""
    if folder:
        shutil.rmtree(_path(folder), ignore_errors=True)


def _path(folder: str) -> Path:
    return Path(settings.DATA_DIR) / "imports" / folder


def progress(row: PeopleImport) -> tuple[int, int]:
    """Bytes that are read, and bytes of all files; nothing when they are gone."""
    path, number = _path(row.folder), int(row.cursor.get("file", 0))
    places = [path / f"{n}" for n in range(len(row.files))]
    sizes = [place.stat().st_size if place.exists() else 0 for place in places]
    return sum(sizes[:number]) + int(row.cursor.get("place", {}).get("at", 0)), sum(sizes)


# ------------------------------------------------------------------ reading


def read_chunk(row: PeopleImport) -> bool:
    """Read the next entries into rows and move the cursor; False at the end of all files."""
    number = int(row.cursor.get("file", 0))
    if number >= len(row.files):
        return False
    pieces, trouble = _pieces(row, number)
    items = [item for piece in pieces for item in piece.items]
    if trouble:
        items.append(FileProblem(key=row.files[number], words=trouble))
    store(row, items)
    over = len(pieces) < AT_ONCE
    place: dict[str, Any] = dict(pieces[-1].cursor) if pieces else {}
    row.cursor |= {"file": number + over, "place": {} if over else place}
    row.position += len(pieces)
    return True


def _pieces(row: PeopleImport, number: int) -> tuple[list[Piece], str]:
    """The next pieces of a file, and why it cannot be read any further."""
    source, path = peoplefiles.get(row.source), _path(row.folder) / f"{number}"
    found: list[Piece] = []
    if source is None or not path.exists():
        return found, "The file is not here any more: send it again."
    with path.open("rb") as file:
        try:
            for piece in islice(source.read(file, row.cursor.get("place", {})), AT_ONCE):
                found.append(piece)  # noqa: PERF402 - what came before an error counts
        except UnreadableFile as error:
            return found[: AT_ONCE - 1], f"{error} What stands behind it was not read."
    return found, ""


def store(row: PeopleImport, items: Iterable[Item]) -> None:
    """Rows of what was read. Of one key the first counts: dumps repeat people and accounts."""
    number = int(row.cursor.get("n", 0))
    made = []
    for item in items:
        number += 1
        kind, key, data = _row(item, number)
        made.append(PeopleImportRow(of=row, kind=kind, key=key[:LONGEST_KEY], data=data))
    PeopleImportRow.objects.bulk_create(made, ignore_conflicts=True, batch_size=500)
    row.cursor["n"] = number


def _row(item: Item, number: int) -> tuple[RowKind, str, dict[str, Any]]:
    if isinstance(item, FileProblem):
        kind = RowKind.BAD if item.is_bad else RowKind.LEFT
        return kind, f"{number}", {"n": number, "words": f"{item.key[:120]}: {item.words}"}
    data = {name: _plain(value) for name, value in asdict(item).items()} | {"n": number}
    if isinstance(item, FilePerson):
        cut = {"tags": MOST_TAGS, "refers": MOST_ACCOUNTS, "accounts": MOST_ACCOUNTS}
        return RowKind.PERSON, item.key, data | {k: data[k][:most] for k, most in cut.items()}
    kind = RowKind.ACCOUNT if isinstance(item, FileAccount) else RowKind.ACTIVITY
    assert isinstance(item, FileAccount | FileActivity)  # noqa: S101 - the four kinds of items
    return kind, item.key, data


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
