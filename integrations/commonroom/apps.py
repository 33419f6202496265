"""Common Room as a source of people."""

from django.apps import AppConfig


class CommonRoomConfig(AppConfig):
    """Registers the kind when Django is ready."""

    name = "integrations.commonroom"
    label = "integration_commonroom"

    def ready(self) -> None:
        """Make Common Room known to the hub."""
        from inbox.channels import registry
        from integrations.commonroom.kind import COMMONROOM

        registry.register(COMMONROOM)
