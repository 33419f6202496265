"""The retention by hand: what the next night takes, and taking it now."""

from django.utils import timezone

from inbox import pipeline
from inbox.common.work import Actor
from inbox.privacy import retention
from inbox.privacy.models import RetentionRun


def look() -> dict[str, int]:
    """What would go; changes nothing."""
    return retention.would_take(timezone.now())


def run() -> dict[str, int]:
    """Begin today's work anew and end it. Returns what was taken by this and earlier today."""
    now = timezone.now()
    day = timezone.localdate(now)
    RetentionRun.objects.filter(day=day).update(reached={}, done_at=None)
    while not RetentionRun.objects.filter(day=day, done_at__isnull=False).exists():
        with pipeline.change(Actor.system("retention"), now=now):
            retention.do_batch(0, now)
    return dict(RetentionRun.objects.get(day=day).counts)
