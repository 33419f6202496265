"""HTML to readable text, in one pass and linear whatever the HTML looks like."""

import html
import re

MOST_HTML = 1_000_000
GONE = frozenset("script style head title noscript template svg math object iframe select".split())
BREAKS = frozenset(
    "br p div tr li ul ol dl dt dd table h1 h2 h3 h4 h5 h6 blockquote pre hr center section article header footer form address".split()
)
PARAGRAPH = frozenset("p ul ol table h1 h2 h3 h4 h5 h6 blockquote pre".split())
VOID = frozenset("br hr img input meta link area base col embed source track wbr".split())
NAME = re.compile(r"/?\s*([a-zA-Z][a-zA-Z0-9:]{0,30})")
ATTRIBUTE = re.compile(
    r"""([a-zA-Z-]{1,30})\s*=\s*(?:"([^"]{0,2000})"|'([^']{0,2000})'|([^\s"'>]{1,2000}))"""
)
SPACES = re.compile(r"[ \t\r\n\f\u00a0\u200b\u200c\u200d\ufeff\u00ad\u2007\u202f]+")
QUOTE_MARKS = re.compile(
    r"gmail_quote|gmail_attr|yahoo_quoted|moz-cite-prefix|protonmail_quote|zmail_extra|tutanota_quote"
    r"|divRplyFwdMsg|appendonsend|OLK_SRC_BODY_SECTION|mail-editor-reference-message|ms-outlook-mobile-reference"
    r"|reply-intro|freebirdFormviewer__quote|hs_reply|front-blockquote|x_gmail_quote|WordSection1_quote"
)
OUTLOOK_LINE = re.compile(
    r"border:\s*none;\s*border-top:\s*solid\s+#?[0-9a-zA-Z]{3,8}\s+1(?:\.0)?pt", re.IGNORECASE
)


def to_text(source: str, *, until_quote: bool = False) -> str:
    """The text that a reader sees. With `until_quote` only what stands before a quoted mail."""
    source = source[:MOST_HTML].replace("\x00", "")
    lines = _Lines()
    pos, end = 0, len(source)
    while pos < end:
        opened = source.find("<", pos)
        if opened < 0:
            lines.text(source[pos:])
            break
        lines.text(source[pos:opened])
        pos = _tag(source, opened, lines, until_quote=until_quote)
        if pos < 0:
            break
    return lines.result()


class _Lines:
    """Collected text with HTML's rules for white space."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.now: list[str] = []
        self.pre = 0

    def text(self, raw: str) -> None:
        if not raw:
            return
        words = html.unescape(raw)
        if self.pre:
            first, *more = words.replace("\r\n", "\n").split("\n")
            self.now.append(first)
            for line in more:
                self.line()
                self.now.append(line)
        else:
            self.now.append(SPACES.sub(" ", words))

    def line(self) -> None:
        whole = "".join(self.now)
        self.lines.append(whole.rstrip() if self.pre else " ".join(whole.split()))
        self.now = []

    def fresh(self) -> None:
        if "".join(self.now).strip():
            self.line()
        else:
            self.now = []

    def paragraph(self) -> None:
        self.fresh()
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def result(self) -> str:
        self.fresh()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self.lines)).strip()


def _tag(source: str, opened: int, lines: _Lines, *, until_quote: bool) -> int:
    """Handle what begins at `<`; where to go on, -1 to stop."""
    if source.startswith("<!--", opened):
        return _after(source, "-->", opened + 4, len(source))
    if source.startswith(("<!", "<?"), opened):
        return _after(source, ">", opened + 1, len(source))
    closed = source.find(">", opened)
    if closed < 0:  # no tag ends any more: all that follows is text
        lines.text(source[opened:])
        return len(source)
    inner = source[opened + 1 : closed]
    name = NAME.match(inner)
    if name is None:
        lines.text("<")
        return opened + 1
    tag, closing = name[1].lower(), inner.startswith("/")
    if tag in GONE and not closing and not inner.endswith("/"):
        return _skip(source, tag, closed + 1)
    if until_quote and not closing and _is_quote(tag, inner):
        return -1
    _apply(tag, inner, lines, closing=closing)
    return closed + 1


def _after(source: str, mark: str, start: int, otherwise: int) -> int:
    found = source.find(mark, start)
    return found + len(mark) if found >= 0 else otherwise


def _skip(source: str, tag: str, start: int) -> int:
    """Behind the closing tag; without one only the tag itself falls away."""
    low = source.find(f"</{tag}", start)
    if low < 0:
        low = source.find(f"</{tag.upper()}", start)
    if low < 0:
        # an unclosed head or title must not swallow the mail
        return len(source) if tag in ("script", "style") else start
    return _after(source, ">", low, len(source))


def _is_quote(tag: str, inner: str) -> bool:
    if tag not in ("div", "blockquote", "span", "hr", "table"):
        return False
    if tag == "blockquote" and re.search(
        r"type\s*=\s*[\"']?cite|gmail_quote", inner, re.IGNORECASE
    ):
        return True
    return bool(QUOTE_MARKS.search(inner) or OUTLOOK_LINE.search(inner[:600]))


def _apply(tag: str, inner: str, lines: _Lines, *, closing: bool) -> None:
    if tag == "pre":
        lines.paragraph()
        lines.pre = max(lines.pre + (-1 if closing else 1), 0)
    elif tag == "br":
        lines.line()
    elif tag in PARAGRAPH:
        lines.paragraph()
    elif tag in ("td", "th"):
        lines.now.append(" ")
    elif tag == "li" and not closing:
        lines.fresh()
        lines.now.append("- ")
    elif tag == "img" and not closing:
        lines.text(_attribute(inner, "alt"))
    elif tag in BREAKS:
        lines.fresh()


def _attribute(inner: str, wanted: str) -> str:
    for found in ATTRIBUTE.finditer(inner[:4000]):
        if found[1].lower() == wanted:
            return found[2] or found[3] or found[4] or ""
    return ""


def charset_of(data: bytes) -> str:
    """The charset that the HTML itself names."""
    found = re.search(rb"charset\s*=\s*[\"']?([A-Za-z0-9_:-]{2,40})", data[:2048])
    return found[1].decode("ascii") if found else ""
