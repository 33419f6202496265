"""The guard at the desk's addresses: no view is entered without the right that its door needs."""

from collections.abc import Callable, Iterable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver

from inbox.accounts.doors import Door, door_of
from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can

View = Callable[..., HttpResponse]


def guard(patterns: Iterable[URLPattern | URLResolver]) -> None:
    """Put every address of these behind its door; streams ask by themselves.

    An address that has no door yet is left to its own view: the role matrix of the tests names it.
    """
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            continue  # a library's addresses for one's own account: they ask by themselves
        door = door_of(str(pattern.pattern))
        if door is not None and not iscoroutinefunction(pattern.callback):
            pattern.callback = _guarded(pattern.callback, door)


def entered(request: HttpRequest) -> User:
    """Whoever came through a door that asks for a right: an account that has it."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - the guard let only accounts in
    return user


def _guarded(view: View, door: Door) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        verb = kwargs.get("verb", "")
        mode = request.POST.get("mode", "") if verb == "reply" else ""
        need = door.need(request.method or "", verb, mode)
        if isinstance(need, Right) and not can(request.user, need):
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            # as if it were not there: whoever may not enter learns nothing of what is inside
            raise Http404
        return view(request, *args, **kwargs)

    return guarded
