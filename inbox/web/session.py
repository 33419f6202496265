"""Signing in by password and second factor: allauth's doors with our limits, words and mails."""

import ipaddress
import secrets
from typing import Any
from urllib.parse import urlsplit

from allauth.account import views as doors
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS
from django.db.models import Q
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse

from inbox import pipeline
from inbox.accounts import signin
from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.audit import services as audit
from inbox.common.config import setting
from inbox.common.crypto import decrypt, encrypt
from inbox.common.work import Actor
from inbox.outbox import services as outbox

LOCKED_SECONDS = 300
MUST_ENROL = "must_enrol"  # the mark of a session that opens nothing before a second factor


class ClosedSignup(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """No open sign-up; mails leave through the system channel."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts come by invites, providers, the handbook or the admin."""
        return False

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign in, and write it down; an administrator who needs a second factor gets it first."""
        super().login(request, user)
        audit.record(user, "sign-in.ok", user.username, request=request)
        if needs_factor(user) and not factors_of(user).exists():
            request.session[MUST_ENROL] = True

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """So is whose door was tried; what was typed is not, it may be a password."""
        super().authentication_failed(request, **credentials)
        typed = str(credentials.get("username") or credentials.get("email") or "")
        known = User.objects.filter(Q(username=typed) | Q(email__iexact=typed)).first()
        target = known.username if known and typed else "no account of ours"
        audit.record(None, "sign-in.failed", target, request=request)

    def logout(self, request: HttpRequest) -> None:
        """And who has gone."""
        user = request.user if isinstance(request.user, User) else None
        super().logout(request)
        audit.record(user, "sign-in.ended", user.username if user else "", request=request)

    def get_login_redirect_url(self, request: HttpRequest) -> Any:
        """To the queue, or to where the person wanted to go."""
        return "/"

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to one's account."""
        return reverse("account")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """A link to our own address, whatever host the request named."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return str(settings.BASE_URL) + path.replace("UID-KEY", key)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """What the library would tell by mail: a password, a factor, a provider was changed."""
        what = template_prefix.rpartition("/")[2]
        audit.record(user, f"user.{what}", user.username, request=self.request)
        super().send_notification_mail(template_prefix, user, context, email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue a mail of allauth's; without a system channel there is none."""
        subject = render_to_string(f"{template_prefix}_subject.txt", context).strip()
        text = render_to_string(f"{template_prefix}_message.txt", context)
        with pipeline.change(Actor.system("accounts")):
            key = f"account:{secrets.token_hex(16)}"
            outbox.queue_system_mail(to=email, subject=subject, text=text, key=key)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """One limit per account, whichever of its names is tried."""
        name = str(credentials.get("email") or credentials.get("username") or "").lower()
        found = User.objects.filter(Q(username__iexact=name) | Q(email__iexact=name)).order_by("pk")
        pk = found.values_list("pk", flat=True).first() if name else None
        return f"account:{pk}" if pk else f"name:{name}"


class SecondFactor(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Secrets of authenticators lie encrypted, and where admins need one it stays."""

    def encrypt(self, text: str) -> str:
        """With the key ring of every other secret."""
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """The way back."""
        return decrypt(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Not the last one of an administrator while the desk asks for one."""
        user = authenticator.user
        rest = factors_of(user).exclude(pk=authenticator.pk)
        return not needs_factor(user) or rest.exists()


def factors_of(user: User) -> Any:
    """Somebody's authenticators, recovery codes left aside."""
    return Authenticator.objects.filter(user=user, type__in=["totp", "webauthn"])


def guarded_ids() -> set[int]:
    """The accounts that have a second factor."""
    rows = Authenticator.objects.filter(type__in=["totp", "webauthn"])
    return set(rows.values_list("user_id", flat=True))


def needs_factor(user: User) -> bool:
    """Whether the desk asks this person for a second factor."""
    return can(user, Right.MANAGE) and bool(setting("require_admin_totp"))


def login(request: HttpRequest) -> HttpResponseBase:
    """The sign-in page; who has tried too often is told when to come back."""
    answer: HttpResponseBase = doors.login(request)
    context = getattr(answer, "context_data", None)
    if context is not None:
        context |= {"providers": signin.enabled(), "passkeys": may_have_passkeys(request)}
        if context["form"].has_error(NON_FIELD_ERRORS, "too_many_login_attempts"):
            answer.status_code = 429
            answer["Retry-After"] = str(LOCKED_SECONDS)
    return answer


def may_have_passkeys(request: HttpRequest) -> bool:
    """Passkeys belong to a name: browsers make none for a bare address."""
    try:
        ipaddress.ip_address(urlsplit(f"//{request.get_host()}").hostname or "")
    except ValueError:
        return True
    return False
