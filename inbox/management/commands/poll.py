"""`manage.py poll [<key>]`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from inbox.operations import polling


class Command(BaseCommand):
    """Fetch from polled channels now; prints how many mails were new, by channel."""

    help = "Fetch from polled channels now."

    def add_arguments(self, parser: CommandParser) -> None:
        """One channel, or all."""
        parser.add_argument("key", nargs="?")

    def handle(self, *args: Any, **options: Any) -> None:
        """One JSON line."""
        self.stdout.write(json.dumps(polling.poll_now(options["key"], now=timezone.now())))
