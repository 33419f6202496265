"""`manage.py sample_data`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inbox.operations.sample import community


class Command(BaseCommand):
    """Fill an empty desk with the demo community."""

    help = "Make the demo community: people, tickets, answers."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many tickets there are."""
        try:
            made = community.make()
        except community.AlreadyThere:
            self.stdout.write("There are tickets already; the sample is for an empty desk.")
            return
        except community.NoHandbook as error:
            raise CommandError(
                "load the handbook first: "
                "manage.py load_handbook inbox/handbook/presets/devrel.yaml"
            ) from error
        self.stdout.write(f"{made} tickets")
