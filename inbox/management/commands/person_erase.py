"""`manage.py person_erase <contact id> [--dry-run] [--yes]`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inbox.operations import forgetting
from inbox.people.models import Contact
from inbox.privacy.person import CannotErase


class Command(BaseCommand):
    """Erase a person over all channels; what was interrupted goes on."""

    help = "Erase a person: identities, words, files, raw deliveries. Cannot be undone."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, and whether it is meant."""
        parser.add_argument("contact", type=int)
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")
        parser.add_argument("--yes", action="store_true", help="it cannot be undone, and is meant")

    def handle(self, *args: Any, **options: Any) -> None:
        """Progress line by line, then counts as JSON."""
        pk = options["contact"]
        if not options["dry_run"] and not options["yes"]:
            raise CommandError("This cannot be undone. See --dry-run, then say --yes.")
        try:
            if options["dry_run"]:
                counts = forgetting.look(pk)
            else:
                counts = forgetting.erase(pk, say=self.stdout.write)
        except Contact.DoesNotExist as error:
            raise CommandError(f"there is no contact {pk}") from error
        except CannotErase as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(counts, sort_keys=True))
