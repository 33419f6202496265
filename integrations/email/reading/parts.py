"""MIME by bytes: headers, boundaries, transfer encodings. Linear, with caps, never raises."""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from integrations.email.reading.headers import base64_bytes, parameters

MOST_HEADER_BYTES = 64 * 1024
MOST_HEADER_LINES = 500
MOST_DEPTH = 20
MOST_PARTS = 200
MOST_PARSED = 40 * 1024 * 1024

BLANK = re.compile(rb"\r?\n\r?\n|\A\r?\n")
LOOSE_BLANK = re.compile(rb"\r?\n[ \t]*\r?\n")
NAME = re.compile(rb"^([!-9;-~]{1,100})[ \t]*:(.*)$", re.DOTALL)
END_OF_LINE = re.compile(rb"[ \t]*(?=\r?\n|\Z)")
UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,200})\r?\n", re.MULTILINE)


@dataclass
class Part:
    """One entity: its headers in order, its body bytes, its children."""

    headers: list[tuple[str, bytes]]
    body: bytes
    depth: int = 0
    children: list["Part"] = field(default_factory=list)
    default_type: str = "text/plain"

    def all(self, name: str) -> list[bytes]:
        """Every value of a header."""
        return [value for known, value in self.headers if known == name]

    def get(self, name: str) -> bytes:
        """The first value of a header, b"" without one."""
        return self._first.get(name, b"")

    @cached_property
    def _first(self) -> dict[str, bytes]:
        return dict(reversed(self.headers))

    @cached_property
    def _type(self) -> tuple[str, dict[str, str]]:
        kind, params = parameters(self.get("content-type"))
        return (kind if kind.count("/") == 1 else self.default_type), params

    @property
    def content_type(self) -> str:
        """The declared type, lower case."""
        return self._type[0]

    @property
    def params(self) -> dict[str, str]:
        """Parameters of the Content-Type."""
        return self._type[1]

    @cached_property
    def disposition(self) -> tuple[str, dict[str, str]]:
        """Content-Disposition and its parameters."""
        return parameters(self.get("content-disposition"))

    @cached_property
    def content(self) -> bytes:
        """The body with its transfer encoding undone."""
        how = self.get("content-transfer-encoding").strip().strip(b"\"';").lower().split(b";")[0]
        if how == b"base64":
            return _base64(self.body)
        if how == b"quoted-printable":
            return binascii.a2b_qp(self.body)
        if how in (b"x-uuencode", b"uuencode", b"x-uue", b"uue"):
            return _uu(self.body)
        return self.body


def split(raw: bytes, notes: list[str], *, depth: int = 0) -> Part:
    """A mail's parts as a tree; `notes` says what was cut."""
    count = [0]
    return _entity(_prepared(raw, notes), notes, depth, count, "text/plain")


def _prepared(raw: bytes, notes: list[str]) -> bytes:
    if len(raw) > MOST_PARSED:
        notes.append(f"cut at {MOST_PARSED} bytes")
        raw = raw[:MOST_PARSED]
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n \t") if raw[:1] in b"\xef\r\n \t" else raw
    if b"\n" not in raw[:4000] and b"\r" in raw[:4000]:
        raw = raw.replace(b"\r", b"\n")
        notes.append("lines ended in CR only")
    if raw[:5] == b"From " or raw[:6] == b">From ":
        raw = raw.partition(b"\n")[2]
    return raw


def _entity(raw: bytes, notes: list[str], depth: int, count: list[int], default: str) -> Part:
    headers, body = _head(raw, notes)
    part = Part(headers=headers, body=body, depth=depth, default_type=default)
    count[0] += 1
    if part.content_type.startswith("multipart/"):
        if depth >= MOST_DEPTH:
            notes.append(f"parts nested deeper than {MOST_DEPTH} were not read")
        else:
            _children(part, notes, count)
    return part


def _head(raw: bytes, notes: list[str]) -> tuple[list[tuple[str, bytes]], bytes]:
    """Header lines until the blank line, or until a line that is none."""
    window = raw[:MOST_HEADER_BYTES]
    # a line of blanks alone continues a header, unless there is no other end
    blank = BLANK.search(window) or LOOSE_BLANK.search(window)
    head = window[: blank.start()] if blank else window
    rest = raw[blank.end() :] if blank else b""
    if not blank and len(raw) > MOST_HEADER_BYTES:
        notes.append("the headers are too long and were cut")
        far = BLANK.search(raw, MOST_HEADER_BYTES)
        rest = raw[far.end() :] if far else b""
    headers: list[tuple[str, bytes]] = []
    lines = head.split(b"\n")
    for number, line in enumerate(lines):
        line = line.rstrip(b"\r")
        if line[:1] in (b" ", b"\t") and headers:
            headers[-1] = (headers[-1][0], headers[-1][1] + b" " + line.strip())
        elif match := NAME.match(line):
            headers.append((match[1].decode("ascii").lower(), match[2].strip()))
        elif line.startswith(b"From ") or not line.strip() or (not headers and number < 3):
            continue
        elif len(headers) >= 1 and not _goes_on(lines[number:]):
            body_start = b"\n".join(lines[number:])
            notes.append("the blank line after the headers was missing")
            return headers, body_start + (raw[blank.start() :] if blank else b"")
        if len(headers) >= MOST_HEADER_LINES:
            notes.append(f"more than {MOST_HEADER_LINES} header lines; the rest was not read")
            break
    return headers, rest


def _goes_on(lines: list[bytes]) -> bool:
    """Whether header lines follow after a broken one."""
    return any(NAME.match(line) for line in lines[1:3])


def _children(part: Part, notes: list[str], count: list[int]) -> None:
    boundary = part.params.get("boundary", "").encode("utf-8", "replace").rstrip()[:300]
    sections = _sections(part.body, boundary) if boundary else []
    if (not sections and not boundary) or not sections:
        guess = re.match(rb"\s*--([^\r\n]{1,200}?)[ \t]*\r?\n", part.body[:2000])
        sections = _sections(part.body, guess[1]) if guess else []
        notes.append("the boundary between parts is missing or wrong")
    default = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
    for section in sections:
        if count[0] >= MOST_PARTS:
            notes.append(f"more than {MOST_PARTS} parts; the rest was not read")
            break
        part.children.append(_entity(section, notes, part.depth + 1, count, default))


def _sections(body: bytes, boundary: bytes) -> list[bytes]:
    """What stands between the boundary lines; an unclosed last part counts."""
    found: list[bytes] = []
    start: int | None = None
    for begin, end, last in _marks(body, b"--" + boundary):
        if start is not None:
            found.append(body[start:begin])
        start = None if last else end
        if last:
            break
    if start is not None:
        found.append(body[start:])
    return [_without_first_break(section) for section in found]


def _marks(body: bytes, mark: bytes) -> Iterator[tuple[int, int, bool]]:
    """(end of the text before, end of the mark, whether it closes) of every boundary line."""
    place = body.find(mark)
    while place >= 0:
        end = place + len(mark)
        closes = body[end : end + 2] == b"--"
        rest = END_OF_LINE.match(body, end + 2 if closes else end)
        if rest and (place == 0 or body[place - 1] == 10):
            begin = place - (body[place - 2 : place] == b"\r\n") - (place > 0)
            yield max(begin, 0), rest.end(), closes
        place = body.find(mark, end)


def _without_first_break(section: bytes) -> bytes:
    if section[:2] == b"\r\n":
        return section[2:]
    return section[1:] if section[:1] == b"\n" else section


def _base64(body: bytes) -> bytes:
    try:
        return binascii.a2b_base64(body)
    except binascii.Error:
        return base64_bytes(body)


def _uu(body: bytes) -> bytes:
    begin = UU_BEGIN.search(body)
    out = []
    for line in body[begin.end() if begin else 0 :].splitlines():
        if line.strip() in (b"end", b"`", b""):
            if line.strip() == b"end":
                break
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            size = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                out.append(binascii.a2b_uu(line[: size + 1]))
            except binascii.Error:
                break
    return b"".join(out)


def uu_files(text: bytes) -> tuple[bytes, list[tuple[str, bytes]]]:
    """Files that stand uuencoded inside a text, and the text without them."""
    files: list[tuple[str, bytes]] = []
    kept, end = [], 0
    for begin in UU_BEGIN.finditer(text):
        if begin.start() < end:
            continue
        stop = re.compile(rb"^end\s*$", re.MULTILINE).search(text, begin.end())
        if stop is None:
            break
        content = _uu(text[begin.start() : stop.end()])
        if content:
            files.append((begin[1].decode("utf-8", "replace").strip(), content))
            kept.append(text[end : begin.start()])
            end = stop.end()
    return (b"".join(kept) + text[end:], files) if files else (text, [])
