"""Bearer tokens, roles, and the rate limit per token."""

import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from inbox.accounts.models import ApiToken, User
from inbox.accounts.permissions import Right, can
from inbox.common.crypto import digest_of

USED_EVERY = timedelta(minutes=1)


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer hd_…`; the account must be active at this very moment."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The token's owner; None without a header."""
        scheme, _, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer" or not text.strip():
            raise AuthenticationFailed("A bearer token is needed.")
        now = timezone.now()
        token = (
            ApiToken.objects.select_related("user")
            .filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)
            .filter(digest=digest_of(text.strip()), user__is_active=True)
            .first()
        )
        if token is None:
            raise AuthenticationFailed("This token is not valid.")
        if token.last_used_at is None or now - token.last_used_at > USED_EVERY:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Makes the answer a 401."""
        return 'Bearer realm="api"'


def account(request: Request) -> User:
    """Whoever asks: the permission classes let only accounts in."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - see above
    return user


class TokenThrottle(BaseThrottle):
    """A window of a minute per token. Without the cache each process counts for itself."""

    _own: dict[str, int] = {}

    def allow_request(self, request: Request, view: Any) -> bool:
        """Whether the token's minute is not used up."""
        if not isinstance(request.auth, ApiToken):
            return True
        key = f"api:{request.auth.pk}:{int(time.time() // 60)}"
        try:
            cache.add(key, 0, timeout=120)
            count = cache.incr(key)
        except Exception:  # noqa: BLE001 - a cache that is away must not switch the limit off
            if len(self._own) > 1000:
                self._own.clear()
            count = self._own[key] = self._own.get(key, 0) + 1
        return int(count) <= int(settings.API_RATE_PER_MINUTE)

    def wait(self) -> float:
        """Seconds until the next minute."""
        return 60 - time.time() % 60


class MayAct(BasePermission):
    """Everybody reads; who may change tickets acts."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Safe methods, or the right to change tickets."""
        reads = request.method in ("GET", "HEAD", "OPTIONS")
        return can(request.user, Right.READ if reads else Right.ACT)


class MayReply(BasePermission):
    """Whose words may stand on a ticket; the view itself asks more of a public answer."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Who may write notes."""
        return can(request.user, Right.NOTE)


class IsAdmin(BasePermission):
    """What shows or changes the installation."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Who manages it."""
        return can(request.user, Right.MANAGE)
