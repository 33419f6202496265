"""Greenhouse as a job board."""

from django.apps import AppConfig


class GreenhouseConfig(AppConfig):
    """Registers the kind when Django is ready."""

    name = "integrations.greenhouse"
    label = "integration_greenhouse"

    def ready(self) -> None:
        """Make Greenhouse known to the hub."""
        from inbox.channels import registry
        from integrations.greenhouse.kind import GREENHOUSE

        registry.register(GREENHOUSE)
