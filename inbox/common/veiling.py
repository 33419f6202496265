"""Addresses for readers who may not see them in full: `ada@example.org` is `a…@e….org`."""

import re
from typing import Any

# Begins only where a word begins, so that long text without an address costs one look per sign.
# `%40`: an address inside another address, as a page's links have it.
ADDRESS = re.compile(
    r"(?<![\w.+-])([\w.+-])[\w.+'-]*(?:@|%40)(\w)[\w.-]*\.([^\W\d_]{2,})", re.UNICODE
)


def veil(text: str, *, but: str = "") -> str:
    """The text with every address masked, except for `but`: the reader's own."""
    if "@" not in text and "%40" not in text:
        return text
    own = but.lower()

    def mask(found: re.Match[str]) -> str:
        if own and found[0].lower() == own:
            return found[0]
        return f"{found[1]}…@{found[2]}….{found[3]}"

    return ADDRESS.sub(mask, text)


def veil_all(value: Any, *, but: str = "") -> Any:
    """The same for everything inside lists and mappings, names included."""
    if isinstance(value, str):
        return veil(value, but=but)
    if isinstance(value, list):
        return [veil_all(one, but=but) for one in value]
    if isinstance(value, dict):
        return {veil(name, but=but): veil_all(one, but=but) for name, one in value.items()}
    return value


def veil_file(content: bytes) -> bytes:
    """The same for a file of text; what holds a zero byte is none and stays as it is."""
    if b"\x00" in content:
        return content
    return veil(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
