"""Template tags of the desk: marks that are drawn by the server."""

import re
from datetime import datetime, timedelta
from datetime import timezone as dt_timezone
from functools import lru_cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from django import template
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.template import engines
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape, format_html, format_html_join, linebreaks, urlize
from django.utils.safestring import mark_safe

from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.channels import directory
from inbox.channels.health import OK
from inbox.channels.models import Channel
from inbox.common.config import setting
from inbox.common.text import initials, tone
from inbox.loop.models import Link
from inbox.operations import firstrun
from inbox.reports.shapes import Figure, Report
from inbox.sla.explain import Fuse, span
from inbox.tickets import naming
from inbox.web import deskscript
from inbox.web.glyphs import (
    CATEGORY_ICONS,
    CHANNEL_ICONS,
    LINK_ICONS,
    RAIL_CHANNELS,
    SHORT_FLAGS,
)
from inbox.web.keyboard import SECTIONS, address
from inbox.web.snoozes import Offer, offers

register = template.Library()
register.simple_tag(deskscript.address, name="script")
register.simple_tag(deskscript.style_address, name="style")

HIDDEN = mark_safe('aria-hidden="true"')
HEADS = {
    "breach": "burnt",
    "hour": "spark",
    "today": "tick",
    "later": "open",
    "wait": "bars",
    "met": "check",
}
QUOTED = re.compile("“([^“”]*)”")
TICKED = re.compile("`([^`]+)`")
SPRITE = "/static/img/icons.svg"


class Known(Protocol):
    """What a template knows, by either engine."""

    def get(self, key: str) -> Any:
        """The value of a name, or None."""


@register.simple_tag
@lru_cache(maxsize=1000)
def icon(name: str, label: str = "") -> str:
    """An icon of the sprite; without a label it only decorates."""
    about = format_html('role="img" aria-label="{}"', label) if label else HIDDEN
    return format_html('<svg class="i" {}><use href="{}#i-{}"/></svg>', about, SPRITE, name)


@register.simple_tag(takes_context=True)
def drawn(context: template.Context, name: str, **given: Any) -> str:
    """A part of the page, drawn by the faster engine (`lists`); it sees what the page sees."""
    seen: dict[str, Any] = {str(key): value for key, value in context.flatten().items()}
    token = seen.get("csrf_token")
    hidden = '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'
    seen["csrf_input"] = format_html(hidden, token) if token else ""
    seen["may_act"] = can(getattr(seen.get("request"), "user", None), Right.ACT)
    seen |= given
    return mark_safe(engines["jinja2"].get_template(f"{name}.jinja").render(seen))  # noqa: S308 - escaped by the other engine


@register.simple_tag
def report_part(name: str, report: Report) -> str:
    """The squares or the table of a report, hundreds of cells, drawn by the faster engine."""
    drawn = engines["jinja2"].get_template(f"reports/{name}.jinja").render({"report": report})
    return mark_safe(drawn)  # noqa: S308 - escaped by the other engine


@register.simple_tag(takes_context=True)
def help_overlay(context: template.Context) -> str:
    """The map of the keyboard: every page has it, and it is the same on all of them."""
    user = getattr(context.get("request"), "user", None)
    return _help_overlay(single_keys=bool(getattr(user, "single_keys", True)))


@lru_cache(maxsize=2)
def _help_overlay(*, single_keys: bool) -> str:
    return render_to_string("_help.html", {"single_keys": single_keys})


@register.simple_tag
@lru_cache(maxsize=100)
def channel_icon(kind: str) -> str:
    """The glyph of a channel's kind; an unknown kind gets the plug."""
    return icon(CHANNEL_ICONS.get(kind, "plug"), kind)


@register.simple_tag
@lru_cache(maxsize=200)
def category_icon(name: str) -> str:
    """The glyph of a category; one that nothing fits is a tag."""
    said = name.lower()
    return icon(next((glyph for part, glyph in CATEGORY_ICONS if part in said), "tag"))


@register.simple_tag(takes_context=True)
def rail_channels(context: template.Context) -> str:
    """Lists of the queue by kind of channel, and how much is live in each."""
    request, counted = context["request"], context.get("rail") or {}
    asked = request.GET.get("q", "") if request.path in ("/", "/queue/") else ""
    current = mark_safe(' aria-current="page"')
    line = (
        '<li><a class="rail__item" href="{0}?q=channel%3A{1}" title="{2}"{3}>{4}'
        '<span class="rail__label">{2}</span>'
        '<span class="rail__count" id="n-{1}">{5}</span></a></li>'
    )
    shown = (
        (
            reverse("queue"),
            kind,
            name,
            current if asked == f"channel:{kind}" else "",
            icon(glyph),
            counted.get(kind, 0),
        )
        for kind, (name, glyph) in RAIL_CHANNELS.items()
    )
    return format_html(
        '<p class="rail__head" aria-hidden="true"><span class="rail__label">Channels</span></p>'
        '<ul class="rail__group" role="list" aria-label="Channels">{}</ul>',
        format_html_join("", line, shown),
    )


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
    ash, begin, end = ("2", "12", f"{left}%") if over else (f"{left}%", "2", f"{left}%")
    return _fuse_line(ash, begin, end, "5" if over else f"{left}%", HEADS[fuse.state])


@lru_cache(maxsize=500)
def _fuse_line(ash: str, begin: str, end: str, head_at: str, head: str) -> str:
    return format_html(
        '<svg class="fuse__line" width="100%" height="10" aria-hidden="true">'
        '<line class="ash" x1="{}" x2="100%" y1="5" y2="5"/>'
        '<line class="cord" x1="{}" x2="{}" y1="5" y2="5"/>'
        '<svg x="{}" y="5" width="1" height="1" overflow="visible">'
        '<use href="{}#h-{}"/></svg></svg>',
        ash,
        begin,
        end,
        head_at,
        SPRITE,
        head,
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
def clocktime(context: Known, at: datetime | None, under: str = "") -> str:
    """A moment for people: the hour today, else the day; the whole truth in the attribute.

    `under` "day": it stands under a line that names the day.
    """
    if at is None:
        return ""
    zone = ZoneInfo(context.get("zone") or timezone.get_default_timezone_name())
    local, today = at.astimezone(zone), timezone.now().astimezone(zone)
    shown = f"{local:%H:%M}" if local.date() == today.date() else f"{local:%d %b %H:%M}"
    if under == "day":
        shown = f"{local:%H:%M}"
    elif local.year != today.year:
        shown = f"{local:%d %b %Y}"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(),
        f"{local:%A %d %B %Y %H:%M %Z}",
        shown,
    )


@register.simple_tag(takes_context=True)
def snooze_offers(context: Known) -> list[Offer]:
    """When a ticket may come back, for the person who looks."""
    return offers(timezone.now(), context.get("zone") or timezone.get_default_timezone_name())


@register.simple_tag
def keymap() -> list[dict[str, Any]]:
    """The keyboard map in its columns, each key with the address that it goes to, or ""."""
    return [
        {
            "name": section.name,
            "keys": [(key, address(key.goes) if key.goes else "") for key in section.keys],
        }
        for section in SECTIONS
    ]


@register.simple_tag
@lru_cache(maxsize=2000)
def tone_class(seed: Any) -> str:
    """The colour that belongs to a person."""
    return f"tone-{tone(seed)}"


@register.simple_tag
def status_name(key: str) -> str:
    """What a status is called here, by its key in `naming`."""
    return naming.name(key)


@register.simple_tag
def first_steps(user: User) -> list[firstrun.Step]:
    """What an admin still has to do before the desk is theirs."""
    return firstrun.left() if can(user, Right.MANAGE) else []


@register.filter
def has_step(todo: list[firstrun.Step], key: str) -> bool:
    """Whether a step is still to do."""
    return any(step.key == key for step in todo)


@register.simple_tag
def team_name() -> str:
    """Whose desk this is."""
    return str(setting("team_name")) or "Switchboard"


@register.simple_tag
def unplugged(channel: Channel | None = None) -> list[Channel]:
    """The channels that wait for a repair, for a banner: of all, or this one."""
    if channel is not None:
        return [channel] if channel.health != OK else []
    return directory.unplugged()


@register.filter
def at(known: dict[Any, Any], key: Any) -> Any:
    """What stands under a key; None where nothing does."""
    return known.get(key) if known else None


@register.filter
def words(text: str) -> list[str]:
    """The words of a text, for a short list written in a template."""
    return text.split()


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
    if at is None:
        return ""
    seconds = (timezone.now() - at).total_seconds()
    return f"{span(seconds)} ago" if seconds >= 60 else "just now"


@register.filter
def shown(html: str) -> str:
    """HTML that `safe_html` or our own Markdown made. The only place that trusts a string."""
    return mark_safe(html)  # noqa: S308 - both makers end in the sanitiser's allow list


@register.filter
def bolded(sentence: str) -> str:
    """A rule's sentence with its “values” in bold instead of quotes, everything escaped."""
    return mark_safe(QUOTED.sub(r"<b>\1</b>", escape(sentence)))  # noqa: S308 - escaped a word before


@register.filter
def coded(text: str) -> str:
    """What stands between `backticks` as code, everything escaped."""
    return mark_safe(TICKED.sub(r"<code>\1</code>", escape(text)))  # noqa: S308 - escaped a word before


@register.filter
def city(zone: str) -> str:
    """`Halifax` of `America/Halifax`."""
    return zone.rpartition("/")[2].replace("_", " ")


@register.filter
def plain(text: str) -> str:
    """Plain text with its line breaks and links, everything escaped."""
    return mark_safe(urlize(linebreaks(text, autoescape=True), nofollow=True))  # noqa: S308 - escaped by linebreaks


@register.filter
def flagword(flag: str) -> str:
    """A mark of a message, in short words."""
    return SHORT_FLAGS.get(flag, flag.replace("_", " "))


@register.filter
def undo_url(tags: str) -> str:
    """The address that takes back what a message of the page tells; "" without one."""
    marks = [word for word in tags.split() if word.startswith("undo:")]
    return marks[0].removeprefix("undo:") if marks else ""


@register.filter
def is_bad(message: Message) -> bool:
    """Whether a message of the page tells what went wrong."""
    return bool(message.level >= constants.ERROR)


@register.filter
def localtime_of(now: datetime, offset_minutes: int) -> str:
    """The hour at an offset from UTC."""
    return f"{now.astimezone(dt_timezone(timedelta(minutes=offset_minutes))):%H:%M}"
