"""Connecting channels: what to paste at the vendor's, settings, a live check, a test message."""

from datetime import UTC, date, datetime, time
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inbox import pipeline
from inbox.channels import registry, use
from inbox.channels.contract import (
    Capability,
    Card,
    CardPart,
    ChannelConfig,
    ChannelKind,
    ConfigError,
    DeliveryError,
)
from inbox.channels.models import Channel
from inbox.common.work import Actor
from inbox.operations import polling
from inbox.operations.connecting import connect
from inbox.outbox.effects import card_data, queue_effect
from inbox.web import channelform, connection
from inbox.web.guard import entered
from inbox.web.page import page


@login_required
@require_safe
def channels(request: HttpRequest) -> HttpResponse:
    """Every connection with its health, and what can be connected."""
    rows = list(Channel.objects.order_by("kind", "key"))
    context = {
        "rows": rows,
        "kinds": sorted(registry.all_kinds().values(), key=lambda kind: kind.label),
        "now": timezone.now(),
    }
    return page(request, "channels/channels.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """One connection, made or changed step by step; a mistake comes back with what was written."""
    user, known = entered(request), connection.kind_or_404(kind)
    if request.method != "POST":
        return show(request, known, key)
    problem = connection.refusal(request, kind, key)
    if problem:
        return show(request, known, key, problem=problem, status=403)
    try:
        said = connect(kind, key, channelform.given(request, known), by=user, request=request)
    except ConfigError as error:
        return show(request, known, key, problem=str(error), status=422)
    messages.success(request, f"Kept. {said['check']}")
    return HttpResponseRedirect(reverse("channel-setup", args=[kind, key]))


def show(
    request: HttpRequest, known: ChannelKind, key: str, *, problem: str = "", status: int = 200
) -> HttpResponse:
    """The page of one connection."""
    channel = Channel.objects.filter(kind=known.kind, key=key).first()
    config = (channel or Channel(kind=known.kind, key=key)).config
    may_use = channel is None or use.may_use(channel, entered(request).pk)
    is_on = channel is not None and channel.disconnected_at is None
    context = {
        "kind": known,
        "key": key,
        "channel": channel,
        "is_on": is_on,
        "may_use": may_use,
        "groups": channelform.groups(known, config, request),
        "manifest": known.manifest(config) if known.manifest else "",
        "hook": config.webhook_url,
        "back": connection.back_of(known.kind, key) if known.oauth else "",
        "is_live": is_on and Capability.LIVE in known.capabilities,
        "problem": problem,
        "may_try": is_on and may_use and Capability.CARD in known.capabilities,
        "may_look": may_use and channel in polling.polled(),
        **_places(known, config, channel if is_on and may_use else None),
        **(connection.context(channel) if channel is not None else {}),
    }
    return page(request, "channels/setup.html", context, status=status)


def _places(kind: ChannelKind, config: ChannelConfig, channel: Channel | None) -> dict[str, Any]:
    """Places to choose from, where the vendor can be asked already."""
    if channel is None or kind.list_places is None:
        return {"places": [], "places_problem": ""}
    chosen = {part.strip() for part in config.get(kind.places_setting).split(",")}
    try:
        rows = kind.list_places(config)
    except DeliveryError as error:
        return {"places": [], "places_problem": error.text}
    return {"places": [(name, label, name in chosen) for name, label in rows], "chosen": chosen}


@login_required
@require_POST
def try_out(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Post a test message to a place, so that one sees that it works."""
    user = entered(request)
    channel = Channel.objects.filter(kind=kind, key=key).first()
    place = request.POST.get("place", "").strip()
    if channel is None or Capability.CARD not in channel.type.capabilities or not place:
        raise Http404
    if problem := connection.refusal(request, kind, key):
        messages.error(request, problem)
        return HttpResponseRedirect(reverse("channel-setup", args=[kind, key]))
    card = Card(title="Switchboard is here", parts=(CardPart(text="This is a test message."),))
    with pipeline.change(Actor.user(user)):
        row = queue_effect(
            channel, "card", data={"place": place, "card": card_data(card)}, repeatable=False
        )
    state = pipeline.deliver(row.pk)
    row.refresh_from_db()
    if state == "sent":
        messages.success(request, f"A test message was posted in {place}.")
    else:
        messages.error(request, f"It could not be posted: {row.error or state}")
    return HttpResponseRedirect(reverse("channel-setup", args=[kind, key]))


@login_required
@require_POST
def look_up(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Look through a time again for what was missed, in one place or all."""
    channel = next((c for c in polling.polled() if (c.kind, c.key) == (kind, key)), None)
    if channel is None:
        raise Http404
    if problem := connection.refusal(request, kind, key):
        messages.error(request, problem)
        return HttpResponseRedirect(reverse("channel-setup", args=[kind, key]))
    try:
        day = date.fromisoformat(request.POST.get("since", ""))
    except ValueError:
        messages.error(request, "Choose the day to begin with.")
        return HttpResponseRedirect(reverse("channel-setup", args=[kind, key]))
    since = datetime.combine(day, time(), tzinfo=UTC)
    polling.ask_for(channel, since=since, place=request.POST.get("place", "").strip())
    messages.success(
        request, f"Looking through everything since {day:%d %B}; what is found is filed."
    )
    return HttpResponseRedirect(reverse("channel-setup", args=[kind, key]))
