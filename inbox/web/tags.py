"""Template tags of the desk: marks that are drawn by the server."""

import re
from datetime import datetime, timedelta
from datetime import timezone as dt_timezone
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.html import escape, format_html, linebreaks, urlize
from django.utils.safestring import mark_safe

from inbox.common.text import initials, tone
from inbox.loop.models import Link
from inbox.reports.shapes import Figure
from inbox.sla.explain import Fuse, span

register = template.Library()

HIDDEN = mark_safe('aria-hidden="true"')
HEADS = {
    "breach": "burnt",
    "hour": "spark",
    "today": "tick",
    "later": "open",
    "wait": "bars",
    "met": "check",
}
CHANNEL_ICONS = {"email": "mail", "slack": "hash", "github": "git-issue", "livechat": "chat"}


LINK_ICONS = {"issue": "git-issue", "pull": "git-pr", "discussion": "git-talk", "page": "book"}


QUOTED = re.compile("“([^“”]*)”")
SPRITE = "/static/img/icons.svg"


@register.simple_tag
@lru_cache(maxsize=1000)
def icon(name: str, label: str = "") -> str:
    """An icon of the sprite; without a label it only decorates."""
    about = format_html('role="img" aria-label="{}"', label) if label else HIDDEN
    return format_html('<svg class="i" {}><use href="{}#i-{}"/></svg>', about, SPRITE, name)


@register.simple_tag
@lru_cache(maxsize=100)
def channel_icon(kind: str) -> str:
    """The glyph of a channel's kind; an unknown kind gets the plug."""
    return icon(CHANNEL_ICONS.get(kind, "plug"), kind)


@register.simple_tag
def link_icon(link: Link) -> str:
    """The glyph of what a ticket is linked to."""
    kind = link.item.kind if link.item else link.kind.rpartition("_")[2]
    return icon(LINK_ICONS.get(kind, "link"), kind)


@register.simple_tag
@lru_cache(maxsize=2000)
def avatar(name: str, seed: Any = "", size: str = "") -> str:
    """Initials on a colour that belongs to the person."""
    extra = f"avatar--{size} " if size else ""
    return format_html(
        '<span class="avatar {}tone-{}" role="img" aria-label="{}" title="{}">{}</span>',
        extra,
        tone(seed or name),
        name,
        name,
        initials(name),
    )


@register.simple_tag
def fuse_line(fuse: Fuse) -> str:
    """The line of a fuse: geometry in attributes, so that no style is needed."""
    if fuse.state == "none":
        return ""
    left = max(4, min(fuse.left_percent, 96))
    over = fuse.state == "breach"
    ash, begin, end = ("2", "12", "100%") if over else (f"{left}%", "2", f"{left}%")
    return format_html(
        '<svg class="fuse__line" width="100%" height="10" aria-hidden="true">'
        '<line class="ash" x1="{}" x2="100%" y1="5" y2="5"/>'
        '<line class="cord" x1="{}" x2="{}" y1="5" y2="5"/>'
        '<svg x="{}" y="5" width="1" height="1" overflow="visible">'
        '<use href="{}#h-{}"/></svg></svg>',
        ash,
        begin,
        end,
        "5" if over else f"{left}%",
        SPRITE,
        HEADS[fuse.state],
    )


@register.simple_tag
def share_line(figure: Figure) -> str:
    """The fuse under a number of the reports: how much of the whole it is."""
    share = max(2, min(figure.share, 98))
    if figure.state == "none":
        return ""
    return format_html(
        '<svg class="fuse__line" width="100%" height="10" aria-hidden="true">'
        '<line class="ash" x1="{0}%" x2="100%" y1="5" y2="5"/>'
        '<line class="cord" x1="2" x2="{0}%" y1="5" y2="5"/>'
        '<svg x="{0}%" y="5" width="1" height="1" overflow="visible">'
        '<use href="{1}#h-{2}"/></svg></svg>',
        share,
        SPRITE,
        HEADS[figure.state],
    )


@register.simple_tag(takes_context=True)
def clocktime(context: template.Context, at: datetime | None) -> str:
    """A moment for people: the hour today, else the day; the whole truth in the attribute."""
    if at is None:
        return ""
    zone = ZoneInfo(context.get("zone") or timezone.get_default_timezone_name())
    local, today = at.astimezone(zone), timezone.now().astimezone(zone)
    shown = f"{local:%H:%M}" if local.date() == today.date() else f"{local:%d %b %H:%M}"
    if local.year != today.year:
        shown = f"{local:%d %b %Y}"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(),
        f"{local:%A %d %B %Y %H:%M %Z}",
        shown,
    )


@register.simple_tag
@lru_cache(maxsize=2000)
def tone_class(seed: Any) -> str:
    """The colour that belongs to a person."""
    return f"tone-{tone(seed)}"


@register.filter
def moment(text: str) -> datetime | None:
    """An ISO moment that was kept as text."""
    return datetime.fromisoformat(text) if text else None


@register.filter
def dots(number: int) -> range:
    """As many as there are, at most 31: for marks that count."""
    return range(max(0, min(int(number), 31)))


@register.filter
def ago(at: datetime | None) -> str:
    """How long ago, in words."""
    return f"{span((timezone.now() - at).total_seconds())} ago" if at else ""


@register.filter
def shown(html: str) -> str:
    """HTML that `safe_html` or our own Markdown made. The only place that trusts a string."""
    return mark_safe(html)  # noqa: S308 - both makers end in the sanitiser's allow list


@register.filter
def bolded(sentence: str) -> str:
    """A rule's sentence with its “values” in bold instead of quotes, everything escaped."""
    return mark_safe(QUOTED.sub(r"<b>\1</b>", escape(sentence)))  # noqa: S308 - escaped a word before


@register.filter
def plain(text: str) -> str:
    """Plain text with its line breaks and links, everything escaped."""
    return mark_safe(urlize(linebreaks(text, autoescape=True), nofollow=True))  # noqa: S308 - escaped by linebreaks


@register.filter
def flagword(flag: str) -> str:
    """A mark of a message, in short words."""
    return SHORT_FLAGS.get(flag, flag.replace("_", " "))


@register.filter
def localtime_of(now: datetime, offset_minutes: int) -> str:
    """The hour at an offset from UTC."""
    return f"{now.astimezone(dt_timezone(timedelta(minutes=offset_minutes))):%H:%M}"


SHORT_FLAGS = {
    "unverified_participant": "not known here",
    "sender_unverified": "sender not proven",
    "sender_forged": "forged sender",
    "not_sent_to_asker": "not addressed to the requester",
    "subject_changed": "another subject",
}
