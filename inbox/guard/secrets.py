"""Secrets that somebody sent us by mistake: kept apart, said back in private, watched until done.

The words themselves have been masked before (`screening`), but for what the team types at the
desk: a note is masked here, an answer is refused, for nobody changes what leaves in silence.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from inbox.accounts.models import Role, User
from inbox.channels.models import Delivery
from inbox.common import work
from inbox.common.config import setting
from inbox.common.crypto import signature
from inbox.guard import telling
from inbox.guard.models import Secret
from inbox.guard.screening import Found, clean_text, secrets_in
from inbox.notify import services as notify
from inbox.tickets import kinds, queries
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Message, Receipt, TicketEvent, Visibility

FOUND, ANYWAY, DELIVERY = "secrets", "send anyway", "delivery"  # of the change's cache
FLAG = "secret"  # of messages that have one: the page asks for no others
FIELD = "secret"  # of the error: the form offers to send it anyway
NEW = (kinds.MESSAGE_IN, kinds.MESSAGE_OUT, kinds.NOTE, kinds.MESSAGE_EDITED)
WIPED = "had a secret in it; it is kept no longer"


def on_event(event: TicketEvent) -> None:
    """The pipeline's step: whatever was said or changed just now."""
    if event.kind in NEW:
        _look(event)
    elif event.kind == kinds.MESSAGE_DELETED:
        gone(Secret.objects.filter(message=event.data["message"]))


def are_in(current: work.Work, found: Mapping[str, list[Found]], delivery: int) -> None:
    """Say what stood in a delivery that is being filed, by the keys of its messages."""
    current.cache[FOUND], current.cache[DELIVERY] = dict(found), delivery


def found_in_file(message: Message, found: Sequence[Found]) -> None:
    """A file that was fetched later had secrets in it."""
    message = work.current().objects.setdefault(("message", message.pk), message)
    _keep(message, found)


def _look(event: TicketEvent) -> None:
    current, pk = work.current(), event.data["message"]
    message: Message = current.objects.get(("message", pk)) or Message.objects.select_related(
        "thread__channel", "author"
    ).get(pk=pk)
    found: list[Found] | None = current.cache.get(FOUND, {}).pop(message.external_id, None)
    if found is None and current.actor.kind == "user":
        found = _typed(message)
    if event.kind == kinds.MESSAGE_EDITED:
        there = {fingerprint(one.value) for one in found or ()}
        gone(Secret.objects.filter(message=message).exclude(fingerprint__in=there))
    if found:
        _keep(message, found)


def gone(rows: Iterable[Secret]) -> None:
    """It stands at the source no more, as far as the source has told us."""
    for row in rows:
        if row.gone_at is None:
            row.gone_at, row.look_at = work.current().now, None
            row.save(update_fields=["gone_at", "look_at"])
            tickets.record(tickets.lock(row.ticket_id), kinds.LEAK_GONE, **about(row))


# ------------------------------------------------------------------ what the team types


def _typed(message: Message) -> list[Found]:
    """Secrets in what one of us has typed. Raises `VerbError` when it is to leave."""
    found = secrets_in(message.body_text, "text")
    if not found or message.visibility == Visibility.INTERNAL:
        return _masked(message, found) if found else []
    if work.current().cache.get(ANYWAY):
        return []
    names = " and ".join(dict.fromkeys(telling.label(one.kind) for one in found))
    text = f"This has what looks like a {names} in it, and would leave. Take it out."
    raise VerbError(text, field=FIELD)


def _masked(message: Message, found: list[Found]) -> list[Found]:
    message.body_text = clean_text(message.body_text, found)
    message.new_text = clean_text(message.new_text, found)
    message.save(update_fields=["body_text", "new_text"])
    return found


# ------------------------------------------------------------------ keeping


def fingerprint(value: str) -> str:
    """Tells the same secret again; made with our key, so that nobody can try values against it."""
    return signature("secret", value, length=32)


def _keep(message: Message, found: Sequence[Found]) -> None:
    current = work.current()
    ticket = tickets.lock(message.ticket_id)
    known = set(ticket.secrets.values_list("message_id", "fingerprint"))
    new = []
    for one in found:
        mark = fingerprint(one.value)
        if (message.pk, mark) in known:
            Secret.objects.filter(message=message, fingerprint=mark).update(gone_at=None)
            continue
        quoted = any(mark == other for _, other in known)
        known.add((message.pk, mark))
        new.append((_row(message, one, mark), quoted))
    if not new:
        return
    if FLAG not in message.flags:
        message.flags = [*message.flags, FLAG]
        message.save(update_fields=["flags"])
    for row, _ in new:
        tickets.record(ticket, kinds.LEAK_FOUND, **about(row))
    fresh = [row for row, quoted in new if not quoted]
    if fresh and not current.historic:
        telling.tell_sender(message, fresh)


def _row(message: Message, one: Found, mark: str) -> Secret:
    now = work.current().now
    return Secret.objects.create(
        ticket_id=message.ticket_id,
        message=message,
        delivery_id=work.current().cache.get(DELIVERY),
        kind=one.kind,
        place=one.place,
        fingerprint=mark,
        original=one.value,
        found_at=now,
        expires_at=now + timedelta(days=int(setting("secret_days"))),
    )


def about(row: Secret) -> dict[str, object]:
    """What an event says of it: never more than what it is."""
    return {"what": row.label, "message": row.message_id, "secret": row.pk}


# ------------------------------------------------------------------ what people do


def acknowledge(row: Secret) -> None:
    """Whoever sent it knows; nobody has to be reminded any more."""
    row = locked(row)
    if row.acknowledged_at is not None:
        raise VerbError("This is confirmed already.")
    row.acknowledged_at, row.answer_due_at = work.current().now, None
    row.look_at = _next_look(row)
    row.save(update_fields=["acknowledged_at", "answer_due_at", "look_at"])
    tickets.record(tickets.lock(row.ticket_id), kinds.LEAK_ACKNOWLEDGED, **about(row))


def rotate(row: Secret) -> None:
    """It was replaced: what was sent gives access to nothing any more."""
    row = locked(row)
    if row.rotated_at is not None:
        raise VerbError("This is replaced already.")
    row.rotated_at, row.answer_due_at = work.current().now, None
    if row.acknowledged_at is None:
        row.acknowledged_at, row.look_at = row.rotated_at, _next_look(row)
    row.save(update_fields=["rotated_at", "acknowledged_at", "answer_due_at", "look_at"])
    tickets.record(tickets.lock(row.ticket_id), kinds.LEAK_ROTATED, **about(row))


def _next_look(row: Secret) -> datetime | None:
    """When the source is looked at, to see whether its sender took it away; None: it cannot be."""
    if row.gone_at or row.message.thread.channel.type.upkeep is None:
        return None
    return work.current().now + timedelta(minutes=int(setting("secret_look_minutes")))


def reveal(row: Secret, *, reason: str) -> str:
    """The original, for a reason that stands on the ticket. Raises `VerbError`.

    Whoever calls this writes the audit log.
    """
    row = locked(row)
    if len(reason.strip()) < 5:
        raise VerbError("Say in some words why you need it.", field="reason")
    if not row.original:
        raise VerbError("It is not kept any more.", field="reason")
    tickets.record(
        tickets.lock(row.ticket_id),
        kinds.LEAK_REVEALED,
        reason=clean_text(reason.strip())[:200],
        **about(row),
    )
    return str(row.original)


def locked(row: Secret) -> Secret:
    """The row as it stands under its ticket's lock."""
    tickets.lock(row.ticket_id)
    return Secret.objects.select_related("message__thread__channel", "tidying").get(pk=row.pk)


# ------------------------------------------------------------------ what time makes due


def unanswered_ids(now: datetime) -> list[int]:
    """Secrets that nobody has confirmed in time."""
    rows = Secret.objects.filter(answer_due_at__lte=now)
    return list(rows.order_by("answer_due_at").values_list("pk", flat=True)[:500])


def remind(pk: int, now: datetime) -> bool:
    """Tell the team that nobody has confirmed it. False when somebody has meanwhile."""
    row = locked(Secret.objects.get(pk=pk))
    if row.answer_due_at is None or row.answer_due_at > now:
        return False
    row.answer_due_at = None
    row.save(update_fields=["answer_due_at"])
    ticket = tickets.lock(row.ticket_id)
    tickets.record(ticket, kinds.LEAK_UNANSWERED, **about(row))
    text = f"Nobody has confirmed that the {row.label} in #{ticket.pk} is being replaced"
    people = User.objects.filter(is_active=True, role__in=[Role.ADMIN, Role.AGENT])
    for user in (one for one in people.order_by("pk") if queries.sees(one, ticket)):
        notify.tell(user, key=f"secret:{pk}:{user.pk}", kind="secret", text=text, ticket=ticket)
    return True


def expiring_ids(now: datetime) -> list[int]:
    """Secrets whose original has been kept long enough."""
    rows = Secret.objects.filter(wiped_at=None, expires_at__lte=now)
    return list(rows.order_by("expires_at").values_list("pk", flat=True)[:500])


def wipe(pk: int, now: datetime) -> bool:
    """Forget the original, and the raw deliveries in which it came. False when that is done."""
    mine = Secret.objects.filter(pk=pk, wiped_at=None, expires_at__lte=now)
    if not mine.update(original="", wiped_at=now):
        return False
    row = Secret.objects.select_related("message").get(pk=pk)
    came = {row.delivery_id, row.message.delivery_id}
    came |= set(Receipt.objects.filter(message=row.message_id).values_list("delivery", flat=True))
    ended = Delivery.objects.filter(done_at__isnull=False).exclude(body=b"")
    raw = ended.filter(pk__in=[key for key in came if key])
    raw.update(headers={}, body=b"", completed=None, reason=WIPED)
    return True
