"""Secrets where they were posted: looked at again, and taken away there where the vendor lets us.

`ask` speaks to the vendor and stands outside of any change; the other verbs stand inside of one.
What takes a secret away leaves as an outgoing row, so it happens once and its failure is seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from inbox.channels import directory
from inbox.channels.contract import DeliveryError
from inbox.channels.ports import Spot, Standing, Upkeep
from inbox.common import work
from inbox.common.crypto import signature
from inbox.guard import secrets
from inbox.guard.models import Secret
from inbox.guard.screening import Found, clean_text, secrets_in
from inbox.outbox.effects import queue_effect, where
from inbox.outbox.models import OutgoingState
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.using import need_use

AGAIN = timedelta(hours=1)  # a vendor that did not answer is asked once more
SOON = timedelta(minutes=2)  # after it was taken away, and while that waits
UNDER_WAY = (OutgoingState.QUEUED, OutgoingState.SENDING, OutgoingState.UNCERTAIN)
IN_A_FILE = ("file", "file name")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the source says: the message as it stands, None when it is gone, or why not."""

    standing: Standing | None = None
    error: str = ""
    passes: bool = False  # the error; the source is looked at once more


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What can be done about a secret at its source."""

    look: bool = False
    mask: bool = False
    erase: bool = False
    traces: str = ""
    remedy: str = ""


def offer(row: Secret) -> Offer:
    """What the page shows buttons for; nothing once it is gone or on its way."""
    port = _port(row)
    if port is None or row.gone_at is not None:
        return Offer()
    if row.tidying is not None and row.tidying.state in UNDER_WAY:
        return Offer(look=True)
    config, spot = row.message.thread.channel.config, _spot(row)
    mask = row.place not in IN_A_FILE and port.masks(config, spot)
    erase = port.erases(config, spot)
    remedy = "" if mask or erase else port.remedy
    return Offer(look=True, mask=mask, erase=erase, traces=port.traces, remedy=remedy)


# ------------------------------------------------------------------ looking


def due_ids(now: datetime) -> list[int]:
    """Secrets whose source is to be looked at."""
    rows = Secret.objects.filter(look_at__lte=now).exclude(tidying__state__in=UNDER_WAY)
    return list(rows.order_by("look_at").values_list("pk", flat=True)[:100])


def ask(pk: int) -> Answer:
    """Read the message once more where it stands. Never inside of a change."""
    if work.open_change() is not None:
        raise RuntimeError("a vendor is never asked inside a change")
    row = Secret.objects.select_related("message__thread").get(pk=pk)
    channel = directory.by_id(row.message.thread.channel_id)
    port = channel.type.upkeep
    if port is None or not channel.active:
        return Answer(error="The connection is off, or nothing can be read there.")
    try:
        return Answer(standing=port.read(channel.config, _spot(row)))
    except DeliveryError as error:
        return Answer(error=error.text, passes=not error.permanent)


def keep(pk: int, answer: Answer, now: datetime) -> bool:
    """Write down what the source said. False when there was nothing to be learned."""
    row = secrets.locked(Secret.objects.get(pk=pk))
    goes_on = bool(answer.error) and answer.passes and now < row.expires_at
    row.look_at = now + AGAIN if goes_on else None
    row.looked_at, row.look_error = now, clean_text(answer.error)[:200]
    row.save(update_fields=["look_at", "looked_at", "look_error"])
    if answer.error:
        return False
    if not _stands(row, answer.standing):
        secrets.gone([row])
        return True
    if row.gone_at is not None:
        row.gone_at = None
        row.save(update_fields=["gone_at"])
    tickets.record(tickets.lock(row.ticket_id), kinds.LEAK_STANDS, **secrets.about(row))
    return True


def _stands(row: Secret, there: Standing | None) -> bool:
    """Whether it can still be read there. Of files only the message that has them is known."""
    if there is None:
        return False
    if row.place in IN_A_FILE or (row.original and row.original in there.whole):
        return True
    return row.fingerprint in {secrets.fingerprint(one.value) for one in _in(there)}


def _in(there: Standing) -> Sequence[Found]:
    return [*secrets_in(there.subject, "subject"), *secrets_in(there.text, "text")]


# ------------------------------------------------------------------ taking it away


def mask(row: Secret, answer: Answer) -> None:
    """Have a mark written in its place where it stands. Raises `VerbError`."""
    row = _ready(row)
    there = answer.standing
    if answer.error:
        raise VerbError(f"It could not be read: {answer.error}.")
    if there is None or not _stands(row, there):
        raise VerbError("It stands there no more.")
    if not offer(row).mask:
        raise VerbError("It cannot be edited there from here.")
    known = [*_in(there)]
    if row.original:
        known.append(Found(kind=row.kind, value=row.original, place=row.place))
    data = {
        "subject": clean_text(there.subject, known),
        "text": clean_text(there.text, known),
        "was": signature("standing", there.whole),
    }
    _leave(row, "mask", data)


def erase(row: Secret) -> None:
    """Have the whole message deleted where it stands. Raises `VerbError`."""
    row = _ready(row)
    if not offer(row).erase:
        raise VerbError("It cannot be deleted there from here.")
    _leave(row, "erase", {})


def _ready(row: Secret) -> Secret:
    row = secrets.locked(row)
    need_use(row.message.thread.channel)
    if row.gone_at is not None:
        raise VerbError("It stands there no more.")
    if row.tidying is not None and row.tidying.state in UNDER_WAY:
        raise VerbError("This is on its way already.")
    return row


def _leave(row: Secret, kind: str, data: dict[str, str]) -> None:
    ticket, channel = tickets.lock(row.ticket_id), row.message.thread.channel
    sent = queue_effect(channel, kind, data={**where(row.message), **data}, ticket=ticket)
    row.tidying, row.look_at = sent, work.current().now + SOON
    row.save(update_fields=["tidying", "look_at"])
    how = {"mask": "mask", "erase": "delete"}[kind]
    tickets.record(ticket, kinds.LEAK_TIDIED, how=how, **secrets.about(row))


def _port(row: Secret) -> Upkeep | None:
    return row.message.thread.channel.type.upkeep


def _spot(row: Secret) -> Spot:
    return Spot(**where(row.message))
