"""Which processes are alive: the sweep leaves a mark whenever a worker runs it."""

import os
import socket
from datetime import datetime, timedelta

from inbox.common.models import Heartbeat

SWEEP = "sweep"
WORKER = "worker "
KEEP = timedelta(days=1)


def beat(*, now: datetime) -> None:
    """The scheduler rang, and this worker heard it."""
    names = (SWEEP, f"{WORKER}{socket.gethostname()}:{os.getpid()}"[:150])
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, at=now) for name in names],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at"],
    )


def forget(*, now: datetime) -> None:
    """Processes that ended long ago."""
    Heartbeat.objects.filter(at__lt=now - KEEP).delete()
