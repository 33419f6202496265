"""PagerDuty as a roster."""

from django.apps import AppConfig


class PagerDutyConfig(AppConfig):
    """Registers the kind when Django is ready."""

    name = "integrations.pagerduty"
    label = "integration_pagerduty"

    def ready(self) -> None:
        """Make PagerDuty known to the hub."""
        from inbox.channels import registry
        from integrations.pagerduty.kind import PAGERDUTY

        registry.register(PAGERDUTY)
