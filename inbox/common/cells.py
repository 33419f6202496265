"""Cells of a table that a spreadsheet would take for a formula, and back.

https://owasp.org/www-community/attacks/CSV_Injection
"""

import re
from typing import TypeVar

T = TypeVar("T")
# behind spaces of any kind and a byte order mark a spreadsheet still finds the sign
FORMULA = re.compile(r"[ \u00a0\ufeff]*[=+\-@%|\t\r\n＝＋－＠％｜]")


def inert(value: T) -> T | str:
    """A text that begins like a formula gets an apostrophe before it; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value


def meant(text: str) -> str:
    """A cell as it was before `inert`: our own lists come in again unchanged."""
    return text[1:] if text.startswith("'") and FORMULA.match(text, 1) else text
