"""What an issue tracker and the hub say to each other: items, releases, and who carries what.

No Django and no Celery in this module.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class ItemRef:
    """An issue, pull request or discussion, by where its address points."""

    kind: str  # issue · pull · discussion
    place: str  # owner/name
    number: int


@dataclass(frozen=True, kw_only=True)
class TrackedItem:
    """An issue, pull request or discussion as the vendor describes it at a moment."""

    key: str  # the thread's key
    kind: str  # issue · pull · discussion; of fixes also commit, which has no number
    place: str
    number: int
    url: str
    at: datetime  # of two states the later one counts
    title: str = ""
    state: str = "open"  # open · closed · merged
    ended_at: datetime | None = None  # closed or merged
    reason: str = ""  # why it is closed: completed · not_planned · duplicate
    commit: str = ""  # what brought a merged pull request in
    base: str = ""  # the branch that it went to
    head: str = ""  # a pull request's own last commit, as it was before it was merged
    draft: bool = False
    review_asked_at: datetime | None = None  # opened, pushed to, or made ready: ours to look at
    closes: tuple[ItemRef, ...] = ()  # what a pull request says that it fixes
    backport_of: int = 0  # the pull request that this one brings to another branch


@dataclass(frozen=True, kw_only=True)
class TrackedRelease:
    """A release as the vendor describes it at a moment."""

    place: str
    tag: str
    at: datetime  # of two states the later one counts
    name: str = ""
    url: str = ""
    notes: str = ""
    prerelease: bool = False
    draft: bool = False
    gone: bool = False  # deleted, or unpublished
    published_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Commit:
    """One commit of a history."""

    sha: str
    message: str
    author: str = ""  # name and address: what a cherry-pick keeps
    authored_at: str = ""  # as the vendor writes it: what a cherry-pick keeps
    parents: tuple[str, ...] = ()  # shas; the first is the branch that a merge went to


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What a head has that a base lacks, oldest first; `missing` counts the other way round."""

    commits: tuple[Commit, ...] = ()
    missing: int = 0  # commits of the base that the head lacks; 0: the head contains the base


@dataclass(frozen=True, kw_only=True)
class IssueTemplate:
    """A form that a place offers for new issues."""

    key: str  # its file name
    name: str
    title: str = ""
    text: str = ""
    labels: tuple[str, ...] = ()


def _no_templates(_: object, __: str) -> Sequence[IssueTemplate]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Tracker:
    """The port of kinds that track issues. All but `locate` ask the vendor: `DeliveryError`.

    The first argument of what asks is the connection's `ChannelConfig`, then the place.
    """

    locate: Callable[[str], ItemRef | None]  # an address as an item, whatever its host
    read: Callable[..., TrackedItem]  # (config, place, number)
    # pull requests and commits by which an item was closed, as the vendor remembers it
    fixes: Callable[..., Sequence[TrackedItem]]  # (config, place, number)
    commit: Callable[..., Commit]  # (config, place, sha)
    compare: Callable[..., Comparison]  # (config, place, base, head)
    files: Callable[..., Sequence[str]]  # (config, place, number of a pull request or sha)
    releases: Callable[..., Sequence[TrackedRelease]]  # (config, place)
    templates: Callable[..., Sequence[IssueTemplate]] = _no_templates  # (config, place)
