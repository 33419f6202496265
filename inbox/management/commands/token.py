"""`manage.py token <username>`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from inbox.accounts.models import ApiToken, User
from inbox.audit import services as audit


class Command(BaseCommand):
    """Print a new API token; it is the last word of the output and is never shown again."""

    help = "Make an API token for an account."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose token."""
        parser.add_argument("username")
        parser.add_argument("--label", default="command line")

    def handle(self, *args: Any, **options: Any) -> None:
        """The token's text, once."""
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"there is no active account {options['username']!r}")
        with transaction.atomic():
            row, text = ApiToken.issue(user, label=options["label"])
            new = {"of": user.username, "label": row.label}
            audit.record(audit.COMMAND, "apitoken.added", f"apitoken {row.pk}", new=new)
        self.stdout.write(f"Token of {user.username}, shown once: {text}")
