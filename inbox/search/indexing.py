"""The index follows every change in its own transaction; what older rows lack is caught up.

One document per message and one for a ticket's own facts: an edit of a ticket with 5,000 messages
costs one row, and a merge is one UPDATE. Only catching up locks: the tickets whose rows it reads,
so that nobody changes what it is about to write down.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import takewhile
from math import log
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet

from inbox.common import rows, work
from inbox.common.locks import hold
from inbox.common.work import Phase
from inbox.search import errors, vocabulary
from inbox.search.models import (
    Occurrence,
    SearchDoc,
    SearchState,
    Spelling,
    Word,
)
from inbox.search.words import document
from inbox.tickets import kinds
from inbox.tickets.models import Attachment, Message, Ticket, TicketEvent

AT_ONCE = 500
BATCHES = 8  # of one turn of the sweep
NEW = {kinds.MESSAGE_IN, kinds.MESSAGE_OUT, kinds.NOTE}
FACTS = {
    kinds.OPENED, kinds.SUBJECT, kinds.TAGGED, kinds.UNTAGGED, kinds.MOVED, kinds.MERGED,
    kinds.UNMERGED, kinds.SPLIT,
}  # fmt: skip
REGROUPED = {kinds.MERGED, kinds.UNMERGED, kinds.SPLIT}
# what a document is made of: the HTML and the headers of 500 messages may be hundreds of MB
READ = (
    "ticket_id", "sender_key", "author_label", "new_text", "body_text", "subject",
    "message_class", "visibility", "role", "sent_at",
)  # fmt: skip
FACT_WEIGHT, QUESTION_WEIGHT, NOTE_WEIGHT, ROBOT_WEIGHT = 150, 120, 90, 40
MANY_NAMES = 40


def on_event(event: TicketEvent) -> None:
    """Keep the index beside what happened."""
    current = work.current()
    if event.kind in NEW:
        current.cache.setdefault("search_new", []).append(event.data["message"])
        current.at_end(Phase.COUNT, "search_new", _write_new)
    elif event.kind == kinds.MESSAGE_EDITED:
        _edited(event.data["message"])
    elif event.kind == kinds.MESSAGE_DELETED:
        current.cache.setdefault("search_stale", set()).add(event.data["message"])
        forget_message(event.data["message"])
    if event.kind in REGROUPED:
        current.cache.setdefault("search_stale", set()).update(current.cache.get("search_new", []))
        _follow_messages(event.ticket)
    if event.kind in FACTS:
        is_new = event.kind == kinds.OPENED
        current.cache.setdefault("search_facts", {}).setdefault(event.ticket_id, is_new)
        key = ("search_facts", event.ticket_id)
        current.at_end(Phase.COUNT, key, lambda: _write_facts(event.ticket))


def reindex_message(message: Message) -> None:
    """Take over what a message says now; for whoever changes its words without an edit."""
    forget_message(message.pk)
    if message.deleted_at is None:
        rows.insert(_index([message]))


def forget_message(pk: int) -> None:
    """Nothing of a message is found any more."""
    SearchDoc.objects.filter(message=pk).delete()
    Occurrence.objects.filter(message=pk).delete()


def _edited(pk: int) -> None:
    current = work.current()
    if pk in current.cache.get("search_new", []):  # it is written at the end of this change
        current.cache.setdefault("search_stale", set()).add(pk)
    else:
        reindex_message(Message.objects.get(pk=pk))


def _write_new() -> None:
    current = work.current()
    pks, stale = current.cache.pop("search_new", []), current.cache.get("search_stale", set())
    known = [None if pk in stale else current.objects.get(("message", pk)) for pk in pks]
    missing = [pk for pk, message in zip(pks, known, strict=True) if message is None]
    found = [message for message in known if message is not None]
    found += Message.objects.filter(pk__in=missing) if missing else []
    _write_together(_index([message for message in found if message.deleted_at is None]))


def _write_together(new: list[SearchDoc]) -> None:
    """What a change adds to the index goes in one statement, after all of it is known."""
    current = work.current()
    current.cache.setdefault("search_docs", []).extend(new)
    current.at_end(
        Phase.COUNT, "search_docs", lambda: rows.insert(current.cache.pop("search_docs"))
    )


def _index(messages: list[Message]) -> list[SearchDoc]:
    """Note the errors of messages and make their documents, which are not written yet."""
    change = work.open_change()
    known = change.objects if change else {}
    names: dict[int | None, list[str]] = {
        message.pk: [file.filename for file in known.get(("files", message.pk), [])]
        for message in messages
    }
    asked = [message.pk for message in messages if ("files", message.pk) not in known]
    files = Attachment.objects.filter(message__in=asked).order_by("pk") if asked else []
    for file in files:
        names[file.message_id].append(file.filename)
    errors.note(messages)
    return [_document(message, names[message.pk]) for message in messages]


def _document(message: Message, files: list[str]) -> SearchDoc:
    who = message.sender_key or message.author_label
    text = message.new_text or message.body_text
    # the words first: a phrase never reaches from one part into the next by accident of order
    words = document(text, message.subject, who, *files[:MANY_NAMES])
    return SearchDoc(
        ticket_id=message.ticket_id,
        message_id=message.pk,
        words=words,
        weight=_weight(message, len(words)),
    )


def _weight(message: Message, length: int) -> int:
    """A word in a short message says more than in a long one; one in a question most."""
    if message.message_class != "normal":
        base = ROBOT_WEIGHT
    elif message.visibility == "internal":
        base = NOTE_WEIGHT
    else:
        base = QUESTION_WEIGHT if message.role == "asker" else 100
    return max(round(base / (1 + 0.15 * log(1 + length / 300))), 1)


# ------------------------------------------------------------------ a ticket's own facts


def _write_facts(ticket: Ticket) -> None:
    is_new = work.current().cache["search_facts"].pop(ticket.pk, False)
    words = facts(ticket, is_new=is_new)
    mine = SearchDoc.objects.filter(ticket=ticket.pk, message=None)
    if is_new or not mine.update(words=words):
        _write_together([SearchDoc(ticket_id=ticket.pk, words=words, weight=FACT_WEIGHT)])


def facts(ticket: Ticket, *, is_new: bool = False) -> str:
    """Subject, number, people, tags, keys at the vendor; the subjects of what was merged in."""
    threads = list(ticket.threads.order_by("pk").values_list("thread_key", "moved_from"))
    more: list[str] = [] if is_new else list(ticket.tags.values_list("name", flat=True))
    # where threads come from, not `merged_into`: that is written only at the end of a change
    if origins := {number for _, moved in threads for number in moved}:
        merged = Ticket.objects.filter(pk__in=origins).exclude(pk=ticket.pk)
        more += merged.order_by("pk").values_list("subject", flat=True)
    return _facts(ticket, more, [key for key, _ in threads[:MANY_NAMES]])


def _facts(ticket: Ticket, more: Iterable[str], keys: Iterable[str]) -> str:
    who = ticket.asker
    people = [who.name, who.handle, who.external_id, who.contact.name] if who else []
    parts = [ticket.subject, *more, *people, ticket.permalink, *keys, f"#{ticket.pk}"]
    return document(*parts)


def index_past(
    tickets: Iterable[tuple[Ticket, str, Iterable[str]]], messages: list[Message]
) -> None:
    """Documents of a history that was just filed: new tickets (with key and tags), messages."""
    found = [
        SearchDoc(ticket_id=ticket.pk, words=_facts(ticket, tags, [key]), weight=FACT_WEIGHT)
        for ticket, key, tags in tickets
    ]
    found += _index([message for message in messages if message.deleted_at is None])
    for start in range(0, len(found), AT_ONCE):
        rows.insert(found[start : start + AT_ONCE])


def _follow_messages(ticket: Ticket) -> None:
    """Documents and occurrences stand where their messages stand now."""
    for model in (SearchDoc, Occurrence):
        moved = model._default_manager.filter(message__ticket=ticket.pk).exclude(ticket=ticket.pk)
        moved.update(ticket=ticket.pk)


# ------------------------------------------------------------------ catching up


def due_batches(now: datetime) -> list[int]:
    """As many batches as one turn may do, while anything is behind."""
    del now
    ends = {**_ends(), "learned": _last(SearchDoc.objects.all())}
    at = dict(SearchState.objects.values_list("name", "value"))
    behind = max((end - at.get(name, 0) for name, end in ends.items()), default=0)
    return list(range(min(-(-behind // AT_ONCE), BATCHES)))


def do_batch(number: int, now: datetime) -> bool:
    """The next rows that have no document, and the next documents whose words are not learned.

    False: no clock made this due, so it counts for nothing in the sweep's report.
    """
    del number, now
    catch_up(AT_ONCE)
    return False


def catch_up(limit: int) -> int:
    """Index and learn the next rows. Returns how many; 0 when everything is done.

    Where it stands is kept with each batch, so it goes on after an interruption.
    """
    return sum(_one_batch(step, limit) for step in (_catch_up_messages, _catch_up_facts, _learn))


def _one_batch(step: Callable[[int], int], limit: int) -> int:
    with transaction.atomic():
        hold("search-index")
        return step(limit)


def forget_all() -> None:
    """Empty the index and the vocabulary, so that catching up makes them anew."""
    with transaction.atomic():
        hold("search-index")
        for model in (SearchDoc, Occurrence, Word, Spelling, SearchState):
            model._default_manager.all().delete()


def progress() -> dict[str, tuple[int, int]]:
    """(last row looked at, last row there is) of messages and tickets."""
    at = dict(SearchState.objects.values_list("name", "value"))
    return {name: (min(at.get(name, 0), end), end) for name, end in _ends().items()}


def _ends() -> dict[str, int]:
    return {"messages": _last(Message.objects.all()), "tickets": _last(Ticket.objects.all())}


def _last(found: "QuerySet[Any]") -> int:
    return found.aggregate(last=Max("pk"))["last"] or 0


def _catch_up_messages(limit: int) -> int:
    state = _state("messages")
    ahead = Message.objects.filter(pk__gt=state.value).order_by("pk")
    places = dict(ahead.values_list("pk", "ticket_id")[:limit])
    free = _locked(list(places.values()))
    found = Message.objects.filter(pk__in=places, ticket__in=free)
    still = set(found.values_list("pk", flat=True))
    done = list(takewhile(still.__contains__, places))
    lacking = found.filter(pk__in=done, deleted_at=None, search_doc=None)
    rows.insert(_index(list(lacking.only(*READ, "deleted_at").order_by("pk"))))
    return _advance(state, done)


def _catch_up_facts(limit: int) -> int:
    state = _state("tickets")
    ahead = Ticket.objects.filter(pk__gt=state.value).order_by("pk")
    numbers = list(ahead.values_list("pk", flat=True)[:limit])
    done = list(takewhile(_locked(numbers).__contains__, numbers))
    batch = list(Ticket.objects.filter(pk__in=done).select_related("asker__contact"))
    have = SearchDoc.objects.filter(ticket__in=[ticket.pk for ticket in batch], message=None)
    known = set(have.values_list("ticket_id", flat=True))
    rows.insert(
        [
            SearchDoc(ticket_id=ticket.pk, words=facts(ticket), weight=FACT_WEIGHT)
            for ticket in batch
            if ticket.pk not in known
        ]
    )
    return _advance(state, done)


def _locked(numbers: list[int]) -> set[int]:
    """Of some tickets the first, and those of the others that nobody is changing right now.

    Until the batch is written nobody starts to: else a message that is deleted, edited or moved
    meanwhile would stay in the index as it was. Only the first is waited for, while nothing else
    is held, so that no two ever wait for each other.
    """
    rows = Ticket.objects.order_by("pk").values_list("pk", flat=True)
    first = rows.filter(pk__in=numbers[:1]).select_for_update(no_key=True)
    others = rows.filter(pk__in=numbers).select_for_update(no_key=True, skip_locked=True)
    return {*first, *others}


def _learn(limit: int) -> int:
    """The vocabulary of documents that everybody may read; the others teach it nothing."""
    state = _state("learned")
    found = SearchDoc.objects.filter(pk__gt=state.value).order_by("pk")
    batch = list(
        found.values_list(
            "pk", "message__new_text", "ticket__subject", "ticket__restricted_team", "message"
        )[:limit]
    )
    texts = [text if pk else subject for _, text, subject, team, pk in batch if team is None]
    vocabulary.learn(texts)
    return _advance(state, [pk for pk, *_ in batch])


def _state(name: str) -> SearchState:
    return SearchState.objects.get_or_create(name=name)[0]


def _advance(state: SearchState, pks: Iterable[int]) -> int:
    seen = list(pks)
    if seen:
        state.value = max(seen)
        state.save(update_fields=["value"])
    return len(seen)
