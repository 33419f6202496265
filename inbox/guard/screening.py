"""What comes in is searched before anything is filed: the values, and the bytes of small files.

Pure. Every text of a batch is looked at, also those that no message shows: facts that rules read,
names of files, titles of issues. A secret that was found in one text of a message is taken out of
all of them, so that a copy that looks like nothing by itself goes too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import lru_cache
from typing import Any

from inbox.channels.contract import InboundBatch, InboundFile, InboundMessage
from inbox.guard import finding
from inbox.guard.finding import Span
from inbox.guard.markup import masked_html, shown_text

MOST_FILE_BYTES = 1_000_000
# files that are no text, whatever their bytes look like
BINARY = ("image/", "audio/", "video/", "application/pdf", "application/zip")
SHORTEST = 6  # signs of a secret whose copies are looked for; a shorter one stands in many words
# what names a thing: the product compares these, and nothing of them is anybody's words
NAMES = frozenset(
    """thread_key new_thread_key message_key new_message_key sender_key source_key external_id
    place url permalink version tokens refs to cc reply_to realm emoji content_id key kind
    failed_external_id failed_recipients email via content_type respond_url trigger commit base
    head tag timezone member_kind""".split()
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """One secret: what it is, its text, and where it stood."""

    kind: str
    value: str
    place: str


@dataclass(kw_only=True)
class Screened:
    """A batch without secrets, and what was in it by the key of the message."""

    batch: InboundBatch
    found: dict[str, list[Found]] = field(default_factory=dict)


def screen(batch: InboundBatch) -> Screened:
    """The batch without any secret in it."""
    found: dict[str, list[Found]] = {}
    try:
        messages = tuple(_message(message, found) for message in batch.messages)
        rest = {
            one.name: clean(getattr(batch, one.name))
            for one in fields(batch)
            if one.name not in ("messages", "moves", "renamed")
        }
    finally:
        _hits.cache_clear()  # nobody's words stay in memory
    return Screened(batch=replace(batch, messages=messages, **rest), found=found)


def clean(value: Any) -> Any:
    """The same value without secrets, inside of lists, mappings and dataclasses too."""
    return _clean(value, ())


def clean_text(text: str, known: Sequence[Found] = ()) -> str:
    """The text with a mark where each secret was."""
    spans = _spans(text, known)
    return finding.masked(text, spans) if spans else text


def secrets_in(text: str, place: str) -> list[Found]:
    """The secrets of a text, each once."""
    hits = _hits(text)
    return _once(Found(kind=s.kind, value=text[s.start : s.end], place=place) for s in hits)


# ------------------------------------------------------------------ a message


def _message(message: InboundMessage, found: dict[str, list[Found]]) -> InboundMessage:
    mine = _in_message(message)
    if mine:
        found[message.message_key[:500]] = mine
    if message.original is not None:
        message = replace(message, original=_message(message.original, found))
    rest = {
        one.name: _clean(getattr(message, one.name), mine)
        for one in fields(message)
        if one.name not in NAMES | {"html", "files", "original"}
    }
    html = message.html
    if html:
        html = masked_html(html, lambda text: _spans(text, mine))
    files = tuple(clean_file(file) for file in message.files)
    return replace(message, html=html, files=files, **rest)


def _in_message(message: InboundMessage) -> list[Found]:
    texts = {
        "subject": message.subject,
        "text": message.text,
        "new text": message.new_text,
        "html": shown_text(message.html),
        "forward note": message.forward_note,
    }
    found = [one for place, text in texts.items() for one in secrets_in(text, place)]
    for file in message.files:
        found += secrets_in(file.filename, "file name")
        found += secrets_in(text_of(file.content, file.content_type)[0], "file")
    return _once(found)


def _once(found: Any) -> list[Found]:
    return list({one.value: one for one in reversed(list(found))}.values())[::-1]


# ------------------------------------------------------------------ files


def clean_file(file: InboundFile) -> InboundFile:
    """A file without secrets in its name and, where it is small and text, in its bytes."""
    name = clean_text(file.filename)
    content = clean_bytes(file.content, file.content_type)
    if name == file.filename and content is file.content:
        return file
    return replace(file, filename=name, content=content, size=len(content) or file.size)


def clean_bytes(content: bytes, content_type: str) -> bytes:
    """The bytes without secrets; the same object when there are none."""
    text, encoding = text_of(content, content_type)
    masked = clean_text(text)
    return content if masked == text else masked.encode(encoding, "surrogateescape")


def text_of(content: bytes, content_type: str) -> tuple[str, str]:
    """What a file says, and its encoding; nothing when it is large or no text."""
    if not content or len(content) > MOST_FILE_BYTES or content_type.lower().startswith(BINARY):
        return "", "utf-8"
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return content.decode("utf-16"), "utf-16"
        except UnicodeDecodeError:
            return "", "utf-8"
    if b"\x00" in content:
        return "", "utf-8"
    return content.decode("utf-8", "surrogateescape"), "utf-8"


# ------------------------------------------------------------------ any value


def _clean(value: Any, known: Sequence[Found]) -> Any:
    if isinstance(value, str):
        # an enumeration's member is a string too, and a word of ours
        return clean_text(value, known) if type(value) is str else value
    if isinstance(value, Mapping):
        return {name: _clean(inner, known) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        made = [_clean(inner, known) for inner in value]
        return value if made == list(value) else type(value)(made)
    if is_dataclass(value) and not isinstance(value, type):
        names = [one.name for one in fields(value) if one.name not in NAMES]
        made_of = {name: _clean(getattr(value, name), known) for name in names}
        return replace(value, **made_of)
    return value


def _spans(text: str, known: Sequence[Found]) -> tuple[Span, ...]:
    """What `find` sees, and every copy of what is known; none over another, in order."""
    spans = list(_hits(text))
    for one in known:
        if len(one.value) >= SHORTEST:
            spans += _copies(text, one)
    spans.sort(key=lambda span: (span.start, -span.end))
    apart: list[Span] = []
    for span in spans:
        if apart and span.start < apart[-1].end:
            before = apart.pop()
            span = Span(before.start, max(before.end, span.end), before.kind)
        apart.append(span)
    return tuple(apart)


def _copies(text: str, one: Found) -> list[Span]:
    spans, at = [], text.find(one.value)
    while at >= 0:
        spans.append(Span(at, at + len(one.value), one.kind))
        at = text.find(one.value, at + len(one.value))
    return spans


@lru_cache(maxsize=64)
def _hits(text: str) -> tuple[Span, ...]:
    """The same text stands in a message more than once: the whole, and what was added."""
    return finding.find(text) if len(text) >= SHORTEST else ()
