"""One answer for page and fragment: the whole page, or the partial that htmx asked for."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from inbox.accounts.models import User
from inbox.channels import directory
from inbox.oncall.services import duties
from inbox.saved import services as saved
from inbox.tickets import counts
from inbox.web import rail


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
        everything = {
            **frame(request, user),
            "current_view": request.GET.get("view", ""),
            **everything,
        }
        if "duty" not in everything:
            everything["duty"] = next(iter(duties(timezone.now())), None)
        response = render(request, template, everything, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def frame(request: HttpRequest, user: User) -> dict[str, Any]:
    """What stands around every page: where one can go, and the counts beside it."""
    counted = counts.counts_for(user)
    stands = standing(user, counted)
    return {
        # the stream begins after what this page knows, however late it is opened
        "newest_event": counted["newest_event"],
        "views": saved.of(user),
        "view_counts": {},  # they come a little later, as a fragment
        "rail": stands,
        "groups_of_rail": rail.rail(request, user, stands),
    }


def standing(user: User, counted: Mapping[str, int]) -> dict[str, int]:
    """The counts on the rail by their names."""
    live = sum(counted.get(f"status:{name}", 0) for name in ("open", "in_progress", "on_hold"))
    return {
        "live": live,
        "mine": counted.get(f"owner:{user.pk}", 0),
        "unassigned": counted.get("owner:", 0),
        "on_hold": counted.get("status:on_hold", 0),
        "snoozed": counted.get("snoozed", 0),
        **_by_kind(counted),
    }


def _by_kind(counted: Mapping[str, int]) -> Counter[str]:
    """How much is live of each kind of channel, as `slack`."""
    found: Counter[str] = Counter()
    for channel in directory.every():
        found[channel.kind] += counted.get(f"channel:{channel.pk}", 0)
    return found
