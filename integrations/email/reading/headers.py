"""Header text: RFC 2047 words, raw 8-bit bytes, folding, addresses, parameters. Linear."""

import binascii
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_to_bytes

from integrations.email.reading.charset import chinese, decode

MOST_ADDRESSES = 100
WORD = re.compile(r"=\?([^?\s]{0,60})\?([bBqQ])\?([^?]{0,3000})\?=")
BETWEEN = re.compile(r"(\?=)[ \t\r\n]+(?==\?)")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u0080-\u009f\u2028\u2029]")
IDS = re.compile(r"<[^<>\s]{1,900}>")
COMMENT = re.compile(r"\([^()]{0,400}\)")
ADDRESS = re.compile(r"[^\s<>\"(),:;]+@[^\s<>\"(),:;@]+")


def raw_text(value: bytes, charset: str = "") -> str:
    """Header bytes as text; raw 8-bit ones by UTF-8, else by the charset of the mail's own text."""
    if value.isascii():
        return value.decode("ascii")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return chinese(value) or decode(value, charset)


def header_text(value: bytes, charset: str = "") -> str:
    """The readable text of a header: unfolded, decoded, control characters dropped."""
    return clean(decode_words(raw_text(value, charset)))


def clean(text: str) -> str:
    """One line, without control characters."""
    if not text.isprintable():  # few headers hold any; the search costs more than the question
        text = CONTROL.sub(" ", text.replace("\x00", ""))
    return " ".join(text.split())


def decode_words(text: str) -> str:
    """Encoded words to text; neighbours of one charset are joined before they are decoded."""
    if "=?" not in text:
        return text
    text = BETWEEN.sub(r"\1", text)
    parts: list[str] = []
    pending: tuple[str, bytes] | None = None
    end = 0
    for word in WORD.finditer(text):
        gap = text[end : word.start()]
        charset, data = word[1].split("*")[0], _word_bytes(word[2], word[3])
        if pending and not gap and pending[0].lower() == charset.lower():
            pending = (charset, pending[1] + data)
        else:
            parts.append(decode(pending[1], pending[0]) if pending else "")
            parts.append(gap)
            pending = (charset, data)
        end = word.end()
    parts.append(decode(pending[1], pending[0]) if pending else "")
    return "".join(parts) + text[end:]


def _word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if encoding in "bB":
        return base64_bytes(data)
    return binascii.a2b_qp(data, header=True)


def base64_bytes(data: bytes) -> bytes:
    """Base64 with whatever padding or garbage it has."""
    kept = re.sub(rb"[^A-Za-z0-9+/]", b"", data.split(b"=", 1)[0] if b"=" in data[-4:] else data)
    kept = kept[: len(kept) - 1] if len(kept) % 4 == 1 else kept
    try:
        return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))
    except binascii.Error:
        return b""


def message_ids(value: bytes, *, most: int = 100) -> tuple[str, ...]:
    """Every `<id>`; without brackets the first word, in brackets."""
    text = raw_text(value)
    found = IDS.findall(text.replace("\n ", " "))
    if not found:
        words = [w.strip("<>,;\"'") for w in text.split()]
        found = [f"<{w}>" for w in words if "@" in w][:1] or [f"<{w}>" for w in words if w][:1]
    return tuple(dict.fromkeys(found))[-most:] if len(found) > most else tuple(dict.fromkeys(found))


def date_of(value: bytes) -> datetime | None:
    """The Date header, aware; None when it cannot be read."""
    try:
        found = parsedate_to_datetime(raw_text(value)[:200].strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    try:
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


# ------------------------------------------------------------------ addresses


def addresses(value: bytes, charset: str = "") -> list[tuple[str, str]]:
    """(name, address) of every mailbox; group names fall away, malformed ones never raise.

    `victim@corp.test <a@evil.test>` is a@evil.test: what stands in brackets is the address.
    """
    text = " ".join(raw_text(value, charset).split())
    found: list[tuple[str, str]] = []
    for part in _split(text):
        pair = _mailbox(part)
        if pair[1] or pair[0]:
            found.append(pair)
        if len(found) >= MOST_ADDRESSES:
            break
    return found


# One step of reading an address list: an escaped character, a quoted text, a comment without
# another inside, a bracket, a separator, or any other character.
TOKEN = re.compile(
    r'\\.|"(?:[^"\\]|\\.)*"?|\((?:[^()\\]|\\.)*\)?|<[^<>]*>?|[,;]|[^\\"(<,;]+|.', re.DOTALL
)


def _split(text: str) -> list[str]:
    """At commas and semicolons that stand outside quotes, comments and brackets."""
    parts: list[str] = []
    now: list[str] = []
    for token in TOKEN.findall(text):
        if token in (",", ";"):
            parts.append("".join(now))
            now = []
        else:
            now.append(token)
    return [*parts, "".join(now)]


def _mailbox(part: str) -> tuple[str, str]:
    part = part.strip()
    opened = part.rfind("<")
    if opened >= 0:
        closed = part.find(">", opened)
        inside = part[opened + 1 : closed if closed > 0 else len(part)]
        address = _address(inside)
        name = part[:opened] or (part[closed + 1 :] if closed > 0 else "")
        return _name(name), address
    bare = COMMENT.sub(" ", part)
    head, colon, rest = bare.partition(":")
    if colon and "@" not in head:  # `undisclosed-recipients:` or `Group: a@b`
        bare = rest
    comment = COMMENT.search(part)
    address = _address(bare)
    name = comment[0][1:-1] if comment else ("" if address else bare)
    return _name(name), address


def _address(text: str) -> str:
    text = decode_words(text).strip().strip("'\" ")
    text = text.removeprefix("mailto:").removeprefix("MAILTO:")
    text = re.sub(r"\s*@\s*", "@", text) if len(text) < 500 else text[:500]
    if text.startswith("@") and ":" in text:  # an old source route
        text = text.rpartition(":")[2]
    found = ADDRESS.search(CONTROL.sub("", text))
    return found[0].strip(".'") if found else ""


def _name(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = re.sub(r"\\(.)", r"\1", text[1:-1])
    text = decode_words(text).strip().strip('"').strip()
    return clean(text)[:250]


# ------------------------------------------------------------------ parameters


def parameters(value: bytes) -> tuple[str, dict[str, str]]:
    """(`text/plain`, {charset: …}) of a structured header, with RFC 2231 continuations."""
    text = " ".join(raw_text(value[:8000]).split())
    head, _, rest = text.partition(";")
    raw: dict[str, str] = {}
    for part in _params(rest):
        name, equals, content = part.partition("=")
        if equals and len(raw) < 60:
            content = content.strip()
            if len(content) >= 2 and content[0] == '"':
                content = re.sub(r"\\(.)", r"\1", content[1:].rpartition('"')[0] or content[1:])
            raw.setdefault(name.strip().lower(), content)
    return head.strip().lower(), _joined(raw)


def _params(text: str) -> list[str]:
    parts, start, quoted, skip = [], 0, False, False
    for place, char in enumerate(text):
        if skip:
            skip = False
        elif char == "\\" and quoted:
            skip = True
        elif char == '"':
            quoted = not quoted
        elif char == ";" and not quoted:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def _joined(raw: dict[str, str]) -> dict[str, str]:
    """`filename*0*=utf-8''a%20` and the like become one decoded value."""
    plain = {n: decode_words(v) for n, v in raw.items() if "*" not in n}
    bases: dict[str, list[tuple[int, bool, str]]] = {}
    for name, value in raw.items():
        if "*" not in name:
            continue
        base, _, tail = name.partition("*")
        number, encoded = tail.rstrip("*"), tail.endswith("*") or tail == ""
        place = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0
        bases.setdefault(base, []).append((place, encoded, value))
    for base, pieces in bases.items():
        plain[base] = _continued(sorted(pieces))
    return plain


def _continued(pieces: list[tuple[int, bool, str]]) -> str:
    charset, data = "", b""
    for number, (_, encoded, value) in enumerate(pieces):
        if encoded and number == 0 and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        data += unquote_to_bytes(value) if encoded else value.encode("utf-8", "replace")
    return decode_words(decode(data, charset))
