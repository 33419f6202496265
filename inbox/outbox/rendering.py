"""Markdown of our own people to HTML: raw HTML off, then the same sanitiser as for strangers."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

TAGS = set(
    "p br strong em b i s a ul ol li blockquote pre code table thead tbody tr th td "
    "h1 h2 h3 h4 h5 h6 hr".split()
)
NAMED = re.compile(r"(?<![\w@/.])@([A-Za-z0-9_](?:[\w.+-]*\w)?)", re.ASCII)


@cache
def _parser() -> MarkdownIt:
    made = MarkdownIt("gfm-like", {"html": False, "linkify": True, "breaks": True})
    made.core.ruler.push("mentions", _mark_mentions)
    return made


def to_html(markdown: str, *, mentions: Mapping[str, str] | None = None) -> str:
    """Safe HTML of a Markdown text; images and raw HTML do not come through.

    `mentions`: names behind an @, in lower case, with how they are shown.
    """
    html = str(_parser().render(markdown[:200_000], {"mentions": mentions or {}}))
    return clean(html, marks={"span": {"mention"}} if mentions else None)


def clean(html: str, *, marks: dict[str, set[str]] | None = None) -> str:
    """The part of some HTML that is safe to show anywhere; `marks` are classes of our own."""
    return nh3.clean(
        html,
        tags=TAGS | set(marks or ()),
        attributes={"a": {"href"}},
        allowed_classes=marks,
        url_schemes={"http", "https", "mailto"},
    )


def _mark_mentions(state: StateCore) -> None:
    """Known names in running text become marks; code and links stay as they are."""
    names: Mapping[str, str] = state.env.get("mentions", {})
    if not names:
        return
    for block in state.tokens:
        if block.type != "inline" or not block.children:
            continue
        inside = 0
        children: list[Token] = []
        for token in block.children:
            inside += {"link_open": 1, "link_close": -1}.get(token.type, 0)
            plain = token.type == "text" and not inside
            children += _parts(token.content, names) if plain else [token]
        block.children = children


def _parts(text: str, names: Mapping[str, str]) -> Iterator[Token]:
    end = 0
    for found in NAMED.finditer(text):
        shown = names.get(found[1].lower())
        if shown is None:
            continue
        yield _text(text[end : found.start()])
        yield Token("mention_open", "span", 1, attrs={"class": "mention"})
        yield _text(f"@{shown}")
        yield Token("mention_close", "span", -1)
        end = found.end()
    yield _text(text[end:])


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
