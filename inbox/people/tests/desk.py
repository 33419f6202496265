"""People for tests."""

from inbox.people.models import Contact, Identity
from rig.desk import asker


def person(name: str) -> Contact:
    """Somebody with a mail address."""
    return asker(name).contact


def shown() -> dict[int, int]:
    """Identity → the contact that it shows on."""
    return dict(Identity.objects.values_list("pk", "contact"))
