"""Intercom's HTML as text, and our words as HTML; pure, linear whatever the HTML looks like.

https://developers.intercom.com/docs/references/2.15/rest-api/api.intercom.io/conversations
"""

import html
import re

MOST = 400_000
GONE = frozenset({"script", "style", "head", "title", "svg", "template", "noscript"})
BLOCKS = frozenset("p div br li ul ol h1 h2 h3 h4 h5 h6 pre blockquote table tr hr".split())
PARAGRAPHS = frozenset("p ul ol h1 h2 h3 h4 h5 h6 pre blockquote table".split())
NAME = re.compile(r"/?\s*([a-zA-Z][a-zA-Z0-9]{0,30})")
WRAPPER = re.compile(r'<div class="intercom-[^"<>]{0,200}">')
HREF = re.compile(r'href="([^"<>]{1,2000})"')
IMAGE = re.compile(r'<img\b[^<>]{0,4000}?src="([^"<>]{1,2000})"')
SPACES = re.compile(r"[ \t\r\n\f\u00a0]+")
BOLD = re.compile(r"\*\*([^*\n]{1,1000})\*\*")
CODE = re.compile(r"`([^`\n]{1,1000})`")


def bare(source: str) -> str:
    """The HTML without Intercom's own wrappers."""
    return WRAPPER.sub("<div>", source[:MOST])


def images(source: str) -> list[str]:
    """Addresses of the pictures that stand in the words."""
    return [html.unescape(url) for url in IMAGE.findall(source[:MOST])]


def to_text(source: str) -> str:
    """What a reader sees; a link's address stands behind its words where they differ."""
    out: list[str] = []
    source, at, links = source[:MOST], 0, [""]
    while at < len(source):
        opened = source.find("<", at)
        if opened < 0:
            opened = len(source)
        out.append(SPACES.sub(" ", html.unescape(source[at:opened])))
        closed = source.find(">", opened)
        if closed < 0:
            break
        at = _tag(source, opened + 1, closed, out, links)
    lines = [line.strip() for line in "".join(out).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _tag(source: str, start: int, end: int, out: list[str], links: list[str]) -> int:
    """One tag; where reading goes on."""
    inner = source[start:end]
    found = NAME.match(inner)
    name = found[1].lower() if found else ""
    closing = inner.startswith("/")
    if name in GONE and not closing:
        closed = source.find(f"</{name}", end)
        return len(source) if closed < 0 else closed
    if name == "a":
        _link(inner, out, links, closing=closing)
    elif name == "li":
        out.append("" if closing else "\n- ")
    elif name in PARAGRAPHS:
        out.append("\n\n" if closing else "\n")
    elif name in BLOCKS:
        out.append("\n")
    return end + 1


def _link(inner: str, out: list[str], links: list[str], *, closing: bool) -> None:
    if not closing:
        found = HREF.search(inner)
        links[0] = html.unescape(found[1]) if found else ""
        return
    url, links[0] = links[0], ""
    words = out[-1].strip() if out else ""
    if url.startswith(("https://", "http://")) and url.rstrip("/") != words.rstrip("/"):
        out.append(f" ({url})")


def same(one: str, other: str) -> bool:
    """Whether two bodies say the same, however their HTML is written."""
    return " ".join(to_text(one).split()) == " ".join(to_text(other).split())


def to_html(markdown: str) -> str:
    """A note's Markdown as plain HTML: paragraphs, lines, bold and code; all else as it stands."""
    paragraphs = re.split(r"\n[ \t]*\n", html.escape(markdown.strip(), quote=False))
    made = []
    for words in paragraphs:
        marked = CODE.sub(r"<code>\1</code>", BOLD.sub(r"<b>\1</b>", words.strip()))
        made.append("<p>" + marked.replace("\n", "<br>") + "</p>")
    return "".join(made)
