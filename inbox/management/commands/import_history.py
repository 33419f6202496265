"""`manage.py import_history <key>`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inbox.channels.contract import ConfigError
from inbox.operations import importing


class Command(BaseCommand):
    """Bring a channel's whole history in, or go on with it; Ctrl-C stops it at a page's end."""

    help = "Bring a channel's whole history in, or go on where it stood."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which channel."""
        parser.add_argument("key", help="the channel's key, or kind/key")

    def handle(self, *args: Any, **options: Any) -> None:
        """Figures of the run, as JSON."""
        try:
            self.stdout.write(json.dumps(importing.bring(options["key"])))
        except ConfigError as error:
            raise CommandError(str(error)) from error
