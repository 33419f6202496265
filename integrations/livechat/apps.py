"""Live chat."""

from django.apps import AppConfig


class LiveChatConfig(AppConfig):
    """Registers the kind when Django is ready."""

    name = "integrations.livechat"
    label = "integration_livechat"

    def ready(self) -> None:
        """Make live chat known to the hub."""
        from inbox.channels import registry
        from integrations.livechat.kind import LIVECHAT

        registry.register(LIVECHAT)
