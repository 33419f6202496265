"""Which release contains a fix: real git histories, asked through the fake's HTTP."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from inbox.channels.contract import ChannelConfig, DeliveryError
from inbox.channels.tracker import TrackedRelease
from inbox.loop import containment
from inbox.loop.containment import Fix, Landing, PlaceHistory
from inbox.loop.tests import undoing
from inbox.loop.tests.histories import HISTORIES
from integrations.github.tracker import TRACKER
from rig import github
from rig.github import FakeGitHub
from rig.github_git import GitRepository, attach

REPO = "example/core"
assert undoing  # its stories are in the table too


@pytest.fixture
def git(settings: object, tmp_path: Path) -> Iterator[GitRepository]:
    """The repository, on the fake, with an issue."""
    with FakeGitHub() as fake:
        settings.OUTBOUND_ALLOW = fake.url.removeprefix("http://")  # type: ignore[attr-defined]  # pytest-django's wrapper
        made = attach(fake, REPO, tmp_path / "core")
        fake.open("kezia", REPO, "It crashes")
        yield made


def history_of(git: GitRepository) -> PlaceHistory:
    """The repository as the desk sees it."""
    secrets = {"token": github.TOKEN}
    settings = {"api_url": git.fake.url}
    config = ChannelConfig(kind="github", key="core", settings=settings, secrets=secrets)
    return PlaceHistory(TRACKER, config, REPO)


def fixes_of(git: GitRepository) -> list[Fix]:
    """What fixed issue 1, as the tracker tells it."""
    asked = history_of(git)
    found = containment.fixes_of(TRACKER.fixes(asked.config, REPO, 1))
    return [_with_files(asked, fix) for fix in found]


def _with_files(asked: PlaceHistory, fix: Fix) -> Fix:
    first = fix.landings[0]
    return replace(fix, files=tuple(TRACKER.files(asked.config, REPO, first.number or first.sha)))


def first_tag(git: GitRepository, patterns: Mapping[str, str]) -> str:
    """The first release that contains all of the fixes."""
    asked, fixes = history_of(git), fixes_of(git)
    releases = TRACKER.releases(asked.config, REPO)
    if len(fixes) == 1:
        found = containment.first_release(fixes[0], releases, asked, patterns)
        return found.tag if found else ""
    for release in containment.in_order(releases):
        if fixes and all(containment.contains(fix, release, asked, patterns) for fix in fixes):
            return release.tag
    return ""


@pytest.mark.parametrize("name", HISTORIES)
def test_first_release(git: GitRepository, name: str) -> None:
    """The table: the answer stands beside each story."""
    told = HISTORIES[name]
    told.tell(git)
    assert first_tag(git, told.patterns) == told.expected


def test_table_is_long_enough() -> None:
    """At least forty histories, of both answers."""
    assert len(HISTORIES) >= 40
    assert sum(not told.expected for told in HISTORIES.values()) >= 10


def test_one_comparison_a_release(git: GitRepository) -> None:
    """Two commits and one comparison for each release that is tried, none for what cannot count."""
    git.release("v1.0")
    number = git.pull("maya", "Handle nothing", "Fixes #1")
    git.merge_pull(number)
    git.release("v1.1-rc", prerelease=True)
    git.release("v1.1")
    git.release("v1.2")
    fix, asked = fixes_of(git)[0], history_of(git)
    releases = TRACKER.releases(asked.config, REPO)
    git.fake.calls.clear()
    found = containment.first_release(fix, releases, asked)
    assert found is not None
    assert found.tag == "v1.1"
    paths = [call.path.removeprefix(f"/repos/{REPO}/").partition("/")[0] for call in git.fake.calls]
    assert paths == ["commits", "commits", "compare", "compare"]


def test_fix_that_is_gone_is_told(git: GitRepository) -> None:
    """A sha that the repository does not have is no “not contained”."""
    git.release("v1.0")
    fix = Fix(landings=(Landing(sha="0" * 40),))
    asked = history_of(git)
    with pytest.raises(DeliveryError):
        containment.first_release(fix, TRACKER.releases(asked.config, REPO), asked)


def test_releases_of_one_moment_go_by_version(git: GitRepository) -> None:
    """v1.10 comes after v1.9; what is not published is not there."""
    at = git.fake.at
    tags = ("v1.10", "v1.9")
    rows = [TrackedRelease(place=REPO, tag=tag, at=at, published_at=at) for tag in tags]
    rows.append(TrackedRelease(place=REPO, tag="v0", at=at))
    assert [row.tag for row in containment.in_order(rows)] == ["v1.9", "v1.10"]


@pytest.mark.parametrize("seed", range(12))
def test_random_histories_agree_with_the_files(git: GitRepository, seed: int) -> None:
    """Merges, picks and reverts by chance: a tag contains the fix when its files have it."""
    chance = random.Random(seed)
    git.git("branch", "old")
    git.switch("main")
    sha = git.commit("Handle nothing\n\nFixes #1", {"fix": "fixed\n"})
    carriers, branches = [sha], ["main", "old"]
    for _ in range(14):
        _something(git, chance, carriers, branches)
    asked, fix = history_of(git), Fix(landings=(Landing(sha=sha),))
    for number, branch in enumerate(branches):
        git.release(f"v{number}", at=branch)
        release = TRACKER.releases(asked.config, REPO)[0]
        there = git.git("ls-tree", "--name-only", branch, "fix") == "fix"
        assert containment.contains(fix, release, asked) == there, git.git("log", "--graph", branch)


def _something(
    git: GitRepository, chance: random.Random, carriers: list[str], branches: list[str]
) -> None:
    """One thing that somebody does on some branch; what Git refuses was not done."""
    here = chance.choice(branches)
    git.switch(here)
    before, what = git.sha(), chance.choice(["merge", "merge", "pick", "undo", "branch", "work"])
    try:
        if what == "merge":
            git.merge(chance.choice(branches))
        elif what == "pick":
            git.git("cherry-pick", *chance.choice([["-x"], []]), chance.choice(carriers))
        elif what == "undo":
            git.revert(chance.choice(carriers))
        elif what == "branch":
            branches.append(f"b{len(branches)}")
            git.switch(branches[-1], chance.choice(branches[:-1]))
        else:
            git.commit("Work")
    except RuntimeError:
        for name in ("merge", "cherry-pick", "revert"):
            git.git(name, "--abort", check=False)
        git.git("reset", "--hard", "--quiet", before)
    if what in ("pick", "undo") and git.sha() != before:
        carriers.append(git.sha())
