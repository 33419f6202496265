"""One answer for page and fragment: the whole page, or the partial that htmx asked for."""

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from inbox.accounts.models import User
from inbox.oncall.services import duties
from inbox.tickets import counts


def zone_of(user: User) -> str:
    """The person's own zone, else the installation's."""
    return user.timezone or str(settings.TIME_ZONE)


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    fragments: Collection[str] = (),
    status: int = 200,
) -> HttpResponse:
    """Render a page of the desk; the client never names a template, only one of `fragments`."""
    htmx = getattr(request, "htmx", None)
    target = htmx.target if htmx else None
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - every page of the desk needs a signed-in account
    everything = {"zone": zone_of(user), "now": timezone.now(), **context}
    if target in fragments:
        response = render(request, f"{template}#{target}", everything, status=status)
    else:
        everything = {**frame(user), **everything}
        if "duty" not in everything:
            everything["duty"] = next(iter(duties(timezone.now())), None)
        response = render(request, template, everything, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def frame(user: User) -> dict[str, Any]:
    """What stands around every page: the counts on the rail."""
    counted = counts.counts_for(user)
    live = sum(counted.get(f"status:{name}", 0) for name in ("open", "in_progress", "on_hold"))
    return {
        # the stream begins after what this page knows, however late it is opened
        "newest_event": counted["newest_event"],
        "counted": counted,
        "rail": {
            "live": live,
            "mine": counted.get(f"owner:{user.pk}", 0),
            "unassigned": counted.get("owner:", 0),
            "on_hold": counted.get("status:on_hold", 0),
        },
    }
