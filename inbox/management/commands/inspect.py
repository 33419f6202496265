"""`manage.py inspect <kind> <file>…`: what the product reads, without storing anything."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inbox.operations import receiving


class Command(BaseCommand):
    """One flushed JSON line per file, in the order given."""

    help = "Say what the product reads in raw inputs."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The kind of input and the files."""
        parser.add_argument("kind", help="mail, github, secrets, …")
        parser.add_argument("files", nargs="+")
        parser.add_argument("--header", action="append", default=[], metavar="'Name: value'")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read each file by itself; a file that cannot be opened is an answer too."""
        try:
            look = receiving.inspector(options["kind"])
        except receiving.CannotReceive as error:
            raise CommandError(error.text) from error
        headers = receiving.headers_of(options["header"])
        for name in options["files"]:
            try:
                answer = dict(look(name, Path(name).read_bytes(), headers))
            except OSError as error:
                answer = {"file": name, "error": f"cannot be read: {error.strerror}"}
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
            self.stdout.flush()
