"""`manage.py replay <delivery-id>…`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from inbox.channels.models import Delivery
from inbox.operations import receiving


class Command(BaseCommand):
    """Process stored deliveries again; no effect where they are done."""

    help = "Process stored deliveries again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which ones."""
        parser.add_argument("deliveries", nargs="+", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        """A line per delivery."""
        for pk in options["deliveries"]:
            try:
                state = receiving.replay(pk, now=timezone.now())
            except Delivery.DoesNotExist as error:
                raise CommandError(f"there is no delivery {pk}") from error
            self.stdout.write(f"{pk} {state}")
