"""The Django admin: rules, policies, calendars, channels, dead letters; one file per subject."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin

from inbox.admin import accounts, channels, duty, letters, macros, people, reports, rules, sla

# Signing in to the admin goes through the same limits as everywhere else.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # allauth's own way
admin.site.site_header = "Switchboard: rules and admin"
admin.site.site_title = "Switchboard"
admin.site.index_title = "What do you want to change?"

__all__ = ["accounts", "channels", "duty", "letters", "macros", "people", "reports", "rules", "sla"]
