"""Taking somebody out of other people's words, where it is certain that they are meant. Pure."""

import re
from collections.abc import Iterable
from typing import Any

MASKED = "[erased]"
QUOTE = re.compile(r"^[>\s|]*")
SHORTEST_NAME = 6
SHORTEST_LINE = 12  # a line that is quoted without a mark, and is as long, is no coincidence


def is_certain(name: str) -> bool:
    """Whether a name, handle or id means one person in any sentence: “Mira” does not."""
    name = name.strip()
    if len(name) < SHORTEST_NAME:
        return False
    return "@" in name or " " in name or (not name.isalpha() and not name.isdigit())


class Mask:
    """Replaces some names and addresses in texts, whatever their case."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = sorted({word.strip() for word in words if word.strip()}, key=len, reverse=True)
        several = "|".join(re.escape(word) for word in self.words)
        self._pattern = re.compile(rf"(?<!\w)(?:{several})(?!\w)", re.I) if several else None

    def text(self, text: str) -> str:
        """The text without them."""
        return self._pattern.sub(MASKED, text) if self._pattern else text

    def value(self, value: Any) -> Any:
        """JSON without them; its shape stays, and so do numbers."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(inner) for inner in value]
        if isinstance(value, dict):
            return {self.text(key): self.value(inner) for key, inner in value.items()}
        return value


def without_quotes(text: str, said: "Said") -> str:
    """A text in which lines that repeat somebody's own are masked, with their marks kept."""
    return "\n".join(_line(line, said) for line in text.split("\n"))


def _line(line: str, said: "Said") -> str:
    mark = QUOTE.match(line)
    head = mark[0] if mark else ""
    words = _plain(line[len(head) :])
    if words and said.has(words, quoted=">" in head):
        return f"{head}{MASKED}"
    return line


class Said:
    """What somebody has said, to be found again in quotes, also when lines were broken anew."""

    def __init__(self, texts: Iterable[str]) -> None:
        whole = [text for text in texts if text]
        self._lines = {_plain(line) for text in whole for line in text.split("\n")} - {""}
        self._text = "\n".join(_plain(text) for text in whole)

    def has(self, words: str, *, quoted: bool) -> bool:
        """Whether these words are theirs; short ones only where they stand as a quote."""
        if quoted and words in self._lines:
            return True
        return len(words) >= SHORTEST_LINE and words in self._text


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


SAFE = frozenset(
    """role class metric resolution status channel flag emoji outcome waiting_on chain mode until
    due_at link_kind version effect thread_role automatic name_of_rule rule label soft trigger
    purpose kind""".split()
)


def bare(value: Any, *, safe: frozenset[str] = SAFE) -> Any:
    """JSON of ours with its shape, numbers and vocabulary, and without anybody's words."""
    if isinstance(value, dict):
        return {
            key: inner if key in safe and isinstance(inner, str) else bare(inner, safe=safe)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [bare(inner, safe=safe) for inner in value if not isinstance(inner, str)]
    return "" if isinstance(value, str) else value
