"""Who comes in by a provider: whoever is known, was invited, or has a proven, welcome address."""

from functools import partial
from typing import Any

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from inbox import pipeline
from inbox.accounts import invites, signin
from inbox.accounts.errors import AccountError
from inbox.accounts.models import ProviderKind, SignInProvider, User
from inbox.audit import services as audit
from inbox.common import http
from inbox.common.work import Actor
from inbox.web import oidc

INVITE = "invite"  # the session's name for the invite that somebody answers with a provider
STALE = "This sign-in did not begin in this browser, or took longer than ten minutes."
UNPROVEN = "{label} has not proven your e-mail address. Confirm it there, then come back."
STRANGER = "Nobody has invited {address}. Ask an administrator of this desk."
OTHER = "The invite is for {invited}; {label} says that you are {address}."


def refusal(request: HttpRequest, label: str, text: str, status: int = 403) -> HttpResponse:
    """The page that says why somebody did not come in."""
    context = {"label": label, "text": text}
    return render(request, "account/refused.html", context, status=status)


class Joining(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """allauth's questions, answered from our provider rows and invites."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The providers that are on; a provider is named by its key."""
        rows = signin.enabled()
        if provider == "openid_connect":  # how allauth names what it has put into a session
            rows = rows.exclude(kind=ProviderKind.GITHUB)
        elif provider:
            rows = rows.filter(key=provider)
        rows = rows.filter(Q(client_id=client_id) if client_id else Q())
        return [signin.app_of(row) for row in rows]

    def get_provider(
        self, request: HttpRequest, provider: str, client_id: str | None = None
    ) -> Any:
        """The provider of this key. Raises `SocialApp.DoesNotExist`."""
        app = self.get_app(request, provider=provider, client_id=client_id)
        is_github = app.provider == ProviderKind.GITHUB
        return (oidc.GitHubHere if is_github else oidc.OpenIDProvider)(request, app=app)

    def get_requests_session(self) -> requests.Session:
        """Every request to a provider goes through the guard, and never waits for long."""
        made = http.session()
        made.request = partial(made.request, timeout=http.TIMEOUT)  # type: ignore[method-assign]  # the way allauth does it
        return made

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Accounts are made in `pre_social_login`, or not at all."""
        return False

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        """Back to one's account."""
        return reverse("account")

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let in who is known; make an account for who may have one; refuse everybody else."""
        token = request.session.pop(INVITE, "")
        if sociallogin.state.get("process") == AuthProcess.CONNECT or sociallogin.is_existing:
            return
        row = SignInProvider.objects.get(key=sociallogin.account.provider)
        try:
            with pipeline.change(Actor.system(row.label)):
                user = _invited(sociallogin, row, token) if token else _welcome(sociallogin, row)
                sociallogin.connect(request, user)
                what = "invite.accepted" if token else "user.joined"
                audit.record(user, what, row.key, request=request)
        except AccountError as error:
            raise ImmediateHttpResponse(refusal(request, row.label, error.text)) from error

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str = AuthError.UNKNOWN,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Say in words what went wrong, and nothing of the provider's own text."""
        if isinstance(exception, oidc.NotProven):
            text = exception.text
        elif isinstance(exception, requests.RequestException):
            text = "It cannot be reached right now. Try again in a while."
        elif error == AuthError.CANCELLED:
            text = "You stopped there. Nothing was changed."
        elif "state_id" in (extra_context or {}):
            text = STALE
        else:
            text = "It did not accept this sign-in."
        raise ImmediateHttpResponse(refusal(request, provider.app.name, text))


def _proven(sociallogin: SocialLogin, row: SignInProvider) -> list[str]:
    found = [one.email.lower() for one in sociallogin.email_addresses if one.verified]
    if not found:
        raise AccountError(UNPROVEN.format(label=row.label))
    return found


def _name(sociallogin: SocialLogin) -> str:
    user = sociallogin.user
    return f"{user.first_name} {user.last_name}".strip() or user.username


def _welcome(sociallogin: SocialLogin, row: SignInProvider) -> User:
    proven = _proven(sociallogin, row)
    address = signin.admitted(row, proven)
    if not address:
        raise AccountError(STRANGER.format(address=proven[0]))
    return signin.join(row, email=address, name=_name(sociallogin))


def _invited(sociallogin: SocialLogin, row: SignInProvider, token: str) -> User:
    proven = _proven(sociallogin, row)
    invite = invites.by_token(token, timezone.now())
    if invite is None:
        raise AccountError(invites.GONE)
    if invite.email not in proven:
        text = OTHER.format(invited=invite.email, label=row.label, address=proven[0])
        raise AccountError(text)
    return invites.accept(token, name=_name(sociallogin))
