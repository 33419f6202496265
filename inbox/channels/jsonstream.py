"""Large JSON files of strangers, entry by entry, in little memory; reading goes on anywhere. Pure.

Understood are one object with lists of entries (`{"data": […], "included": […]}`), several of them
one after another or line by line, and one list of entries or of such objects. RFC 8259 leaves the
size of numbers and the depth to the reader: numbers beyond 18 digits stay text, what nests deeper
than Python reads is refused.
"""

import codecs
import json
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from inbox.channels.jsontext import storable

BLOCK = 256 * 1024
MOST_ENTRY = 8 * 1024 * 1024  # characters of one entry
LONGEST_INTEGER = 18
SPACE = " \t\r\n\ufeff"
# where the reading stands: between documents, in an object, in a list of entries
OUTSIDE, OBJECT, LIST = "", "{", "["


class BrokenJson(ValueError):
    """The file cannot be read any further; the text is for whoever uploaded it."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where reading goes on: a byte, and in what it stands."""

    at: int = 0
    inside: str = OUTSIDE


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of a list, the list's name ("" of a list without one), and the place behind it."""

    name: str
    value: Any
    place: Place


def entries(file: BinaryIO, wanted: Collection[str], place: Place | None = None) -> Iterator[Entry]:
    """Every entry of the wanted lists from a place on. Raises `BrokenJson`."""
    place = place or Place()
    text, inside = _Text(file, place.at), place.inside
    while (sign := text.peek()) or inside:
        if not sign:
            raise BrokenJson("The file ends in the middle. Export it again.")
        if inside == OUTSIDE:
            inside = _open(text, sign)
        elif inside == OBJECT:
            inside, value = _member(text, sign, wanted)
            if value is not None:
                name, found = value
                yield Entry(name=name, value=found, place=Place(at=text.at, inside=inside))
        elif sign in "],":
            text.take()
            if sign == "]":
                inside = OBJECT if len(inside) > 1 else OUTSIDE
        else:
            found = text.value()
            yield Entry(name=inside[1:], value=found, place=Place(at=text.at, inside=inside))


def _open(text: "_Text", sign: str) -> str:
    if sign not in "{[":
        raise BrokenJson(f"At byte {text.at}: this is no list of entries in JSON.")
    text.take()
    return sign


def _member(
    text: "_Text", sign: str, wanted: Collection[str]
) -> tuple[str, tuple[str, Any] | None]:
    """Go over one member of an object: into a wanted list, past all else."""
    if sign in "},":
        text.take()
        return (OUTSIDE if sign == "}" else OBJECT), None
    name = text.value() if sign == '"' else None
    if not isinstance(name, str) or text.peek() != ":":
        raise BrokenJson(f"At byte {text.at}: a name and a colon should stand here.")
    text.take()
    if name in wanted and text.peek() == "[":
        text.take()
        return LIST + name, None
    value = text.value()
    return OBJECT, (name, value) if name in wanted and isinstance(value, dict) else None


class _Text:
    """The file as text around the place that is read, never more of it than an entry needs."""

    def __init__(self, file: BinaryIO, at: int) -> None:
        file.seek(at)
        self.file, self.at = file, at
        self.text, self.pos, self.ended = "", 0, False
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.json = json.JSONDecoder(
            parse_int=_integer, parse_float=_float, parse_constant=lambda _: None
        )

    def more(self) -> bool:
        """Read a block behind what is there; whether there was one."""
        block = self.file.read(BLOCK)
        self.ended = not block
        try:
            fresh = self.decoder.decode(block, final=self.ended)
        except UnicodeDecodeError as error:
            raise BrokenJson(
                f"Near byte {self.at}: this is no UTF-8. Save the file as JSON in UTF-8."
            ) from error
        self.text, self.pos = self.text[self.pos :] + fresh, 0
        return not self.ended

    def peek(self) -> str:
        """The next sign that is no space; "" at the end."""
        while True:
            while self.pos < len(self.text) and self.text[self.pos] in SPACE:
                self.take()
            if self.pos < len(self.text):
                return self.text[self.pos]
            if not self.more():
                return ""

    def take(self) -> None:
        """Go over one sign."""
        self.at += 3 if self.text[self.pos] == "\ufeff" else 1
        self.pos += 1

    def value(self) -> Any:
        """The value that begins here, without what no database keeps."""
        self.peek()
        while True:
            try:
                found, end = self.json.raw_decode(self.text, self.pos)
            except RecursionError:
                raise BrokenJson(f"At byte {self.at}: an entry is nested too deeply.") from None
            except ValueError as error:
                self._wait(f"At byte {self.at}: an entry cannot be read ({_why(error)}).")
                continue
            if end == len(self.text) and not self.ended and self.more():
                continue  # a number may go on in the next block
            self.at += len(self.text[self.pos : end].encode("utf-8", "surrogatepass"))
            self.pos = end
            return storable(found)

    def _wait(self, words: str) -> None:
        """Read on, for the entry may not be here as a whole yet. Raises `BrokenJson`."""
        if len(self.text) - self.pos > MOST_ENTRY:
            raise BrokenJson(words)
        if not self.more():
            raise BrokenJson(words)


def _why(error: ValueError) -> str:
    return error.msg if isinstance(error, json.JSONDecodeError) else "no JSON"


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= LONGEST_INTEGER else text[:250]


def _float(text: str) -> float | str:
    found = float(text)
    return found if math.isfinite(found) else text[:250]
