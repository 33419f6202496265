"""JSON of strangers, without characters that no database keeps. Pure."""

import json
import re
from datetime import UTC, datetime
from typing import Any

# NUL, and halves of surrogate pairs, as JSON writes them
UNSTORABLE = re.compile(rb"\\u0000|\\u[dD][89a-fA-F]")


def storable(value: Any) -> Any:
    """The value without NUL and halves of surrogate pairs. Raises `RecursionError`."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [storable(inner) for inner in value]
    if isinstance(value, dict):
        return {storable(name): storable(inner) for name, inner in value.items()}
    return value


def loads(body: bytes) -> Any:
    """The value. Raises `ValueError`, `RecursionError`."""
    found = json.loads(body)
    return storable(found) if UNSTORABLE.search(body) else found


def moment(text: Any) -> datetime | None:
    """An ISO time, of UTC where it names no zone; None when there is none."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
