"""`read_letter`: any bytes to a Letter; never an exception, at worst a stub that says why."""

import re
from dataclasses import dataclass, field
from datetime import datetime

from integrations.email.reading import charset, headers, hypertext
from integrations.email.reading.bounce import Bounce, bounce_of
from integrations.email.reading.forwarded import Forwarded, forwarded_in
from integrations.email.reading.nature import nature_of, walk
from integrations.email.reading.parts import Part, split, uu_files
from integrations.email.reading.reply import new_text
from integrations.email.reading.sniff import true_type

MOST_TEXT = 1_000_000
MOST_FILES = 200
KEPT_HEADERS = 300
EXTENSIONS = {
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/html": ".html",
    "text/plain": ".txt",
}


@dataclass(frozen=True, kw_only=True)
class Enclosure:
    """A file of a mail."""

    filename: str
    content: bytes
    content_type: str
    declared_type: str = ""
    content_id: str = ""
    inline: bool = False


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What was read in a mail."""

    subject: str = ""
    from_email: str = ""
    from_name: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    sender: str = ""
    delivered_to: tuple[str, ...] = ()
    date: datetime | None = None
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    body_text: str = ""
    body_html: str = ""
    reply: str = ""
    attachments: tuple[Enclosure, ...] = ()
    mail_class: str = "normal"
    class_reason: str = ""
    robot: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    list_id: str = ""
    authentication_results: tuple[str, ...] = ()
    bounce: Bounce | None = None
    forwarded: Forwarded | None = None
    notes: tuple[str, ...] = ()


@dataclass
class _Body:
    """Texts and files as they are collected."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    files: list[Enclosure] = field(default_factory=list)


def read_letter(raw: bytes) -> Letter:
    """Read a mail. Whatever goes wrong, the mail is kept as a stub with a note."""
    notes: list[str] = []
    try:
        return _read(raw, notes)
    except Exception as error:  # noqa: BLE001 - a mail that breaks the reader must never stop a mailbox
        return stub(raw, f"could not be read ({type(error).__name__}); the original is kept")


def stub(raw: bytes, note: str) -> Letter:
    """The little that plain searching finds in a mail that cannot be read."""
    head = raw[:20_000]

    def first(name: bytes) -> bytes:
        found = re.search(rb"(?im)^" + name + rb":[ \t]*([^\r\n]{0,500})", head)
        return found[1] if found else b""

    people = headers.addresses(first(b"from"))[:1] or [("", "")]
    ids = headers.message_ids(first(b"message-id"))
    return Letter(
        subject=headers.clean(first(b"subject").decode("utf-8", "replace")),
        from_name=people[0][0],
        from_email=people[0][1],
        message_id=ids[0] if ids else "",
        notes=(note,),
    )


def _read(raw: bytes, notes: list[str]) -> Letter:
    if not raw.strip():
        return Letter(notes=("the mail is empty",))
    root = split(raw, notes)
    body = _Body()
    _collect(root, body, notes, top=True)
    text, html = _texts(body)
    if not text:
        text, html = _carried(root, notes)
    written_in = next((c for p in walk(root) if (c := p.params.get("charset", ""))), "")
    name, address = _from(root, written_in)
    subject = headers.header_text(root.get("subject"), written_in)
    nature = nature_of(root, subject=subject, from_email=address, from_name=name, text=text)
    ids = headers.message_ids(root.get("message-id"), most=1)
    return Letter(
        subject=subject,
        from_email=address,
        from_name=name,
        to=_people(root, "to"),
        cc=_people(root, "cc"),
        reply_to=_people(root, "reply-to"),
        sender=next(iter(_people(root, "sender")), ""),
        delivered_to=_delivered(root),
        date=headers.date_of(root.get("date")),
        message_id=ids[0] if ids else "",
        in_reply_to=headers.message_ids(root.get("in-reply-to")[:8000]),
        references=headers.message_ids(root.get("references")[:64_000]),
        body_text=text,
        body_html=html[: hypertext.MOST_HTML],
        reply=new_text(text, html, has_plain=bool("".join(body.plain).strip())),
        attachments=tuple(body.files),
        mail_class=nature.name,
        class_reason=nature.reason,
        robot=nature.robot,
        headers=_kept_headers(root),
        list_id=_list_id(root),
        authentication_results=tuple(
            headers.header_text(value)[:2000] for value in root.all("authentication-results")[:5]
        ),
        bounce=bounce_of(root) if nature.name == "bounce" else None,
        forwarded=forwarded_in(subject, text),
        notes=tuple(dict.fromkeys(notes)),
    )


# ------------------------------------------------------------------ headers


def _first_text(root: Part, name: str) -> str:
    return headers.header_text(root.get(name))


def _from(root: Part, charset: str) -> tuple[str, str]:
    """The author; a list that put itself into From names the author elsewhere."""
    for value in root.all("from"):
        found = headers.addresses(value, charset)
        with_address = next((pair for pair in found if pair[1]), None)
        if with_address or found:
            return with_address or found[0]
    for name in ("sender", "x-original-from", "reply-to", "return-path"):
        found = headers.addresses(root.get(name))
        if found and found[0][1]:
            return found[0]
    return "", ""


def _people(root: Part, name: str) -> tuple[str, ...]:
    found = [pair[1] for value in root.all(name) for pair in headers.addresses(value) if pair[1]]
    return tuple(dict.fromkeys(found))[: headers.MOST_ADDRESSES]


def _delivered(root: Part) -> tuple[str, ...]:
    names = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to")
    return tuple(dict.fromkeys(a for name in names for a in _people(root, name)))


def _kept_headers(root: Part) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, headers.header_text(value[:2000])) for name, value in root.headers[:KEPT_HEADERS]
    )


def _list_id(root: Part) -> str:
    found = headers.header_text(root.get("list-id")[:1000])
    inner = re.search(r"<([^<>]{1,250})>", found)
    return inner[1] if inner else found[:250]


# ------------------------------------------------------------------ texts and files


def _collect(part: Part, body: _Body, notes: list[str], *, top: bool = False) -> None:
    if part.children:
        if part.content_type == "multipart/alternative":
            _alternative(part, body, notes)
        else:
            for child in part.children:
                _collect(child, body, notes)
        return
    if part.content_type.startswith("multipart/") and not top:
        return
    if _is_text(part):
        _take_text(part, body, notes)
    elif part.content_type != "multipart/alternative":
        _take_file(part, body, notes)


def _carried(root: Part, notes: list[str]) -> tuple[str, str]:
    """A mail without words of its own shows those of the mail that it carries."""
    for part in walk(root):
        if part.content_type == "message/rfc822" and part.content.strip():
            inner = _Body()
            _collect(split(part.content, notes, depth=part.depth + 1), inner, notes, top=True)
            return _texts(inner)
    return "", ""


def _alternative(part: Part, body: _Body, notes: list[str]) -> None:
    """Of one content in several forms the first plain text and the first HTML are read."""
    inner = _Body()
    for child in part.children:
        _collect(child, inner, notes)
    body.plain += inner.plain
    body.html += inner.html
    body.files += inner.files


def _is_text(part: Part) -> bool:
    kind, params = part.disposition
    named = params.get("filename") or part.params.get("name")
    if part.depth == 0 and part.content_type.startswith(("text/", "multipart/")):
        return kind != "attachment"
    if kind == "attachment" or (named and (kind or part.content_type != "text/plain")):
        return False
    return (
        part.content_type
        in ("text/plain", "text/html", "text/enriched", "text/richtext", "text/x-amp-html", "text")
        and not named
    )


def _take_text(part: Part, body: _Body, notes: list[str]) -> None:
    data = part.content[: MOST_TEXT * 4].replace(b"\x00", b"")
    if part.content_type == "text/x-amp-html":
        return
    if part.content_type == "text/html":
        declared = part.params.get("charset") or hypertext.charset_of(data)
        body.html.append(charset.decode(data, declared, notes)[:MOST_TEXT])
        return
    data, files = uu_files(data)
    for name, content in files[:MOST_FILES]:
        body.files.append(_enclosure(name, content, "application/octet-stream"))
    text = charset.decode(data, part.params.get("charset", ""), notes)[:MOST_TEXT]
    if part.params.get("format", "").lower() == "flowed":
        text = unflow(text, delsp=part.params.get("delsp", "").lower() == "yes")
    body.plain.append(text.replace("\r\n", "\n").replace("\r", "\n"))


def unflow(text: str, *, delsp: bool) -> str:
    """RFC 3676: lines that end in a blank go on in the next one of the same quote depth."""
    out: list[str] = []
    depth_before, open_line = 0, False
    for line in text.replace("\r\n", "\n").split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        inner = line[depth:]
        inner = inner[1:] if inner.startswith(" ") else inner
        if open_line and depth == depth_before and out:
            out[-1] += inner
        else:
            out.append((">" * depth + " " if depth else "") + inner)
        open_line = inner.endswith(" ") and inner != "-- "
        if open_line and delsp:
            out[-1] = out[-1][:-1]
        depth_before = depth
    return "\n".join(out)


def _take_file(part: Part, body: _Body, notes: list[str]) -> None:
    if len(body.files) >= MOST_FILES:
        notes.append(f"more than {MOST_FILES} files; the rest was not kept")
        return
    name = part.disposition[1].get("filename") or part.params.get("name") or ""
    if not name and part.content_type == "message/rfc822":
        name = _first_text(split(part.content[:20_000], []), "subject")[:100] + ".eml"
    inline = part.disposition[0] == "inline" or bool(part.get("content-id"))
    content_id = part.get("content-id").decode("utf-8", "replace").strip(" <>")[:250]
    body.files.append(
        _enclosure(name, part.content, part.content_type, content_id=content_id, inline=inline)
    )


def _enclosure(
    name: str, content: bytes, declared: str, *, content_id: str = "", inline: bool = False
) -> Enclosure:
    kind = true_type(content, declared)
    bare = re.split(r"[/\\]", headers.clean(name))[-1].strip(". ")[-150:]
    return Enclosure(
        filename=bare or "file" + EXTENSIONS.get(kind, ""),
        content=content,
        content_type=kind,
        declared_type=declared,
        content_id=content_id,
        inline=inline,
    )


def _texts(body: _Body) -> tuple[str, str]:
    """(readable text, HTML). The HTML is read when there is no plain text worth the name."""
    plain = "\n\n".join(part.strip("\n") for part in body.plain if part.strip())
    html = "\n".join(body.html)
    if not html:
        return plain[:MOST_TEXT].strip(), ""
    seen = hypertext.to_text(html)
    if not plain or _is_better(seen, plain):
        return seen[:MOST_TEXT], html
    return plain[:MOST_TEXT].strip(), html


# entities that nobody types, next to links in angle brackets
CONVERTED_BADLY = re.compile(
    r"&nbsp;|&(?:[lg]t|quot|#\d{2,5}|[aou]uml|rsquo|ndash);.{0,2000}?<\s?https?:", re.DOTALL
)


def _is_better(seen: str, plain: str) -> bool:
    """The plain part is a hint to look at the HTML, HTML itself, or what a bad converter left."""
    few = len(plain.split())
    return (
        few * 4 < len(seen.split())
        or bool(re.match(r"\s*<(?:!doctype|html|div|table)", plain, re.IGNORECASE))
        or bool(CONVERTED_BADLY.search(plain))
    )
