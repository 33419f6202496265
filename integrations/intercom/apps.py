"""Intercom as a channel."""

from django.apps import AppConfig


class IntercomConfig(AppConfig):
    """Registers the kind when Django is ready."""

    name = "integrations.intercom"
    label = "integration_intercom"

    def ready(self) -> None:
        """Make Intercom known to the hub."""
        from inbox.channels import registry
        from integrations.intercom.kind import INTERCOM

        registry.register(INTERCOM)
