"""`manage.py connect <kind> <key> [name=value …]`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inbox.channels.contract import ConfigError
from inbox.operations import connecting


class Command(BaseCommand):
    """Create or change a channel; prints one JSON line."""

    help = "Create or change a channel, and check it."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to connect."""
        parser.add_argument("kind")
        parser.add_argument("key")
        parser.add_argument("pairs", nargs="*", metavar="name=value")

    def handle(self, *args: Any, **options: Any) -> None:
        """Kind, key, webhook_url and what a live check said."""
        pairs = [setting.partition("=") for setting in options["pairs"]]
        if any(not equals for _, equals, _ in pairs):
            raise CommandError("settings are given as name=value")
        try:
            given = {name: value for name, _, value in pairs}
            done = connecting.connect(options["kind"], options["key"], given)
        except ConfigError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(done, ensure_ascii=False))
