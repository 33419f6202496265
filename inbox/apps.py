"""The one Django app of the hub."""

from django.apps import AppConfig


class InboxConfig(AppConfig):
    """Rooms are packages of this app; see docs/architecture.md."""

    name = "inbox"
    verbose_name = "Switchboard"
