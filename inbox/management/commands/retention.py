"""`manage.py retention [--dry-run]`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from inbox.audit import services as audit
from inbox.operations import expiring


class Command(BaseCommand):
    """Take now what the night would take; the clockwork does so by itself."""

    help = "Remove what is older than the retention settings say."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether it is meant."""
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")

    def handle(self, *args: Any, **options: Any) -> None:
        """Counts by step, as JSON."""
        counts = expiring.look() if options["dry_run"] else expiring.run()
        if not options["dry_run"]:
            audit.record(audit.COMMAND, "retention.run", new=counts)
        self.stdout.write(json.dumps(counts))
