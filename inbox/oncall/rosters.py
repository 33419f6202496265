"""Rosters of vendors: fetched every half minute, kept while the vendor is away (S73)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q

from inbox.accounts.models import User
from inbox.channels.contract import DeliveryError, RosterEntry
from inbox.channels.health import WELL, ill
from inbox.channels.models import Channel
from inbox.common.versions import bump
from inbox.oncall.models import RosterShift, Rotation
from inbox.people.models import Identity

log = structlog.get_logger(__name__)

EVERY = timedelta(seconds=30)
BACK, AHEAD = timedelta(hours=1), timedelta(days=30)


def due_ids(now: datetime) -> list[int]:
    """Channels whose roster some rotation follows and that were not asked for a while."""
    rows = Channel.objects.filter(rotations__isnull=False, active=True)
    due = rows.filter(Q(next_poll_at=None) | Q(next_poll_at__lte=now))
    return list(due.distinct().values_list("pk", flat=True))


def refresh(pk: int, now: datetime) -> bool:
    """Ask one vendor, outside any transaction. False when nothing changed.

    While the vendor is away, what it said last counts on.
    """
    mine = Channel.objects.filter(Q(next_poll_at=None) | Q(next_poll_at__lte=now), pk=pk)
    if not mine.update(next_poll_at=now + EVERY):
        return False
    channel = Channel.objects.get(pk=pk)
    if channel.type.roster is None:
        return False
    try:
        found = channel.type.roster(channel.config, now - BACK, now + AHEAD)
    except DeliveryError as error:
        log.warning("roster_failed", channel=str(channel), reason=error.text)
        Channel.objects.filter(pk=pk).update(**ill(error.text))
        return False
    Channel.objects.filter(pk=pk).update(**WELL, last_in_at=now)
    return bool(sum(_take_over(rotation, found, now) for rotation in channel.rotations.all()))


def _take_over(rotation: Rotation, found: Sequence[RosterEntry], now: datetime) -> bool:
    fresh = [_row(rotation, entry, now) for entry in found]
    old = [_facts(row) for row in rotation.shifts.all()]
    if sorted(map(_facts, fresh)) == sorted(old):
        return False
    with transaction.atomic():
        rotation.shifts.all().delete()
        RosterShift.objects.bulk_create(fresh)
        bump("rotations")
    return True


def _facts(row: RosterShift) -> tuple[str, int, str, str]:
    return (f"{row.email}/{row.name}", row.user_id or 0, f"{row.starts_at}", f"{row.ends_at}")


def _row(rotation: Rotation, entry: RosterEntry, now: datetime) -> RosterShift:
    return RosterShift(
        rotation=rotation,
        user=_user(rotation, entry),
        name=entry.name[:200],
        email=entry.email[:250],
        starts_at=entry.starts_at,
        ends_at=entry.ends_at,
        fetched_at=now,
    )


def _user(rotation: Rotation, entry: RosterEntry) -> User | None:
    """Whose account it is: by the identity that an admin named, else by the e-mail address."""
    kind = rotation.roster.kind if rotation.roster else ""
    known = Identity.objects.filter(kind=kind, external_id=entry.external_id, user__isnull=False)
    identity = known.select_related("user").first()
    if identity is not None:
        return identity.user
    if not entry.email:
        return None
    return User.objects.filter(email__iexact=entry.email, is_active=True).first()
