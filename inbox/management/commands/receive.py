"""`manage.py receive <key>`: the mail pipe."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inbox.operations import receiving


class Command(BaseCommand):
    """Read one raw message from standard input through the same door as the network."""

    help = "Store one raw message from standard input (mail pipe, webhook bodies)."

    def add_arguments(self, parser: CommandParser) -> None:
        """The channel, and the headers that came with a webhook's body."""
        parser.add_argument("key", help="a channel's key, or kind/key")
        parser.add_argument("--header", action="append", default=[], metavar="'Name: value'")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit 75 (try again) when it could not be stored, as a mail server expects."""
        try:
            said = receiving.receive(options["key"], sys.stdin.buffer.read(), options["header"])
        except receiving.CannotReceive as error:
            raise CommandError(error.text, returncode=error.code) from error
        self.stdout.write(said)
