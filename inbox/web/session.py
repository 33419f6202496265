"""Signing in: accounts are made by admins, nobody signs up by themselves."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignup(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """No open sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts come from the handbook or the admin."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> Any:
        """To the queue, or to where the person wanted to go."""
        return "/"
