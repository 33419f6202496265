"""Which release contains a fix: ancestry, cherry-picks, backports and reverts; pure.

A fix has landed by one commit or several (its own merge and those of its backports). A release
contains it when the fix is in effect at the release's tag. Its history is walked from the roots to
the tag with one bit: what a commit says of itself (revert, cherry-pick) decides, and merges decide
as Git's three-way merge does. Nothing is remembered: tags move and releases are edited.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter
from typing import Protocol

from inbox.channels.contract import ChannelConfig
from inbox.channels.tracker import Commit, Comparison, TrackedItem, TrackedRelease, Tracker

SHA = r"[0-9a-f]{7,64}"
REVERTS = re.compile(
    rf"\bThis reverts commits?\s+({SHA}(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+){SHA})*)", re.IGNORECASE
)
PICKED = re.compile(rf"\(cherry picked from commit ({SHA})\)", re.IGNORECASE)
REVERTS_PULL = re.compile(r"^Reverts (?:([\w.-]+/[\w.-]+))?#(\d+)", re.MULTILINE)
MERGES_PULL = re.compile(r"^Merge pull request #(\d+) from ")
OWN_PULL = re.compile(r"\s+\(#(\d+)\)$")  # what a squash merge adds to the title
LONGEST_TITLE = 1000  # quotes within quotes are followed no deeper than fits
UNDOING_TITLE = re.compile(r'^(Revert|Reapply) "(.+)"$')


@dataclass(frozen=True, kw_only=True)
class Landing:
    """A commit by which a fix came into a branch, and the pull request that brought it."""

    sha: str  # of a merge, a squash, or the last of rebased commits; or a commit without one
    number: int = 0  # of the pull request, 0: none
    head: str = ""  # the pull request's own last commit


@dataclass(frozen=True, kw_only=True)
class Fix:
    """What was merged: the fix itself, then its backports. `files` matter only with patterns."""

    landings: tuple[Landing, ...]
    files: tuple[str, ...] = ()


class History(Protocol):
    """The commits of one place. Raises what its vendor raises."""

    def commit(self, sha: str) -> Commit:
        """One commit."""
        ...

    def compare(self, base: str, head: str) -> Comparison:
        """What the head has beyond the base."""
        ...


@dataclass(frozen=True)
class PlaceHistory:
    """The history of one place, asked through its tracker."""

    tracker: Tracker
    config: ChannelConfig
    place: str

    def commit(self, sha: str) -> Commit:
        """One commit. Raises `DeliveryError`."""
        return self.tracker.commit(self.config, self.place, sha)

    def compare(self, base: str, head: str) -> Comparison:
        """What the head has beyond the base. Raises `DeliveryError`."""
        return self.tracker.compare(self.config, self.place, base, head)


def fixes_of(items: Iterable[TrackedItem]) -> list[Fix]:
    """Merged pull requests and commits of one place as fixes, each with its backports."""
    merged = [item for item in items if item.commit]
    numbers = {item.number for item in merged if item.number and not item.backport_of}
    originals = [item for item in merged if item.backport_of not in numbers]
    return [
        Fix(landings=tuple(_landing(item) for item in (original, *_backports(original, merged))))
        for original in originals
    ]


def _backports(original: TrackedItem, merged: Sequence[TrackedItem]) -> list[TrackedItem]:
    number = original.number
    return [item for item in merged if number and item.backport_of == number]


def _landing(item: TrackedItem) -> Landing:
    return Landing(sha=item.commit, number=item.number, head=item.head)


def first_release(
    fix: Fix,
    releases: Iterable[TrackedRelease],
    history: History,
    patterns: Mapping[str, str] | None = None,
) -> TrackedRelease | None:
    """The first release that contains the fix, by publication; None: none of these does.

    Asks for the fix's commits once and for one comparison a release, until one contains it.
    `patterns` maps tags (`core@*`) to the path of a monorepo that they release ("" is everything).
    """
    known: _Known | None = None
    for release in in_order(releases):
        if not counts(release, fix, patterns or {}):
            continue
        known = known or _known(fix, history)
        comparison = history.compare(fix.landings[0].sha, release.tag)
        if _in_effect(known, comparison, release.place):
            return release
    return None


def contains(
    fix: Fix, release: TrackedRelease, history: History, patterns: Mapping[str, str] | None = None
) -> bool:
    """Whether this one release contains the fix."""
    return first_release(fix, [release], history, patterns) is not None


def in_order(releases: Iterable[TrackedRelease]) -> list[TrackedRelease]:
    """The published ones, oldest first; of one moment the lower version first."""
    dated = [(one.published_at, one) for one in releases if one.published_at is not None]
    return [one for at, one in sorted(dated, key=lambda pair: (pair[0], _version(pair[1].tag)))]


def _version(tag: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d{1,18}", tag)]


def counts(release: TrackedRelease, fix: Fix, patterns: Mapping[str, str]) -> bool:
    """Whether it is a real release, and one of what the fix has changed."""
    if release.draft or release.prerelease or release.gone or release.published_at is None:
        return False
    return not patterns or any(
        fnmatchcase(release.tag, pattern) and _touches(fix.files, path.strip("/"))
        for pattern, path in patterns.items()
    )


def _touches(files: Sequence[str], path: str) -> bool:
    return not path or any(name == path or name.startswith(f"{path}/") for name in files)


# ------------------------------------------------------------------ one bit along a history


@dataclass
class _Known:
    """What commits do to the fix, under each name by which another commit may speak of them."""

    # True puts the fix into effect, False takes it away; by sha, "#12", or title
    effects: dict[str, bool] = field(default_factory=dict)
    copies: set[tuple[str, str, str]] = field(default_factory=set)  # what a cherry-pick keeps

    def learn(self, commit: Commit, *, effect: bool) -> None:
        """A commit has this effect."""
        self.effects[commit.sha] = effect
        for source in PICKED.findall(commit.message):
            self.effects.setdefault(source.lower(), effect)
        title, number = _title(commit.message)
        self.effects[title] = effect
        if number:
            self.effects[f"#{number}"] = effect

    def of(self, sha: str) -> bool | None:
        """The effect of a commit that is named by its sha or the beginning of it."""
        sha = sha.lower()
        if sha in self.effects:
            return self.effects[sha]
        return next((does for name, does in self.effects.items() if name.startswith(sha)), None)


def _known(fix: Fix, history: History) -> _Known:
    """The landings by every name; the fix's own commits are asked for, to know their copies."""
    known, first = _Known(), fix.landings[0]
    for sha in dict.fromkeys(filter(None, (first.head, first.sha))):
        commit = history.commit(sha)
        known.learn(commit, effect=True)
        known.copies.add(_copied(commit))
    for landing in fix.landings:
        names = (landing.sha, landing.head, f"#{landing.number}" if landing.number else "")
        known.effects.update(dict.fromkeys(filter(None, names), True))
    return known


def _copied(commit: Commit) -> tuple[str, str, str]:
    return commit.author, commit.authored_at, commit.message.partition("\n")[0].strip()


def _title(message: str) -> tuple[str, str]:
    """(title, number of the pull request or "") of a commit, a squash or a merge."""
    subject, _, rest = message.strip().partition("\n")
    merge = MERGES_PULL.match(subject)
    if merge:
        return rest.strip().partition("\n")[0].strip() or subject, merge[1]
    squash = OWN_PULL.search(subject)
    return OWN_PULL.sub("", subject).strip(), squash[1] if squash else ""


def _in_effect(known: _Known, comparison: Comparison, place: str) -> bool:
    """Whether the fix is in effect at the head of a comparison whose base is the fix."""
    known = _Known(dict(known.effects), known.copies)
    commits = {commit.sha: commit for commit in comparison.commits}
    if not commits:
        return comparison.missing == 0
    walk = _Walk(known, place.lower())
    for sha in _parents_first(commits):
        if sha in commits:
            walk.step(commits[sha])
        else:
            walk.start(sha)
    inner = {parent for commit in commits.values() for parent in commit.parents}
    tips = [sha for sha in commits if sha not in inner]  # one, unless the vendor cut the list
    return walk.state[tips[-1]]


def _parents_first(commits: Mapping[str, Commit]) -> list[str]:
    graph = {sha: commit.parents for sha, commit in commits.items()}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError:  # no history has one; what claims to have one is not walked
        return list(commits)


@dataclass
class _Walk:
    """The bit at each commit, and its ancestors as a bit set for finding merge bases.

    Two bits stand for all that lies outside of the comparison: 0 without the fix, 1 with it.
    """

    known: _Known
    place: str
    state: dict[str, bool] = field(default_factory=dict)
    ancestors: dict[str, int] = field(default_factory=dict)
    order: list[bool] = field(default_factory=lambda: [False, True])

    def has(self, sha: str) -> bool:
        """Whether the comparison has a commit of this sha, which may be short."""
        return any(name.startswith(sha.lower()) for name in self.state)

    def start(self, sha: str) -> None:
        """A commit outside of the comparison: the fix itself, or something before it."""
        self.state[sha] = self.known.effects.get(sha, False)
        self.ancestors[sha] = 0b11 if self.state[sha] else 0b01

    def step(self, commit: Commit) -> None:
        """A commit whose parents are known."""
        before, reach = False, 0b01
        for number, parent in enumerate(commit.parents):
            other, more = self.state.get(parent, False), self.ancestors.get(parent, 0b01)
            shared = reach & more
            before = self._merged(ours=before, theirs=other, shared=shared) if number else other
            reach = reach | more if number else more
        said = _said(commit, self)
        after = before if said is None else said
        mainline = self.state.get(commit.parents[0], False) if commit.parents else False
        if said is not None or (len(commit.parents) > 1 and after != mainline):
            self.known.learn(commit, effect=after)
        self.state[commit.sha] = after
        self.ancestors[commit.sha] = reach | 1 << len(self.order)
        self.order.append(after)

    def _merged(self, *, ours: bool, theirs: bool, shared: int) -> bool:
        """As in Git's merge: the side that has changed since the merge base wins."""
        base = self.order[shared.bit_length() - 1]
        return theirs if ours == base else ours


def _said(commit: Commit, walk: "_Walk") -> bool | None:
    """What a commit itself says that it does to the fix; None: nothing."""
    known = walk.known
    reverted = [sha for found in REVERTS.findall(commit.message) for sha in re.findall(SHA, found)]
    named = REVERTS_PULL.findall(commit.message)
    pulls = [f"#{number}" for where, number in named if where.lower() in ("", walk.place)]
    undone = [known.of(sha) for sha in reverted] + [known.effects.get(pull) for pull in pulls]
    told = [not effect for effect in undone if effect is not None]
    if told:
        return told[-1]
    # what it reverts may lie on another branch, where this history cannot see it; its title can
    if len(commit.parents) < 2 and not pulls and not any(walk.has(sha) for sha in reverted):
        title = _title(commit.message)[0]
        by_title = _by_title(title, known) if UNDOING_TITLE.match(title) else None
        if by_title is not None:
            return by_title
    return _carried(commit, known)


def _by_title(title: str, known: _Known) -> bool | None:
    """The effect of what has this title: known, or the undoing of something known."""
    title, number = _title(title[:LONGEST_TITLE])
    found = UNDOING_TITLE.match(title)
    effect = known.effects.get(f"#{number}" if number else title)
    if effect is not None or found is None:
        return effect
    inner = _by_title(found[2], known)
    return inner if inner is None or found[1] == "Reapply" else not inner


def _carried(commit: Commit, known: _Known) -> bool | None:
    """A landing, or a copy of something known."""
    if commit.sha in known.effects:
        return known.effects[commit.sha]
    for source in PICKED.findall(commit.message):
        effect = known.of(source)
        if effect is not None:
            return effect
    return True if _copied(commit) in known.copies else None
