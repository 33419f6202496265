"""JSON of strangers, without characters that no database keeps. Pure."""

import json
import re
from typing import Any

# NUL, and halves of surrogate pairs, as JSON writes them
UNSTORABLE = re.compile(rb"\\u0000|\\u[dD][89a-fA-F]")


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_storable(inner) for inner in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(inner) for name, inner in value.items()}
    return value


def loads(body: bytes) -> Any:
    """The value. Raises `ValueError`, `RecursionError`."""
    found = json.loads(body)
    return _storable(found) if UNSTORABLE.search(body) else found
