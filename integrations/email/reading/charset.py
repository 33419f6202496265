"""Bytes to text when the declared charset is wrong, unknown or missing."""

import codecs
import re
import unicodedata

# What mailers say → what Python calls a superset of it.
ALIASES = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "windows-874": "cp874",
    "tis-620": "cp874",
    "windows-31j": "cp932",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "cp-850": "cp850",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-8mb4": "utf-8",
    "ansi_x3.110-1983": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "iso-2022-jp": "iso-2022-jp-ext",
    "big5": "big5hkscs",
}
NAMES = re.compile(r"[^a-z0-9_.:+-]")
# Text codecs only: never one that transforms (zlib, rot13) or reads files.
REFUSED = re.compile(r"(?:_codec|rot|idna|punycode|escape|undefined|mbcs|oem|unicode_internal)")


def canonical(name: str) -> str:
    """Python's name of a declared charset, "" when it is unknown."""
    plain = NAMES.sub("", name.strip().strip("\"'").lower().split("*")[0])
    plain = ALIASES.get(plain, plain)
    try:
        found = codecs.lookup(plain)
    except (LookupError, ValueError):
        return ""
    usable = found._is_text_encoding and not REFUSED.search(found.name)
    return plain if usable else ""


def decode(data: bytes, declared: str = "", notes: list[str] | None = None) -> str:
    """Readable text of bytes; what had to be guessed goes to `notes`."""
    name = canonical(declared) if declared else ""
    if declared and not name and notes is not None:
        notes.append(f"unknown charset {declared[:40]!r}")
    for candidate in dict.fromkeys([name, "utf-8"]):
        if not candidate:
            continue
        try:
            return _repaired(data.decode(candidate))
        except (UnicodeDecodeError, ValueError):
            continue
    if name and name != "utf-8" and _mostly(data, name):
        return data.decode(name, "replace")
    if notes is not None and name:
        notes.append(f"text is not {name}")
    return (
        data.decode("cp1252", "replace")
        if not _mostly(data, "utf-8")
        else data.decode("utf-8", "replace")
    )


HIGH = re.compile(rb"[\x80-\xff]+")


def chinese(data: bytes) -> str:
    """Undeclared GB2312, "" when it is none: only pairs of high bytes, long runs, all in the table.

    In Western text high bytes stand alone between letters.
    """
    runs = HIGH.findall(data)
    if any(len(run) % 2 for run in runs) or max(map(len, runs), default=0) < 6:
        return ""
    try:
        return data.decode("gb2312")
    except UnicodeDecodeError:
        return ""


def _mostly(data: bytes, name: str) -> bool:
    """Whether only a few bytes do not fit the charset."""
    wrong = data[:20_000].decode(name, "replace").count("\ufffd")
    return wrong * 20 < sum(byte > 127 for byte in data[:20_000])


# UTF-8 that was read as Windows-1252 and encoded again: "â€™", "Ã©". Only when it is certain.
TWICE = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
)


def _repaired(text: str) -> str:
    if not TWICE.search(text):
        return text
    try:
        again = text.encode("cp1252").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text
    return (
        again
        if not any(unicodedata.category(c) == "Cc" and c not in "\r\n\t" for c in again)
        else text
    )
