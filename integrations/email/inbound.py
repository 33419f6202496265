"""From a delivery to a message: whose mail, what it answers, which kind it is."""

import atexit
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from hashlib import sha256
from typing import Any

from inbox.channels.contract import (
    Author,
    ChannelConfig,
    ChannelError,
    InboundBatch,
    InboundFile,
    InboundMessage,
    MessageClass,
    RawRequest,
    ThreadRef,
)
from inbox.common.http import fetch
from integrations.email import providers
from integrations.email.reading.letter import Letter
from integrations.email.reading.nature import GENERATED
from integrations.email.reading.reader import Reader
from integrations.email.trust import sender_trust

LOOP_HEADER = "x-desk-loop"
TOKEN = re.compile(r"\+t\.([0-9]{1,15}-[a-z2-7]{16})@", re.IGNORECASE)
SUBJECT_TOKEN = re.compile(r"\[t\.([0-9]{1,15}-[a-z2-7]{16})\]", re.IGNORECASE)
VIA = re.compile(r"(?i)\s+via\s+.{1,100}$")
OLDEST = timedelta(days=2)


@cache
def reader() -> Reader:
    """This process's reading child; it ends with the process."""
    made = Reader()
    atexit.register(made.close)
    return made


def verify(raw: RawRequest, config: ChannelConfig) -> None:
    """Only providers post mails; a mailbox without one takes no webhooks."""
    providers.verify(raw, config)


def handshake(raw: RawRequest, config: ChannelConfig) -> bytes | None:
    """Amazon SNS asks whether the subscription is wanted."""
    if config.get("provider") != "ses":
        return None
    url = providers.sns_confirmation(raw)
    if not url:
        return None
    try:
        fetch(url)
    except OSError as error:
        raise ChannelError("the subscription could not be confirmed") from error
    return b"confirmed\n"


def dedupe_key(raw: RawRequest, config: ChannelConfig) -> str:
    """The provider's id of the delivery, else the hash of the mail."""
    provider = config.get("provider")
    if provider == "mailgun":
        form = providers.form_of(raw)
        return "mailgun:" + form.get("token", b"").decode("ascii", "replace")
    if provider == "postmark":
        data = raw.json()
        found = data.get("MessageID") if isinstance(data, dict) else None
        return f"postmark:{found}" if found else content_key(raw.body)
    if provider == "ses":
        return f"sns:{providers.sns_of(raw)['MessageId']}"
    return content_key(raw.body)


def content_key(raw: bytes) -> str:
    """A mail's own key: the hash of its bytes."""
    return "sha256:" + sha256(raw).hexdigest()


def parse(
    raw: RawRequest, config: ChannelConfig, completed: Mapping[str, Any] | None
) -> InboundBatch:
    """The one message of a mail."""
    mail = raw.body if raw.headers.get("x-source") else providers.raw_mail(raw, config)
    letter = reader().read(mail)
    if config.installation and _header(letter, LOOP_HEADER) == config.installation:
        return InboundBatch(ignored="our own automatic mail came back")
    return InboundBatch(messages=(message_of(letter, mail, raw, config),))


def message_of(
    letter: Letter, mail: bytes, raw: RawRequest, config: ChannelConfig
) -> InboundMessage:
    """A letter in the hub's words."""
    key = letter.message_id or _made_id(letter)
    refs = tuple(_refs(letter, key))
    author = _author(letter, config)
    at = _time(letter, raw)
    message_class, robot = _class(letter)
    trust = sender_trust(
        letter.authentication_results,
        authserv_id=config.get("authserv_id"),
        from_email=letter.from_email,
    )
    bounce = letter.bounce
    return InboundMessage(
        thread_key=_root(letter, key),
        message_key=key,
        sender_key=author.external_id[:250],
        author=_with_bot(author, robot=robot),
        sent_at=at,
        subject=letter.subject[:250],
        text=letter.body_text or ("" if letter.body_html else "(no text)"),
        new_text=letter.reply or letter.body_text or "(no text)",
        html=letter.body_html,
        refs=refs,
        tokens=_tokens(letter),
        to=letter.to,
        cc=letter.cc,
        reply_to=letter.reply_to,
        files=tuple(_files(letter)),
        message_class=message_class,
        class_reason=letter.class_reason,
        is_own=author.external_id == config.get("address").lower(),
        sender_trust=trust,
        original=_original(letter, key, at),
        forward_note=letter.forwarded.above if letter.forwarded else "",
        failed_external_id=bounce.original_message_id if bounce else "",
        failed_recipients=bounce.recipients if bounce else (),
        failed_permanently=bool(bounce and bounce.permanent),
        facts=_facts(letter),
        notes=letter.notes,
    )


def _header(letter: Letter, name: str) -> str:
    return next((value for known, value in letter.headers if known == name), "")


def _made_id(letter: Letter) -> str:
    """An id for a mail without one: of what its sender wrote, without trace headers."""
    parts = (letter.from_email, str(letter.date), letter.subject, letter.body_text)
    return (
        f"<{sha256(chr(31).join(parts).encode('utf-8', 'replace')).hexdigest()}@generated.invalid>"
    )


def _refs(letter: Letter, own: str) -> Iterator[ThreadRef]:
    seen = {own}
    for via, ids in (
        ("in_reply_to", letter.in_reply_to),
        ("references", tuple(reversed(letter.references))),
    ):
        for external_id in ids:
            if external_id not in seen and len(external_id) > 2:
                seen.add(external_id)
                yield ThreadRef(external_id=external_id, via=via)


def _root(letter: Letter, own: str) -> str:
    """The conversation's first message, by which an answer that was faster waits for it."""
    chain = letter.references or letter.in_reply_to
    return chain[0] if chain else own


def _author(letter: Letter, config: ChannelConfig) -> Author:
    """The writer; a list that put itself into From names them elsewhere (Google Groups)."""
    email, name = letter.from_email, letter.from_name
    if letter.list_id and VIA.search(name):
        for header in ("x-original-from", "x-original-sender"):
            found = re.search(r"[^\s<>\"]+@[^\s<>\"]+", _header(letter, header))
            if found:
                email = found[0]
                break
        else:
            email = next((a for a in letter.reply_to if a.lower() != email.lower()), email)
        name = VIA.sub("", name).strip("'\" ")
    offset = letter.date.utcoffset() if letter.date else None
    minutes = int(offset.total_seconds() // 60) if offset is not None else None
    return Author(
        external_id=(email or "unknown sender").lower(),
        name=name,
        handle=email,
        utc_offset_minutes=minutes if minutes is not None and abs(minutes) <= 15 * 60 else None,
    )


def _with_bot(author: Author, *, robot: bool) -> Author:
    return Author(
        external_id=author.external_id,
        name=author.name,
        handle=author.handle,
        utc_offset_minutes=author.utc_offset_minutes,
        is_bot=robot,
    )


def _class(letter: Letter) -> tuple[MessageClass, bool]:
    """A robot's notice may open a ticket, a robot's answer may not."""
    if letter.mail_class == "auto_reply" and letter.class_reason == GENERATED:
        answers = bool(letter.in_reply_to)
        return (MessageClass.AUTO_REPLY if answers else MessageClass.NORMAL), True
    return MessageClass(letter.mail_class), letter.robot


def _tokens(letter: Letter) -> tuple[str, ...]:
    places = " ".join([*letter.to, *letter.cc, *letter.delivered_to])
    found = [*TOKEN.findall(places), *SUBJECT_TOKEN.findall(letter.subject)]
    return tuple(dict.fromkeys(token.lower() for token in found))


def _files(letter: Letter) -> Iterator[InboundFile]:
    for file in letter.attachments:
        yield InboundFile(
            filename=file.filename,
            content=file.content,
            content_type=file.content_type,
            content_id=file.content_id,
            inline=file.inline,
        )


def _time(letter: Letter, raw: RawRequest) -> datetime:
    """When it reached us; the sender's own Date only where it is plausible."""
    received = _received(raw)
    date = letter.date
    if date is not None and received - OLDEST <= date <= received:
        return date.astimezone(UTC)
    return received


def _received(raw: RawRequest) -> datetime:
    stamp = raw.headers.get("x-received-at", "")
    try:
        return datetime.fromisoformat(stamp)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(stamp)
    except (ValueError, TypeError):
        return datetime.now(UTC)


def _original(letter: Letter, key: str, at: datetime) -> InboundMessage | None:
    """The customer's own mail inside one that staff passed on."""
    inner = letter.forwarded
    if inner is None:
        return None
    return InboundMessage(
        thread_key=key,
        message_key=key,
        sender_key=letter.from_email.lower(),
        author=Author(
            external_id=inner.from_email.lower(), name=inner.from_name, handle=inner.from_email
        ),
        sent_at=at,
        subject=inner.subject[:250],
        text=inner.text,
        new_text=inner.text,
        files=tuple(_files(letter)),
    )


def _facts(letter: Letter) -> dict[str, Any]:
    return {
        "headers": [f"{name}: {value}" for name, value in letter.headers],
        "list_id": letter.list_id,
        "attachment_names": [file.filename for file in letter.attachments],
        "mail_class": letter.mail_class
        if letter.mail_class != "auto_reply"
        else str(_class(letter)[0]),
        "automatic": letter.robot,
    }
