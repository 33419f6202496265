"""Histories as people make them, each with the release that first contains the fix.

Every story starts with issue #1 and one commit on `main`. The answers are written by hand.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rig.github_git import GitRepository

Story = Callable[[GitRepository], object]


@dataclass(frozen=True)
class History:
    """A story, and the tag of the first release that contains the fix ("" for none)."""

    tell: Story
    expected: str
    patterns: Mapping[str, str] = field(default_factory=dict)


HISTORIES: dict[str, History] = {}
FIX = {"app/core.py": "fixed\n"}


def story(expected: str, **patterns: str) -> Callable[[Story], Story]:
    """Put a story into the table."""

    def put(tell: Story) -> Story:
        given = {PATTERNS[name]: path for name, path in patterns.items()}
        HISTORIES[tell.__name__] = History(tell, expected, given)
        return tell

    return put


PATTERNS = {"core": "core@*", "hub": "hub-v*", "v": "v*"}


def fixed(git: GitRepository, how: str = "merge", *, commits: int = 1) -> int:
    """The fix, merged into main; its number."""
    number = git.pull("maya", "Handle nothing", "Fixes #1", files=FIX, commits=commits)
    git.merge_pull(number, how=how)
    return number


def merged_sha(git: GitRepository, number: int) -> str:
    """The commit by which a pull request came in."""
    return str(git.thing(number)["merge_commit_sha"])


def backport(git: GitRepository, number: int, sha: str, *, how: str, record: bool = True) -> int:
    """A pull request that brings the fix to 1.x, merged there."""
    git.switch(f"backport-{number}-to-1.x", "1.x")
    git.pick(
        sha, record=record, mainline=1 if len(git.git("log", "-1", "--format=%P", sha)) > 41 else 0
    )
    git.switch("main")
    text, branch = f"Backport of #{number}", f"backport-{number}-to-1.x"
    made = git.pull("maya", "[1.x] Handle nothing", text, base="1.x", branch=branch)
    git.merge_pull(made, how=how)
    return made


def maintained(git: GitRepository) -> None:
    """v1.0 is out, and has a branch of its own."""
    git.release("v1.0")
    git.git("branch", "1.x")
    git.commit("Something for 2.0")


def released(git: GitRepository, branch: str, tag: str) -> None:
    """A release of what a branch has now."""
    git.switch(branch)
    git.commit(f"Prepare {tag}")
    git.release(tag)


# ------------------------------------------------------------------ ways into main


@story("v1.1")
def merge_commit(git: GitRepository) -> None:
    git.release("v1.0")
    fixed(git, "merge")
    git.release("v1.1")
    released(git, "main", "v1.2")


@story("v1.1")
def squash(git: GitRepository) -> None:
    git.release("v1.0")
    fixed(git, "squash", commits=3)
    released(git, "main", "v1.1")


@story("v1.1")
def rebase(git: GitRepository) -> None:
    git.release("v1.0")
    git.commit("Main moves on")
    fixed(git, "rebase", commits=3)
    released(git, "main", "v1.1")


@story("v1.1")
def rebase_released_half_way(git: GitRepository) -> None:
    """A release between the rebased commits has only the first of them."""
    number = fixed(git, "rebase", commits=2)
    git.release("v1.0", at=f"{merged_sha(git, number)}^")
    git.release("v1.1")


@story("v1.1")
def commit_without_pull_request(git: GitRepository) -> None:
    git.release("v1.0")
    git.commit("Handle nothing\n\nFixes #1", FIX)
    git.push()
    released(git, "main", "v1.1")


@story("v1.1")
def closing_words_in_a_commit_of_the_branch(git: GitRepository) -> None:
    git.release("v1.0")
    git.switch("quiet", "main")
    git.commit("Handle nothing, fixes #1", FIX)
    git.switch("main")
    git.merge_pull(git.pull("maya", "Some work", "As discussed.", branch="quiet"))
    git.release("v1.1")


@story("v1.1")
def linked_by_hand(git: GitRepository) -> None:
    git.release("v1.0")
    number = git.pull("maya", "Handle nothing", "No words.", files=FIX)
    git.connect(1, number)
    git.merge_pull(number)
    git.release("v1.1")


@story("v1.2")
def two_pull_requests(git: GitRepository) -> None:
    """Half of it is in v1.1; only both together are the fix."""
    git.merge_pull(git.pull("maya", "First half", "Fixes #1"))
    git.release("v1.1")
    git.merge_pull(git.pull("maya", "Second half", "Fixes #1", files=FIX))
    git.release("v1.2")


@story("")
def not_merged(git: GitRepository) -> None:
    git.pull("maya", "Handle nothing", "Fixes #1")
    git.release("v1.0")


@story("")
def merged_and_never_released(git: GitRepository) -> None:
    git.release("v1.0")
    fixed(git)


@story("")
def no_release_at_all(git: GitRepository) -> None:
    fixed(git, "squash")


@story("v2.0")
def through_a_development_branch(git: GitRepository) -> None:
    git.switch("develop", "main")
    number = git.pull("maya", "Handle nothing", "Fixes #1", base="develop", files=FIX)
    git.merge_pull(number)
    git.switch("main")
    released(git, "main", "v1.9")
    git.merge("develop", message="Release 2.0")
    git.release("v2.0")


@story("v1.1")
def octopus(git: GitRepository) -> None:
    git.release("v1.0")
    number = git.pull("maya", "Handle nothing", "Fixes #1", files=FIX)
    git.switch("other", "main")
    git.commit("Other work")
    git.switch("main")
    sha = git.merge(f"patch-{number}", "other")
    git.thing(number).update(merged=True, merged_at=git.fake.now(), merge_commit_sha=sha)
    released(git, "main", "v1.1")


# ------------------------------------------------------------------ release branches


@story("v2.0")
def maintenance_release_without_it(git: GitRepository) -> None:
    maintained(git)
    fixed(git)
    released(git, "1.x", "v1.1")
    released(git, "main", "v2.0")


@story("v1.1")
def pick_recorded(git: GitRepository) -> None:
    maintained(git)
    number = fixed(git, "squash")
    git.switch("1.x")
    git.pick(merged_sha(git, number), record=True)
    git.git("commit", "--amend", "--quiet", "--reset-author", "--no-edit")
    released(git, "1.x", "v1.1")
    released(git, "main", "v2.0")


@story("v1.1")
def pick_without_a_record(git: GitRepository) -> None:
    maintained(git)
    number = fixed(git, "squash")
    git.switch("1.x")
    git.pick(merged_sha(git, number))
    released(git, "1.x", "v1.1")
    released(git, "main", "v2.0")


@story("v1.1")
def pick_of_a_merge(git: GitRepository) -> None:
    maintained(git)
    number = fixed(git, "merge")
    git.switch("1.x")
    git.pick(merged_sha(git, number), mainline=1)
    released(git, "1.x", "v1.1")


@story("v1.1")
def pick_of_the_commit_inside_a_merge(git: GitRepository) -> None:
    maintained(git)
    number = fixed(git, "merge")
    git.switch("1.x")
    git.pick(f"patch-{number}", record=True)
    released(git, "1.x", "v1.1")
    released(git, "main", "v2.0")


@story("v2.0")
def pick_of_something_else(git: GitRepository) -> None:
    maintained(git)
    fixed(git, "squash")
    other = git.commit("Handle something")
    git.switch("1.x")
    git.pick(other, record=True)
    released(git, "1.x", "v1.1")
    released(git, "main", "v2.0")


@story("v1.1")
def backport_squashed(git: GitRepository) -> None:
    maintained(git)
    number = fixed(git, "squash")
    backport(git, number, merged_sha(git, number), how="squash")
    released(git, "1.x", "v1.1")
    released(git, "main", "v2.0")


@story("v1.1")
def backport_merged_with_other_words(git: GitRepository) -> None:
    """Nothing in the commits tells; the pull request does."""
    maintained(git)
    number = fixed(git, "squash")
    git.switch("by-hand", "1.x")
    git.commit("The same for 1.x", FIX)
    git.switch("main")
    made = git.pull("maya", f"For 1.x (backport #{number})", base="1.x", branch="by-hand")
    git.merge_pull(made, how="merge")
    released(git, "1.x", "v1.1")
    released(git, "main", "v2.0")


@story("v1.0.1")
def backport_branch_merged_into_a_second_line(git: GitRepository) -> None:
    """By pull request into 1.x, by hand into what v1.0.1 is made of."""
    maintained(git)
    number = fixed(git, "squash")
    git.switch("by-hand", "1.x")
    git.commit("The same for 1.x", FIX)
    git.switch("main")
    made = git.pull("maya", f"For 1.x (backport #{number})", base="1.x", branch="by-hand")
    git.merge_pull(made, how="merge")
    git.switch("1.0.x", "v1.0")
    git.merge("by-hand")
    git.release("v1.0.1")
    released(git, "1.x", "v1.1")


@story("v2.0")
def backport_not_merged(git: GitRepository) -> None:
    maintained(git)
    number = fixed(git, "squash")
    git.switch("by-hand", "1.x")
    git.commit("The same for 1.x", FIX)
    git.switch("main")
    git.pull("maya", f"For 1.x (backport #{number})", base="1.x", branch="by-hand")
    released(git, "1.x", "v1.1")
    released(git, "main", "v2.0")


@story("v1.1")
def hotfix_branch_merged_both_ways(git: GitRepository) -> None:
    """One branch into main by its pull request, into 1.x by hand."""
    git.release("v1.0")
    git.git("branch", "1.x")
    number = git.pull("maya", "Handle nothing", "Fixes #1", files=FIX)
    git.commit("Something for 2.0")
    git.merge_pull(number)
    git.switch("1.x")
    git.merge(f"patch-{number}")
    git.release("v1.1")
    released(git, "main", "v2.0")


@story("v1.1")
def release_branch_merged_back(git: GitRepository) -> None:
    """Fixed on 1.x by a pick; v2.0 has it twice, by a merge and by itself."""
    maintained(git)
    number = fixed(git, "squash")
    git.switch("1.x")
    git.pick(merged_sha(git, number), record=True)
    git.release("v1.1")
    git.switch("main")
    git.merge("1.x")
    git.release("v2.0")


@story("v2.0")
def pick_reverted_on_its_branch_and_merged_back(git: GitRepository) -> None:
    """What 1.x took back does not take it from main."""
    maintained(git)
    number = fixed(git, "squash")
    git.switch("1.x")
    git.revert(git.pick(merged_sha(git, number), record=True))
    git.release("v1.1")
    git.switch("main")
    git.merge("1.x")
    git.release("v2.0")


@story("v1.1.1")
def hotfix_before_the_main_release(git: GitRepository) -> None:
    maintained(git)
    released(git, "1.x", "v1.1")
    git.switch("main")
    number = fixed(git)
    git.switch("1.x")
    git.pick(merged_sha(git, number), mainline=1)
    git.release("v1.1.1")
    released(git, "main", "v2.0")


@story("v2.0")
def main_release_before_the_hotfix(git: GitRepository) -> None:
    """The lower version came out later."""
    maintained(git)
    number = fixed(git, "squash")
    git.release("v2.0")
    git.switch("1.x")
    git.pick(merged_sha(git, number))
    git.release("v1.1")


@story("v1.1")
def pick_from_the_maintenance_branch_to_main(git: GitRepository) -> None:
    """Fixed on 1.x first; main got a copy, which is what the issue knows."""
    maintained(git)
    git.switch("1.x")
    sha = git.commit("Handle nothing", FIX)
    git.switch("main")
    git.pick(sha)
    git.git("commit", "--amend", "--quiet", "--message", "Handle nothing\n\nFixes #1")
    git.push()
    released(git, "1.x", "v1.1")
    released(git, "main", "v2.0")
