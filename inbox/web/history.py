"""Bringing a channel's whole history in: what would come, its progress, and the way back."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inbox.accounts.models import User
from inbox.audit import services as audit
from inbox.channels import registry
from inbox.channels.contract import DeliveryError
from inbox.channels.models import Channel
from inbox.history import services as history
from inbox.history import undoing
from inbox.history.models import ImportRun
from inbox.operations import importing
from inbox.web.guard import entered
from inbox.web.page import page


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def bring(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """A channel's history: the page, its progress as a fragment, and its buttons."""
    user = entered(request)
    channel = Channel.objects.filter(kind=kind, key=key).first()
    if channel is None or kind not in registry.all_kinds() or channel.type.importer is None:
        raise Http404
    run = history.newest(channel)
    if request.method == "POST":
        _act(request, user, channel, run)
        return HttpResponseRedirect(reverse("channel-history", args=[kind, key]))
    preview, problem = None, ""
    if "preview" in request.GET and (run is None or not run.is_active):
        try:
            preview = importing.preview(channel)
        except DeliveryError as error:
            problem = error.text
    context = {
        "channel": channel,
        "kind": channel.type,
        "cut_over": channel.type.importer.cut_over,
        "preview": preview,
        "problem": problem,
        "progress": history.progress(run, timezone.now()) if run else None,
        "kept": _kept(run),
    }
    return page(request, "channels/history.html", context, fragments={"bringing"})


def _kept(run: ImportRun | None) -> list[int]:
    """Tickets that taking the run back left alone, the first of them."""
    if run is None:
        return []
    return list(
        run.items.filter(kept=True).order_by("ticket").values_list("ticket", flat=True)[:50]
    )


def _act(request: HttpRequest, user: User, channel: Channel, run: ImportRun | None) -> None:
    verb = request.POST.get("do", "")
    if verb == "start":
        history.begin(channel, by=user, now=timezone.now())
    elif run is None or verb not in VERBS or not VERBS[verb](run):
        messages.error(request, "That is not possible any more; see how it stands now.")
        return
    audit.record(user, f"history.{verb}", str(channel), request=request)


def _stop(run: ImportRun) -> bool:
    history.stop(run)
    return True


def _go_on(run: ImportRun) -> bool:
    history.go_on(run)
    return True


VERBS: dict[str, Callable[[ImportRun], Any]] = {
    "stop": _stop,
    "go-on": _go_on,
    "undo": undoing.begin,
}
