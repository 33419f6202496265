"""Where the desk asks administrators for a second factor, nothing opens before they have one."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin

from inbox.accounts.models import User
from inbox.web.session import MUST_ENROL, factors_of, needs_factor

# what signs somebody out, in, or gives them a factor
OPEN = ("/account/two-factor/", "/logout/", "/login/", "/reauthenticate/", "/static/", "/live/")
ELSEWHERE = ("/api/", "/chat/")


class AskForFactor(MiddlewareMixin):
    """Sends an administrator without one to where they get one."""

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Signing in has marked the session of whoever needs one and has none."""
        if request.path.startswith((*OPEN, *ELSEWHERE)) or MUST_ENROL not in request.session:
            return None
        user = request.user
        if isinstance(user, User) and needs_factor(user) and not factors_of(user).exists():
            return HttpResponseRedirect(reverse("mfa_index"))
        del request.session[MUST_ENROL]
        return None
