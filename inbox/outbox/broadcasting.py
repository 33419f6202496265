"""Streams: who may see one, changed at the vendor at once, with the way back remembered (S98).

Every function that asks a vendor is called outside of any change. What a stream was before is
written down first, so that an interrupted hiding can be taken back too.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from inbox.audit import services as audit
from inbox.channels import directory
from inbox.channels.contract import DeliveryError
from inbox.channels.health import WELL, ill
from inbox.channels.models import Channel, Lookup
from inbox.channels.ports import Broadcast, Privacy, Stream
from inbox.common import work

KIND = "hidden_stream"


class NoStream(Exception):
    """There is no such stream, or nothing to do with it; the text is for people."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A stream of one connection, as the vendor has it now."""

    channel: Channel
    stream: Stream


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """A stream that was hidden from here, and how it was before."""

    pk: int
    channel: Channel
    external_id: str
    title: str
    url: str
    was: Privacy
    by: str
    at: datetime


def channels() -> list[Channel]:
    """Active connections that have streams."""
    return [channel for channel in directory.active() if channel.type.broadcast is not None]


def live() -> tuple[list[Shown], list[tuple[Channel, str]]]:
    """What is live now, and what a vendor said instead of answering, by its connection."""
    found: list[Shown] = []
    troubles: list[tuple[Channel, str]] = []
    for channel in channels():
        try:
            streams = _asking(channel).live(channel.config)
        except DeliveryError as error:
            _trouble(channel, error)
            troubles.append((channel, error.text))
            continue
        _well(channel)
        found += [Shown(channel=channel, stream=stream) for stream in streams]
    return found, troubles


def hidden() -> list[Hidden]:
    """What was hidden from here and not shown again, the newest first."""
    known = {str(channel): channel for channel in channels()}
    rows = Lookup.objects.filter(kind=KIND).order_by("-fetched_at", "-pk")
    return [_hidden(row, known[name]) for row in rows if (name := row.data["channel"]) in known]


def hide(
    channel: Channel, address: str, *, by: audit.By, request: HttpRequest | None = None
) -> Stream:
    """Make a stream private; it may be hidden already. `address`: its id or any of its links.

    Raises `NoStream`, and `DeliveryError` when the vendor did not do it.
    """
    before = _found(channel, address)
    if before.privacy != Privacy.PRIVATE:
        _remember(channel, before, by)
    try:
        after = _set(channel, before, Privacy.PRIVATE)
    except DeliveryError as error:
        if not error.uncertain and before.privacy != Privacy.PRIVATE:
            _remembered(channel, before.external_id).delete()  # it stayed as it was
        raise
    if after.privacy != before.privacy:
        _note(channel, "stream.hidden", before, after, by, request)
    return after


def show(
    channel: Channel, stream_id: str, *, by: audit.By, request: HttpRequest | None = None
) -> Stream:
    """Give a stream back that was hidden from here: as public as it was before, never more.

    Raises `NoStream`, and `DeliveryError` when the vendor did not do it.
    """
    row = _remembered(channel, stream_id).first()
    if row is None:
        raise NoStream("This stream was not hidden from here.")
    before = _found(channel, stream_id)
    after = _set(channel, before, Privacy(row.data["was"]))
    row.delete()
    if after.privacy != before.privacy:
        _note(channel, "stream.shown", before, after, by, request)
    return after


# ------------------------------------------------------------------ the vendor


def _asking(channel: Channel) -> Broadcast:
    if work.open_change() is not None:
        raise RuntimeError("a vendor is never asked inside a change")
    if channel.type.broadcast is None:
        raise NoStream(f"{channel.type.label} has no streams.")
    return channel.type.broadcast


def _found(channel: Channel, address: str) -> Stream:
    port = _asking(channel)
    try:
        found = port.find(channel.config, address)
    except DeliveryError as error:
        _trouble(channel, error)
        raise
    if found is None:
        raise NoStream(f"{channel.type.label} knows no stream at this address.")
    return found


def _set(channel: Channel, stream: Stream, privacy: Privacy) -> Stream:
    try:
        after = _asking(channel).set_privacy(channel.config, stream.external_id, privacy)
    except DeliveryError as error:
        _trouble(channel, error)
        raise
    _well(channel)
    return after


def _trouble(channel: Channel, error: DeliveryError) -> None:
    """What only a person can repair stands on the health page; the rest passes."""
    if error.blocked:
        Channel.objects.filter(pk=channel.pk).update(**ill(error.text))
        directory.forget()


def _well(channel: Channel) -> None:
    Channel.objects.filter(pk=channel.pk).update(**WELL, last_in_at=timezone.now())


# ------------------------------------------------------------------ what was


def _key(channel: Channel, stream_id: str) -> str:
    return f"{channel}:{stream_id}"[:200]


def _remembered(channel: Channel, stream_id: str) -> QuerySet[Lookup]:
    return Lookup.objects.filter(kind=KIND, key=_key(channel, stream_id))


def _remember(channel: Channel, stream: Stream, by: audit.By) -> None:
    """How it is before we change it; anew for one that somebody opened again over there."""
    data: dict[str, Any] = {
        "channel": str(channel),
        "id": stream.external_id,
        "url": stream.url,
        "was": str(stream.privacy),
        "by": getattr(by, "username", "") or getattr(by, "label", "") or str(by or ""),
    }
    Lookup.objects.update_or_create(
        kind=KIND,
        key=_key(channel, stream.external_id),
        defaults={"name": stream.title[:250], "data": data, "fetched_at": timezone.now()},
    )


def _hidden(row: Lookup, channel: Channel) -> Hidden:
    return Hidden(
        pk=row.pk,
        channel=channel,
        external_id=row.data["id"],
        title=row.name,
        url=row.data["url"],
        was=Privacy(row.data["was"]),
        by=row.data["by"],
        at=row.fetched_at,
    )


def _note(
    channel: Channel,
    what: str,
    before: Stream,
    after: Stream,
    by: audit.By,
    request: HttpRequest | None,
) -> None:
    with transaction.atomic():
        audit.record(
            by,
            what,
            f"{channel} {after.external_id}",
            old={"privacy": str(before.privacy)},
            new={"privacy": str(after.privacy), "title": after.title},
            request=request,
        )
