"""What came in raw, what left, and files: emptied; the rows stay, so nothing comes twice."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from inbox.channels.models import Delivery, DeliveryState, Fetch
from inbox.outbox.effects import EFFECT
from inbox.outbox.models import Outgoing, OutgoingState
from inbox.privacy.masking import bare
from inbox.privacy.person import ERASED
from inbox.tickets.files import path_of
from inbox.tickets.models import Attachment

ENDED = (
    DeliveryState.DONE,
    DeliveryState.IGNORED,
    DeliveryState.UNKNOWN,
    DeliveryState.FAILED,
)
WAITING = (OutgoingState.QUEUED, OutgoingState.HELD, OutgoingState.UNCERTAIN)
AT_ONCE = 500
REASON = "erased with the person"


def empty_deliveries(pks: Iterable[int], *, reason: str, with_keys: bool) -> int:
    """Take the raw bytes of deliveries that are done with. Returns how many.

    Their keys stay, so that the vendor's second try changes nothing; `with_keys`: those go too.
    """
    rows = Delivery.objects.filter(pk__in=list(pks), state__in=ENDED).exclude(reason=reason)
    keys = list(rows.values_list("pk", flat=True))
    values: dict[str, Any] = {
        "headers": {},
        "body": b"",
        "completed": None,
        "error": "",
        "reason": reason,
    }
    if with_keys:
        for pk in keys:
            Delivery.objects.filter(pk=pk).update(dedupe_key=f"{ERASED}{pk}", **values)
    else:
        Delivery.objects.filter(pk__in=keys).update(**values)
    return len(keys)


def empty_outgoing(rows: QuerySet[Outgoing], *, with_keys: bool = True) -> int:
    """Take the words and recipients of what left; what has not left never does.

    `with_keys`: what makes it unique goes too. A row that is being sent at this moment is left for
    the next try. Returns how many.
    """
    found = rows.exclude(state=OutgoingState.SENDING)
    count = 0
    for row in found.order_by("pk").iterator(chunk_size=AT_ONCE):
        if row.payload.get("erased"):
            continue
        values: dict[str, Any] = {
            "payload": {**bare(row.payload), "erased": True},
            "error": "",
        }
        if with_keys:
            values["idempotency_key"] = f"{ERASED}{row.pk}"
        if row.kind != EFFECT:  # a card is concealed where it was posted, so its place stays
            values |= {"receipt": {}, "lane": ""}
        if row.state in WAITING:
            values |= {"state": OutgoingState.FAILED, "held_reason": "", "error": "erased"}
        mine = Outgoing.objects.filter(pk=row.pk, fence=row.fence, state=row.state)
        count += mine.update(**values)
    return count


def empty_files(rows: QuerySet[Attachment], *, reason: str, with_names: bool) -> int:
    """Take the bytes of attachments from the disk, unless somebody else sent the same ones.

    Returns how many. What is still at the vendor is fetched no more.
    """
    found = list(rows.exclude(missing_reason=reason).values_list("pk", "sha256"))
    keys = [pk for pk, _ in found]
    if not keys:
        return 0
    Fetch.objects.filter(attachment__in=keys).delete()
    names = {"filename": "file", "content_id": "", "content_type": ""} if with_names else {}
    Attachment.objects.filter(pk__in=keys).update(
        sha256="", is_missing=True, missing_reason=reason, **names
    )
    unlink_unused(digest for _, digest in found)
    return len(keys)


def unlink_unused(digests: Iterable[str]) -> int:
    """Remove files that no attachment names any more. Returns how many."""
    wanted = {digest for digest in digests if digest}
    used = Attachment.objects.filter(sha256__in=wanted).values_list("sha256", flat=True)
    gone = wanted - set(used)
    for digest in gone:
        path_of(digest).unlink(missing_ok=True)
    return len(gone)


def of_ticket(number: int) -> Q:
    """Outgoing rows of a ticket, wherever a merge has brought its threads."""
    return Q(ticket=number) | Q(thread__ticket=number) | Q(message__ticket=number)
