"""The people of the desk, for administrators: invites, roles, teams, who may come in."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from inbox import pipeline
from inbox.accounts import invites, members
from inbox.accounts.errors import AccountError
from inbox.accounts.models import Invite, Role, SignInProvider, Team, User
from inbox.audit import services as audit
from inbox.common.config import setting
from inbox.common.presence import is_online
from inbox.common.work import Actor
from inbox.operations.staffmail import mail_invite
from inbox.web.accountforms import InviteForm, MemberForm
from inbox.web.guard import entered
from inbox.web.page import page
from inbox.web.session import factors_of, guarded_ids


@login_required
@require_safe
def team(request: HttpRequest) -> HttpResponse:
    """Members with role, teams and when they were last here; open invites."""
    return _page(request)


@login_required
@require_POST
def invite(request: HttpRequest) -> HttpResponse:
    """Invite somebody by mail."""
    user = entered(request)
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    given = form.cleaned_data
    try:
        with pipeline.change(Actor.user(user)):
            row, token = invites.make(
                given["email"], role=given["role"], teams=given["teams"], by=user
            )
            is_mailed = mail_invite(row, token)
            asked = {"role": row.role, "teams": [team.key for team in row.teams.all()]}
            audit.record(user, "invite.made", f"invite {row.pk}", new=asked, request=request)
    except AccountError as error:
        form.add_error(error.field or None, error.text)
        return _page(request, form=form, status=422)
    return _said(request, row, token, is_mailed=is_mailed)


@login_required
@require_POST
def decide_invite(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Send an invite again, with a new link, or withdraw it."""
    user = entered(request)
    row = get_object_or_404(invites.waiting(), pk=pk)
    if verb not in ("again", "withdraw"):
        raise Http404
    try:
        with pipeline.change(Actor.user(user)):
            if verb == "withdraw":
                invites.withdraw(row)
                audit.record(user, "invite.withdrawn", f"invite {pk}", request=request)
                messages.success(request, f"The invite of {row.email} is withdrawn.")
                return HttpResponseRedirect(reverse("team"))
            token = invites.renew(row)
            is_mailed = mail_invite(row, token)
            audit.record(user, "invite.renewed", f"invite {pk}", request=request)
    except AccountError as error:
        messages.error(request, error.text)
        return HttpResponseRedirect(reverse("team"))
    return _said(request, row, token, is_mailed=is_mailed)


@login_required
@require_POST
def member(request: HttpRequest, pk: int) -> HttpResponse:
    """Another role, other teams."""
    user, row = entered(request), get_object_or_404(User, pk=pk)
    form = MemberForm(request.POST)
    if not form.is_valid():
        raise Http404
    given = form.cleaned_data

    def change() -> None:
        old = _state(row)
        kept = members.change(row, role=given["role"], teams=given["teams"])
        old, new = audit.differences(old, _state(kept))
        audit.record(user, "user.changed", row.username, old=old, new=new, request=request)

    return _act(request, user, change, f"{row.display_name} is kept.")


def _state(row: User) -> dict[str, Any]:
    """What the audit log says of a member before and after."""
    keys = row.teams.order_by("key").values_list("key", flat=True)
    return {"role": Role.ADMIN.value if row.is_admin else row.role, "teams": list(keys)}


VERBS: dict[str, tuple[Callable[[User], Any], str]] = {
    "deactivate": (members.deactivate, "{} cannot sign in any more; sessions and tokens ended."),
    "reactivate": (members.reactivate, "{} may sign in again."),
    "drop-factor": (members.drop_second_factor, "{} signs in without a second factor for now."),
}


@login_required
@require_POST
def act_on_member(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Deactivate, reactivate, or take a lost second factor away."""
    user, row = entered(request), get_object_or_404(User, pk=pk)
    if verb not in VERBS:
        raise Http404
    act, words = VERBS[verb]

    def decide() -> None:
        act(row)
        audit.record(user, f"user.{verb}", row.username, request=request)

    return _act(request, user, decide, words.format(row.display_name))


@login_required
@require_POST
def ask_for_factor(request: HttpRequest) -> HttpResponse:
    """Ask administrators for a second factor, or no longer."""
    user = entered(request)
    wanted = "require_admin_totp" in request.POST
    if wanted and not factors_of(user).exists():
        messages.error(request, "Set up your own second factor first, or you lock yourself out.")
        return HttpResponseRedirect(reverse("team"))

    def ask() -> None:
        members.require_factor(wanted=wanted)
        name = "require_admin_totp"
        audit.record(user, "setting.changed", name, new={name: wanted}, request=request)

    return _act(request, user, ask, "Kept for everybody.")


def _act(request: HttpRequest, user: User, act: Callable[[], Any], words: str) -> HttpResponse:
    try:
        with pipeline.change(Actor.user(user)):
            act()
        messages.success(request, words)
    except AccountError as error:
        messages.error(request, error.text)
    return HttpResponseRedirect(reverse("team"))


def _said(request: HttpRequest, row: Invite, token: str, *, is_mailed: bool) -> HttpResponse:
    """Say that it is on its way; without a system channel the link is shown, this once."""
    if is_mailed:
        messages.success(request, f"An invite is on its way to {row.email}.")
        return HttpResponseRedirect(reverse("team"))
    link = settings.BASE_URL + reverse("invite", args=[token])
    return _page(request, shown={"invite": row, "link": link})


def _page(
    request: HttpRequest,
    *,
    form: InviteForm | None = None,
    shown: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    rows = list(User.objects.prefetch_related("teams").order_by("-is_active", "username"))
    context = {
        "form": form or InviteForm(initial={"role": Role.AGENT}),
        "members": rows,
        "online": is_online([row.pk for row in rows]),
        "guarded": guarded_ids(),
        "invites": invites.waiting(),
        "teams": list(Team.objects.order_by("name")),
        "roles": Role.choices,
        "providers": SignInProvider.objects.all(),
        "needs_factor": setting("require_admin_totp"),
        "is_mailing": bool(settings.SYSTEM_CHANNEL),
        "shown": shown,
    }
    return page(request, "account/team.html", context, status=status)
