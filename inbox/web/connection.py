"""One connection as it stands: its health, who may use it, taking it away."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from inbox.accounts.models import Role, Team, User
from inbox.audit import services as audit
from inbox.channels import registry
from inbox.channels import use as uses
from inbox.channels.contract import ChannelKind
from inbox.channels.models import Channel
from inbox.operations import connecting, disconnecting
from inbox.operations import health as operations
from inbox.outbox.models import Outgoing
from inbox.tickets.models import Ticket
from inbox.web.guard import entered
from inbox.web.page import page


def kind_or_404(kind: str) -> ChannelKind:
    """The kind of a page's address."""
    try:
        return registry.get(kind)
    except registry.UnknownKind as error:
        raise Http404 from error


def refusal(request: HttpRequest, kind: str, key: str) -> str:
    """Why whoever asks may not change this connection; "" when they may."""
    channel = Channel.objects.filter(kind=kind, key=key).first()
    if channel is None or uses.may_use(channel, entered(request).pk):
        return ""
    return f"{channel.name} is not yours to use: only those who use it change its settings."


def back_of(kind: str, key: str) -> str:
    """Where the vendor's consent page sends people back to; it has to be entered there."""
    return str(settings.BASE_URL).rstrip("/") + reverse("channel-back", args=[kind, key])


def context(channel: Channel) -> dict[str, Any]:
    """How it is, and who uses it."""
    gone = channel.disconnected_at is not None
    return {
        # asked, and not confirmed by the vendor
        "is_left_over": gone and bool(channel.revoke_attempts and channel.secrets_text),
        "line": operations.line_of(channel.pk, timezone.now()),
        "all_teams": Team.objects.order_by("name"),
        "all_people": _senders(),
        "its_teams": set(channel.teams.values_list("pk", flat=True)),
        "its_people": set(channel.people.values_list("pk", flat=True)),
    }


def _senders() -> Any:
    """Accounts that may send at all: the others need no limit."""
    roles = Q(role__in=[Role.ADMIN, Role.AGENT]) | Q(is_superuser=True)
    return User.objects.filter(roles, is_active=True).order_by("first_name", "username")


@login_required
@require_POST
def check(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Ask the vendor now; the health says what was found."""
    channel = _channel(kind, key)
    if channel.disconnected_at is not None:
        messages.error(request, "It is disconnected: there is nothing to check.")
        return _home(channel)
    found = connecting.look(channel)
    say = messages.error if _is_bad(found) else messages.success
    say(request, f"Checked now. {found[:1].upper()}{found[1:]}")
    return _home(channel)


def _is_bad(found: str) -> bool:
    return not found.startswith(("ok", "not checked"))


@login_required
@require_POST
def use(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Who may use it. Every admin may say so, else a connection could be lost; it is logged."""
    user, channel = entered(request), _channel(kind, key)
    teams = Team.objects.filter(pk__in=_numbers(request.POST.getlist("teams")))
    people = _senders().filter(pk__in=_numbers(request.POST.getlist("people")))
    everybody = request.POST.get("who") != "some"
    if not everybody and not teams and not people:
        messages.error(request, "Choose at least one team or person, or let everybody use it.")
        return _home(channel)
    with transaction.atomic():
        before = uses.users_of(channel)
        uses.limit(channel, teams=() if everybody else teams, people=() if everybody else people)
        after = uses.users_of(channel)
        if before != after:
            old, new = before or "everybody", after or "everybody"
            audit.record(user, "channel.use", str(channel), old=old, new=new, request=request)
    said = "Everybody may use it." if everybody else "Only those chosen may use it from now on."
    messages.success(request, said)
    return _home(channel)


def _numbers(given: list[str]) -> list[int]:
    return [int(one) for one in given[:500] if one.isascii() and one.isdigit() and len(one) < 16]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def disconnect(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Say what would happen; then take it away."""
    user, channel = entered(request), _channel(kind, key)
    if request.method == "POST" and uses.may_use(channel, user.pk):
        disconnecting.disconnect(channel, by=user, request=request)
        messages.success(request, f"{channel.name} is disconnected. Its tickets stay.")
        return _home(channel)
    may_use = uses.may_use(channel, user.pk)
    waiting = Outgoing.objects.filter(channel=channel, state__in=["queued", "uncertain"])
    facts = {
        "channel": channel,
        "kind": channel.type,
        "may_use": may_use,
        "tickets": Ticket.objects.filter(channel=channel).count(),
        "waiting": waiting.count(),
        "can_revoke": channel.type.revoke is not None,
    }
    status = 403 if request.method == "POST" else 200
    return page(request, "channels/disconnect.html", facts, status=status)


@login_required
@require_POST
def revoke(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Have the vendor asked again to end the credentials, or forget them here all the same."""
    user, channel = entered(request), _channel(kind, key)
    if request.POST.get("forget"):
        disconnecting.forget(channel, by=user, request=request)
        said = f"Forgotten here. End them at {channel.type.label}’s too, if that was not done."
    else:
        disconnecting.ask_again(channel, by=user, request=request)
        said = f"{channel.type.label} is asked again within a minute."
    messages.success(request, said)
    return _home(channel)


def _channel(kind: str, key: str) -> Channel:
    return get_object_or_404(Channel, kind=kind, key=key)


def _home(channel: Channel) -> HttpResponse:
    return HttpResponseRedirect(reverse("channel-setup", args=[channel.kind, channel.key]))
