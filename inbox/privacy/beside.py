"""What stands beside tickets and names somebody: drafts, what webhooks told, lists, views, blocks.

Each step may be done again: then it finds nothing.
"""

import csv
import io
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from django.conf import settings

from inbox.community import elsewhere
from inbox.guard.models import Block
from inbox.guard.services import identity_key
from inbox.people import lists
from inbox.people.models import PeopleImportRow, PeopleImportText
from inbox.privacy import leaving, runs
from inbox.privacy.models import PersonJob, PersonJobKind
from inbox.privacy.person import Person
from inbox.saved.models import SavedView
from inbox.tickets.drafts import Draft
from inbox.tickets.models import Attachment
from inbox.webhooks.models import WebhookAttempt, WebhookEvent

Done = Counter[str]
LINE_GONE = ["(erased)"]  # no address, so a line of a list that is never taken in


def drop_drafts(number: int) -> int:
    """What colleagues were about to write on a ticket, with its files. Returns how many."""
    mine = Draft.objects.filter(ticket=number)
    files = Attachment.objects.filter(draft__in=mine, message=None)
    leaving.empty_files(files, reason=leaving.REASON, with_names=True)
    files.delete()
    count = mine.count()
    mine.delete()
    return count


def empty_webhooks(number: int) -> int:
    """What was told of a ticket, and what was answered; rows stay. Returns how many.

    What still has to leave is made anew, of what is there by then.
    """
    rows = WebhookEvent.objects.filter(ticket=number)
    answers = WebhookAttempt.objects.filter(row__in=rows).exclude(answer="", error="")
    answers.update(answer="", error="")
    return rows.exclude(body="", error="").update(body="", error="")


def empty(person: Person) -> Done:
    """Everything here that is on no ticket of theirs."""
    done = Done({"blocks": _blocks(person), "views": _views(person)})
    done["directories"] = elsewhere.forget(person.identities)
    _exports(person)
    done["runs"] = runs.empty(person)
    done["lists"] = sum(_list(person, row) for row in PeopleImportText.objects.select_related("of"))
    done["lists"] += _rows(person)
    return +done


def export_path(pk: int) -> Path:
    """Where the archive of an export lies, until its day is over."""
    return Path(settings.DATA_DIR) / "exports" / f"{pk}.zip"


def _exports(person: Person) -> None:
    jobs = PersonJob.objects.filter(contact__in=person.parts, kind=PersonJobKind.EXPORT)
    for job in jobs:
        export_path(job.pk).unlink(missing_ok=True)
    jobs.delete()


def _blocks(person: Person) -> int:
    """Blocks of them alone: whoever is erased and writes again is somebody new."""
    addresses = [address.casefold() for address in person.addresses]
    accounts = [identity_key(identity) for identity in person.identities]
    rows = Block.objects.filter(value__in=[*addresses, *accounts])
    count = rows.count()
    rows.delete()
    return count


def _views(person: Person) -> int:
    """Filters under names: there an address is written as in a link."""
    count = 0
    for view in SavedView.objects.order_by("pk").iterator(chunk_size=200):
        given = parse_qsl(view.query, keep_blank_values=True)
        kept = [(name, person.mask_anywhere.text(value)) for name, value in given]
        name = person.mask_anywhere.text(view.name)
        if (kept, name) != (given, view.name):
            SavedView.objects.filter(pk=view.pk).update(query=urlencode(kept), name=name[:60])
            count += 1
    return count


def _list(person: Person, kept: PeopleImportText) -> int:
    """Their lines of a list that was uploaded and not taken in yet; how many lists changed."""
    mask, delimiter = person.mask_anywhere, kept.of.delimiter
    if mask.text(kept.text) == kept.text:
        return 0
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    for place, (_, cells, trouble) in enumerate(lists.rows(kept.text, delimiter)):
        named = trouble or mask.value(cells) != cells
        writer.writerow(LINE_GONE if named and place else mask.value(cells))
    kept.text = out.getvalue()
    kept.save(update_fields=["text"])
    return 1


def _rows(person: Person) -> int:
    """What was read of them from files that are not taken in yet, and bad lines about them."""
    mask = person.mask_anywhere
    rows = PeopleImportRow.objects.order_by("pk").iterator(chunk_size=500)
    gone = [row.pk for row in rows if mask.value(row.data) != row.data]
    PeopleImportRow.objects.filter(pk__in=gone).delete()
    return len(gone)
