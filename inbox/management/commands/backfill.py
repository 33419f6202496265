"""`manage.py backfill <key> --since 2026-11-01T00:00Z`."""

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from inbox.operations import polling


class Command(BaseCommand):
    """Find and file what was missed since a moment."""

    help = "Find and file what was missed."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which channel, since when."""
        parser.add_argument("key")
        parser.add_argument("--since", required=True, help="ISO time with zone")
        parser.add_argument("--place", default="", help="only this one: owner/name")

    def handle(self, *args: Any, **options: Any) -> None:
        """How many deliveries were new."""
        try:
            since = datetime.fromisoformat(options["since"])
        except ValueError as error:
            raise CommandError("--since needs an ISO time like 2026-11-01T00:00Z") from error
        if since.tzinfo is None:
            raise CommandError("--since needs a time zone, like the Z in 2026-11-01T00:00Z")
        place = options["place"]
        found = polling.poll_now(options["key"], now=timezone.now(), since=since, place=place)
        self.stdout.write(json.dumps(found))
