"""Taking a person out of their own words before these leave the house. Pure.

Too much is masked rather than too little: a blinded quote that says who spoke is worse than one
with a gap in it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

GAP = "[…]"
SOMEBODY = "A community member"
ADDRESS = re.compile(r"[\w.+'-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")
LINK = re.compile(r"(?:[a-z][a-z0-9+.-]*://|www\.)\S+|\b(?:[\w-]+\.)+[a-z]{2,}/\S*", re.I)
MENTION = re.compile(r"(?<![\w@])@[\w.-]*\w|<[@!][^<>]{1,80}>")
LOCAL_PARTS = re.compile(r"[._+-]")
# who has an address there says nothing by it
PROVIDERS = frozenset(
    """gmail googlemail outlook hotmail live yahoo icloud me mac proton protonmail pm gmx web
    fastmail hey aol mail zoho yandex qq users noreply github example""".split()
)
# of a name, what every other sentence has too
SMALL = frozenset("de da di do du der den van von la le el al bin ibn the and dr mr ms mrs".split())
SHORTEST = 2


@dataclass(frozen=True, kw_only=True)
class Known:
    """By what somebody is known: names and handles, addresses and ids, companies."""

    names: Iterable[str] = field(default=())
    keys: Iterable[str] = field(default=())
    companies: Iterable[str] = field(default=())


def blind(text: str, known: Known) -> str:
    """The words without who said them: no names, handles, addresses, links, companies."""
    text = unicodedata.normalize("NFC", text)
    for pattern in (LINK, ADDRESS, MENTION):
        text = pattern.sub(GAP, text)
    words = sorted(set(_words(known)), key=len, reverse=True)
    if not words:
        return text
    several = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, words)) + r")(?!\w)")
    plain, parts, end = fold(text), [], 0
    for found in several.finditer(plain):
        parts += [text[end : found.start()], GAP]
        end = found.end()
    return "".join([*parts, text[end:]])


def fold(text: str) -> str:
    """The text without case and accents, sign for sign: it is as long as it was."""
    return "".join(_bare(sign) for sign in text)


def _bare(sign: str) -> str:
    bare = unicodedata.normalize("NFKD", sign)[:1].lower()
    return bare if len(bare) == 1 else sign


def _words(known: Known) -> Iterator[str]:
    for name in known.names:
        yield from _whole(name)
        for part in re.split(r"[\s.,_/-]+", name):
            if part.casefold() not in SMALL:
                yield from _whole(part)
    for key in known.keys:
        yield from _of_key(key)
    for company in known.companies:
        yield from _whole(company)


def _of_key(key: str) -> Iterator[str]:
    """An address with its parts, or an id of a vendor."""
    yield from _whole(key)
    yield from _whole(key.rpartition("/")[2])
    local, at, domain = key.partition("@")
    if not at:
        return
    yield from _whole(local)
    yield from (word for part in LOCAL_PARTS.split(local) for word in _whole(part))
    labels = [label for label in domain.split(".")[:-1] if label.casefold() not in PROVIDERS]
    if labels:
        yield from _whole(domain)
        yield from (word for label in labels if len(label) > SHORTEST for word in _whole(label))


def _whole(word: str) -> Iterator[str]:
    word = fold(unicodedata.normalize("NFC", word)).strip().lstrip("@")
    if len(word) >= SHORTEST:
        yield word
