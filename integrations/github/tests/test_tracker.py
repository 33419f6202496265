"""The tracker's port over REST: addresses, issues and pull requests, what fixed them, releases."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inbox.channels.contract import ChannelConfig, DeliveryError
from inbox.channels.tracker import IssueTemplate, ItemRef
from integrations.github import forms, tracker
from integrations.github.kind import GITHUB
from rig import github
from rig.github import FakeGitHub
from rig.github_git import GitRepository, attach
from rig.vendor import Answer

REPO = "example/core"


@pytest.fixture
def git(settings: object, tmp_path: Path) -> Iterator[GitRepository]:
    """The repository, on the fake, with issue 1."""
    with FakeGitHub() as fake:
        settings.OUTBOUND_ALLOW = fake.url.removeprefix("http://")  # type: ignore[attr-defined]  # pytest-django's wrapper
        made = attach(fake, REPO, tmp_path / "core")
        fake.open("kezia", REPO, "It crashes", "When empty.")
        yield made


@pytest.fixture
def config(git: GitRepository) -> ChannelConfig:
    """The connection to it."""
    settings, secrets = {"api_url": git.fake.url}, {"token": github.TOKEN}
    return ChannelConfig(kind="github", key="core", settings=settings, secrets=secrets)


def issue(number: int, place: str = REPO, kind: str = "issue") -> ItemRef:
    return ItemRef(kind=kind, place=place, number=number)


# ------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://github.com/example/core/issues/12", issue(12)),
        ("https://github.com/example/core/issues/12#issuecomment-5", issue(12)),
        ("https://github.com/example/core/issues/12/?x=1", issue(12)),
        ("http://ghe.example.org:8443/example/core/pull/7/files", issue(7, kind="pull")),
        (" https://github.com/a-b/c.d_e/discussions/3#d-1 ", issue(3, "a-b/c.d_e", "discussion")),
        ("https://github.com/orgs/example/discussions/3", None),
        ("https://github.com/example/core/issues", None),
        ("https://github.com/example/core/issues/new", None),
        ("https://github.com/example/core/issues/12abc", None),
        ("https://gitlab.com/example/core/-/issues/12", None),
        ("https://github.com/example/core/commit/12", None),
        ("javascript:alert(1)//example/core/issues/1", None),
        ("https://[broken/example/core/issues/1", None),
        ("", None),
    ],
)
def test_locate(url: str, found: ItemRef | None) -> None:
    assert tracker.locate(url) == found


# ------------------------------------------------------------------ reading


def test_read_issue(git: GitRepository, config: ChannelConfig) -> None:
    """Open, then closed by a merge."""
    opened = tracker.read(config, REPO, 1)
    assert (opened.kind, opened.state, opened.title, opened.reason) == (
        "issue",
        "open",
        "It crashes",
        "",
    )
    assert opened.key == f"{git.row['id']}:issue:1"
    git.merge_pull(git.pull("maya", "Handle nothing", "Fixes #1"))
    closed = tracker.read(config, REPO, 1)
    assert (closed.state, closed.reason) == ("closed", "completed")
    assert closed.at > opened.at


def test_read_pull_request(git: GitRepository, config: ChannelConfig) -> None:
    """The trial merge of an open one is no commit to wait for."""
    number = git.pull("maya", "Handle nothing", "Fixes #1")
    row = git.thing(number)
    row.update(merge_commit_sha="f" * 40, draft=True)
    found = tracker.read(config, REPO, number)
    assert (found.kind, found.state, found.commit, found.draft) == ("pull", "open", "", True)
    assert (found.closes, found.base) == ((issue(1),), "main")
    row.update(draft=False)
    git.merge_pull(number, how="squash")
    merged = tracker.read(config, REPO, number)
    assert (merged.state, merged.commit, merged.draft) == ("merged", git.sha("main"), False)
    assert merged.head == git.sha(f"patch-{number}")
    assert merged.key == f"{git.row['id']}:issue:{number}"


def test_read_what_is_not_there(git: GitRepository, config: ChannelConfig) -> None:
    with pytest.raises(DeliveryError) as told:
        tracker.read(config, REPO, 99)
    assert told.value.permanent


def test_trouble_passes(git: GitRepository, config: ChannelConfig) -> None:
    """A server in trouble is asked again later; it is no answer."""
    git.release("v1.0")
    for ask, path in (
        (lambda: tracker.compare(config, REPO, "main", "v1.0"), "main...v1.0"),
        (lambda: tracker.templates(config, REPO), "ISSUE_TEMPLATE"),
        (lambda: tracker.fixes(config, REPO, 1), "timeline"),
    ):
        git.fake.fail(path, answer=Answer(502, {"message": "Bad gateway"}))
        with pytest.raises(DeliveryError) as told:
            ask()
        assert not told.value.permanent


# ------------------------------------------------------------------ what fixed it


def fixed_by(config: ChannelConfig) -> list[tuple[str, str, int, int]]:
    """(kind, place, number, backport of) of each."""
    found = tracker.fixes(config, REPO, 1)
    return [(item.kind, item.place, item.number, item.backport_of) for item in found]


def test_fixes_by_words(git: GitRepository, config: ChannelConfig) -> None:
    """Merged and closing: not what only mentions it, and not what was not merged."""
    git.merge_pull(git.pull("maya", "Look into it", "See #1"))
    git.pull("maya", "Another try", "Fixes #1")
    number = git.pull("maya", "Handle nothing", "Fixes #1")
    assert fixed_by(config) == []
    git.merge_pull(number, how="squash")
    assert fixed_by(config) == [("pull", REPO, number, 0)]


def test_fixes_from_another_repository(
    git: GitRepository, config: ChannelConfig, tmp_path: Path
) -> None:
    web = attach(git.fake, "example/web", tmp_path / "web")
    number = web.pull("maya", "Handle nothing", "Fixes example/core#1")
    web.pull("maya", "Handle something", "Fixes #1")
    web.merge_pull(number)
    assert fixed_by(config) == [("pull", "example/web", number, 0)]


def test_fixes_with_backports(git: GitRepository, config: ChannelConfig) -> None:
    """The backport does not mention the issue, only its original."""
    git.git("branch", "1.x")
    number = git.pull("maya", "Handle nothing", "Fixes #1")
    git.merge_pull(number)
    late = git.pull("maya", "For 1.x", f"Backport of {REPO}#{number}", base="1.x", branch="late")
    assert fixed_by(config) == [("pull", REPO, number, 0)]
    git.merge_pull(late)
    assert fixed_by(config) == [("pull", REPO, number, 0), ("pull", REPO, late, number)]


def test_fixes_linked_by_hand(git: GitRepository, config: ChannelConfig) -> None:
    number = git.pull("maya", "Handle nothing")
    git.connect(1, number)
    git.connect(1, git.pull("maya", "Not merged"))
    git.merge_pull(number)
    assert fixed_by(config) == [("pull", REPO, number, 0)]


def test_fixes_by_a_commit(git: GitRepository, config: ChannelConfig) -> None:
    sha = git.commit("Handle nothing\n\nFixes #1", {"app.py": "fixed\n"})
    git.push()
    (found,) = tracker.fixes(config, REPO, 1)
    assert (found.kind, found.number, found.commit, found.title) == (
        "commit",
        0,
        sha,
        "Handle nothing",
    )
    assert found.url.endswith(f"/{REPO}/commit/{sha}")
    assert tracker.files(config, REPO, sha) == ("app.py",)


def test_fixes_by_a_commit_that_is_gone(git: GitRepository, config: ChannelConfig) -> None:
    """Pushed over since; what else is known still counts."""
    git.timelines[1] = [{"event": "closed", "commit_id": "f" * 40, "commit_url": None}]
    assert fixed_by(config) == []


def test_fixes_by_a_commit_of_a_pull_request(git: GitRepository, config: ChannelConfig) -> None:
    """The words stand in a commit; the pull request brought it."""
    git.switch("quiet", "main")
    git.commit("Handle nothing, fixes #1")
    git.switch("main")
    number = git.pull("maya", "Some work", branch="quiet")
    git.merge_pull(number)
    assert fixed_by(config) == [("pull", REPO, number, 0)]


# ------------------------------------------------------------------ histories and releases


def test_compare(git: GitRepository, config: ChannelConfig) -> None:
    """Oldest first, with what a cherry-pick keeps."""
    git.switch("side", "main")
    sha = git.commit("One\n\nIts text.")
    last = git.commit("Two")
    found = tracker.compare(config, REPO, "main", "side")
    assert [commit.sha for commit in found.commits] == [sha, last]
    first = found.commits[0]
    assert (first.message, first.author) == ("One\n\nIts text.", "maya <maya@example.org>")
    assert first == tracker.commit(config, REPO, sha)
    assert (found.missing, first.parents) == (0, (git.sha("main"),))
    assert tracker.compare(config, REPO, "side", "main").missing == 2
    same = tracker.compare(config, REPO, "side", "side")
    assert (same.commits, same.missing) == ((), 0)


def test_compare_with_what_is_gone(git: GitRepository, config: ChannelConfig) -> None:
    """A missing tag contains nothing; a missing base or repository is an error."""
    assert tracker.compare(config, REPO, "main", "v9").missing == 1
    for place, base in ((REPO, "f" * 40), ("example/gone", "main")):
        with pytest.raises(DeliveryError):
            tracker.compare(config, place, base, "main")


def test_compare_pages_are_bounded(
    git: GitRepository, config: ChannelConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vendor that counts wrongly is not asked for ever."""
    monkeypatch.setattr(tracker, "MOST_PAGES", 3)
    row = {"sha": "a", "commit": {"message": "x"}}
    told: dict[str, Any] = {"behind_by": 0, "total_commits": 9_999_999, "commits": [row] * 100}
    git.fake.fail("a...b", times=10, answer=Answer(200, told))
    assert len(tracker.compare(config, REPO, "a", "b").commits) == 300
    assert len(git.fake.called("a...b")) == 3


def test_files_of_a_pull_request(git: GitRepository, config: ChannelConfig) -> None:
    """With the old name of what was moved; the base may have gone on since."""
    git.commit("Old", {"old/name.py": "much the same\n" * 20})
    git.switch("move", "main")
    git.git("mv", "old/name.py", "new.py")
    git.commit("Move", {"more ü.py": "x"})
    git.switch("main")
    number = git.pull("maya", "Move", branch="move")
    git.commit("Main goes on")
    git.merge_pull(number)
    assert set(tracker.files(config, REPO, number)) == {"old/name.py", "new.py", "more ü.py"}


def test_releases(git: GitRepository, config: ChannelConfig) -> None:
    """As they stand now, page by page."""
    git.release("v1.0", "One", notes="First.")
    git.release("v1.1-rc", prerelease=True)
    git.release("v2.0", draft=True)
    draft, candidate, first = tracker.releases(config, REPO)
    assert (first.tag, first.name, first.notes, first.place) == ("v1.0", "One", "First.", REPO)
    assert first.published_at == first.at
    assert (candidate.prerelease, draft.draft, draft.published_at) == (True, True, None)
    git.edit_release("v1.0", name="Uno")
    assert tracker.releases(config, REPO)[2].at > first.at
    row = next(iter(git.releases.values()))
    git.releases.update({number: {**row, "tag_name": f"n{number}"} for number in range(120)})
    assert len(tracker.releases(config, REPO)) == 123


# ------------------------------------------------------------------ forms

FORM = """
name: Bug report
description: Something is broken
title: "[Bug] "
labels: [bug, triage]
body:
  - type: markdown
    attributes: {value: Thank you!}
  - type: textarea
    id: what
    attributes: {label: "What happened?", description: As exactly as you can., value: "It broke."}
  - type: dropdown
    attributes: {label: Version, options: ["1.0", "2.0"]}
  - type: checkboxes
    attributes: {label: Terms, options: [{label: I searched, required: true}]}
  - type: input
    attributes: {label: Contact}
"""
FORM_TEXT = """### What happened?

<!-- As exactly as you can. -->

It broke.

### Version

<!-- 1.0 · 2.0 -->

### Terms

- [ ] I searched

### Contact"""
MARKDOWN = (
    "---\nname: Idea\nabout: x\ntitle: 'Idea: '\nlabels: idea, later\n---\n\n**What** would help?\n"
)


def test_templates(git: GitRepository, config: ChannelConfig) -> None:
    """Forms and Markdown, without what cannot be read or is none."""
    assert tracker.templates(config, REPO) == ()
    named = {"bug.yml": FORM, "idea.md": MARKDOWN, "plain.md": "Just say it.", "config.yml": "a: 1",
             "broken.yml": "a: [", "list.yaml": "- 1", "logo.png": "x", "deeper/x.md": "x"}  # fmt: skip
    git.commit("Forms", {f".github/ISSUE_TEMPLATE/{name}": text for name, text in named.items()})
    bug = IssueTemplate(
        key="bug.yml", name="Bug report", title="[Bug] ", text=FORM_TEXT, labels=("bug", "triage")
    )
    idea = IssueTemplate(
        key="idea.md",
        name="Idea",
        title="Idea: ",
        text="**What** would help?",
        labels=("idea", "later"),
    )
    plain = IssueTemplate(key="plain.md", name="plain", text="Just say it.")
    assert tracker.templates(config, REPO) == (bug, idea, plain)


def test_form_with_odd_parts() -> None:
    """What has another shape than documented is passed over."""
    text = "name: 7\nlabels: 3\nbody:\n  - 1\n  - {type: input, attributes: 5, id: who}\n  - {type: dropdown, attributes: {label: A, options: x}}"
    found = forms.template_of("a.yml", text)
    assert found == IssueTemplate(key="a.yml", name="7", text="### who\n\n### A", labels=("3",))


def test_kind_has_the_tracker() -> None:
    assert GITHUB.tracker is tracker.TRACKER
