"""HubSpot as a channel and as a directory."""

from django.apps import AppConfig


class HubSpotConfig(AppConfig):
    """Registers the kind when Django is ready."""

    name = "integrations.hubspot"
    label = "integration_hubspot"

    def ready(self) -> None:
        """Make HubSpot known to the hub."""
        from inbox.channels import registry
        from integrations.hubspot.kind import HUBSPOT

        registry.register(HUBSPOT)
