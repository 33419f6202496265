"""What must not stand in public: secrets, addresses, numbers, and who somebody is. Pure.

It errs towards removing; a person reads the result before anything is published.
"""

import re
from collections.abc import Iterable
from itertools import pairwise

SOMEBODY = "a community member"
# what is removed already, and what only stands for a value
FREE = r"(?!\s|\[removed|\$|<|\*{3}|null\b|none\b|true\b|false\b|os\.environ|env\.)"
NAME = (
    r"[\w.-]{0,60}(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key"
    r"|private[_-]?key|client[_-]?key|credentials?)[\w.-]{0,60}"
)
# a pattern starts at the start of a word only, so that a long text costs its length once
GIVEN = rf"(?P<keep>(?<![\w.-]){NAME}[\"']?\s{{0,5}}[:=]\s{{0,5}})"
TOKENS = (
    r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{10,}"
    r"|xapp-[\w-]{10,}|https://hooks\.slack\.com/services/\S+|sk-[\w-]{16,}|[sr]k_(?:live|test)_\w{10,}"
    r"|whsec_\w{16,}|A(?:KIA|SIA)[A-Z0-9]{16}|AIza[\w-]{30,}|ya29\.[\w-]{20,}|npm_\w{30,}"
    r"|pypi-[\w-]{30,}|hf_\w{20,}|dop_v1_\w{30,}|SG\.[\w-]{16,}\.[\w-]{16,}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
)
# (what it is, how it looks, what is kept of it); the first that fits takes it
PATTERNS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    (
        "private key",
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|\Z)", re.S),
        "",
    ),
    (
        "password",
        re.compile(rf"(?P<keep>(?<!\w)\w{{1,20}}://){FREE}[^\s/:@]*:[^\s/@]+(?=@)"),
        r"\g<keep>",
    ),
    (
        "authorization",
        re.compile(
            rf"(?P<keep>(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?){FREE}"
            r"(?:(?:bearer|basic|token|digest)\s+)?[^\s\"']+",
            re.I,
        ),
        r"\g<keep>",
    ),
    ("token", re.compile(rf"(?P<keep>\bbearer\s+){FREE}[\w.~+/=-]{{12,}}", re.I), r"\g<keep>"),
    ("cookie", re.compile(rf"(?P<keep>(?:set-)?cookie:\s*){FREE}[^\n\"']+", re.I), r"\g<keep>"),
    ("token", re.compile(rf"\b(?:{TOKENS})"), ""),
    ("password", re.compile(rf"{GIVEN}(?:\"{FREE}[^\"\n]+\"|'{FREE}[^'\n]+')", re.I), r"\g<keep>"),
    ("password", re.compile(rf"{GIVEN}{FREE}[^\s\"',;&)]{{6,}}", re.I), r"\g<keep>"),
    ("password", re.compile(rf"(?P<keep>(?<!\S)--{NAME}\s){FREE}[^\s-]\S*", re.I), r"\g<keep>"),
    ("address", re.compile(r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), ""),
    (
        "phone number",
        re.compile(
            r"(?<![\w./-])(?:(?:\+|00)\d(?:[ ()./-]{0,2}\d){7,13}"
            r"|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})(?![\w-])"
        ),
        "",
    ),
)  # fmt: skip
REMOVED = re.compile(r"\[removed: ([a-z ]+)\]")
LONG = re.compile(r"(?<![\w+])[\w+-]{20,}")
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# a commit or a digest is long and random and meant to be known
KNOWN_HASH = re.compile(r"(?:commit[ /]|sha\d{3}[:-]|@)$")
SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# random text changes between small, capital and digit all the time; names seldom do
CHANGES = 0.34


def mask(text: str) -> str:
    """Take out what gives access or reaches a person; twice is the same as once."""
    for what, pattern, keep in PATTERNS:
        text = pattern.sub(f"{keep}[removed: {what}]", text)

    def unless_known(found: re.Match[str]) -> str:
        before = text[max(found.start() - 8, 0) : found.start()]
        known = SHA.fullmatch(found[0]) and KNOWN_HASH.search(before)
        return "[removed: token]" if looks_random(found[0]) and not known else found[0]

    return LONG.sub(unless_known, text)


def removed_from(text: str) -> list[str]:
    """What was taken out of a text, in its order."""
    return REMOVED.findall(text)


def looks_random(text: str) -> bool:
    """Whether a long string without spaces looks like a key and not like a name or a path."""
    letters = re.sub(r"[\W_]", "", text)
    if UUID.fullmatch(text) or letters.isdigit() or letters.isalpha():
        return False
    changes = sum(a != b for a, b in pairwise(map(_class_of, letters)))
    return len(letters) >= 16 and changes / (len(letters) - 1) >= CHANGES


def _class_of(letter: str) -> str:
    return "digit" if letter.isdigit() else "upper" if letter.isupper() else "lower"


def anonymise(text: str, names: Iterable[str]) -> str:
    """Replace names, handles and addresses by “a community member”."""
    pattern = _pattern(names)
    return pattern.sub(SOMEBODY, text) if pattern else text


def named_in(text: str, names: Iterable[str]) -> list[str]:
    """The names that stand in a text, each once."""
    pattern = _pattern(names)
    return list(dict.fromkeys(found[0] for found in pattern.finditer(text))) if pattern else []


def _pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """Whole names in any case; their parts only as they are written, for “will” is a word too."""
    whole = {name.strip() for name in names if len(name.strip()) > 2}
    parts = {part for name in whole for part in name.split() if len(part) > 2}
    wanted = [f"(?i:{re.escape(name)})" for name in sorted(whole, key=len, reverse=True)]
    wanted += [re.escape(part) for part in sorted(parts - whole, key=len, reverse=True)]
    return re.compile(rf"(?<!\w)@?(?:{'|'.join(wanted)})(?!\w)") if wanted else None
