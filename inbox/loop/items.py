"""What a tracker says of its items and releases, kept as it stood last."""

from typing import Any

from django.db.models import Q

from inbox.channels.contract import InboundBatch, InboundMove, InboundReview
from inbox.channels.models import Channel
from inbox.channels.tracker import TrackedItem, TrackedRelease
from inbox.common import work
from inbox.loop import notices
from inbox.loop.models import Closing, Item, Link, LoopNotice, Release
from inbox.people import services as people

UNFIXED = ("not_planned", "duplicate")  # closed without a change
TAKEN = (
    "key",
    "kind",
    "url",
    "title",
    "state",
    "reason",
    "commit",
    "base",
    "head",
    "draft",
    "backport_of",
    "ended_at",
)


def file_all(batch: InboundBatch, channel: Channel) -> None:
    """What a delivery says of items, reviews and releases, beside its messages."""
    for item in batch.items:
        file_item(item, channel)
    for review in batch.reviews:
        file_review(review, channel)
    for release in batch.releases:
        file_release(release, channel)
    for move in batch.moves:
        _move(move, channel)
    for old, new in batch.renamed:
        rename_place(channel, old, new)


def _move(found: InboundMove, channel: Channel) -> None:
    """A transferred item is the same item elsewhere; its links follow."""
    tracker = channel.type.tracker
    there = tracker.locate(found.permalink) if tracker else None
    mine = Item.objects.filter(channel=channel, key=found.thread_key)
    if there is None:
        return
    fresh = Item.objects.filter(channel=channel, place=there.place, number=there.number).first()
    if fresh is None:
        where = {"place": there.place, "number": there.number, "url": found.permalink}
        mine.update(key=found.new_thread_key, **where)
    else:
        Link.objects.filter(item__in=mine).update(item=fresh, state=fresh.state)
        mine.delete()


def file_item(found: TrackedItem, channel: Channel) -> None:
    """An item as it stands now; of two states the later one counts."""
    rows = Item.objects.select_for_update()
    item = rows.filter(channel=channel, place=found.place, number=found.number).first()
    if item is None:
        item = Item(channel=channel, place=found.place, number=found.number)
    elif item.at is not None and found.at < item.at:
        return
    take(item, found)


def take(item: Item, found: TrackedItem) -> None:
    """Bring a row to what the tracker says."""
    was = item.state if item.pk else ""
    for name in TAKEN:
        setattr(item, name, getattr(found, name))
    item.title, item.url, item.base = item.title[:250], item.url[:500], item.base[:200]
    asked = found.review_asked_at
    if asked is not None and (item.asked_review_at is None or asked > item.asked_review_at):
        item.asked_review_at = asked
    item.at = found.at
    item.save()
    _attach_links(item)
    if found.closes:
        _note_closings(item, found)
    item.links.exclude(state=item.state).update(state=item.state)
    if was != item.state and item.state != "open":
        look_up_fixed_by(item)
        if item.reason not in UNFIXED:
            notices.draft_page(item)


def _attach_links(item: Item) -> None:
    """Links that were made before the item was known; an address may end in an anchor."""
    mine = Q(url=item.url) | Q(url__startswith=f"{item.url}#")
    Link.objects.filter(mine, item__isnull=True).update(item=item, state=item.state)


def _note_closings(pull: Item, found: TrackedItem) -> None:
    wanted = {(ref.place or pull.place, ref.number) for ref in found.closes}
    Closing.objects.bulk_create(
        (Closing(pull=pull, place=place[:200], number=number) for place, number in wanted),
        ignore_conflicts=True,
    )


def look_up_fixed_by(item: Item) -> None:
    """Something was closed or merged: find out in which release it, or what it closes, comes."""
    closings = [Q(place=c.place, number=c.number) for c in item.closings.all()]
    mine = Q(pk=item.pk)
    for closing in closings:
        mine |= closing & Q(channel=item.channel_id)
    waiting = Item.objects.filter(mine, released_in__isnull=True)
    waiting.update(due_at=work.current().now, tries=0, trouble="")


def file_review(found: InboundReview, channel: Channel) -> None:
    """Somebody reviewed; a member of the team pays what is owed (S51)."""
    if people.is_team(people.resolve(channel.kind, channel.realm, found.author)):
        late = Q(reviewed_at__isnull=True) | Q(reviewed_at__lt=found.at)
        rows = Item.objects.filter(channel=channel, key=found.thread_key)
        rows.filter(late).update(reviewed_at=found.at)


def file_release(found: TrackedRelease, channel: Channel) -> None:
    """A release as it stands now; what waits in its place is looked at again."""
    look_again(keep_release(found, channel))


def keep_release(found: TrackedRelease, channel: Channel) -> Release:
    """A release's row; of two states the later one counts."""
    rows = Release.objects.select_for_update()
    release = rows.filter(channel=channel, place=found.place, tag=found.tag).first()
    if release is not None and (found.at, found.gone) < (release.at, release.gone):
        return release
    if release is None:
        release = Release(channel=channel, place=found.place[:200], tag=found.tag[:200])
    facts: dict[str, Any] = {
        "name": found.name[:250],
        "url": found.url[:500],
        "prerelease": found.prerelease,
        "draft": found.draft,
        "gone": found.gone,
        "published_at": found.published_at,
        "at": found.at,
    }
    for name, value in facts.items():
        setattr(release, name, value)
    release.save()
    return release


def look_again(release: Release) -> None:
    """Ended items of the place that have no release so far, and those said to be in this one.

    A moved tag or a withdrawn release is noticed as long as nobody was told.
    """
    here = Q(place=release.place)
    for pull in Closing.objects.filter(pull__place=release.place).exclude(place=release.place):
        here |= Q(place=pull.place, number=pull.number)  # fixed from another place
    ended = Item.objects.filter(here, channel=release.channel_id).exclude(state="open")
    told = LoopNotice.objects.filter(release=release, outgoing__state__in=("sent", "sending"))
    waiting = Q(released_in__isnull=True, trouble="") | Q(released_in=release)
    due = ended.filter(waiting).exclude(notices__in=told)
    Item.objects.filter(pk__in=due.values("pk")).update(due_at=work.current().now, tries=0)


def rename_place(channel: Channel, old: str, new: str) -> None:
    """A place has another name now: what is known of it moves along."""
    for model in (Item, Release):
        taken = model.objects.filter(channel=channel, place=new)
        if not taken.exists():
            model.objects.filter(channel=channel, place=old).update(place=new)
