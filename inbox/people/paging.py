"""People of a community that its connection reads page by page, instead of from files.

The vendor is asked outside of any change; a page and the cursor behind it are kept in one, so a
kill leaves all of a page or nothing of it. One worker reads at a time: nobody else does before the
cursor's `until`, which is also how a vendor is left alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.utils import timezone

from inbox.channels import registry
from inbox.channels.contract import DeliveryError
from inbox.channels.health import WELL, ill
from inbox.channels.models import Channel
from inbox.channels.peoplefiles import FileProblem, Piece
from inbox.common import work
from inbox.people import staging
from inbox.people.errors import PeopleError
from inbox.people.models import PeopleImport
from inbox.people.records import ImportState

log = structlog.get_logger(__name__)

AGAIN = timedelta(minutes=1)  # after trouble that may pass, where the vendor names no time
MOST_TRIES = 30  # of one page
LEASE = timedelta(minutes=2)  # after a kill somebody else goes on then


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of asking for a page: the page, or why there is none."""

    asked: Mapping[str, Any]  # the cursor
    piece: Piece | None = None
    error: DeliveryError | None = None


def channels() -> list[Channel]:
    """Active connections whose kind reads people."""
    kinds = [kind.kind for kind in registry.all_kinds().values() if kind.people is not None]
    return list(Channel.objects.filter(kind__in=kinds, active=True).order_by("kind", "key"))


def begin(channel: Channel) -> PeopleImport:
    """Note a connection whose people a job reads. Raises `PeopleError`."""
    current = work.current()
    reading = PeopleImport.objects.filter(state=ImportState.READING, source=channel.kind)
    if any(row.cursor.get("channel") == channel.pk for row in reading):
        raise PeopleError("It is being read already.")
    return PeopleImport.objects.create(
        by_id=current.actor.user_id,
        at=current.now,
        filename=channel.address[:200],
        encoding="utf-8",
        delimiter="",
        source=channel.kind,
        cursor={"channel": channel.pk, "place": {}},
        state=ImportState.READING,
    )


def is_paged(row: PeopleImport) -> bool:
    """Whether what is being read are pages, not files."""
    return row.state == ImportState.READING and not row.folder


def due_ids(now: datetime) -> list[int]:
    """Connections that somebody has to go on reading."""
    rows = PeopleImport.objects.filter(state=ImportState.READING, folder="").order_by("pk")[:50]
    return [row.pk for row in rows if not _waits(row, now)]


def claim(pk: int, now: datetime) -> bool:
    """Take the reading for oneself, until it is released, ends or rests."""
    row = PeopleImport.objects.select_for_update().get(pk=pk)
    if not is_paged(row) or _waits(row, now):
        return False
    row.cursor["until"] = _in(LEASE)
    row.save(update_fields=["cursor"])
    return True


def release(pk: int) -> None:
    """Let others go on."""
    row = PeopleImport.objects.select_for_update().get(pk=pk)
    row.cursor.pop("until", None)
    row.save(update_fields=["cursor"])


def _waits(row: PeopleImport, now: datetime) -> bool:
    until = row.cursor.get("until")
    return bool(until) and datetime.fromisoformat(until) > now


def _in(wait: timedelta) -> str:
    """So long after this moment: asking may have taken a while."""
    return (timezone.now() + wait).isoformat()


# ------------------------------------------------------------------ outside of any change


def ask(pk: int) -> Answer:
    """The next page of what is being read."""
    row = PeopleImport.objects.get(pk=pk)
    if not is_paged(row):  # somebody else has come to its end meanwhile
        return Answer(asked={})
    place = row.cursor["place"]
    try:
        return Answer(asked=place, piece=_page(row.cursor["channel"], place))
    except DeliveryError as error:
        log.warning("people_page_failed", source=row.source, reason=error.text)
        return Answer(asked=place, error=error)


def _page(pk: int, place: Mapping[str, Any]) -> Piece:
    channel = Channel.objects.filter(pk=pk, active=True).first()
    kind = registry.all_kinds().get(channel.kind) if channel else None
    if channel is None or kind is None or kind.people is None:
        raise DeliveryError("the connection is not there any more", permanent=True)
    try:
        piece = kind.people.page(channel.config, place)
    except DeliveryError:
        raise
    except Exception as error:
        log.exception("people_page_unread", channel=str(channel))
        raise DeliveryError(f"a page of {kind.label} could not be read") from error
    if piece.cursor and dict(piece.cursor) == dict(place):
        raise DeliveryError(f"{kind.label} gives the same page again", permanent=True)
    return piece


# ------------------------------------------------------------------ in a change


def keep(row: PeopleImport, answer: Answer) -> bool:
    """Rows of a page and the cursor behind it; False when nothing is left to be read."""
    if row.cursor["place"] != answer.asked:
        return True  # somebody else has kept it meanwhile
    channel = Channel.objects.filter(pk=row.cursor["channel"], active=True)
    if answer.piece is not None:
        channel.update(**WELL, last_in_at=work.current().now)
        staging.store(row, answer.piece.items)
        row.position += len(answer.piece.items)
        kept = {name: row.cursor[name] for name in ("channel", "n")}
        row.cursor = {**kept, "place": dict(answer.piece.cursor), "until": _in(LEASE)}
        return bool(answer.piece.cursor)
    error, tries = answer.error or DeliveryError("no answer"), row.cursor.get("tries", 0) + 1
    if not error.permanent and tries < MOST_TRIES:
        wait = timedelta(seconds=error.retry_after_seconds or AGAIN.total_seconds())
        row.cursor |= {"until": _in(wait), "tries": tries, "trouble": error.text}
        return True
    channel.update(**ill(error.text))
    words = f"{error.text}. What stands behind it was not read."
    staging.store(row, [FileProblem(key=row.filename, words=words)])
    return False
