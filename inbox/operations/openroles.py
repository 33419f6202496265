"""Job boards: asked every half hour and at once when the vendor says so; kept while it is away."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q

from inbox.channels import openroles, registry
from inbox.channels.contract import DeliveryError
from inbox.channels.health import WELL, ill
from inbox.channels.models import Channel
from inbox.channels.ports import Role

log = structlog.get_logger(__name__)

EVERY = timedelta(minutes=30)
AGAIN = timedelta(minutes=5)  # after trouble that may pass, where the vendor names no time


def due_ids(now: datetime) -> list[int]:
    """Active channels with a job board that were not asked for a while."""
    boards = [kind.kind for kind in registry.all_kinds().values() if kind.job_board is not None]
    rows = Channel.objects.filter(kind__in=boards, active=True)
    due = rows.filter(Q(next_poll_at=None) | Q(next_poll_at__lte=now))
    return list(due.values_list("pk", flat=True))


def refresh(pk: int, now: datetime) -> bool:
    """Ask one board, outside any transaction. False when nothing changed.

    The next time is written before the question, so that a webhook that comes meanwhile has the
    board asked again. While the board is away, what it said last counts on.
    """
    mine = Channel.objects.filter(Q(next_poll_at=None) | Q(next_poll_at__lte=now), pk=pk)
    if not mine.update(next_poll_at=now + EVERY):
        return False
    channel = Channel.objects.get(pk=pk)
    if channel.type.job_board is None:
        return False
    try:
        found = channel.type.job_board.roles(channel.config)
    except DeliveryError as error:
        _failed(channel, error, now)
        return False
    Channel.objects.filter(pk=pk).update(**WELL, last_in_at=now)
    return _take_over(channel, found, now)


def _failed(channel: Channel, error: DeliveryError, now: datetime) -> None:
    log.warning("job_board_failed", channel=str(channel), reason=error.text)
    wait = timedelta(seconds=error.retry_after_seconds) if error.retry_after_seconds else AGAIN
    Channel.objects.filter(pk=channel.pk).update(**ill(error.text))
    if not error.permanent:  # unless a webhook has asked for more meanwhile
        mine = Channel.objects.filter(pk=channel.pk, next_poll_at=now + EVERY)
        mine.update(next_poll_at=now + min(max(wait, timedelta(seconds=30)), EVERY))


def _take_over(channel: Channel, found: Sequence[Role], now: datetime) -> bool:
    with transaction.atomic():
        return openroles.keep(channel, found, now)
