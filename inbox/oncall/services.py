"""Who is on duty now."""

from dataclasses import dataclass
from datetime import datetime

from inbox.accounts.models import User
from inbox.common.versions import kept
from inbox.oncall import rota
from inbox.oncall.models import Rotation, RotationMember


@dataclass(frozen=True, kw_only=True)
class Duty:
    """Somebody's shift in a rotation."""

    rotation: Rotation
    user: User
    since: datetime
    until: datetime


def on_duty(at: datetime) -> User | None:
    """Who is on duty in the first rotation that has somebody."""
    duty = next(iter(duties(at)), None)
    return duty.user if duty else None


def duties(at: datetime) -> list[Duty]:
    """Every rotation's person and shift at a moment."""
    found = []
    places: dict[int, list[RotationMember]] = {}
    for place in kept("rotations", _places):
        places.setdefault(place.rotation_id, []).append(place)
    for here in places.values():
        rotation = here[0].rotation
        users = {place.user_id: place.user for place in here}
        members = [place.user_id for place in here if place.user.is_active]
        when = {"zone": rotation.zone, "handover": rotation.handover}
        pk = rota.on_duty(members, starts_on=rotation.starts_on, at=at, **when)
        if pk is not None:
            since, until = rota.shift_of(rota.duty_day(at, **when), **when)
            found.append(Duty(rotation=rotation, user=users[pk], since=since, until=until))
    return found


def _places() -> list[RotationMember]:
    rows = RotationMember.objects.select_related("rotation", "user")
    return list(rows.order_by("rotation_id", "position"))
