"""Channels that are listened to by a connection of ours, where nobody can post to us."""

import threading
from collections.abc import Callable

import structlog
from django.db import Error as DatabaseError
from django.db import close_old_connections, connection
from django.utils import timezone

from inbox.actions import services as actions
from inbox.channels import directory, inlet
from inbox.channels.contract import ChannelError, RawRequest
from inbox.channels.models import Channel

log = structlog.get_logger(__name__)


def channels() -> list[Channel]:
    """Active channels whose kind listens and that are set up for it."""
    return [
        channel
        for channel in Channel.objects.filter(active=True)
        if channel.type.listen is not None and channel.type.can_listen(channel.config)
    ]


def take(channel: Channel, raw: RawRequest) -> bytes:
    """Store one message through the same door as the network; what is said back, if anything.

    Raises `django.db.Error`: then nothing is acknowledged and the vendor sends it again.
    """
    close_old_connections()
    kind = channel.type
    delivery = inlet.receive(
        channel,
        dedupe_key=kind.dedupe_key(raw, channel.config),
        headers=raw.headers,
        body=raw.body,
        now=timezone.now(),
    )
    if delivery is None:
        return b""
    try:
        action = kind.action(raw, channel.config)
    except ChannelError:
        return b""
    return actions.respond(channel, action)[1] if action is not None else b""


def start(stopped: Callable[[], bool]) -> list[threading.Thread]:
    """One thread for each such channel; they end when `stopped` says so."""
    threads = []
    for channel in channels():
        thread = threading.Thread(target=_listen, args=(channel, stopped), daemon=True)
        thread.start()
        threads.append(thread)
    return threads


def _is_on(channel: Channel) -> bool:
    """Whether nobody has taken the connection away; a database that is away says nothing."""
    try:
        return directory.by_id(channel.pk).active
    except Channel.DoesNotExist:
        return False
    except DatabaseError:
        return True


def _listen(channel: Channel, stopped: Callable[[], bool]) -> None:
    assert channel.type.listen is not None  # noqa: S101 - `channels` asked; tells the type checker
    log.info("listening", channel=str(channel))

    def is_over() -> bool:
        return stopped() or not _is_on(channel)

    try:
        channel.type.listen(channel.config, lambda raw: take(channel, raw), is_over)
    finally:
        connection.close()
