"""How long what is kept: the rows, what they mean for each queue, and what the next night takes."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inbox.audit import services as audit
from inbox.audit.models import AuditEntry
from inbox.channels.models import Channel
from inbox.privacy import policies
from inbox.privacy.models import RetentionRun
from inbox.privacy.policies import Policy
from inbox.privacy.retention import next_night, would_take
from inbox.web import retentionform as forms
from inbox.web.guard import entered
from inbox.web.page import page

CHANGED = "retention.changed"
NIGHTS, CHANGES = 7, 5
STALE = (
    "Somebody changed this meanwhile. Below stands what you wrote; keep it only if it still fits."
)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def retention(request: HttpRequest) -> HttpResponse:
    """The page; `do` tells a look at a draft, a moved row and keeping it apart."""
    if request.method != "POST":
        return _shown(request, forms.stored())
    form, asked = forms.given(request.POST), request.POST.get("do", "")
    if asked not in ("look", "keep"):
        return _shown(request, forms.moved(form, asked))
    if form.is_wrong:
        return _shown(request, form, status=422)
    if request.POST.get("seen") != forms.fingerprint():
        return _shown(request, form, problem=STALE, status=409)
    more = _more(form)
    if asked == "look" or (more and "sure" not in request.POST):
        return _shown(request, form, more=more, status=200 if asked == "look" else 422)
    _keep(request, form)
    return HttpResponseRedirect(reverse("retention"))


def _keep(request: HttpRequest, form: forms.Form) -> None:
    """Store it and write down who did; called with a form that was read."""
    rows, days = form.values()
    with transaction.atomic():
        before = policies.state()
        policies.keep(rows, days)
        old, new = audit.differences(forms.told(before), forms.told({"retention": rows, **days}))
        if old or new:
            audit.record(entered(request), CHANGED, "retention", old=old, new=new, request=request)
    messages.success(request, "Kept." if old or new else "Nothing was different.")


def _more(form: forms.Form) -> dict[str, tuple[int, int]]:
    """What the next night would take beyond what it takes as it is: {step: (now, then)}."""
    at = next_night(timezone.now())
    rows, days = form.values()
    now, then = would_take(at), would_take(at, policies.check(rows), days)
    return {step: (now.get(step, 0), n) for step, n in then.items() if n > now.get(step, 0)}


def _shown(
    request: HttpRequest,
    form: forms.Form,
    *,
    more: dict[str, tuple[int, int]] | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    at, rows = next_night(now), policies.policies()
    context = {
        "form": form,
        "choices": forms.choices(form),
        "seen": forms.fingerprint(),
        "more": more,
        "is_draft": request.method == "POST",
        "problem": problem,
        "next_at": at,
        "takes": would_take(at, rows),
        "queues": _queues(rows),
        "nights": RetentionRun.objects.order_by("-day")[:NIGHTS],
        "changes": _changes(),
        "room": len(form.rows) < forms.MOST,
        "raw_days": policies.state()["keep_raw_days"],
    }
    return page(request, "settings/retention.html", context, status=status)


def _queues(rows: list[Policy]) -> list[tuple[Channel, Policy | None]]:
    """Each channel with the row that its tickets fall under, and when something came last."""
    channels = Channel.objects.order_by("kind", "key")
    return [(one, policies.of_channel(rows, one.kind, one.key)) for one in channels]


def _changes() -> list[AuditEntry]:
    """Who changed it last: here, in the admin, or on the team's page."""
    names = ["retention", *policies.KEPT]
    verbs = [CHANGED, "setting.changed", "setting.added", "setting.deleted"]
    rows = AuditEntry.objects.filter(what__in=verbs, target__in=names)
    return list(rows.order_by("-number")[:CHANGES])
