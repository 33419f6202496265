"""Messages that only say thanks: filed, but nothing reopens and no clock starts (H 3)."""

import re

from inbox.common.config import setting

WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
LONGEST = 200


def is_one(text: str) -> bool:
    """Whether a message holds nothing but phrases of the editable list."""
    if not text.strip() or len(text) > LONGEST or "?" in text:
        return False
    words = [word.casefold() for word in WORDS.findall(text)]
    phrases = sorted(
        ([w.casefold() for w in WORDS.findall(phrase)] for phrase in setting("pleasantries")),
        key=len,
        reverse=True,
    )
    return bool(words) and _made_of(words, phrases)


def _made_of(words: list[str], phrases: list[list[str]]) -> bool:
    while words:
        head = next((p for p in phrases if p and words[: len(p)] == p), None)
        if head is None:
            return False
        words = words[len(head) :]
    return True
