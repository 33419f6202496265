"""`manage.py rotate_keys`."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand

from inbox.operations import rotating


class Command(BaseCommand):
    """Encrypt stored secrets with the newest key of FIELD_KEYS; older ones can then be removed."""

    help = "Encrypt stored secrets anew with the newest key; then remove the old one."

    def handle(self, *args: Any, **options: Any) -> None:
        """Counts as JSON; exit 1 when something cannot be read by any key."""
        done = rotating.rotate()
        self.stdout.write(json.dumps(done, sort_keys=True))
        if any(counts["unreadable"] for counts in done.values()):
            sys.exit(1)
