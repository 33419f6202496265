"""Jinja2 for the templates that cost most: rows of lists, every page's frame, a ticket's page.

Django's own templates are interpreted: fifty rows cost 27 ms of a page, compiled ones 3 ms. They
hold the same markup, with the same tags under the same names, and escape everything likewise.
"""

from datetime import datetime
from functools import lru_cache
from typing import Any

from django.template.defaultfilters import date, filesizeformat, truncatechars
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.timezone import localtime
from jinja2 import ChainableUndefined, Environment, pass_context
from jinja2.runtime import Context

from inbox.common.config import setting
from inbox.web import tags

TAGS = (
    "icon", "category_icon", "channel_icon", "link_icon", "avatar", "fuse_line", "status_name",
    "team_name", "unplugged",
)  # fmt: skip
FILTERS = ("shown", "plain", "flagword", "ago", "city")


def environment(**options: Any) -> Environment:
    """What the templates use: marks drawn by the server, names of statuses, moments, addresses."""
    # as in Django's templates, what is not there is empty
    made = Environment(**{**options, "undefined": ChainableUndefined, "trim_blocks": True})  # noqa: S701 - Django's backend turns escaping on in `options`
    made.globals |= {name: getattr(tags, name) for name in TAGS}
    made.globals |= {"url": _url, "part": _part}
    made.globals |= {"clocktime": pass_context(tags.clocktime)}
    made.globals |= {"rail_channels": pass_context(tags.rail_channels)}
    made.globals |= {"snooze_offers": pass_context(tags.snooze_offers)}
    made.globals |= {"product_areas": lambda: setting("product_areas")}
    made.filters |= {name: getattr(tags, name) for name in FILTERS}
    made.filters |= {"day": _day, "clock": _clock}
    made.filters |= {"filesizeformat": filesizeformat, "truncatechars": truncatechars}
    return made


@lru_cache(maxsize=200)
def _url(name: str, *args: str | int) -> str:
    """The address of a page, looked up once: those of the desk never change while it runs."""
    return reverse(name, args=args)


def _day(at: datetime) -> str:
    return date(localtime(at), "j M")


def _clock(at: datetime) -> str:
    return date(localtime(at), "H:i")


@pass_context
def _part(context: Context, template: str, **given: Any) -> str:
    """One of Django's templates inside, for what is seldom shown and stands elsewhere, too."""
    return render_to_string(template, {**context.get_all(), **given})
