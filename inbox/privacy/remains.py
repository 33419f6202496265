"""Everything of a person that is on no ticket: their chats, notices, the admin's log, mentions."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db.models import Model

from inbox.accounts.models import ApiAnswer
from inbox.channels.models import Delivery
from inbox.followups.models import Handover
from inbox.outbox.models import Outgoing, OutgoingState
from inbox.privacy import leaving, register
from inbox.privacy.columns import rows_with, tables, words_in
from inbox.privacy.erasing import mask_message
from inbox.privacy.leaving import REASON
from inbox.privacy.masking import bare
from inbox.privacy.person import Person
from inbox.privacy.wire import Wanted
from inbox.tickets.models import Message

AT_ONCE = 500
WITH_TICKETS = {"inbox.ticket", "inbox.thread", "inbox.ticketevent"}
# other people's own names and addresses are no mention of this one
OTHERS = {"inbox.contact", "inbox.identity", "inbox.visitor", "inbox.conversation"}
# these are looked after by steps of their own
DERIVED = {"inbox.searchdoc", "inbox.word", "inbox.spelling", "inbox.fingerprint"}
DERIVED |= {"inbox.delivery", "inbox.message"}


def hanging() -> list[type[Model]]:
    """The tables whose rows hang on a person by a foreign key, and have no step of their own."""
    passed = {*register.KEPT, *register.OWN_STEP, *WITH_TICKETS}
    every = {*tables(), *_without_words()}
    found = (model for model in every if model._meta.label_lower not in passed)
    return sorted(found, key=lambda model: model._meta.label_lower)


def _without_words() -> list[type[Model]]:
    return [m for m in apps.get_models() if m._meta.label_lower in register.GOES]


def erase_rows(person: Person, model: type[Model], after: int, now: Any) -> tuple[int, int | None]:
    """The next rows of a table. Returns (how many changed, the last one looked at or None)."""
    mine = register.whose(model, person)
    if mine is None:
        return 0, None
    rows = model._default_manager.filter(mine, pk__gt=after).order_by("pk")
    batch = list(rows[:AT_ONCE])
    if not batch:
        return 0, None
    if model._meta.label_lower in register.GOES:
        model._default_manager.filter(pk__in=[row.pk for row in batch]).delete()
        return len(batch), batch[-1].pk
    return _write(batch, [register.emptied(row, person) for row in batch]), batch[-1].pk


def _write(rows: list[Any], values: list[dict[str, Any]]) -> int:
    """Write what differs; the rows are of one table."""
    changed = []
    for row, wanted in zip(rows, values, strict=True):
        if any(getattr(row, name) != value for name, value in wanted.items()):
            for name, value in wanted.items():
                setattr(row, name, value)
            changed.append(row)
    if changed:
        type(changed[0])._default_manager.bulk_update(changed, list(values[0]))
    return len(changed)


# ------------------------------------------------------------------ mentions


def quoting(person: Person) -> list[int]:
    """Messages on tickets where they took no part that name or quote them."""
    if not person.addresses:
        return []
    rows = rows_with(Message, words_in(Message), person.addresses)
    apart = rows.exclude(person.concerns()).exclude(ticket__in=person.asked | person.joined)
    return list(apart.order_by("pk").values_list("pk", flat=True))


def mask_quoting(person: Person, pks: list[int]) -> int:
    """Those messages without their address and without what they wrote."""
    rows = Message.objects.filter(pk__in=pks).order_by("pk")
    return sum(mask_message(message, person, person.without_anywhere) for message in rows)


def mask_mentions(person: Person) -> Counter[str]:
    """Their addresses in other people's rows, wherever they stand."""
    done: Counter[str] = Counter()
    if not person.addresses:
        return done
    for model in tables():
        name = model._meta.label_lower
        if name in register.KEPT or name in OTHERS or name in DERIVED:
            continue
        rows = rows_with(model, words_in(model), person.addresses)
        if model is Outgoing:
            done[name] = leaving.empty_outgoing(Outgoing.objects.filter(pk__in=rows.values("pk")))
        else:
            done[name] = _mask_rows(person, list(rows))
    return +done


def _mask_rows(person: Person, rows: list[Model]) -> int:
    mask = person.mask_anywhere
    names = [column.name for column in words_in(type(rows[0]))] if rows else []
    return _write(rows, [{n: mask.value(getattr(row, n)) for n in names} for row in rows])


def empty_raw(person: Person, after: int) -> tuple[int, int | None]:
    """The next stored deliveries, where they name the person. As `erase_rows`."""
    rows = Delivery.objects.filter(pk__gt=after, state__in=leaving.ENDED).exclude(body=b"")
    wanted = Wanted([*person.addresses, *person.names])
    named, last = [], None
    for row in rows.order_by("pk")[:AT_ONCE].iterator(chunk_size=50):
        last = row.pk
        if wanted.are_in(bytes(row.body)) or wanted.are_in(
            repr([row.headers, row.completed]).encode()
        ):
            named.append(row.pk)
    return leaving.empty_deliveries(named, reason=REASON, with_keys=True), last


# ------------------------------------------------------------------ lists that repeat tickets


def empty_lists(person: Person) -> Counter[str]:
    """Hand-over sheets and API answers that repeat the words of their tickets."""
    done: Counter[str] = Counter()
    for sheet in Handover.objects.iterator(chunk_size=100):
        cleaned = {
            name: [_line(person, line) for line in part] for name, part in sheet.sheet.items()
        }
        words = person.mask.text(sheet.words)
        if (cleaned, words) != (sheet.sheet, sheet.words):
            Handover.objects.filter(pk=sheet.pk).update(sheet=cleaned, words=words)
            done["handovers"] += 1
    pages = tuple(f"/tickets/{number}/" for number in person.asked)
    for answer in ApiAnswer.objects.exclude(body=None).iterator(chunk_size=100):
        if _names(answer.body, pages):
            ApiAnswer.objects.filter(pk=answer.pk).update(body=bare(answer.body))
            done["api answers"] += 1
    return done


def _line(person: Person, line: Any) -> Any:
    if isinstance(line, dict) and line.get("number") in person.asked:
        return {**bare(line), **{k: line[k] for k in ("owner", "due_at") if k in line}}
    return person.mask.value(line)


def _names(body: Any, pages: Iterable[str]) -> bool:
    text = repr(body)
    return any(page in text for page in pages)


def still_sending(person: Person) -> int:
    """Answers to them that are under way at this moment: the erasure is tried again."""
    rows = Outgoing.objects.filter(ticket__in=person.asked, state=OutgoingState.SENDING)
    return rows.count()


def left(person_addresses: list[str]) -> dict[str, int]:
    """Where addresses still stand after everything: nothing, unless a table was forgotten."""
    found = {}
    for model in tables():
        if person_addresses and model._meta.label_lower != "inbox.user":
            n = rows_with(model, words_in(model), person_addresses).count()
            if n:
                found[model._meta.label_lower] = n
    return found
