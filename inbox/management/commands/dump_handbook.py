"""`manage.py dump_handbook`."""

from typing import Any

from django.core.management.base import BaseCommand

from inbox.handbook import services


class Command(BaseCommand):
    """Print the whole configuration as a handbook file."""

    help = "Print the whole configuration as one file, without secrets."

    def handle(self, *args: Any, **options: Any) -> None:
        """To standard output."""
        self.stdout.write(services.dump())
