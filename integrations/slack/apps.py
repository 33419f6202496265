"""Slack as a channel."""

from django.apps import AppConfig


class SlackConfig(AppConfig):
    """Registers the kind when Django is ready."""

    name = "integrations.slack"
    label = "integration_slack"

    def ready(self) -> None:
        """Make Slack known to the hub."""
        from inbox.channels import registry
        from integrations.slack.kind import SLACK

        registry.register(SLACK)
