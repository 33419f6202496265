"""By what our own note is known at a vendor's, where no field of theirs can carry our key.

No Django and no Celery in this module.
"""

import re

# the marker of a note's key; the key's own prefix may have been kept
MARKER = re.compile(r"#note:(?:note:)?([0-9a-f]{32})(?![0-9a-f])")


def note_marker(idempotency_key: str) -> str:
    """What stands in a note that we make. It comes in with the note's text, or among its `refs`."""
    return f"#note:{idempotency_key.rpartition(':')[2]}"


def note_keys(*texts: str) -> set[str]:
    """The idempotency keys of the notes of ours whose markers stand in these texts."""
    return {f"note:{mark}" for text in texts for mark in MARKER.findall(text)}
