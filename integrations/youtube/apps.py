"""YouTube as a place of streams."""

from django.apps import AppConfig


class YouTubeConfig(AppConfig):
    """Registers the kind when Django is ready."""

    name = "integrations.youtube"
    label = "integration_youtube"

    def ready(self) -> None:
        """Make YouTube known to the hub."""
        from inbox.channels import registry
        from integrations.youtube.kind import YOUTUBE

        registry.register(YOUTUBE)
