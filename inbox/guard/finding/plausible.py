"""Is it a secret, or does it only stand where one would? Decided by the value's own looks."""

import math
import re
from collections import Counter
from typing import Final

# one of these words inside a value: somebody's example
_WORDS: Final = re.compile(
    r"xxxx|example|placeholder|change.?(?:me|this|it)|redact|removed|hidden|your|my[_\-]|insert[_\-]|"
    r"put[_\-]|enter[_\-]|[_\-]here|dummy|sample|lorem|fake|environ|getenv|\*\*\*"
)
# so much chance around the word is a secret all the same
_AROUND: Final = re.compile(
    r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=[^0-9]*[0-9])(?![xX]|.*(?:xxxx|XXXX))[A-Za-z0-9+/=]{32,}"
)
# a variable, a call, a template, an address
_REFERENCE: Final = re.compile(
    r"\$[{(A-Za-z_]|%[A-Za-z({]|\{\{|\}\}|#\{|^\{|^[A-Za-z_][\w.]*\(|\(\)|://|\[[A-Za-z]|"
    r"^(?:process|config|settings|self|this|env|os|args|params|request|secrets|vars?|data|local|"
    r"module|options|props|ctx)\.[A-Za-z_]|^[./~][A-Za-z_.]|^[A-Za-z]:\\"
)
_FILE: Final = re.compile(
    r"[\w-]\.(?:pem|key|crt|json|ya?ml|txt|html?|py|js|ts|md|"
    r"png|jpe?g|gif|svg|css|php|java|go|rb|cfg|conf|ini|xml|properties|image|log)$"
)
UUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_DIGIT: Final = re.compile(r"[0-9]")
_LOWER: Final = re.compile(r"[a-z]")
_UPPER: Final = re.compile(r"[A-Z]")
_LETTER: Final = re.compile(r"[^\W\d_]")
# a sign between letters of both sizes, and no address
_SIGNED: Final = re.compile(r"[a-z][!#$%^&*+~?][A-Z]|[A-Z][!#$%^&*+~?][a-z]")
_ENOUGH: Final = 80
_DATE: Final = re.compile(r"\d{1,4}([-/.:])\d{1,2}\1\d{1,4}[0-9TZ:.+\-]*")


def entropy(value: str) -> float:
    """Shannon's bits per character."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values())


def is_varied(body: str) -> bool:
    """Not a run of few characters, such as `xxxx-xxxx` or `EXAMPLEEXAMPLE`."""
    return len(set(body)) >= min(7, len(body) * 2 // 5 + 2) and "xxxxx" not in body.lower()


def is_stand_in(value: str) -> bool:
    """A placeholder, a variable, a call, a path, a date."""
    if not value.isalnum() and (
        _REFERENCE.search(value[:_ENOUGH])
        or _FILE.search(value[-_ENOUGH:])
        or _DATE.fullmatch(value)
    ):
        return True
    return bool(_WORDS.search(value.lower())) and not _AROUND.fullmatch(value)


def is_password(value: str) -> bool:
    """What a person or a program would choose: not a plain word."""
    return (
        len(value) >= 6
        and len(set(value)) > 3
        and (_is_mixed(value) or value.isdigit() or bool(_SIGNED.search(value)))
        and not is_stand_in(value)
    )


def is_token(value: str) -> bool:
    """Letters and digits without an order, or very many digits: what a program issues."""
    if not _is_mixed(value) and not (len(value) >= 24 and value.isdigit()):
        return False
    return len(value) >= 8 and is_varied(value) and not is_stand_in(value)


def is_random(value: str) -> bool:
    """Long and without an order: a secret whatever it is called."""
    return len(value) >= 16 and is_token(value) and entropy(value) > 3.2


def _is_mixed(value: str) -> bool:
    return bool(_DIGIT.search(value) and _LETTER.search(value))


def is_chance(value: str) -> bool:
    """Nobody writes this and no one names a thing so: both sizes, digits, hardly a repetition."""
    return (
        bool(_LOWER.search(value) and _UPPER.search(value))
        and len(_DIGIT.findall(value)) > 2
        and is_random(value)
        and entropy(value) > 3.8
    )
