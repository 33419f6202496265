"""Letting go of words for good: documents, samples of errors, and the learned vocabulary."""

from collections.abc import Iterable

from django.db import connection

from inbox.common import rows
from inbox.search.indexing import FACT_WEIGHT, facts
from inbox.search.models import Fingerprint, Occurrence, SearchDoc, Spelling, Word
from inbox.search.words import surfaces
from inbox.tickets.models import Ticket

AT_ONCE = 500
STILL_THERE = "SELECT 1 FROM inbox_searchdoc WHERE tsv @@ plainto_tsquery('simple', %s) LIMIT 1"
STILL_THERE_EMBEDDED = "SELECT 1 FROM inbox_searchindex WHERE inbox_searchindex MATCH %s LIMIT 1"


def forget_messages(pks: Iterable[int]) -> None:
    """Nothing of these is found any more; an error that nobody else has shown is forgotten."""
    keys = list(pks)
    SearchDoc.objects.filter(message__in=keys).delete()
    mine = Occurrence.objects.filter(message__in=keys)
    prints = list(mine.values_list("fingerprint_id", flat=True))
    mine.delete()
    Fingerprint.objects.filter(pk__in=prints, occurrences=None).delete()


def forget_facts(number: int) -> None:
    """Nothing of a ticket's own facts is found any more, until `renew_facts`."""
    SearchDoc.objects.filter(ticket=number, message=None).delete()


def renew_facts(numbers: Iterable[int]) -> None:
    """What tickets say of themselves now, where it was forgotten."""
    wanted = set(numbers)
    known = SearchDoc.objects.filter(ticket__in=wanted, message=None)
    wanted -= set(known.values_list("ticket_id", flat=True))
    found = Ticket.objects.filter(pk__in=wanted).select_related("asker__contact").order_by("pk")
    write_facts(found)


def write_facts(found: Iterable[Ticket]) -> None:
    """What these tickets say of themselves, where nothing of it is found yet."""
    rows.insert(
        [SearchDoc(ticket_id=row.pk, words=facts(row), weight=FACT_WEIGHT) for row in found]
    )


def forget_words(texts: Iterable[str]) -> None:
    """Words that no document has any more leave the vocabulary. After their documents."""
    found: dict[str, str] = {}
    for text in texts:
        found |= surfaces(text)
    roots = {root for root in found.values() if not _is_somewhere(root)}
    gone = sorted(word for word, root in found.items() if root in roots)
    for start in range(0, len(gone), AT_ONCE):
        part = gone[start : start + AT_ONCE]
        Word.objects.filter(word__in=part).delete()
        Spelling.objects.filter(word__in=part).delete()


def _is_somewhere(root: str) -> bool:
    embedded = connection.vendor == "sqlite"
    quoted = '"' + root.replace('"', '""') + '"'
    with connection.cursor() as cursor:
        if embedded:
            cursor.execute(STILL_THERE_EMBEDDED, [quoted])
        else:
            cursor.execute(STILL_THERE, [root])
        return cursor.fetchone() is not None
