"""Streams: what is live, who may see it, and what was taken away from the public from here."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from inbox.accounts.models import User
from inbox.channels.contract import DeliveryError
from inbox.channels.models import Channel
from inbox.outbox import broadcasting
from inbox.outbox.broadcasting import NoStream
from inbox.web.guard import entered
from inbox.web.page import page

LONGEST = 300  # signs of an address


@login_required
@require_safe
def streams(request: HttpRequest) -> HttpResponse:
    """What is live now, asked of each vendor, and what can be given back."""
    channels = broadcasting.channels()
    live, troubles = broadcasting.live()
    context = {
        "channels": channels,
        "live": live,
        "troubles": troubles,
        "hidden": broadcasting.hidden(),
    }
    return page(request, "pages/streams.html", context)


@login_required
@require_POST
def act(request: HttpRequest, verb: str) -> HttpResponse:
    """Hide a stream, or give it back as it was."""
    user = entered(request)
    do = VERBS.get(verb)
    if do is None:
        raise Http404
    address = request.POST.get("stream", "").replace("\x00", "").strip()[:LONGEST]
    try:
        messages.success(request, do(_channel(request), address, user, request))
    except NoStream as error:
        messages.error(request, str(error))
    except DeliveryError as error:
        messages.error(request, _trouble(error))
    return HttpResponseRedirect(reverse("streams"))


def _trouble(error: DeliveryError) -> str:
    if error.uncertain:
        return f"It may have happened: {error.text}. Look there, and try again."
    return f"Nothing was changed: {error.text}."


def _channel(request: HttpRequest) -> Channel:
    pk = request.POST.get("channel", "")
    for channel in broadcasting.channels():
        if str(channel.pk) == pk:
            return channel
    raise NoStream("Choose the connection.")


def _hide(channel: Channel, address: str, user: User, request: HttpRequest) -> str:
    after = broadcasting.hide(channel, address, by=user, request=request)
    return f"“{after.title}” is private now: nobody outside sees it."


def _show(channel: Channel, address: str, user: User, request: HttpRequest) -> str:
    after = broadcasting.show(channel, address, by=user, request=request)
    return f"“{after.title}” is {after.privacy} again."


VERBS: dict[str, Callable[[Channel, str, User, HttpRequest], str]] = {"hide": _hide, "show": _show}
