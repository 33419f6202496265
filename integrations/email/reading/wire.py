"""A Letter through a pipe: one JSON object and the files' bytes behind it."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from integrations.email.reading.bounce import Bounce
from integrations.email.reading.forwarded import Forwarded
from integrations.email.reading.letter import Enclosure, Letter

TUPLES = (
    "to",
    "cc",
    "reply_to",
    "delivered_to",
    "in_reply_to",
    "references",
    "authentication_results",
    "notes",
)


def to_wire(letter: Letter) -> tuple[bytes, list[bytes]]:
    """(JSON, contents of the files in order)."""
    blobs = [file.content for file in letter.attachments]
    plain = {name: getattr(letter, name) for name in letter.__dataclass_fields__}
    plain["attachments"] = [
        {
            **{k: getattr(f, k) for k in f.__dataclass_fields__ if k != "content"},
            "size": len(f.content),
        }
        for f in letter.attachments
    ]
    plain["date"] = letter.date.isoformat() if letter.date else None
    plain["bounce"] = asdict(letter.bounce) if letter.bounce else None
    plain["forwarded"] = asdict(letter.forwarded) if letter.forwarded else None
    # lone surrogates cannot cross; they become question marks here and nowhere else
    text = json.dumps(plain, ensure_ascii=False)
    return text.encode("utf-8", "replace"), blobs


def from_wire(text: bytes, rest: bytes) -> Letter:
    """The Letter again. Raises `ValueError` for bytes that are none."""
    data: dict[str, Any] = json.loads(text)
    files, start = [], 0
    for row in data["attachments"]:
        size = row.pop("size")
        files.append(Enclosure(content=rest[start : start + size], **row))
        start += size
    data["attachments"] = tuple(files)
    data["headers"] = tuple((name, value) for name, value in data["headers"])
    data["date"] = datetime.fromisoformat(data["date"]) if data["date"] else None
    if data["bounce"]:
        data["bounce"] = Bounce(
            **{**data["bounce"], "recipients": tuple(data["bounce"]["recipients"])}
        )
    if data["forwarded"]:
        data["forwarded"] = Forwarded(**data["forwarded"])
    for name in TUPLES:
        data[name] = tuple(data[name])
    return Letter(**data)
