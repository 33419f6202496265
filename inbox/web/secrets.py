"""A secret that was sent to us: what is known of it, what became of it, and the original once."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from inbox import pipeline
from inbox.accounts.models import User
from inbox.audit import services as audit
from inbox.common.work import Actor
from inbox.guard import secrets, standing
from inbox.guard.models import Secret
from inbox.tickets import queries
from inbox.tickets.errors import VerbError
from inbox.web.guard import entered
from inbox.web.page import page

DONE = {
    "acknowledge": (secrets.acknowledge, "Noted: the sender knows."),
    "rotate": (secrets.rotate, "Noted: it was replaced."),
}


@login_required
@require_safe
def secret(request: HttpRequest, pk: int) -> HttpResponse:
    """What is known of a secret, without its text."""
    return _page(request, _row(entered(request), pk))


@login_required
@require_POST
@never_cache
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Note what became of it, or show the original for a reason."""
    user = entered(request)
    row = _row(user, pk)
    if verb == "reveal":
        return _reveal(request, row, user)
    try:
        if verb == "look":
            _look(request, row, user)
        elif verb in ("mask", "erase"):
            _tidy(request, row, user, verb)
        elif verb in DONE:
            do, said = DONE[verb]
            with pipeline.change(Actor.user(user)):
                do(row)
            messages.success(request, said)
        else:
            raise Http404
    except VerbError as error:
        messages.error(request, error.text)
    return HttpResponseRedirect(reverse("secret", args=[pk]))


def _look(request: HttpRequest, row: Secret, user: User) -> None:
    """Ask the vendor outside of any change, and keep what it said in one."""
    answer = standing.ask(row.pk)
    with pipeline.change(Actor.user(user)):
        standing.keep(row.pk, answer, timezone.now())
    if answer.error:
        raise VerbError(f"It could not be looked at: {answer.error}.")
    row.refresh_from_db()
    if row.gone_at:
        messages.success(request, "It stands there no more.")
    else:
        messages.warning(request, "It still stands there.")


def _tidy(request: HttpRequest, row: Secret, user: User, verb: str) -> None:
    """Have it taken away where it stands, once whoever asks has said that they mean it."""
    if not request.POST.get("sure"):
        raise VerbError("Nothing was done: say that you mean it.")
    answer = standing.ask(row.pk) if verb == "mask" else None
    with pipeline.change(Actor.user(user)):
        if answer is None:
            standing.erase(row)
        else:
            standing.mask(row, answer)
        audit.record(
            user,
            "secret.masked_there" if verb == "mask" else "secret.deleted_there",
            f"secret {row.pk} of ticket {row.ticket_id}",
            new={"source": row.message.external_id},
            request=request,
        )
    messages.success(request, "On its way. This page says what becomes of it.")


def _row(user: User, pk: int) -> Secret:
    rows = Secret.objects.filter(ticket__in=queries.visible_to(user))
    known = (
        "ticket",
        "message__thread__channel",
        "message__thread__source",
        "note",
        "said",
        "tidying",
    )
    return get_object_or_404(rows.select_related(*known), pk=pk)


def _reveal(request: HttpRequest, row: Secret, user: User) -> HttpResponse:
    reason = request.POST.get("reason", "")
    try:
        with pipeline.change(Actor.user(user)):
            original = secrets.reveal(row, reason=reason)
            target = f"secret {row.pk} of ticket {row.ticket_id}"
            new = {"reason": reason.strip()[:200]}
            audit.record(user, "original.revealed", target, new=new, request=request)
    except VerbError as error:
        return _page(request, row, problem=error)
    return _page(request, row, original=original)


def _page(
    request: HttpRequest, row: Secret, *, problem: VerbError | None = None, original: str = ""
) -> HttpResponse:
    context = {
        "secret": row,
        "offer": standing.offer(row),
        "problem": problem,
        "original": original,
        "typed": request.POST.get("reason", "") if problem else "",
    }
    return page(request, "pages/secret.html", context, status=422 if problem else 200)
