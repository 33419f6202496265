"""Markdown of our own people to HTML: raw HTML off, then the same sanitiser as for strangers."""

from functools import cache

import nh3
from markdown_it import MarkdownIt

TAGS = set(
    "p br strong em b i s a ul ol li blockquote pre code table thead tbody tr th td "
    "h1 h2 h3 h4 h5 h6 hr".split()
)


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("gfm-like", {"html": False, "linkify": True, "breaks": True})


def to_html(markdown: str) -> str:
    """Safe HTML of a Markdown text; images and raw HTML do not come through."""
    return clean(str(_parser().render(markdown[:200_000])))


def clean(html: str) -> str:
    """The part of some HTML that is safe to show anywhere."""
    return nh3.clean(
        html, tags=TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"}
    )
