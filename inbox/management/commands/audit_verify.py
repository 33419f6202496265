"""`manage.py audit_verify [--known number:seal]`."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from inbox.audit import queries


class Command(BaseCommand):
    """Read the whole audit log; exit 1 at the first entry that was changed or taken away."""

    help = "Check that nobody has changed the audit log."

    def add_arguments(self, parser: CommandParser) -> None:
        """What an earlier run said of the newest entry."""
        parser.add_argument("--known", default="0:", metavar="NUMBER:SEAL")

    def handle(self, *args: Any, **options: Any) -> None:
        """One line; note its last word elsewhere and give it back with `--known`."""
        number, _, seal = str(options["known"]).partition(":")
        broken = queries.verify((int(number), seal))
        if broken is not None:
            self.stdout.write(f"entry {broken.number} {broken.why}")
            sys.exit(1)
        newest, seal = queries.head()
        self.stdout.write(f"{newest} entries, none changed; the newest is {newest}:{seal}")
