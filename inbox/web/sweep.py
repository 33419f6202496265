"""The sweep: what nobody has answered, channel by channel; and what one was told."""

from itertools import groupby

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inbox.accounts.models import User
from inbox.followups import digests
from inbox.notify import services as notify
from inbox.web.page import page, zone_of
from inbox.web.queue import RELATED, SHOWN, Group, row_of

MOST = 100


@login_required
@require_safe
def sweep(request: HttpRequest) -> HttpResponse:
    """Unanswered threads, oldest first, for the morning and before leaving (S5)."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    now, zone = timezone.now(), zone_of(user)
    rows = digests.unanswered(user).select_related(*RELATED).only(*SHOWN, "asked_at", "answered_at")
    found = list(rows.order_by("channel_id", "asked_at", "number")[: MOST + 1])
    groups = []
    for channel, of_channel in groupby(found[:MOST], key=lambda ticket: ticket.channel):
        label = channel.label or str(channel)
        said, key = f"{channel.kind}, oldest first", f"channel-{channel.pk}"
        group = Group(state="none", label=label, say=said, icon="inbox", key=key)
        group.rows = [row_of(ticket, now, zone) for ticket in of_channel]
        groups.append(group)
    context = {
        "groups": groups,
        "total": len(found[:MOST]),
        "more": len(found) > MOST,
        "path": request.get_full_path(),
    }
    return page(request, "pages/sweep.html", context)


@login_required
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """What one was told and has not read."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    return page(request, "pages/notices.html", {"notices": notify.unread(user)})


@login_required
@require_safe
def new_notices(request: HttpRequest) -> HttpResponse:
    """What was told a moment ago, as toasts."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    found = notify.just_told(user, timezone.now())
    return render(request, "pages/_told.html", {"notices": found})


@login_required
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark one notice, or all of them, as read."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    pk = request.POST.get("notice", "")
    notify.read(user, pk=int(pk) if pk.isdigit() else None, now=timezone.now())
    return HttpResponseRedirect(reverse("notices"))
