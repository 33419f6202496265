"""What people do on the on-call page: one form, one verb, back to the page."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from inbox import pipeline
from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.common.work import Actor
from inbox.followups import handovers
from inbox.followups.models import Handover
from inbox.oncall import services as oncall
from inbox.oncall import swaps
from inbox.oncall.models import Absence, Rotation, SwapRequest
from inbox.tickets.errors import VerbError
from inbox.web.page import zone_of


@login_required
@require_POST
def act(request: HttpRequest, verb: str) -> HttpResponse:
    """Ask for a swap, take it, approve it, be away, write the hand-over …"""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    do = ACTS.get(verb)
    if do is None:
        raise Http404
    try:
        with pipeline.change(Actor.user(user)):
            said = do(request.POST, user)
        messages.success(request, said)
    except VerbError as error:
        messages.error(request, error.text)
    return HttpResponseRedirect(_back_to(request))


def _back_to(request: HttpRequest) -> str:
    pk = request.POST.get("handover", "")
    return reverse("handover", args=[int(pk)]) if pk.isdigit() else reverse("oncall")


def _moment(data: QueryDict, name: str, zone: str) -> datetime:
    try:
        found = datetime.fromisoformat(data.get(name, ""))
    except ValueError:
        raise VerbError("Say from when until when.", field=name) from None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


def _rotation(data: QueryDict) -> Rotation:
    row = Rotation.objects.filter(key=data.get("rotation", "")).first() or Rotation.objects.first()
    if row is None:
        raise VerbError("There is no rotation yet.", field="rotation")
    return row


def _person(data: QueryDict, name: str) -> User | None:
    username = data.get(name, "")
    return User.objects.filter(username=username, is_active=True).first() if username else None


def _ask(data: QueryDict, user: User) -> str:
    rotation = _rotation(data)
    of = _person(data, "of")
    swaps.ask(
        rotation,
        by=user,
        of=of,
        starts_at=_moment(data, "starts_at", rotation.zone),
        ends_at=_moment(data, "ends_at", rotation.zone),
        reason=data.get("reason", ""),
    )
    return f"Asked {of.display_name if of else 'everybody'}. Nothing changes until one says yes."


def _cover(data: QueryDict, user: User) -> str:
    """Until the shift ends; anybody who takes it has it at once (S75)."""
    rotation, now = _rotation(data), timezone.now()
    duty = next((d for d in oncall.duties(now) if d.rotation.pk == rotation.pk), None)
    until = duty.until if duty else now + timedelta(hours=8)
    reason = data.get("reason", "")
    swaps.ask(rotation, by=user, starts_at=now, ends_at=until, reason=reason, is_cover=True)
    return "Asked everybody who is here for cover."


def _swap(do: Callable[..., Any], said: str) -> Callable[[QueryDict, User], str]:
    def verb(data: QueryDict, user: User) -> str:
        do(get_object_or_404(SwapRequest, pk=data.get("swap") or 0), by=user)
        return said

    return verb


def _off(data: QueryDict, user: User) -> str:
    zone = zone_of(user)
    who = _person(data, "who") if can(user, Right.MANAGE) else None
    swaps.add_absence(
        who or user,
        starts_at=_moment(data, "starts_at", zone),
        ends_at=_moment(data, "ends_at", zone),
        reason=data.get("reason", ""),
    )
    return "Time off noted. Turns in it go to the next ones in the order."


def _back(data: QueryDict, user: User) -> str:
    mine = Absence.objects.all() if can(user, Right.MANAGE) else Absence.objects.filter(user=user)
    swaps.drop_absence(get_object_or_404(mine, pk=data.get("absence") or 0))
    return "Taken back."


def _override(data: QueryDict, user: User) -> str:
    rotation = _rotation(data)
    if not (can(user, Right.MANAGE) or user.pk == rotation.approver_id):
        raise VerbError("Only the schedule's owner or an admin overrides it.", field="rotation")
    who = _person(data, "of")
    if who is None:
        raise VerbError("Say who is on duty then.", field="of")
    swaps.override(
        rotation,
        who,
        starts_at=_moment(data, "starts_at", rotation.zone),
        ends_at=_moment(data, "ends_at", rotation.zone),
        reason=data.get("reason", ""),
        by=user,
    )
    return f"{who.display_name} is on duty then."


def _write(data: QueryDict, user: User) -> str:
    row = get_object_or_404(Handover, pk=data.get("handover") or 0)
    handovers.write(row, by=user, words=data.get("words", ""))
    return "Thank you. Your words stand above the list."


def _sign(data: QueryDict, user: User) -> str:
    row = get_object_or_404(Handover, pk=data.get("handover") or 0)
    handovers.acknowledge(row, by=user)
    return "Signed: you have taken over."


ACTS: dict[str, Callable[[QueryDict, User], str]] = {
    "ask": _ask,
    "cover": _cover,
    "take": _swap(swaps.take, "Thank you."),
    "approve": _swap(swaps.approve, "Approved: the table has changed."),
    "decline": _swap(swaps.decline, "Declined; nothing changes."),
    "withdraw": _swap(swaps.withdraw, "Taken back."),
    "off": _off,
    "back": _back,
    "override": _override,
    "write": _write,
    "sign": _sign,
}
