"""Signed in without the sign-in page: the cookie that a browser would hold afterwards."""

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.test import Client
from playwright.sync_api import Page


def sign_in(page: Page, user: AbstractBaseUser, *, url: str) -> None:
    """Give the page a session of this account on the site at `url`."""
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]  # the stub wants the project's own class
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": url}])
