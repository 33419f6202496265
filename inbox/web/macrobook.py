"""Every macro that somebody finds, and the editor for those that are theirs to change."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inbox.accounts.models import Role, User
from inbox.channels import registry
from inbox.macros import queries as macros
from inbox.macros import services
from inbox.macros.models import Macro, SeenBy
from inbox.macros.wording import VARIABLES
from inbox.outbox.rendering import to_html
from inbox.tickets import queries
from inbox.web.macroform import MacroForm
from inbox.web.page import page


def _agent(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    if not (user.is_admin or user.role == Role.AGENT):
        raise Http404
    return user


@login_required
@require_safe
def book(request: HttpRequest) -> HttpResponse:
    """The list; shared ones first, as they are offered."""
    user = _agent(request)
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
    user = _agent(request)
    fresh = Macro(seen_by=SeenBy.EVERYBODY if user.is_admin else SeenBy.OWNER)
    macro = get_object_or_404(macros.editable_by(user), key=key) if key else fresh
    form = MacroForm(request.POST or None, macro=macro, user=user)
    if request.method == "POST" and form.is_valid() and "_try" not in request.POST:
        services.save(macro)
        messages.success(request, f"“{macro.name}” is kept.")
        return HttpResponseRedirect(reverse("macros"))
    status = 422 if form.errors else 200
    shown: dict[str, Any] = {"form": form, "macro": macro, "variables": VARIABLES.items()}
    if status == 200 and (macro.pk or "_try" in request.POST):
        shown |= _preview(macro, user)
    return page(request, "macros/macro.html", shown, status=status)


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
    macro = get_object_or_404(macros.editable_by(_agent(request)), key=key)
    services.delete(macro)
    messages.success(request, f"“{macro.name}” is gone.")
    return HttpResponseRedirect(reverse("macros"))
