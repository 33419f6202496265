"""`person_erase`: every step in a change of its own, so that a kill costs one of them."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from inbox import pipeline
from inbox.accounts.models import User
from inbox.audit import services as audit
from inbox.common.crash import point
from inbox.common.work import Actor
from inbox.privacy import beside, counting, erasing, remains
from inbox.privacy.person import CannotErase, Person, find

Say = Callable[[str], None]
LABEL = "privacy"
AT_ONCE = 100
TRIES = 3


def look(contact_id: int) -> dict[str, int]:
    """What an erasure would take; changes nothing. Raises as `find`."""
    return counting.of(find(contact_id))


def erase(contact_id: int, *, by: User | None = None, say: Say = lambda _: None) -> dict[str, int]:
    """Erase a person; when it was interrupted, go on. Returns what was taken.

    Raises as `find`, and `CannotErase` while an answer to them is just being sent, or they write.
    """
    actor = Actor.user(by) if by else Actor.system(LABEL)
    addresses = list(find(contact_id).addresses)
    done: Counter[str] = Counter()
    for _ in range(TRIES):
        if _once(find(contact_id), by, actor, done, say):
            break
    else:
        raise CannotErase("They keep writing: run this again when it is quiet.")
    audit.record(by or audit.COMMAND, "person.erased", f"person {contact_id}", new=dict(+done))
    sweep_up()
    for table, n in remains.left(addresses).items():
        say(f"still named in {n} rows of {table}")
    return dict(+done)


def _once(person: Person, by: User | None, actor: Actor, done: Counter[str], say: Say) -> bool:
    """Every step; False when they have written meanwhile."""
    with pipeline.change(actor):
        erasure = erasing.begin(person, by)
    done += _quotes(person, actor, say)
    done += _tickets(person, actor, erasure.started_at, say)
    done += _raw(person, actor, say)
    with pipeline.change(actor):
        done += beside.empty(person)
        done += remains.mask_mentions(person)
        done += remains.empty_lists(person)
    done += _hanging(person, actor, say)
    if remains.still_sending(person):
        raise CannotErase("An answer to them is just being sent: run this again in a minute.")
    with pipeline.change(actor):
        return erasing.finish(person, erasure, done)


def _quotes(person: Person, actor: Actor, say: Say) -> Counter[str]:
    """Other people's messages first, while what they quote can still be compared."""
    done: Counter[str] = Counter()
    for number in sorted(person.asked | person.joined):
        with pipeline.change(actor):
            done["messages of others"] += erasing.mask_others(person, number)
    pks = remains.quoting(person)
    for start in range(0, len(pks), AT_ONCE):
        with pipeline.change(actor):
            done["messages of others"] += remains.mask_quoting(person, pks[start : start + AT_ONCE])
    say("quotes")
    return +done


def _tickets(person: Person, actor: Actor, before: datetime, say: Say) -> Counter[str]:
    done: Counter[str] = Counter()
    numbers = sorted(person.asked | person.joined)
    for place, number in enumerate(numbers, 1):
        with pipeline.change(actor):
            done += erasing.erase_ticket(person, number, before=before)
        point("ticket_erased")
        say(f"ticket {place} of {len(numbers)}")
    return done


def _raw(person: Person, actor: Actor, say: Say) -> Counter[str]:
    """Everything that is still stored as it came, also what only names them."""
    done: Counter[str] = Counter()
    after: int | None = 0
    while after is not None:
        with pipeline.change(actor):
            count, after = remains.empty_raw(person, after)
        done["deliveries"] += count
        say(f"deliveries up to {after or 'the last'}")
    return +done


def _hanging(person: Person, actor: Actor, say: Say) -> Counter[str]:
    done: Counter[str] = Counter()
    now = timezone.now()
    for model in remains.hanging():
        after: int | None = 0
        while after is not None:
            with pipeline.change(actor):
                count, after = remains.erase_rows(person, model, after, now)
            done[str(model._meta.verbose_name_plural)] += count
    say("everything else")
    return +done


def sweep_up() -> None:
    """Nothing is left in caches, nor in pages that the database has only marked as free.

    The cache and the broker are the same Redis: losing their rings loses time, never work.
    """
    cache.clear()
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO inbox_searchindex(inbox_searchindex) VALUES('optimize')")
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
