"""Staff accounts, teams and API tokens."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from inbox.accounts import members
from inbox.accounts.models import ApiToken, Role, Team, User
from inbox.admin.audited import Audited
from inbox.common.versions import bump


class StaffForm(UserChangeForm):
    """An account; the last administrator stays one."""

    def clean(self) -> dict[str, Any]:
        """Refuse what would leave nobody who can let others in."""
        given: dict[str, Any] = super().clean() or {}
        stays = given.get("is_active") and (
            given.get("is_superuser") or given.get("role") == Role.ADMIN
        )
        if not stays and not members.admins().exclude(pk=self.instance.pk).exists():
            raise ValidationError(members.LAST_ADMIN)
        return given


@admin.register(User)
class StaffAdmin(Audited, UserAdmin):
    """Accounts; an account's own e-mail is its identity for mail."""

    form = StaffForm
    list_display = ("username", "display_name", "email", "role", "is_active")
    list_filter = ("role", "is_active", "teams")
    filter_horizontal = ("teams",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (
            "Person",
            {"fields": ("first_name", "last_name", "email", "timezone", "theme", "density")},
        ),
        ("May", {"fields": ("role", "teams", "is_active", "is_staff", "is_superuser")}),
    )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: Any) -> None:
        """Tell every process who is there."""
        super().save_model(request, obj, form, change)
        bump("agents")
        bump("rotations")


@admin.register(Team)
class TeamAdmin(Audited):
    """Teams; a restricted one keeps its tickets to itself."""

    list_display = ("key", "name", "restricted")

    def save_model(self, request: HttpRequest, obj: Team, form: Any, change: Any) -> None:
        """Tell every process."""
        super().save_model(request, obj, form, change)
        bump("teams")


@admin.register(ApiToken)
class ApiTokenAdmin(Audited):
    """Tokens are made on the command line and can be revoked here."""

    list_display = ("user", "label", "created_at", "last_used_at", "expires_at", "revoked_at")
    fields = ("label", "expires_at", "revoked_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A token's text is shown once, which only the command can do."""
        return False
