"""`manage.py index`: give every message and ticket its search document, from where it stopped."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from inbox.search import indexing


class Command(BaseCommand):
    """Catch search up with what is here."""

    help = "Index what search does not know yet; goes on where it stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether everything is read anew."""
        parser.add_argument("--again", action="store_true", help="forget the index first")

    def handle(self, *args: Any, **options: Any) -> None:
        """Batch by batch, and say how far it is."""
        if options["again"]:
            indexing.forget_all()
        while indexing.catch_up(indexing.AT_ONCE):
            parts = [f"{name} {at} of {end}" for name, (at, end) in indexing.progress().items()]
            self.stdout.write(", ".join(parts))
