"""How every connection and process is, in words that say what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import redis
from django.conf import settings
from django.db import connection
from django.db.models import Count, Max, Min, OuterRef, Q, Subquery

from inbox.channels.contract import Capability
from inbox.channels.models import Channel, Delivery
from inbox.common import live
from inbox.common.models import Heartbeat
from inbox.operations import beating
from inbox.outbox.models import Outgoing
from inbox.webhooks.models import Webhook, WebhookState

A_DAY = timedelta(days=1)
LATE = timedelta(minutes=5)
SILENT = timedelta(seconds=45)  # the sweep runs every five
RECENT = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Rows of one channel: how many, since when, and what was said of one of them."""

    n: int = 0
    oldest: datetime | None = None
    error: str = ""


NONE = Counted()


@dataclass(frozen=True, kw_only=True)
class Line:
    """One connection. `state`: ok, quiet, slow, unplugged or off."""

    channel: Channel
    state: str
    says: str
    do: str
    last_in: datetime | None
    last_out: datetime | None
    coming: Counted
    leaving: Counted
    failed: int

    @property
    def oldest(self) -> datetime | None:
        """Since when the oldest row waits, coming or leaving."""
        return min(filter(None, (self.coming.oldest, self.leaving.oldest)), default=None)


@dataclass(frozen=True, kw_only=True)
class Process:
    """Something that has to run. `state`: ok, slow or unplugged."""

    name: str
    state: str
    says: str
    at: datetime | None = None


# ------------------------------------------------------------------ connections


def line_of(pk: int, now: datetime) -> Line | None:
    """One connection."""
    return next(iter(lines(now, only=pk)), None)


def lines(now: datetime, *, only: int | None = None) -> list[Line]:
    """Every connection, those that need somebody first; five statements whatever their number.

    `only`: this one alone.
    """
    received = Delivery.objects.filter(channel=OuterRef("pk")).order_by("-pk")
    sent = Outgoing.objects.filter(channel=OuterRef("pk"), state="sent").order_by("-pk")
    channels = Channel.objects.annotate(
        last_received=Subquery(received.values("received_at")[:1]),
        last_sent=Subquery(sent.values("sent_at")[:1]),
    )
    if only is not None:
        channels = channels.filter(pk=only)
    open_in = Delivery.objects.filter(state__in=["pending", "processing"])
    open_out = Outgoing.objects.filter(state__in=["queued", "sending", "uncertain"])
    coming = _counted(open_in, "received_at")
    leaving = _counted(open_out.filter(not_before__lte=now), "created_at")
    unread = _failures(Delivery.objects.filter(state="failed", received_at__gte=now - A_DAY))
    unsent = _failures(
        Outgoing.objects.filter(state__in=["failed", "held"], created_at__gte=now - A_DAY)
    )
    found = [
        _line(
            channel,
            now,
            coming.get(channel.pk, NONE),
            leaving.get(channel.pk, NONE),
            unread.get(channel.pk, 0) + unsent.get(channel.pk, 0),
        )
        for channel in channels
    ]
    return sorted(found, key=lambda line: (ORDER[line.state], str(line.channel)))


ORDER = {"unplugged": 0, "slow": 1, "quiet": 2, "ok": 3, "off": 4}


def _counted(rows: Any, began: str) -> dict[int, Counted]:
    summed = rows.values_list("channel").annotate(n=Count("pk"), at=Min(began), said=Max("error"))
    return {
        channel: Counted(n=n, oldest=at, error=said) for channel, n, at, said in summed.order_by()
    }


def _failures(rows: Any) -> dict[int, int]:
    return dict(rows.values_list("channel").annotate(n=Count("pk")).order_by())


def _line(channel: Any, now: datetime, coming: Counted, leaving: Counted, failed: int) -> Line:
    last_in = max(filter(None, (channel.last_received, channel.last_in_at)), default=None)
    state, says, do = _judged(channel, now, coming, leaving, last_in)
    if failed and state in ("ok", "quiet"):
        state, do = "slow", "Look at the dead letters and decide about each."
    return Line(
        channel=channel,
        state=state,
        says=says,
        do=do,
        last_in=last_in,
        last_out=channel.last_sent,
        coming=coming,
        leaving=leaving,
        failed=failed,
    )


def _judged(
    channel: Channel, now: datetime, coming: Counted, leaving: Counted, last_in: datetime | None
) -> tuple[str, str, str]:
    """(state, what is, what to do)."""
    if channel.disconnected_at is not None:
        return "off", "Disconnected. Nothing is read and nothing leaves; its tickets stay.", AGAIN
    if channel.health != "ok":
        what = f"{channel.health_text or 'It does not answer'}".rstrip(".").capitalize()
        return "unplugged", f"{what}. Nothing is lost: what should leave waits here.", PLUG_IN
    if not channel.active:
        return "off", "Switched off by hand. Nothing is read and nothing leaves.", ""
    if channel.next_poll_at and channel.next_poll_at < now - LATE:
        return "slow", "It should have been read by now.", "Look whether the worker runs."
    for counted, what in ((coming, "has come in"), (leaving, "should leave")):
        if counted.oldest and counted.oldest < now - LATE:
            said = f" Last answer: {counted.error}." if counted.error else ""
            return (
                "slow",
                f"{counted.n} of what {what} waits.{said}",
                "It is tried again by itself.",
            )
    if last_in is None and Capability.REPLY in channel.type.capabilities:
        first = "" if channel.secrets_text else "Set it up: it has no credentials. "
        do = f"{first}Write to it yourself and see whether it arrives."
        return "quiet", "Nothing has come in yet.", do
    return "ok", "Works.", ""


AGAIN = "Connect it again, and the same threads go on."
PLUG_IN = "Plug it in again: enter the credentials anew, the check says whether they hold."


# ------------------------------------------------------------------ processes

VENDORS = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}


def processes(now: datetime) -> list[Process]:
    """Worker and scheduler, Redis, the database, webhooks; two statements."""
    beats = dict(Heartbeat.objects.filter(at__gte=now - A_DAY).values_list("name", "at"))
    stopped = Webhook.objects.filter(Q(state=WebhookState.PAUSED) | ~Q(stopped_because="")).count()
    return [
        _engine(beats.get(beating.SWEEP), beats, now),
        _redis(),
        Process(name="Database", state="ok", says=f"{VENDORS[connection.vendor]} answers."),
        *([Process(name="Webhooks", state="slow", says=_stopped(stopped))] if stopped else []),
    ]


def _engine(last: datetime | None, beats: dict[str, datetime], now: datetime) -> Process:
    name = "Worker and scheduler"
    if last is None or last < now - SILENT:
        says = "Nothing is driven on. Start both: `make run`, or the services worker and scheduler."
        return Process(name=name, state="unplugged", says=says, at=last)
    n = sum(at >= now - RECENT for name, at in beats.items() if name.startswith(beating.WORKER))
    says = f"{n} worker{'s' if n != 1 else ''} at work, the sweep runs every five seconds."
    return Process(name=name, state="ok", says=says, at=last)


def _redis() -> Process:
    if not settings.REDIS_URL:
        return Process(name="Redis", state="ok", says="Not needed: everything runs in one process.")
    try:
        live.client().ping()
    except redis.RedisError:
        says = "It is away. Work goes on by the sweep, some seconds later; start it again."
        return Process(name="Redis", state="slow", says=says)
    return Process(name="Redis", state="ok", says="Answers.")


def _stopped(n: int) -> str:
    return "One webhook was stopped." if n == 1 else f"{n} webhooks were stopped."


def worst(parts: Iterable[Line | Process]) -> str:
    """The state of the whole."""
    return min((part.state for part in parts), key=ORDER.__getitem__, default="ok")
