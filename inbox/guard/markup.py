"""Secrets in HTML: found in what a reader sees, taken out of the source. No Django here."""

import html
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable

from inbox.guard.finding import Span, masked

Finder = Callable[[str], tuple[Span, ...]]
# a tag, an entity, plain text, and whatever is none of these
PIECE = re.compile(r"<[^<>]*>|&#?\w{1,12};|[^<&]+|[<&]")
# a tag that does not break the line: a secret may go on behind it
INLINE = re.compile(
    r"</?(?:a|abbr|b|bdi|big|code|em|font|i|mark|s|small|span|strong|sub|sup|tt|u|wbr)\b"
)


def masked_html(source: str, find: Finder) -> str:
    """The source without its secrets: in text, also across tags and entities, and inside tags."""
    pieces = [_clean_tag(piece, find) for piece in PIECE.findall(source)]
    shown = [_shown(piece) for piece in pieces]
    spans = find("".join(shown))
    return _without(pieces, shown, spans) if spans else "".join(pieces)


def shown_text(source: str) -> str:
    """What a reader sees of the source, and the values of its attributes."""
    pieces = PIECE.findall(source)
    tags = [html.unescape(piece) for piece in pieces if _is_tag(piece) and "=" in piece]
    return "\n".join(["".join(map(_shown, pieces)), *tags])


def _is_tag(piece: str) -> bool:
    return piece.startswith("<") and piece.endswith(">")


def _shown(piece: str) -> str:
    if _is_tag(piece):
        return "" if INLINE.match(piece.lower()) else "\n"
    return html.unescape(piece) if piece.startswith("&") else piece


def _clean_tag(piece: str, find: Finder) -> str:
    """A tag whose attributes have a secret is written anew without it."""
    if not _is_tag(piece) or "=" not in piece:
        return piece
    plain = html.unescape(piece)
    spans = find(plain)
    return masked(plain, spans) if spans else piece


def _without(pieces: list[str], shown: list[str], spans: Iterable[Span]) -> str:
    """Cut what each span covers out of the pieces of text; the tags between them stay."""
    starts, at = [], 0
    for text in shown:
        starts.append(at)
        at += len(text)
    left = [[(0, len(text))] for text in shown]  # what stays of each piece
    marks: dict[int, list[tuple[int, str]]] = {}
    for span in spans:
        first = bisect_right(starts, span.start) - 1
        whole = "x" * (span.end - span.start)
        mark = masked(whole, [Span(0, len(whole), span.kind)])
        marks.setdefault(first, []).append((span.start - starts[first], mark))
        number = first
        while number < len(shown) and starts[number] < span.end:
            _cut(left[number], span.start - starts[number], span.end - starts[number])
            number += 1
    return "".join(
        _written(piece, text, left[number], marks.get(number, []))
        for number, (piece, text) in enumerate(zip(pieces, shown, strict=True))
    )


def _cut(kept: list[tuple[int, int]], start: int, end: int) -> None:
    begin, stop = kept.pop()  # spans come in order: only the last stretch can be touched
    kept += [(begin, min(max(start, begin), stop)), (min(max(end, begin), stop), stop)]


def _written(
    piece: str, text: str, kept: list[tuple[int, int]], marks: list[tuple[int, str]]
) -> str:
    if _is_tag(piece) or (len(kept) == 1 and not marks):
        return piece
    parts = [(start, 1, html.escape(text[start:end], quote=False)) for start, end in kept]
    parts += [(at, 0, mark) for at, mark in marks]
    return "".join(part for _, _, part in sorted(parts))
