"""GitHub as a channel."""

from django.apps import AppConfig


class GitHubConfig(AppConfig):
    """Registers the kind when Django is ready."""

    name = "integrations.github"
    label = "integration_github"

    def ready(self) -> None:
        """Make GitHub known to the hub."""
        from inbox.channels import registry
        from integrations.github.kind import GITHUB

        registry.register(GITHUB)
