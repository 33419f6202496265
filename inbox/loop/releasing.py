"""Asking the tracker: how an item stands, and which release is the first that has its fix.

The question goes over the network outside of any change; the answer is applied inside one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import F

from inbox.channels import sources
from inbox.channels.contract import ChannelConfig, DeliveryError
from inbox.channels.tracker import TrackedItem, TrackedRelease, Tracker
from inbox.loop import items, notices
from inbox.loop.containment import Fix, PlaceHistory, contains, fixes_of, in_order
from inbox.loop.models import Item, Release

LEASE = timedelta(minutes=5)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
MOST_TRIES = 12
SLACK = timedelta(days=1)  # clocks of different machines
NO_FIX = "nothing says which change closed it"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the tracker said about an item."""

    item: TrackedItem | None = None  # it was never read before
    release: TrackedRelease | None = None
    error: DeliveryError | None = None
    trouble: str = ""


def due_ids(now: datetime) -> list[int]:
    """Items to ask about."""
    rows = Item.objects.filter(due_at__lte=now, channel__active=True).order_by("due_at")
    return list(rows.values_list("pk", flat=True)[:50])


def ask(pk: int, now: datetime) -> Answer | None:
    """Ask about one item, outside any transaction. None: somebody else does."""
    mine = Item.objects.filter(pk=pk, due_at__lte=now)
    if not mine.update(due_at=now + LEASE, tries=F("tries") + 1):
        return None
    item = Item.objects.select_related("channel").get(pk=pk)
    tracker = item.channel.type.tracker
    if tracker is None:
        return Answer(trouble="this channel tracks nothing")
    try:
        return _answer(item, tracker, item.channel.config)
    except DeliveryError as error:
        return Answer(error=error)


def apply(pk: int, answer: Answer, now: datetime) -> bool:
    """Keep the answer, inside a change. False when nothing came of it."""
    item = Item.objects.select_for_update(of=("self",)).select_related("channel").get(pk=pk)
    if answer.error is not None:
        _again(item, answer.error, now)
        return False
    item.due_at, item.tries, item.trouble = None, 0, answer.trouble
    item.save(update_fields=["due_at", "tries", "trouble"])
    if answer.item is not None:
        items.take(item, answer.item)
    elif answer.release is not None:
        _came_out(item, items.keep_release(answer.release, item.channel))
    elif item.released_in is not None:  # the tag was moved, or the release withdrawn
        _came_out(item, None)
    return True


def _again(item: Item, error: DeliveryError, now: datetime) -> None:
    """Later, as long as there is hope; what is wrong is shown on the loop's page."""
    wait = min(FIRST_WAIT * 2 ** min(item.tries, 10), LONGEST_WAIT)
    if error.retry_after_seconds is not None:
        wait = max(wait, timedelta(seconds=error.retry_after_seconds))
    hopeless = error.permanent or item.tries >= MOST_TRIES
    item.due_at, item.trouble = None if hopeless else now + wait, error.text[:250]
    item.save(update_fields=["due_at", "trouble"])


def _came_out(item: Item, release: Release | None) -> None:
    if item.released_in != release:
        notices.withdraw(item)
        item.released_in = release
        item.save(update_fields=["released_in"])
        item.links.update(released_in=release.tag if release else "")
    if release is not None:
        notices.draft_release(item, release)


# ------------------------------------------------------------------ the question


def _answer(item: Item, tracker: Tracker, config: ChannelConfig) -> Answer:
    if item.at is None:
        return Answer(item=tracker.read(config, item.place, item.number))
    if item.state == "open" or item.reason in items.UNFIXED:
        return Answer()
    if next(notices.waiting_for(item), None) is None:
        return Answer()  # asked again when somebody waits for it
    found = _pulls(item) or tracker.fixes(config, item.place, item.number)
    merged = [change for change in found if change.commit]
    if not merged:
        return Answer(trouble=NO_FIX)
    place = merged[-1].place  # where several repositories took part, the one that was last
    mine = [change for change in merged if change.place == place]
    return Answer(release=_first(item, mine, tracker, config))


def _pulls(item: Item) -> list[TrackedItem]:
    """The merged changes that fix an item, as far as they came by themselves, oldest first."""
    merged = Item.objects.filter(channel=item.channel_id, state="merged")
    closing = merged.filter(closings__place=item.place, closings__number=item.number)
    found = [item] if item.kind == "pull" else list(closing.order_by("ended_at"))
    if found:
        copies = merged.filter(
            place=found[-1].place, backport_of__in=[pull.number for pull in found]
        )
        found += copies.exclude(pk__in=[pull.pk for pull in found])
    return [_tracked(pull) for pull in found]


def _tracked(row: Item) -> TrackedItem:
    names = (*items.TAKEN, "place", "number", "at")
    return TrackedItem(**{name: getattr(row, name) for name in names})


def _first(
    item: Item, merged: Sequence[TrackedItem], tracker: Tracker, config: ChannelConfig
) -> TrackedRelease | None:
    """The first release that has every change by which an item was fixed."""
    place = merged[0].place
    patterns: Mapping[str, str] = sources.settings_of(item.channel, place).get("tags") or {}
    fixes = fixes_of(merged)
    if patterns:
        fixes = [replace(fix, files=_files(fix, place, tracker, config)) for fix in fixes]
    history = PlaceHistory(tracker, config, place)
    since = min((change.ended_at for change in merged if change.ended_at), default=None)
    listed = _releases(item, tracker.releases(config, place), place)
    for release in in_order(listed):
        # one from before the fix has it only when its tag was moved
        if since is not None and release.at < since - SLACK:
            continue
        if all(contains(fix, release, history, patterns) for fix in fixes):
            return release
    return None


def _files(fix: Fix, place: str, tracker: Tracker, config: ChannelConfig) -> tuple[str, ...]:
    first = fix.landings[0]
    return tuple(tracker.files(config, place, first.number or first.sha))


def _releases(item: Item, listed: Iterable[TrackedRelease], place: str) -> Iterable[TrackedRelease]:
    """The tracker's list with what it told us by itself, whichever is newer."""
    known = {release.tag: release for release in listed}
    for row in Release.objects.filter(channel=item.channel_id, place=place):
        theirs = known.get(row.tag)
        if theirs is None or row.at > theirs.at:
            known[row.tag] = TrackedRelease(
                place=place,
                tag=row.tag,
                at=row.at,
                name=row.name,
                url=row.url,
                prerelease=row.prerelease,
                draft=row.draft,
                gone=row.gone,
                published_at=row.published_at,
            )
    return known.values()
