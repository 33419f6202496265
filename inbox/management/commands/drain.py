"""`manage.py drain [--timeout 300]`."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from inbox.api.webhookjob import DRAINED
from inbox.operations import draining


class Command(BaseCommand):
    """Process everything pending or due in this process, with or without a broker."""

    help = "Process everything that is pending or due, then exit."

    def add_arguments(self, parser: CommandParser) -> None:
        """How long to try, in seconds."""
        parser.add_argument("--timeout", type=float, default=300)

    def handle(self, *args: Any, **options: Any) -> None:
        """Counts as JSON; exit 1 when the time-out came first."""
        counts, empty = draining.drain(timeout_seconds=options["timeout"], more=[DRAINED])
        self.stdout.write(json.dumps({**counts, "empty": empty}))
        if not empty:
            sys.exit(1)
