"""One's own account: name, looks, keys, what one is told of, tokens, sessions, ways to sign in."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from inbox import pipeline
from inbox.accounts import members, preferences, signin
from inbox.accounts.errors import AccountError
from inbox.accounts.models import ApiToken, User
from inbox.audit import services as audit
from inbox.common.config import setting
from inbox.common.work import Actor
from inbox.notify import choices
from inbox.web.accountforms import LooksForm, ToldForm
from inbox.web.page import page
from inbox.web.session import factors_of, may_have_passkeys, needs_factor

BROWSERS = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
]
SYSTEMS = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """The page; its first form keeps name, zone, looks and keys."""
    user = _me(request)
    form = LooksForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Kept.")
        return HttpResponseRedirect(reverse("account"))
    return _page(request, user, looks=form, status=422 if form.errors else 200)


@login_required
@require_POST
def told(request: HttpRequest) -> HttpResponse:
    """What one is told of, where, and when not."""
    user = _me(request)
    form = ToldForm(request.POST)
    if not form.is_valid():
        return _page(request, user, told=form, status=422)
    with pipeline.change(Actor.user(user)):
        preferences.tell(user, told=form.told(), quiet_hours=form.quiet())
    messages.success(request, "Kept.")
    return HttpResponseRedirect(reverse("account") + "#told")


@login_required
@require_POST
def make_token(request: HttpRequest) -> HttpResponse:
    """A new API token, shown on this one page and never again."""
    user = _me(request)
    label = request.POST.get("label", "").replace("\x00", "").strip()[:120]
    with pipeline.change(Actor.user(user)):
        row, text = ApiToken.issue(user, label=label or "made on the desk")
        new = {"of": user.username, "label": row.label}
        audit.record(user, "apitoken.added", f"apitoken {row.pk}", new=new, request=request)
    return _page(request, user, new_token=text)


@login_required
@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke one of one's tokens."""
    user = _me(request)
    with pipeline.change(Actor.user(user)):
        if not members.revoke_tokens(user, pk=pk):
            raise Http404
        audit.record(user, "apitoken.revoked", f"apitoken {pk}", request=request)
    messages.success(request, "The token is revoked.")
    return HttpResponseRedirect(reverse("account") + "#tokens")


@login_required
@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    user = _me(request)
    with pipeline.change(Actor.user(user)):
        n = members.end_sessions(user, but=request.session.session_key or "")
        audit.record(user, "sign-in.others_ended", user.username, new={"n": n}, request=request)
    messages.success(request, f"{n} other {'session' if n == 1 else 'sessions'} ended.")
    return HttpResponseRedirect(reverse("account") + "#sessions")


@login_required
@require_POST
def disconnect(request: HttpRequest, pk: int) -> HttpResponse:
    """Take away one way to sign in, unless it is the only one."""
    user = _me(request)
    try:
        with pipeline.change(Actor.user(user)):
            preferences.disconnect(user, pk)
            audit.record(user, "user.disconnected", user.username, request=request)
        messages.success(request, "Disconnected.")
    except SocialAccount.DoesNotExist as error:
        raise Http404 from error
    except AccountError as error:
        messages.error(request, error.text)
    return HttpResponseRedirect(reverse("account") + "#connected")


def browser_of(user_agent: str) -> str:
    """A browser in the words that people use for it; every name but its own comes before it."""
    names = [name for part, name in BROWSERS if part in user_agent]
    systems = [name for part, name in SYSTEMS if part in user_agent]
    return " on ".join([*names[:1], *systems[:1]]) or "A program"


def _me(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    return user


def _page(
    request: HttpRequest,
    user: User,
    *,
    looks: LooksForm | None = None,
    told: ToldForm | None = None,
    new_token: str = "",
    status: int = 200,
) -> HttpResponse:
    connected = list(SocialAccount.objects.filter(user=user).order_by("pk"))
    known = {row.key: row for row in signin.enabled()}
    taken = {row.provider for row in connected}
    context: dict[str, Any] = {
        "looks": looks or LooksForm(instance=user),
        "told": told or ToldForm(),
        "events": [(event, choices.chosen(user.told, event)) for event in choices.EVENTS],
        "media": choices.MEDIA,
        "quiet": user.quiet_hours or setting("quiet_hours"),
        "tokens": ApiToken.objects.filter(user=user, revoked_at=None).order_by("-pk"),
        "new_token": new_token,
        "sessions": [
            (row, browser_of(row.user_agent))
            for row in UserSession.objects.filter(user=user).order_by("-last_seen_at")
        ],
        "here": request.session.session_key,
        "factors": factors_of(user),
        "codes": Authenticator.objects.filter(user=user, type="recovery_codes").exists(),
        "must_have_factor": needs_factor(user),
        "passkeys": may_have_passkeys(request),
        "connected": [(row, known.get(row.provider)) for row in connected],
        "connectable": [row for key, row in known.items() if key not in taken],
    }
    return page(request, "account/account.html", context, status=status)
