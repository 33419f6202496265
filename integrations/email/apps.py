"""E-mail as a channel."""

from django.apps import AppConfig


class EmailConfig(AppConfig):
    """Registers the kind when Django is ready."""

    name = "integrations.email"
    label = "integration_email"

    def ready(self) -> None:
        """Make e-mail known to the hub."""
        from inbox.channels import registry
        from integrations.email.kind import EMAIL

        registry.register(EMAIL)
