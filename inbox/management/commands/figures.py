"""`manage.py figures [--again] [--check]`: build the figures of the reports, or prove them."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from inbox.reports import checking, services


class Command(BaseCommand):
    """Work off what the job has left; on demand from nothing, and with a look at every figure."""

    help = "Bring the reports' figures up to date; compare them with the tickets' events."

    def add_arguments(self, parser: CommandParser) -> None:
        """From nothing; and whether they are compared."""
        parser.add_argument("--again", action="store_true", help="forget all figures first")
        parser.add_argument("--check", action="store_true", help="compare, exit 1 on a difference")

    def handle(self, *args: Any, **options: Any) -> None:
        """Batch by batch."""
        if options["again"]:
            services.rebuild()
        while done := services.renew(now=timezone.now()):
            self.stdout.write(f"{done} tickets")
        if not options["check"]:
            return
        wrong = [one for _, found in checking.check() for one in found]
        for one in wrong:
            self.stdout.write(f"not as the events say: {one}")
        if wrong:
            sys.exit(1)
        self.stdout.write("every figure is as the events say")
