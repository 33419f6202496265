"""Outgoing webhooks on the desk: who is told of what, the log, a test, sending again. Admins."""

from collections.abc import Callable
from datetime import datetime

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inbox import pipeline
from inbox.accounts.models import Team
from inbox.audit import services as audit
from inbox.common.work import Actor
from inbox.tickets.errors import VerbError
from inbox.web.guard import entered
from inbox.web.page import page
from inbox.webhooks import services
from inbox.webhooks.models import Webhook, WebhookEvent, WebhookEventState
from inbox.webhooks.vocabulary import EVENTS

PER_PAGE = 50
USUAL = ["ticket.opened", "message.in", "message.out", "ticket.status", "sla.breach"]


class HookForm(forms.Form):
    """A subscription as it is typed."""

    label = forms.CharField(max_length=120, required=False)
    url = forms.CharField(max_length=500, label="Address")
    events = forms.MultipleChoiceField(choices=[(name, says) for name, (says, _) in EVENTS.items()])
    team = forms.ModelChoiceField(Team.objects.filter(restricted=True), required=False)


@login_required
@require_safe
def hooks(request: HttpRequest) -> HttpResponse:
    """Every subscription, and how it goes."""
    waiting = Count("rows", filter=Q(rows__state=WebhookEventState.QUEUED))
    failed = Count("rows", filter=Q(rows__state=WebhookEventState.FAILED))
    rows = Webhook.objects.select_related("team").annotate(waiting=waiting, given_up=failed)
    return page(request, "webhooks/webhooks.html", {"rows": rows})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def hook(request: HttpRequest, pk: int = 0) -> HttpResponse:
    """One subscription with its log, or a new one; a mistake comes back with what was written."""
    user = entered(request)
    row = get_object_or_404(Webhook, pk=pk) if pk else Webhook(made_by=user, events=USUAL)
    first = {"label": row.label, "url": row.url, "events": row.events, "team": row.team_id}
    form = HookForm(request.POST if request.method == "POST" else None, initial=first)
    if request.method == "POST" and form.is_valid() and _kept(form, row, request):
        if pk:
            messages.success(request, f"“{row.label}” is kept.")
            return HttpResponseRedirect(reverse("webhook-edit", args=[row.pk]))
        return _show(request, row, HookForm(initial=first), secret=row.secret)
    return _show(request, row, form, status=422 if form.errors else 200)


def _kept(form: HookForm, row: Webhook, request: HttpRequest) -> bool:
    user, before = entered(request), services.state_of(row)
    for name, value in form.cleaned_data.items():
        setattr(row, name, value)
    try:
        with pipeline.change(Actor.user(user)):
            services.save(row)
            old, new = audit.differences(before, services.state_of(row))
            what = "webhook.changed" if before else "webhook.added"
            audit.record(user, what, f"webhook {row.pk}", old=old, new=new, request=request)
    except VerbError as error:
        form.add_error(error.field or None, error.text)
        return False
    return True


def _show(
    request: HttpRequest, row: Webhook, form: HookForm, *, secret: str = "", status: int = 200
) -> HttpResponse:
    before = request.GET.get("before", "")
    log = WebhookEvent.objects.filter(webhook_id=row.pk).prefetch_related("tries").order_by("-pk")
    if before.isascii() and before.isdigit() and len(before) < 16:
        log = log.filter(pk__lt=int(before))
    shown = list(log[: PER_PAGE + 1]) if row.pk else []
    now = timezone.now()
    context = {
        "hook": row,
        "form": form,
        "team_names": Team.objects.filter(restricted=True).order_by("name"),
        "log": shown[:PER_PAGE],
        "more": shown[PER_PAGE - 1].pk if len(shown) > PER_PAGE else None,
        # asked for anew only while an answer is about to come
        "moving": any(r.state == WebhookEventState.QUEUED and r.not_before <= now for r in shown),
        "secret": secret,
        "ends": row.secret[-4:],
    }
    return page(request, "webhooks/webhook.html", context, fragments={"log"}, status=status)


# ------------------------------------------------------------------ buttons


def _ping(row: Webhook, request: HttpRequest, now: datetime) -> str:
    services.ping(row, now=now)
    return "A test event is on its way; the log says what came back."


def _switch(row: Webhook, request: HttpRequest, now: datetime) -> str:
    services.switch(row, on="on" in request.POST)
    return (
        "It is on: what waits leaves now." if "on" in request.POST else "Nothing leaves any more."
    )


def _replay(row: Webhook, request: HttpRequest, now: datetime) -> str:
    one = request.POST.get("row", "")
    pk = int(one) if one.isascii() and one.isdigit() and len(one) < 16 else 0
    count = services.replay(row, now=now, row=pk)
    return f"{count} sent again." if count else "There is nothing to send again."


def _delete(row: Webhook, request: HttpRequest, now: datetime) -> str:
    services.delete(row)
    return f"“{row.label}” is gone, with its log."


VERBS: dict[str, Callable[[Webhook, HttpRequest, datetime], str]] = {
    "ping": _ping,
    "switch": _switch,
    "replay": _replay,
    "delete": _delete,
}


@login_required
@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """One of the buttons; a new secret is shown once, on the page that answers."""
    user, row = entered(request), get_object_or_404(Webhook, pk=pk)
    if verb not in (*VERBS, "secret"):
        raise Http404
    try:
        with pipeline.change(Actor.user(user)):
            if verb == "secret":
                secret = services.renew_secret(row)
            else:
                messages.success(request, VERBS[verb](row, request, timezone.now()))
            audit.record(user, f"webhook.{verb}", f"webhook {pk}", request=request)
        if verb == "secret":
            first = {"label": row.label, "url": row.url, "events": row.events, "team": row.team_id}
            return _show(request, row, HookForm(initial=first), secret=secret)
    except VerbError as error:
        messages.error(request, error.text)
    if verb == "delete":
        return HttpResponseRedirect(reverse("webhooks"))
    return HttpResponseRedirect(reverse("webhook-edit", args=[pk]))
