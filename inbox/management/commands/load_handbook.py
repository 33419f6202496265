"""`manage.py load_handbook <file.yaml>`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inbox.handbook import services
from inbox.handbook.reading import BadHandbook


class Command(BaseCommand):
    """Load a handbook file; one bad line changes nothing."""

    help = "Load the whole configuration from one file."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, and how careful to be."""
        parser.add_argument("file")
        parser.add_argument("--dry-run", action="store_true", help="only print the difference")
        parser.add_argument("--prune", action="store_true", help="remove what the file lacks")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line per difference."""
        try:
            text = Path(options["file"]).read_text(encoding="utf-8")
            changes = services.load(text, dry_run=options["dry_run"], prune=options["prune"])
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"cannot read {options['file']}: {error}") from error
        except BadHandbook as error:
            raise CommandError("nothing was changed\n" + "\n".join(error.problems)) from error
        self.stdout.write("\n".join(changes) or "nothing to change")
