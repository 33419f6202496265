"""Whether raw bytes name somebody, however they are written on the wire. Pure."""

import json
import quopri
import re
from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

SPACE = re.compile(rb"\s+")
SHORTEST_BASE64 = 8


class Wanted:
    """Words to be found in raw bytes: as they are, in JSON, forms, mail encodings, base64."""

    def __init__(self, words: Iterable[str]) -> None:
        given = [word for word in words if word]
        self._plain = {form.lower() for word in given for form in _plain_forms(word)}
        self._coded = {form for word in given for form in _base64_forms(word.encode())}

    def are_in(self, raw: bytes) -> bool:
        """Whether one of them stands there."""
        small = raw.lower()
        if any(form in small for form in self._plain):
            return True
        # soft line breaks part words of quoted-printable, line ends those of base64
        joined = small.replace(b"=\r\n", b"").replace(b"=\n", b"")
        if any(form in joined for form in self._plain):
            return True
        packed = SPACE.sub(b"", raw)
        return any(form in packed for form in self._coded)


def _plain_forms(word: str) -> set[bytes]:
    raw = word.encode()
    return {
        raw,
        json.dumps(word)[1:-1].encode(),
        quote(word, safe="").encode(),
        quote_plus(word).encode(),
        quopri.encodestring(raw).strip(),
        quopri.encodestring(raw, header=True).strip(),
    }


def _base64_forms(raw: bytes) -> set[bytes]:
    """Its middle at each of the three places where it may begin in a group."""
    forms = set()
    for shift in range(3):
        coded = b64encode(b"\0" * shift + raw)
        middle = coded[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6]
        if len(middle) >= SHORTEST_BASE64:
            forms.add(middle)
    return forms
