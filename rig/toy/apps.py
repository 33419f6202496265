"""Toybox as a channel."""

from django.apps import AppConfig


class ToyConfig(AppConfig):
    """Registers the kind when Django is ready."""

    name = "rig.toy"
    label = "integration_toy"

    def ready(self) -> None:
        """Make Toybox known to the hub."""
        from inbox.channels import registry
        from rig.toy.kind import TOY

        registry.register(TOY)
