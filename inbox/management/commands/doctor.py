"""`manage.py doctor`."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from inbox.operations import checking


class Command(BaseCommand):
    """Check everything an installation needs; exit 1 when something is wrong."""

    help = "Check the installation and say what to do."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """A line per check."""
        found = list(checking.findings())
        self.stdout.write("\n".join(map(str, found)))
        if any(finding.level == "wrong" for finding in found):
            sys.exit(1)
