"""The one Django app of the hub."""

from importlib import import_module

from django.apps import AppConfig


class InboxConfig(AppConfig):
    """Rooms are packages of this app; see docs/architecture.md."""

    name = "inbox"
    verbose_name = "Switchboard"

    def ready(self) -> None:
        """Register the tasks: a process that only rings (web, commands) needs their names too."""
        import_module("inbox.tasks")
