"""Words as search sees them: cut, folded, stemmed. Pure, linear, the same for both databases.

The databases get words that are analysed already, so that both answer alike; their own stemmers
and parsers differ. Stemming is Porter's (An algorithm for suffix stripping, 1980).
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

LONGEST_TEXT = 60_000
MOST_TOKENS = 8_000
LONGEST_WORD = 40
TOKEN = re.compile(r"[^\W_]+")
# Words in these scripts stand without spaces: pairs of characters are what can be looked up.
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
STOP = frozenset(
    """a about after again all also am an and any anybody anyone are as at be because been before
    being both but by can cannot could did do does doing done don down each either else even ever
    every few for from further get gets getting give given go goes going gone got had has have
    having he her here hers hi hello hey him his how however i if in into is isn it its itself just
    know let like ll look looking lot make makes many may maybe me mean might mine more most much
    must my need needs neither never no nor not now of off ok okay on once one only or other our
    ours out over own per please possible pretty put quite rather re really right s same say see
    seem seems seen shall she should since so some somebody somehow someone something sometimes
    still such sure t take than thank thanks that the their theirs them then there these they
    thing things think this those though through to too tried try trying under until up us use
    used using usually ve very via want wanted wants was wasn way we well went were what whatever
    when where whether which while who whole whom why will with within without won wondering would
    yes yet you your yours anything everything nothing idea ideas help helps question questions
    problem problems issue issues happen happens happening team everybody everyone""".split()
)


def fold(word: str) -> str:
    """Small letters without accents; other scripts keep their letters."""
    if word.isascii():
        return word.lower()
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def spans(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, stem) of every word of a text, at most as many as a document keeps."""
    count = 0
    for match in TOKEN.finditer(text[:LONGEST_TEXT]):
        for start, end, word in _cut(match[0], match.start()):
            yield start, end, stem(fold(word)[:LONGEST_WORD])
            count += 1
        if count >= MOST_TOKENS:
            return


def stems(text: str) -> list[str]:
    """The words of a text, in their order."""
    return [word for _, _, word in spans(text) if word]


def document(*parts: str) -> str:
    """What the index keeps of texts: their stems, then the parts of words written together."""
    text = "\n".join(part for part in parts if part)[:LONGEST_TEXT]
    humps = {hump for word in TOKEN.findall(text) for hump in _humps(word)}
    return " ".join([*stems(text), *sorted(humps)])


def telling(text: str, most: int = 40) -> list[str]:
    """The different stems of a text that say what it is about, in their order."""
    seen: dict[str, None] = {}
    for start, end, word in spans(text):
        if fold(text[start:end]) not in STOP and (len(word) > 1 or not word.isascii()):
            seen.setdefault(word)
    return list(seen)[:most]


def surfaces(text: str) -> dict[str, str]:
    """Every word of a text that can be learned, with its stem: what the vocabulary counts."""
    found: dict[str, str] = {}
    for start, end, word in spans(text):
        plain = fold(text[start:end])
        if is_learned(plain):
            found[plain] = word
    return found


def is_learned(word: str) -> bool:
    """Words of letters, and whatever is short: ids and sums would be a vocabulary without end."""
    return len(word) <= 4 or (len(word) <= 32 and word.isalpha())


def _cut(word: str, start: int) -> Iterator[tuple[int, int, str]]:
    """A word as it is, or the pairs of a text that is written without spaces."""
    if word.isascii() or not UNSPACED.search(word):
        yield start, start + len(word), word
        return
    at = 0
    for match in UNSPACED.finditer(word):
        if match.start() > at:
            yield start + at, start + match.start(), word[at : match.start()]
        for n in range(match.start(), max(match.end() - 1, match.start() + 1)):
            yield start + n, start + min(n + 2, match.end()), word[n : n + 2][: match.end() - n]
        at = match.end()
    if at < len(word):
        yield start + at, start + len(word), word[at:]


def _humps(word: str) -> list[str]:
    parts = HUMP.split(word[: LONGEST_WORD * 2])
    return [stem(fold(part)) for part in parts if len(part) > 1] if len(parts) > 1 else []


# ------------------------------------------------------------------ Porter

VOWELS = "aeiou"
SECOND = {
    "ational": "ate", "tional": "tion", "enci": "ence", "anci": "ance", "izer": "ize",
    "abli": "able", "alli": "al", "entli": "ent", "eli": "e", "ousli": "ous", "ization": "ize",
    "ation": "ate", "ator": "ate", "alism": "al", "iveness": "ive", "fulness": "ful",
    "ousness": "ous", "aliti": "al", "iviti": "ive", "biliti": "ble",
}  # fmt: skip
THIRD = {
    "icate": "ic", "ative": "", "alize": "al", "iciti": "ic", "ical": "ic", "ful": "", "ness": "",
}  # fmt: skip
FOURTH = (
    "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous",
    "ive", "ize", "ion", "al", "er", "ic", "ou",
)  # fmt: skip


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """A word without its endings; what is no English word comes back as it is."""
    if len(word) < 3 or not (word.isascii() and word.isalpha()):
        return word
    word = _plural(word)
    word = _past(word)
    if word.endswith("y") and _has_vowel(word[:-1]):
        word = word[:-1] + "i"
    word = _swap(word, SECOND)
    word = _swap(word, THIRD)
    return _tidy(_strip(word))


def _shape(word: str) -> str:
    """Consonants and vowels as `c` and `v`; y is a vowel behind a consonant."""
    shape = ""
    for letter in word:
        vowel = letter in VOWELS or (letter == "y" and shape.endswith("c"))
        shape += "v" if vowel else "c"
    return shape


def _measure(word: str) -> int:
    return len(re.findall("v+c+", _shape(word)))


def _has_vowel(word: str) -> bool:
    return "v" in _shape(word)


def _ends_short(word: str) -> bool:
    return _shape(word)[-3:] == "cvc" and word[-1] not in "wxy"


def _plural(word: str) -> str:
    if word.endswith(("sses", "ies")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _past(word: str) -> str:
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) else word
    for ending in ("ed", "ing"):
        rest = word.removesuffix(ending)
        if rest != word and _has_vowel(rest):
            return _mend(rest)
    return word


def _mend(word: str) -> str:
    if word.endswith(("at", "bl", "iz")):
        return word + "e"
    if word[-1:] == word[-2:-1] and word[-1] not in "lsz" + VOWELS:
        return word[:-1]
    return word + "e" if _measure(word) == 1 and _ends_short(word) else word


def _swap(word: str, endings: dict[str, str]) -> str:
    for ending, other in endings.items():
        if word.endswith(ending):
            rest = word[: -len(ending)]
            return rest + other if _measure(rest) else word
    return word


def _strip(word: str) -> str:
    for ending in FOURTH:
        if word.endswith(ending):
            rest = word[: -len(ending)]
            good = _measure(rest) > 1 and (ending != "ion" or rest.endswith(("s", "t")))
            return rest if good else word
    return word


def _tidy(word: str) -> str:
    if word.endswith("e"):
        rest = word[:-1]
        if _measure(rest) > 1 or (_measure(rest) == 1 and not _ends_short(rest)):
            word = rest
    return word[:-1] if word.endswith("ll") and _measure(word) > 1 else word
