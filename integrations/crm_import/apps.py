"""Files of community systems."""

from django.apps import AppConfig


class CrmImportConfig(AppConfig):
    """Registers the readers when Django is ready."""

    name = "integrations.crm_import"
    label = "integration_crm_import"

    def ready(self) -> None:
        """Make Orbit's files known to the hub."""
        from inbox.channels import peoplefiles
        from integrations.crm_import.orbit import ORBIT

        peoplefiles.register(ORBIT)
