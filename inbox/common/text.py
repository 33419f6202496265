"""The one function that lets a stranger's HTML be shown, and small helpers for text.

A parser-based allow list, never a pattern; size and nesting are capped before the parser sees
anything. Everything that shows third-party HTML goes through `safe_html`.
"""

import re
from collections.abc import Mapping

import nh3

MOST_HTML = 400_000
DEEPEST = 200
TAGS = {
    *"p br div span b strong i em u s a img ul ol li blockquote pre code".split(),
    *"table thead tbody tr td th".split(),
    *"h1 h2 h3 h4 h5 h6 hr sub sup".split(),
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
}
GONE = {
    *"script style head title meta link object embed form iframe".split(),
    *"svg math template noscript select textarea".split(),
}
OPENING = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)\b[^<>]{0,20000}?(/?)>")
CLOSING = re.compile(r"</[a-zA-Z]")
DATA_IMAGE = re.compile(r"^data:image/(?:png|gif|jpeg|webp);base64,[A-Za-z0-9+/=\s]{0,1400000}$")


def safe_html(html: str, *, files: Mapping[str, str] | None = None) -> str:
    """Third-party HTML that can be shown: no scripts, styles, forms, ids, remote images.

    `files` maps content ids to our own addresses. Too large or too deeply nested HTML comes back
    empty; the caller shows the text instead.
    """
    if len(html) > MOST_HTML or _depth(html) > DEEPEST:
        return ""
    known = files or {}

    def attribute(tag: str, name: str, value: str) -> str | None:
        if tag == "img" and name == "src":
            return _image(value, known)
        if tag == "a" and name == "href":
            return value if re.match(r"(?i)^(?:https?://|mailto:|tel:)", value.strip()) else None
        return value

    return nh3.clean(
        html,
        tags=TAGS,
        clean_content_tags=GONE,
        attributes=ATTRIBUTES,
        attribute_filter=attribute,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def _image(value: str, known: Mapping[str, str]) -> str | None:
    """Our own copy of an embedded image, or a small data image; never anything remote."""
    if value.lower().startswith("cid:"):
        return known.get(value[4:].strip())
    return value if DATA_IMAGE.match(value) else None


def _depth(html: str) -> int:
    """How deep elements may be nested at most: unclosed ones count until the end."""
    return (
        len(OPENING.findall(html)) - len(CLOSING.findall(html)) if html.count("<") > DEEPEST else 0
    )


def initials(name: str) -> str:
    """Two letters for an avatar."""
    words = [word for word in re.split(r"[\s@._-]+", name) if word[:1].isalnum()]
    return (
        "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words))[
            :2
        ].upper()
        or "?"
    )


def tone(seed: object) -> int:
    """One of eight avatar colours, always the same for the same person."""
    return sum(str(seed).encode()) % 8 + 1


SIGNS = re.compile(r"([!-/:-@\[-`{-~])")


def literal(text: str) -> str:
    """Somebody else's words for a place that reads Markdown: no sign in them means anything."""
    return SIGNS.sub(r"\\\1", " ".join(text.split()))
