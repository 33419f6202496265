"""Zendesk as a channel."""

from django.apps import AppConfig


class ZendeskConfig(AppConfig):
    """Registers the kind when Django is ready."""

    name = "integrations.zendesk"
    label = "integration_zendesk"

    def ready(self) -> None:
        """Make Zendesk known to the hub."""
        from inbox.channels import registry
        from integrations.zendesk.kind import ZENDESK

        registry.register(ZENDESK)
