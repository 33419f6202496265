"""Every macro that somebody finds, and the editor for those that are theirs to change."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.audit import services as audit
from inbox.channels import registry
from inbox.macros import queries as macros
from inbox.macros import services
from inbox.macros.models import Macro, SeenBy
from inbox.macros.wording import VARIABLES
from inbox.outbox.rendering import to_html
from inbox.tickets import queries
from inbox.web.guard import entered
from inbox.web.macroform import MacroForm
from inbox.web.page import page


@login_required
@require_safe
def book(request: HttpRequest) -> HttpResponse:
    """The list; shared ones first, as they are offered."""
    user = entered(request)
    kinds = registry.all_kinds()
    rows = [
        (macro, [kinds[kind] for kind in macro.channels if kind in kinds])
        for macro in macros.visible_to(user).select_related("team", "owner")
    ]
    editable = set(macros.editable_by(user).values_list("pk", flat=True))
    return page(request, "macros/macros.html", {"rows": rows, "editable": editable})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, key: str = "") -> HttpResponse:
    """A new macro, or one that is theirs to change; `_try` shows it and keeps nothing."""
    user = entered(request)
    fresh = Macro(seen_by=SeenBy.EVERYBODY if can(user, Right.MANAGE) else SeenBy.OWNER)
    macro = get_object_or_404(macros.editable_by(user), key=key) if key else fresh
    form = MacroForm(request.POST or None, macro=macro, user=user)
    if request.method == "POST" and form.is_valid() and "_try" not in request.POST:
        _keep(request, user, macro)
        messages.success(request, f"“{macro.name}” is kept.")
        return HttpResponseRedirect(reverse("macros"))
    status = 422 if form.errors else 200
    shown: dict[str, Any] = {"form": form, "macro": macro, "variables": VARIABLES.items()}
    if status == 200 and (macro.pk or "_try" in request.POST):
        shown |= _preview(macro, user)
    return page(request, "macros/macro.html", shown, status=status)


def _keep(request: HttpRequest, user: User, macro: Macro) -> None:
    before = Macro.objects.filter(pk=macro.pk).first()
    with transaction.atomic():
        services.save(macro)
        what = "macro.changed" if before else "macro.added"
        old, new = audit.differences(_state(before), _state(macro))
        audit.record(user, what, macro.key, old=old, new=new, request=request)


def _state(macro: Macro | None) -> dict[str, Any]:
    """What the audit log says of a macro before and after."""
    names = ("name", "text", "actions", "seen_by", "channels", "categories", "enabled")
    return {name: getattr(macro, name) for name in names} if macro else {}


def _preview(macro: Macro, user: User) -> dict[str, Any]:
    """How it would read on the newest ticket that it fits."""
    rows = queries.visible_to(user).select_related("channel", "asker__contact")
    if macro.channels:
        rows = rows.filter(channel__kind__in=macro.channels)
    ticket = rows.order_by("-number").first()
    if ticket is None:
        return {"preview": None}
    words = services.render(macro, ticket, user)
    found = {"html": to_html(words.text), "missing": words.missing, "ticket": ticket}
    return {"preview": found}


@login_required
@require_POST
def delete(request: HttpRequest, key: str) -> HttpResponse:
    """Take one away."""
    user = entered(request)
    macro = get_object_or_404(macros.editable_by(user), key=key)
    with transaction.atomic():
        old = _state(macro)
        services.delete(macro)
        audit.record(user, "macro.deleted", key, old=old, request=request)
    messages.success(request, f"“{macro.name}” is gone.")
    return HttpResponseRedirect(reverse("macros"))
