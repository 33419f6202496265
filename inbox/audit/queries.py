"""Reading the audit log."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet

from inbox.audit.chain import Broken, first_broken
from inbox.audit.models import AuditEntry

AT_ONCE = 2000


def entries(
    *, who: str = "", what: str = "", begin: datetime | None = None, end: datetime | None = None
) -> QuerySet[AuditEntry]:
    """Newest first: of an account by its name, of a subject (`channel`) or one verb of it."""
    rows = AuditEntry.objects.order_by("-number")
    if who:
        rows = rows.filter(actor=who)
    if what:
        rows = rows.filter(what=what) if "." in what else rows.filter(what__startswith=f"{what}.")
    if begin is not None:
        rows = rows.filter(at__gte=begin)
    return rows.filter(at__lt=end) if end is not None else rows


def words() -> list[str]:
    """Everything that the log has entries of; the index is hopped over, not read."""
    found: list[str] = []
    rows = AuditEntry.objects.order_by("what").values_list("what", flat=True)
    while (word := rows.filter(what__gt=found[-1] if found else "").first()) is not None:
        found.append(word)
    return found


def head() -> tuple[int, str]:
    """Number and seal of the newest entry; (0, "") of an empty log."""
    newest = AuditEntry.objects.order_by("-number").values_list("number", "seal").first()
    return newest or (0, "")


def verify(known: tuple[int, str] = (0, "")) -> Broken | None:
    """The first entry that was changed or taken away; None when every one is as it was written.

    `known`: number and seal of an entry noted earlier, elsewhere. Only with it can a log be told
    that was cut off at its end, or written anew as a whole.
    """
    broken = first_broken(_all())
    number, seal = known
    if broken is not None or not number:
        return broken
    stands = AuditEntry.objects.filter(number=number).values_list("seal", flat=True).first()
    if stands is None:
        return Broken(number, "is missing, but was noted")
    return None if stands == seal else Broken(number, "is not the one that was noted")


def _all() -> Iterator[AuditEntry]:
    last = 0
    while rows := list(AuditEntry.objects.filter(number__gt=last).order_by("number")[:AT_ONCE]):
        yield from rows
        last = rows[-1].number
