"""`manage.py person_export <contact id> [--to person.zip] [--with-notes]`."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inbox.operations import handing_out
from inbox.people.models import Contact


class Command(BaseCommand):
    """Write everything that is kept about a person into a folder or an archive."""

    help = "Export a person over all channels: JSON, files, what they sent."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, where to, and whether internal notes are part of it."""
        parser.add_argument("contact", type=int)
        parser.add_argument("--to", type=Path, help="a folder, or a file that ends in .zip")
        parser.add_argument("--with-notes", action="store_true", help="internal notes too")

    def handle(self, *args: Any, **options: Any) -> None:
        """Progress, then counts as JSON."""
        pk = options["contact"]
        target = options["to"] or Path(f"person-{pk}.zip")
        notes = options["with_notes"]
        try:
            counts = handing_out.export(pk, target, notes=notes, say=self.stdout.write)
        except Contact.DoesNotExist as error:
            raise CommandError(f"there is no contact {pk}") from error
        except FileExistsError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps({**counts, "written": str(target)}))
