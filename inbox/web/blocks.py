"""Who is not heard: the list, put on and taken off."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from inbox import pipeline
from inbox.accounts.models import User
from inbox.audit import services as audit
from inbox.common.work import Actor
from inbox.guard import services as guard
from inbox.guard.models import Block, BlockKind
from inbox.tickets.errors import VerbError
from inbox.web.guard import entered
from inbox.web.page import page

SHOWN = 200


@login_required
@require_safe
def blocks(request: HttpRequest) -> HttpResponse:
    """Every entry, the newest first; `q` narrows the list down."""
    return _list(request)


def _list(request: HttpRequest, problem: VerbError | None = None) -> HttpResponse:
    """The page; what was refused comes back with the words that were written."""
    user = entered(request)
    q = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    rows = Block.objects.select_related("by").order_by("-pk")
    if q:
        rows = rows.filter(Q(value__icontains=q) | Q(label__icontains=q))
    context = {
        "blocks": list(rows[:SHOWN]),
        "q": q,
        "kinds": [(k, label) for k, label in BlockKind.choices if k != BlockKind.IDENTITY],
        "viewer": user,
        "problem": problem,
        "typed": request.POST if problem else {},
    }
    status = 422 if problem else 200
    fragments = {"block-list"}
    return page(request, "pages/blocks.html", context, fragments=fragments, status=status)


@login_required
@require_POST
def act(request: HttpRequest, verb: str) -> HttpResponse:
    """Put an address or a domain on the list, or take an entry off."""
    user = entered(request)
    if verb not in ("add", "remove"):
        raise Http404
    try:
        with pipeline.change(Actor.user(user)):
            row, said = _add(request, user) if verb == "add" else _remove(request)
            what = "block.added" if verb == "add" else "block.removed"
            audit.record(user, what, f"block {row}", request=request)
        messages.success(request, said)
    except VerbError as error:
        return _list(request, error)
    return HttpResponseRedirect(reverse("blocks"))


def _add(request: HttpRequest, user: User) -> tuple[int, str]:
    given = request.POST.get("value", "")
    kind = BlockKind.ADDRESS if "@" in given.strip().lstrip("@") else BlockKind.DOMAIN
    row = guard.block(kind, given, by=user, reason=request.POST.get("reason", ""))
    return row.pk, f"{row.value} is blocked from now on. What comes is filed as spam."


def _remove(request: HttpRequest) -> tuple[int, str]:
    pk = request.POST.get("block", "")
    found = pk if pk.isascii() and pk.isdigit() and len(pk) < 19 else 0
    row = get_object_or_404(Block, pk=found)
    guard.unblock(row)
    return int(found), f"{row} is heard again."
