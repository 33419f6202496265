"""`manage.py staff <username> --identity email:a@example.com …`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inbox.accounts.models import User
from inbox.audit import services as audit
from inbox.operations import receiving


class Command(BaseCommand):
    """Say which identities belong to a member of staff."""

    help = "Bind identities to a member of staff."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, and which identities."""
        parser.add_argument("username")
        parser.add_argument("--identity", action="append", default=[], metavar="kind:id")

    def handle(self, *args: Any, **options: Any) -> None:
        """A line per identity that the account owns."""
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"there is no account {options['username']!r}")
        for text in options["identity"]:
            try:
                receiving.bind_identity(user, text)
                audit.record(audit.COMMAND, "user.bound", user.username, new={"identity": text})
            except ValueError as error:
                raise CommandError(str(error)) from error
        owned = [f"{i.kind}:{i.external_id}" for i in user.identities.order_by("pk")]
        self.stdout.write("\n".join([f"email:{user.email}"] * bool(user.email) + owned))
