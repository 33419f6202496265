"""Errors that rise after a release: the staff hear of it once for each release.

Restricted tickets count for nothing here, because everybody on the staff is told.
"""

from datetime import datetime, timedelta

from django.db.models import Count

from inbox.accounts.models import Role, User
from inbox.loop.models import Release
from inbox.notify import services as notify
from inbox.search.models import Fingerprint, Occurrence, SearchState, Spike

WITHIN, BEFORE = timedelta(days=7), timedelta(days=28)
FOLD = 3  # times as often as before
LEAST = 5  # tickets: fewer are chance
HOUR = 3600


def due_ids(now: datetime) -> list[int]:
    """The releases of the last days, once an hour."""
    hour = int(now.timestamp()) // HOUR
    if SearchState.objects.filter(name="spikes", value__gte=hour).exists():
        return []
    SearchState.objects.update_or_create(name="spikes", defaults={"value": hour})
    rows = Release.objects.filter(published_at__range=(now - WITHIN, now))
    fit = rows.filter(draft=False, prerelease=False, gone=False)
    return list(fit.order_by("pk").values_list("pk", flat=True))


def look(pk: int, now: datetime) -> bool:
    """Tell about every error that is seen so much more often since a release."""
    release = Release.objects.get(pk=pk)
    out = release.published_at
    if out is None:
        return False
    after = _tickets(out, now)
    before = _tickets(out - BEFORE, out, list(after))
    share = max((now - out) / BEFORE, 1 / BEFORE.days)
    told = 0
    for fingerprint, n in after.items():
        was = before.get(fingerprint, 0)
        if n >= LEAST and n >= FOLD * was * share:
            told += _tell(Fingerprint.objects.get(pk=fingerprint), release, was, n, now)
    return bool(told)


def _tickets(since: datetime, until: datetime, which: list[int] | None = None) -> dict[int, int]:
    """How many tickets that everybody may see show each error in that time."""
    rows = Occurrence.objects.filter(
        at__gte=since, at__lt=until, ticket__restricted_team=None
    ).exclude(ticket__status__in=["spam", "trashed"])
    if which is not None:
        rows = rows.filter(fingerprint__in=which)
    counted = rows.values("fingerprint").annotate(n=Count("ticket", distinct=True)).order_by()
    return {row["fingerprint"]: row["n"] for row in counted}


def _tell(
    fingerprint: Fingerprint, release: Release, before: int, after: int, now: datetime
) -> bool:
    name = f"{release.place} {release.tag}"[:200]
    spike, new = Spike.objects.get_or_create(
        fingerprint=fingerprint,
        release=name,
        defaults={"before": before, "after": after, "at": now},
    )
    if not new:
        return False
    words = fingerprint.words if len(fingerprint.words) < 120 else fingerprint.words[:119] + "…"
    text = f"{after} tickets show “{words}” since {name}; {before} in the four weeks before."
    people = User.objects.filter(is_active=True, role__in=[Role.ADMIN, Role.AGENT])
    for user in people.order_by("pk"):
        notify.tell(
            user,
            key=f"spike:{spike.pk}:{user.pk}",
            kind="spike",
            text=text,
            url=f"/search/errors/{fingerprint.key}/",
        )
    return True
