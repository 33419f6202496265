"""The Django admin: rules, policies, calendars, channels, dead letters; one file per subject."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from inbox.accounts.permissions import Right, can
from inbox.admin import (
    accounts,
    channels,
    community,
    duty,
    guard,
    letters,
    macros,
    people,
    playbooks,
    privacy,
    reports,
    rules,
    signin,
    sla,
)


def _may_enter(request: HttpRequest) -> bool:
    """By role, not by Django's own flags: there is one table of rights."""
    if can(request.user, Right.MANAGE):
        return True
    if request.user.is_authenticated:
        raise PermissionDenied  # signing in once more would change nothing
    return False


admin.site.has_permission = _may_enter  # type: ignore[method-assign]  # one site, one rule
# Signing in to the admin goes through the same limits as everywhere else.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # allauth's own way
admin.site.site_header = "Switchboard: rules and admin"
admin.site.site_title = "Switchboard"
admin.site.index_title = "What do you want to change?"

__all__ = [
    "accounts",
    "channels",
    "community",
    "duty",
    "guard",
    "letters",
    "macros",
    "people",
    "playbooks",
    "privacy",
    "reports",
    "rules",
    "signin",
    "sla",
]
