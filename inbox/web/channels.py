"""Connecting channels: what to paste at the vendor's, settings, a live check, a test message."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inbox import pipeline
from inbox.accounts.models import User
from inbox.channels import registry
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
from inbox.web.page import page


@dataclass(frozen=True)
class Setting:
    """One setting on the page: a secret shows only how it ends."""

    name: str
    secret: bool
    required: bool
    help: str
    value: str
    ends: str


@login_required
@require_safe
def channels(request: HttpRequest) -> HttpResponse:
    """Every connection with its health, and what can be connected."""
    _admin(request)
    rows = list(Channel.objects.order_by("kind", "key"))
    context = {"rows": rows, "kinds": list(registry.all_kinds().values()), "now": timezone.now()}
    return page(request, "channels/channels.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """One connection, made or changed step by step; a mistake comes back with what was written."""
    _admin(request)
    try:
        known = registry.get(kind)
    except registry.UnknownKind as error:
        raise Http404 from error
    problem = ""
    if request.method == "POST":
        try:
            said = connect(kind, key, _given(request, known))
            messages.success(request, f"Kept. {said['check']}")
            return HttpResponseRedirect(reverse("channel-setup", args=[kind, key]))
        except ConfigError as error:
            problem = str(error)
    channel = Channel.objects.filter(kind=kind, key=key).first()
    config = channel.config if channel else _empty(kind, key)
    context = {
        "kind": known,
        "key": key,
        "channel": channel,
        "settings": [_setting(spec, config, request) for spec in known.settings],
        "manifest": known.manifest(config) if known.manifest else "",
        "hook": config.webhook_url,
        "is_live": channel is not None and Capability.LIVE in known.capabilities,
        "problem": problem,
        "may_try": Capability.CARD in known.capabilities,
        "may_look": channel in polling.polled(),
        **_places(known, config, channel),
    }
    status = 422 if problem else 200
    return page(request, "channels/setup.html", context, status=status)


def _admin(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User) or not user.is_admin:
        raise Http404
    return user


def _empty(kind: str, key: str) -> ChannelConfig:
    return Channel(kind=kind, key=key).config


def _given(request: HttpRequest, kind: ChannelKind) -> dict[str, str]:
    """What was filled in; an empty secret keeps the old one, chosen places are one setting."""
    data = request.POST
    given = {s.name: data.get(s.name, "").strip() for s in kind.settings if s.name in data}
    secrets = {spec.name for spec in kind.settings if spec.secret}
    if "places" in data and kind.places_setting:
        given[kind.places_setting] = ",".join(name for name in data.getlist("places") if name)
    return {name: value for name, value in given.items() if value or name not in secrets}


def _setting(spec: Any, config: ChannelConfig, request: HttpRequest) -> Setting:
    known = config.get(spec.name)
    typed = request.POST.get(spec.name, "") if not spec.secret else ""
    ends = known[-4:] if spec.secret and len(known) > 8 else ""
    value = "" if spec.secret else typed or known or spec.default
    return Setting(spec.name, spec.secret, spec.required, spec.help, value, ends)


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
    user = _admin(request)
    channel = Channel.objects.filter(kind=kind, key=key).first()
    place = request.POST.get("place", "").strip()
    if channel is None or Capability.CARD not in channel.type.capabilities or not place:
        raise Http404
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
    _admin(request)
    channel = next((c for c in polling.polled() if (c.kind, c.key) == (kind, key)), None)
    if channel is None:
        raise Http404
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
