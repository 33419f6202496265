"""The one function that builds mail; whatever it is given, nobody adds a header or a recipient.

Text is cleaned before it becomes a header, addresses must match a strict pattern, and after
serialising the header names are compared with the intended ones. The standard library's header
classes are avoided: on some interpreters they let an encoded line break through.
"""

import base64
import html as html_escape
import re
import uuid
from datetime import datetime
from email.utils import format_datetime

from inbox.channels.contract import ChannelConfig, DeliveryError, OutboundMessage

MOST_HEADER = 250
MOST_REFERENCES = 20
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]+")
LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
DOMAIN = rf"{LABEL}(?:\.{LABEL})*"
ADDRESS = re.compile(rf"^(?=.{{3,254}}$){LOCAL}@{DOMAIN}$")
ID = re.compile(r"^<[!-;=?-~]{1,500}>$")
PREFIX = re.compile(r"(?i)^(?:(?:re|aw|sv|antw|fwd?|wg|tr|rv|vs)(?:\[\d+\])?\s*:\s*)+")
SEPARATOR = "-----Original Message-----"
CRLF = "\r\n"
TYPE = re.compile(r"^[a-z]+/[a-z0-9.+-]+$")


def clean(text: str) -> str:
    """One line of text for a header: no control characters, at most 250."""
    return " ".join(CONTROL.sub(" ", text).split())[:MOST_HEADER]


def address(text: str) -> str:
    """A strict address, its domain in ASCII. Raises `DeliveryError`."""
    local, at, domain = text.strip().rpartition("@")
    try:
        plain = f"{local}@{domain.encode('idna').decode('ascii')}" if at else ""
    except UnicodeError:
        plain = ""
    if not ADDRESS.match(plain):
        raise DeliveryError("an address of this message is not valid", permanent=True)
    return plain


def encoded(text: str) -> str:
    """A header's text: ASCII as it is, else RFC 2047 words of at most 75 characters."""
    text = clean(text)
    if text.isascii() and "=?" not in text:
        return text
    words, chunk = [], ""
    for char in text:
        if len((chunk + char).encode()) > 42:
            words.append(chunk)
            chunk = ""
        chunk += char
    words.append(chunk)
    return f"{CRLF} ".join(f"=?utf-8?b?{base64.b64encode(w.encode()).decode()}?=" for w in words)


def mailbox(name: str, place: str) -> str:
    """`"Name" <address>`."""
    plain = clean(name).replace("\\", "").replace('"', "")
    if not plain:
        return place
    shown = f'"{plain}"' if plain.isascii() and "=?" not in plain else encoded(plain)
    return f"{shown} <{place}>"


def compose(message: OutboundMessage, config: ChannelConfig) -> tuple[bytes, str, list[str]]:
    """(the mail, its envelope sender, its envelope recipients). Raises `DeliveryError`."""
    own = address(config.get("address"))
    to = [address(a) for a in dict.fromkeys(message.to)]
    cc = [address(a) for a in dict.fromkeys(message.cc) if a not in message.to]
    if not to:
        to, cc = cc, []
    if not to:
        raise DeliveryError("this message has no recipient", permanent=True)
    headers = _headers(message, config, own, to, cc)
    raw = _serialised(headers, _body(message))
    _assert_only(raw, headers)
    return raw, "" if message.automatic else own, [*to, *cc]


def _headers(
    message: OutboundMessage, config: ChannelConfig, own: str, to: list[str], cc: list[str]
) -> list[tuple[str, str]]:
    label = config.get("label") or config.key.capitalize()
    sender = f"{message.author_name} via {label}" if message.author_name else label
    rows = [
        ("From", mailbox(sender, own)),
        ("To", f",{CRLF} ".join(to)),
        ("Cc", f",{CRLF} ".join(cc)),
        ("Reply-To", _reply_address(own, message.reply_token)),
        ("Subject", encoded(_subject(message))),
        ("Date", _date(message.created_at)),
        ("Message-ID", _id(message.external_id)),
        ("In-Reply-To", _id(message.in_reply_to)),
        ("References", f"{CRLF} ".join(_references(message))),
        ("X-Desk-Outbox", clean(message.idempotency_key)),
        *_automatic(message, config),
        ("MIME-Version", "1.0"),
    ]
    return [(name, value) for name, value in rows if value]


def _automatic(message: OutboundMessage, config: ChannelConfig) -> list[tuple[str, str]]:
    if not message.automatic:
        return []
    return [
        ("Auto-Submitted", clean(message.automatic)),
        ("X-Auto-Response-Suppress", "All"),
        ("Precedence", "auto_reply" if message.automatic == "auto-replied" else "bulk"),
        ("X-Desk-Loop", clean(config.installation)),
    ]


def _reply_address(own: str, token: str) -> str:
    local, _, domain = own.partition("@")
    return address(f"{local.partition('+')[0]}+t.{token}@{domain}") if token else ""


def _subject(message: OutboundMessage) -> str:
    subject = clean(message.subject) or "Your message"
    return f"Re: {PREFIX.sub('', subject)}" if message.in_reply_to else subject


def _date(at: datetime | None) -> str:
    if at is None:
        raise DeliveryError("this message has no time", permanent=True)
    return format_datetime(at)


def _id(text: str) -> str:
    return text if ID.match(text) else ""


def _references(message: OutboundMessage) -> list[str]:
    known = [i for i in dict.fromkeys([*message.references, message.in_reply_to]) if _id(i)]
    return known if len(known) <= MOST_REFERENCES else [known[0], *known[-MOST_REFERENCES + 1 :]]


# ------------------------------------------------------------------ body


def _body(message: OutboundMessage) -> str:
    alternative = _multipart(
        "alternative",
        [
            _part("text/plain; charset=utf-8", _plain(message).encode()),
            _part("text/html; charset=utf-8", _html(message).encode()),
        ],
        message,
    )
    if not message.files:
        return alternative
    files = [
        _part(
            file.content_type if TYPE.match(file.content_type) else "application/octet-stream",
            file.content,
            [f"Content-Disposition: attachment;{CRLF} {_filename(file.filename)}"],
        )
        for file in message.files
    ]
    return _multipart("mixed", [alternative, *files], message)


def _plain(message: OutboundMessage) -> str:
    quote = ""
    if message.quote_text:
        lines = "\n".join(f"> {line}" for line in message.quote_text.splitlines())
        quote = f"\n\n{_attribution(message)}\n{lines}\n"
    return f"{message.text}\n{quote}"


def _html(message: OutboundMessage) -> str:
    quote = ""
    if message.quote_text:
        inner = html_escape.escape(message.quote_text).replace("\n", "<br>\n")
        head = html_escape.escape(_attribution(message))
        cited = f'<blockquote type="cite">{inner}</blockquote>'
        quote = f'<div class="gmail_quote"><p>{head}</p>{cited}</div>'
    return f"<!doctype html><html><body>{message.html}{quote}</body></html>"


def _attribution(message: OutboundMessage) -> str:
    when = f"{message.quote_at:%a, %d %b %Y at %H:%M} UTC" if message.quote_at else "an earlier day"
    return f"On {when}, {clean(message.quote_from) or 'somebody'} wrote:"


def _part(kind: str, content: bytes, extra: list[str] | None = None) -> str:
    coded = base64.encodebytes(content).decode("ascii").replace("\n", CRLF)
    head = [f"Content-Type: {kind}", *(extra or []), "Content-Transfer-Encoding: base64"]
    return CRLF.join(head) + CRLF + CRLF + coded


def _multipart(kind: str, parts: list[str], message: OutboundMessage) -> str:
    # fixed for one outgoing row, so that a second try is the same mail byte for byte
    seed = f"{message.idempotency_key}:{message.external_id}:{kind}"
    boundary = f"=_{uuid.uuid5(uuid.NAMESPACE_URL, seed).hex}"
    inner = "".join(f"--{boundary}{CRLF}{part}" for part in parts)
    head = f'Content-Type: multipart/{kind};{CRLF} boundary="{boundary}"'
    return f"{head}{CRLF}{CRLF}{inner}--{boundary}--{CRLF}"


def _filename(name: str) -> str:
    plain = clean(name).replace('"', "").replace("\\", "")[:150] or "file"
    if plain.isascii():
        return f'filename="{plain}"'
    coded = "".join(f"%{byte:02X}" for byte in plain.encode())
    return f"filename*=utf-8''{coded}"


def _serialised(headers: list[tuple[str, str]], body: str) -> bytes:
    head = "".join(f"{name}: {value}{CRLF}" for name, value in headers)
    return (head + body).encode("ascii")


def _assert_only(raw: bytes, headers: list[tuple[str, str]]) -> None:
    """Fail closed when serialising made other headers than the intended ones."""
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    found = [line.partition(":")[0] for line in head.split(CRLF) if line[:1] not in " \t"]
    if found != [*(name for name, _ in headers), "Content-Type"]:
        raise DeliveryError("the mail could not be built safely", permanent=True)
