"""Slack's mrkdwn to plain text and HTML, and Markdown to mrkdwn; pure.

https://docs.slack.dev/messaging/formatting-message-text
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

TOKEN = re.compile(r"<([^<>\n]*)>")
LONGEST_POST = 3_900


@dataclass(frozen=True)
class Names:
    """What ids are called: users, channels, groups."""

    users: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    unknown: str = ""  # what an id is called that nobody knows; "" is the id itself


# ------------------------------------------------------------------ in


def to_text(text: str, names: Names) -> str:
    """Plain text: ids become names, links `label (url)`, escapes are undone last."""
    return unescape(TOKEN.sub(lambda found: _plain(found[1], names), text))


def unescape(text: str) -> str:
    """Only these three are escaped, and the ampersand last."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def mentioned(text: str) -> tuple[set[str], set[str]]:
    """(user ids, channel ids) that a text names without a label."""
    users, channels = set(), set()
    for inner in TOKEN.findall(text):
        if "|" in inner:
            continue
        if inner.startswith(("@U", "@W")):
            users.add(inner[1:])
        elif inner.startswith("#C"):
            channels.add(inner[1:])
    return users, channels


def _plain(inner: str, names: Names) -> str:
    body, _, label = inner.partition("|")
    if body.startswith("@"):
        return "@" + (names.users.get(body[1:]) or label or names.unknown or body[1:])
    if body.startswith("#"):
        return "#" + (names.channels.get(body[1:]) or label or names.unknown or body[1:])
    if body.startswith("!subteam^"):
        group = body.removeprefix("!subteam^")
        known = names.groups.get(group) or label.removeprefix("@")
        return "@" + (known or names.unknown or group)
    if body.startswith("!date^"):
        return label or body
    if body.startswith("!"):
        return "@" + (label.removeprefix("@") or body[1:].partition("^")[0])
    if body.startswith(("mailto:", "tel:")):
        return label or body.partition(":")[2]
    if body.startswith(("http://", "https://")):
        return f"{label} ({body})" if label and label != body else body
    return label or f"<{inner}>"


def from_blocks(blocks: Any) -> str:
    """The text of rich-text blocks, for messages that carry no other."""
    if isinstance(blocks, Mapping):
        kind = blocks.get("type")
        if kind == "text" and isinstance(blocks.get("text"), str):
            return str(blocks["text"])
        if kind == "link":
            return str(blocks.get("text") or blocks.get("url") or "")
        if kind == "user":
            return f"<@{blocks.get('user_id', '')}>"
        if kind == "channel":
            return f"<#{blocks.get('channel_id', '')}>"
        if kind == "emoji":
            return f":{blocks.get('name', '')}:"
        inner = blocks.get("elements", blocks.get("text"))
        text = from_blocks(inner) if not isinstance(inner, str) else inner
        return text + "\n" if kind in ("rich_text_section", "section", "header") else text
    if isinstance(blocks, Sequence) and not isinstance(blocks, str):
        return "".join(from_blocks(part) for part in blocks)
    return ""


SHORT = re.compile(r":([a-z0-9_+'-]+)(?:::skin-tone-[2-6])?:")


def with_emoji(text: str, blocks: Any) -> str:
    """Emoji by their characters, where the message itself says which they are."""
    known = dict(_emoji(blocks))
    if not known:
        return text
    return SHORT.sub(lambda found: known.get(found[1]) or found[0], text)


def _emoji(blocks: Any) -> Iterator[tuple[str, str]]:
    if isinstance(blocks, Mapping):
        points = str(blocks.get("unicode") or "").split("-")
        if blocks.get("type") == "emoji" and all(POINT.match(point) for point in points):
            yield str(blocks.get("name")), "".join(chr(int(point, 16)) for point in points)
        yield from _emoji(blocks.get("elements"))
    elif isinstance(blocks, Sequence) and not isinstance(blocks, str):
        for part in blocks:
            yield from _emoji(part)


POINT = re.compile(r"^(?:1[0-9a-f]|(?!d[89a-f])[0-9a-f])[0-9a-f]{3}$")  # no half of a character
MARKS = (
    (re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])"), r"<b>\1</b>"),
    (re.compile(r"(?<![\w_])_([^_\n]+)_(?![\w_])"), r"<i>\1</i>"),
    (re.compile(r"(?<![\w~])~([^~\n]+)~(?![\w~])"), r"<s>\1</s>"),
)
CODE = re.compile(r"```(.+?)```|`([^`\n]+)`", re.DOTALL)


def to_html(text: str, names: Names) -> str:
    """HTML for the desk, which sanitises it again: marks, code, quotes, links; nothing else."""
    parts, last = [], 0
    for found in CODE.finditer(text):
        parts.append(_prose(text[last : found.start()], names))
        block, inline = found[1], found[2]
        tag = "pre" if block is not None else "code"
        inner = html.escape(to_text(block if block is not None else inline, names), quote=False)
        parts.append(f"<{tag}>{inner.strip(chr(10)) if block else inner}</{tag}>")
        last = found.end()
    parts.append(_prose(text[last:], names))
    return "".join(parts)


def title(text: str, names: Names, *, longest: int = 90) -> str:
    """A heading made of a message: its first line without marks, cut at a word."""
    line = next((line for line in text.splitlines() if line.strip(" `>")), "").replace("`", "")
    for pattern, _ in MARKS:
        line = pattern.sub(r"\1", line)
    plain = to_text(line, names).lstrip("> ").strip()
    if len(plain) <= longest:
        return plain
    return plain[:longest].rpartition(" ")[0].rstrip(",;:") + " …"


def _prose(text: str, names: Names) -> str:
    kept: list[str] = []

    def link(found: re.Match[str]) -> str:
        body, _, label = found[1].partition("|")
        if body.startswith(("http://", "https://", "mailto:")):
            target, shown = html.escape(unescape(body)), html.escape(unescape(label or body))
            kept.append(f'<a href="{target}">{shown}</a>')
        else:
            kept.append(html.escape(_plain(found[1], names)))
        return f"\x00{len(kept) - 1}\x00"

    out = html.escape(unescape(TOKEN.sub(link, text.replace("\x00", ""))), quote=False)
    for pattern, tag in MARKS:
        out = pattern.sub(tag, out)
    lines = [
        f"<blockquote>{line[4:].strip()}</blockquote>" if line.startswith("&gt;") else line + "<br>"
        for line in out.split("\n")
    ]
    whole = "".join(lines).removesuffix("<br>")
    return re.sub("\x00(\\d+)\x00", lambda found: kept[int(found[1])], whole)


# ------------------------------------------------------------------ out

MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])


def escape(text: str) -> str:
    """Somebody's text inside ours: it can neither link nor call anybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def from_markdown(text: str) -> str:
    """Markdown as mrkdwn; foreign text is escaped once, ampersand first."""
    return _Writer().blocks(MARKDOWN.parse(text)).strip("\n")


class _Writer:
    """Walks over Markdown's tokens; one method for each kind that says something."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.lists: list[int | None] = []
        self.quote = 0
        self.heading = False
        self.table: list[list[str]] = []

    def blocks(self, tokens: Sequence[Token]) -> str:
        """The whole text."""
        for token in tokens:
            name = token.type.removesuffix("_open").removesuffix("_close")
            do = getattr(self, f"_{name}", None)
            if do is not None:
                do(token)
        text = re.sub(r"• \[[xX]\] ", "☑ ", "".join(self.out))
        return re.sub(r"• \[ \] ", "☐ ", text)

    def _inline(self, token: Token) -> None:
        text = inline(token.children or [])
        if self.table:
            self.table[-1].append(text)
            return
        mark = "> " * bool(self.quote)
        text = f"*{text}*" if self.heading else text
        self.out += [f"{mark}{line}\n" for line in text.split("\n")]

    def _fence(self, token: Token) -> None:
        self.out.append(f"```\n{escape(token.content.rstrip(chr(10)))}\n```\n")

    _code_block = _fence

    def _html_block(self, token: Token) -> None:
        self.out.append(escape(token.content))

    def _bullet_list(self, token: Token) -> None:
        if token.nesting > 0:
            self.lists.append(None)
        else:
            self.lists.pop()

    def _ordered_list(self, token: Token) -> None:
        if token.nesting > 0:
            self.lists.append(int(token.attrGet("start") or 1))
        else:
            self.lists.pop()

    def _list_item(self, token: Token) -> None:
        if token.nesting < 0:
            return
        number = self.lists[-1]
        mark = "•" if number is None else f"{number}."
        self.out.append("    " * (len(self.lists) - 1) + mark + " ")
        if number is not None:
            self.lists[-1] = number + 1

    def _blockquote(self, token: Token) -> None:
        self.quote += token.nesting

    def _heading(self, token: Token) -> None:
        self.heading = token.nesting > 0

    def _paragraph(self, token: Token) -> None:
        if token.nesting < 0 and not token.hidden and not self.lists:
            self.out.append("\n")

    def _hr(self, token: Token) -> None:
        self.out.append("———\n")

    def _tr(self, token: Token) -> None:
        if token.nesting > 0:
            self.table.append([])

    def _table(self, token: Token) -> None:
        if token.nesting < 0:
            self.out.append(_table(self.table))
            self.table = []


def inline(tokens: Sequence[Token]) -> str:
    """Marks, code, links and pictures of one line."""
    out: list[str] = []
    urls: list[str] = []
    for token in tokens:
        if token.type == "link_open":
            urls.append(_url(str(token.attrGet("href") or "")))
            out.append("\x01")
        elif token.type == "link_close":
            _close_link(out, urls.pop())
        else:
            out.append(_piece(token, in_link=bool(urls)))
    return "".join(out)


def _piece(token: Token, *, in_link: bool) -> str:
    kind = token.type
    if kind in ("text", "html_inline"):
        return escape(token.content.replace("|", "¦") if in_link else token.content)
    if kind == "code_inline":
        return f"`{escape(token.content)}`"
    if kind == "image":
        label = escape(token.content.replace("|", "¦")) or "image"
        return f"<{_url(str(token.attrGet('src') or ''))}|{label}>"
    return INLINE_MARKS.get(kind, "")


def _close_link(out: list[str], url: str) -> None:
    begin = len(out) - 1 - out[::-1].index("\x01")
    label = "".join(out[begin + 1 :])
    del out[begin:]
    if MENTION.match(url):  # our own way of calling somebody; foreign text never gets here
        out.append(f"<@{url.removeprefix('mention:')}>")
        return
    if MOMENT.match(url):  # each reader sees it in their own zone
        seconds = url.removeprefix("at:")
        out.append(f"<!date^{seconds}^{{date_short_pretty}} {{time}}|{label}>")
        return
    out.append(f"<{url}>" if label == url else f"<{url}|{label}>")


MOMENT = re.compile(r"^at:[0-9]{1,11}$")
MENTION = re.compile(r"^mention:[A-Z0-9]+$")
INLINE_MARKS = {
    "strong_open": "*",
    "strong_close": "*",
    "em_open": "_",
    "em_close": "_",
    "s_open": "~",
    "s_close": "~",
    "softbreak": "\n",
    "hardbreak": "\n",
}


def _url(url: str) -> str:
    return escape(url).replace("|", "%7C").replace(" ", "%20")


def _table(rows: list[list[str]]) -> str:
    widths = [max(len(row[n]) if n < len(row) else 0 for row in rows) for n in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in rows
    ]
    return "```\n" + "\n".join(lines) + "\n```\n"


def split(text: str, longest: int = LONGEST_POST) -> list[str]:
    """A long text in posts: at blank lines, else lines, else words; code fences stay closed."""
    parts: list[str] = []
    while len(text) > longest:
        head = text[:longest]
        at = max(head.rfind("\n\n"), 0) or max(head.rfind("\n"), 0) or max(head.rfind(" "), 0)
        at = at if at > longest // 3 else longest
        part, text = text[:at].rstrip(), text[at:].lstrip("\n")
        if part.count("```") % 2:
            part, text = part + "\n```", "```\n" + text
        parts.append(part)
    return [*parts, text] if text or not parts else parts
