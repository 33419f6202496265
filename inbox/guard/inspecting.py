"""`manage.py inspect secrets`: what would be masked in a text. It never says the secret itself."""

from collections.abc import Mapping
from typing import Any

from inbox.guard.finding import find


def inspect(file: str, raw: bytes, _headers: Mapping[str, str]) -> Mapping[str, Any]:
    """Where secrets stand in a text, by kind, as positions of characters."""
    spans: dict[str, list[tuple[int, int]]] = {}
    found = find(_text(raw))
    for span in found:
        spans.setdefault(span.kind, []).append((span.start, span.end))
    return {"file": file, "error": None, "found": len(found), "spans": spans}


def _text(raw: bytes) -> str:
    """The text of a file; Windows writes its own as UTF-16, with a mark in front."""
    marked = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    return raw.decode("utf-16" if marked else "utf-8-sig", "replace")
