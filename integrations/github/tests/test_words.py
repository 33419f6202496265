"""What pull requests say in words."""

import pytest

from inbox.channels.tracker import ItemRef
from integrations.github.words import backport_of, closes

REPO = "example/core"


def issue(number: int, place: str = REPO, kind: str = "issue") -> ItemRef:
    return ItemRef(kind=kind, place=place, number=number)


@pytest.mark.parametrize(
    "word", "close closes closed fix fixes fixed resolve resolves resolved".split()
)
def test_closing_keywords(word: str) -> None:
    """GitHub's nine, in any case, with and without a colon."""
    for text in (f"{word} #12", f"{word.upper()}: #12", f"It {word.title()} #12."):
        assert closes(text, REPO) == (issue(12),)
    assert closes(f"x{word} #12 {word}#12 {word} 12 {word}ing #12 {word} #12x", REPO) == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Fixes #1, resolves #2 and #3", (issue(1), issue(2))),
        ("Fixes other/place#4", (issue(4, "other/place"),)),
        ("Closes https://github.com/example/web/issues/5", (issue(5, "example/web"),)),
        ("Closes https://github.com/example/web/pull/5", (issue(5, "example/web", "pull"),)),
        ("Fixes #1\nfixes #1", (issue(1),)),
        ("`fixes #1` ``fixes `#2` `` and fixes #3", (issue(3),)),
        ("```\nfixes #1\n```\nfixes #2", (issue(2),)),
        ("~~~text\nfixes #1\n```\nfixes #2", ()),
        ("<!-- fixes #1\n -->fixes #2", (issue(2),)),
        ("a ` alone, fixes #1", (issue(1),)),
        ("See #1, prefix #2, bugfix #3", ()),
    ],
)
def test_closes(text: str, found: tuple[ItemRef, ...]) -> None:
    assert closes(text, REPO) == found


@pytest.mark.parametrize(
    ("title", "body", "branch", "number"),
    [
        ("Handle nothing", "Backport of #12", "x", 12),
        ("Handle nothing (backport #12)", "", "x", 12),
        ("[1.x] Handle nothing", "Backports #12 to 1.x.", "x", 12),
        (
            "Handle nothing",
            "This is an automatic backport of pull request #12 done by [Mergify]",
            "x",
            12,
        ),
        ("Cherry-pick of #12", "", "x", 12),
        ("Cherry pick of example/core#12 on 1.x", "", "x", 12),
        ("Handle nothing", "", "backport-12-to-1.x", 12),
        ("Handle nothing", "", "mergify/bp/1.x/pr-12", 12),
        ("Handle nothing", "", "automated-cherry-pick-of-#12-upstream-1.x", 12),
        ("Handle nothing", "Backport of other/place#12", "x", 0),
        ("Handle nothing", "`backport of #12`", "x", 0),
        ('Revert "Handle nothing (backport #12)"', "Reverts example/core#15", "x", 0),
        ("Handle nothing", "See #12", "patch-12", 0),
    ],
)
def test_backport_of(title: str, body: str, branch: str, number: int) -> None:
    repository = {"full_name": REPO, "default_branch": "main"}
    row = {
        "title": title,
        "body": body,
        "head": {"ref": branch},
        "base": {"ref": "1.x", "repo": repository},
    }
    assert backport_of(row) == number
    row["base"] = {"ref": "main", "repo": repository}
    assert backport_of(row) == 0, "what goes to the default branch is the original"
