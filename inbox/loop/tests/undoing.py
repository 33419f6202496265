"""More histories: what is taken back, put back, retagged, edited, or released in parts."""

from inbox.loop.tests.histories import (
    FIX,
    backport,
    fixed,
    maintained,
    merged_sha,
    released,
    story,
)
from rig.github_git import GitRepository

# ------------------------------------------------------------------ reverts


@story("")
def reverted_before_the_release(git: GitRepository) -> None:
    git.revert(merged_sha(git, fixed(git, "squash")))
    git.release("v1.1")
    released(git, "main", "v1.2")


@story("v1.1")
def reverted_after_the_release(git: GitRepository) -> None:
    number = fixed(git, "squash")
    git.release("v1.1")
    git.revert(merged_sha(git, number))
    git.release("v1.2")


@story("v1.2")
def reverted_and_applied_again(git: GitRepository) -> None:
    undone = git.revert(merged_sha(git, fixed(git, "squash")))
    git.release("v1.1")
    git.revert(undone)
    git.release("v1.2")


@story("v1.2")
def reapply_in_new_words(git: GitRepository) -> None:
    """As git writes it since 2.43."""
    undone = git.revert(merged_sha(git, fixed(git, "squash")))
    git.release("v1.1")
    git.revert(undone, message=f'Reapply "Handle nothing (#2)"\n\nThis reverts commit {undone}.')
    git.release("v1.2")


@story("")
def reverted_three_times(git: GitRepository) -> None:
    undone = git.revert(merged_sha(git, fixed(git, "squash")))
    git.revert(git.revert(undone))
    git.release("v1.1")


@story("v1.1")
def reverted_and_applied_again_before_the_release(git: GitRepository) -> None:
    git.revert(git.revert(merged_sha(git, fixed(git, "squash"))))
    git.release("v1.1")


@story("")
def revert_of_a_merge(git: GitRepository) -> None:
    git.revert(merged_sha(git, fixed(git, "merge")), mainline=1)
    git.release("v1.1")


@story("")
def revert_of_the_commit_inside_a_merge(git: GitRepository) -> None:
    number = fixed(git, "merge")
    git.revert(f"patch-{number}")
    git.release("v1.1")


@story("")
def revert_by_a_short_sha(git: GitRepository) -> None:
    sha = merged_sha(git, fixed(git, "squash"))
    git.revert(sha, message=f"Take it back\n\nThis reverts commit {sha[:8]}, it was too early.")
    git.release("v1.1")


@story("")
def revert_button_merged(git: GitRepository) -> None:
    git.revert_pull(fixed(git, "merge"), how="merge")
    git.release("v1.1")


@story("")
def revert_button_squashed(git: GitRepository) -> None:
    """Only `Reverts example/core#2` is left of it."""
    git.revert_pull(fixed(git, "squash"), how="squash")
    git.release("v1.1")


@story("v1.2")
def revert_button_twice_merged(git: GitRepository) -> None:
    """The second one names the merge of the first, not its commit."""
    undone = git.revert_pull(fixed(git, "merge"), how="merge")
    git.release("v1.1")
    git.revert_pull(undone, how="merge")
    git.release("v1.2")


@story("v1.2")
def revert_button_twice_squashed(git: GitRepository) -> None:
    undone = git.revert_pull(fixed(git, "squash"), how="squash")
    git.release("v1.1")
    git.revert_pull(undone, how="squash")
    git.release("v1.2")


@story("")
def revert_that_is_only_a_title(git: GitRepository) -> None:
    number = fixed(git, "squash")
    git.revert(merged_sha(git, number), message=f'Revert "Handle nothing (#{number})" (#9)')
    git.release("v1.1")


@story("v1.1")
def revert_of_something_else(git: GitRepository) -> None:
    fixed(git, "squash")
    git.revert(git.commit("Handle nothing too"))
    git.release("v1.1")


@story("v1.1")
def revert_on_a_branch_that_is_not_released(git: GitRepository) -> None:
    number = fixed(git, "squash")
    git.switch("trial", "main")
    git.revert(merged_sha(git, number))
    released(git, "main", "v1.1")


@story("v2.0")
def backport_reverted(git: GitRepository) -> None:
    maintained(git)
    number = fixed(git, "squash")
    made = backport(git, number, merged_sha(git, number), how="squash")
    git.switch("1.x")
    git.revert(merged_sha(git, made))
    git.release("v1.1")
    released(git, "main", "v2.0")


@story("v2.0")
def backport_reverted_by_the_button(git: GitRepository) -> None:
    maintained(git)
    number = fixed(git, "merge")
    made = backport(git, number, merged_sha(git, number), how="squash", record=False)
    git.revert_pull(made, how="squash")
    released(git, "1.x", "v1.1")
    released(git, "main", "v2.0")


@story("v1.1")
def reverted_on_main_but_not_on_the_branch(git: GitRepository) -> None:
    maintained(git)
    sha = merged_sha(git, fixed(git, "squash"))
    git.switch("1.x")
    git.pick(sha)
    git.switch("main")
    git.revert(sha)
    git.release("v2.0")
    released(git, "1.x", "v1.1")


@story("v2.1")
def revert_picked_to_the_branch(git: GitRepository) -> None:
    """Both the fix and its revert were brought to 1.x before anything was released."""
    maintained(git)
    sha = merged_sha(git, fixed(git, "squash"))
    undone = git.revert(sha)
    git.switch("1.x")
    git.pick(sha, record=True)
    git.pick(undone, record=True)
    git.release("v1.1")
    git.switch("main")
    git.revert(undone)
    git.release("v2.1")


# ------------------------------------------------------------------ tags and releases


@story("v1.1")
def annotated_tag(git: GitRepository) -> None:
    fixed(git)
    git.tag("v1.1", annotated=True)
    git.release("v1.1")


@story("v1.2")
def tag_without_a_release(git: GitRepository) -> None:
    fixed(git)
    git.tag("v1.1")
    released(git, "main", "v1.2")


@story("v1.1")
def prerelease_does_not_count(git: GitRepository) -> None:
    fixed(git)
    git.release("v1.1-rc.1", prerelease=True)
    git.release("v1.1")


@story("v1.1")
def prerelease_became_a_release(git: GitRepository) -> None:
    fixed(git)
    git.release("v1.1", prerelease=True)
    released(git, "main", "v1.2")
    git.edit_release("v1.1", prerelease=False)


@story("v1.2")
def draft_does_not_count(git: GitRepository) -> None:
    fixed(git)
    git.release("v1.1", draft=True)
    git.release("v1.2")


@story("v1.2")
def draft_published_later(git: GitRepository) -> None:
    """What was drafted first came out last."""
    fixed(git)
    git.release("v1.1", draft=True)
    git.release("v1.2")
    git.edit_release("v1.1", draft=False)


@story("v1.2")
def release_deleted(git: GitRepository) -> None:
    fixed(git)
    git.release("v1.1")
    git.release("v1.2")
    git.delete_release("v1.1")


@story("v1.0")
def tag_moved_onto_the_fix(git: GitRepository) -> None:
    git.release("v1.0")
    fixed(git)
    git.release("v1.1")
    git.move_tag("v1.0")


@story("v1.2")
def tag_moved_off_the_fix(git: GitRepository) -> None:
    before = git.sha()
    fixed(git)
    git.release("v1.1")
    git.release("v1.2")
    git.move_tag("v1.1", before)


@story("v1.1")
def tag_deleted_under_its_release(git: GitRepository) -> None:
    fixed(git)
    git.release("v1.0")
    git.git("tag", "--delete", "v1.0")
    git.release("v1.1")


@story("v1.1")
def release_of_an_older_commit(git: GitRepository) -> None:
    """Published after the fix, of a commit before it."""
    before = git.sha()
    fixed(git)
    git.release("v1.0", at=before)
    git.release("v1.1")


@story("2026.11/core+1")
def tag_with_odd_characters(git: GitRepository) -> None:
    fixed(git)
    git.release("2026.11/core+1")


@story("v1.1")
def unrelated_history(git: GitRepository) -> None:
    """Pages that live on a branch without a common ancestor have releases too."""
    fixed(git)
    git.git("checkout", "--quiet", "--orphan", "pages")
    git.commit("Pages")
    git.release("pages-1")
    git.switch("main")
    git.release("v1.1")


@story("v1.1")
def more_commits_than_a_page(git: GitRepository) -> None:
    """The revert and what undid it lie on the second and third page of the comparison."""
    number = fixed(git, "squash")
    fill(git, 120)
    undone = git.revert(merged_sha(git, number))
    fill(git, 100)
    git.release("v1.0")
    git.revert(undone)
    git.release("v1.1")


def fill(git: GitRepository, count: int) -> None:
    """Empty commits, all at once."""
    at, entries = int(git.fake.at.timestamp()), []
    for number in range(count):
        who = f"maya <maya@example.org> {at + number} +0000"
        start = f"from {git.sha()}\n" if number == 0 else ""
        entries.append(f"commit refs/heads/main\ncommitter {who}\ndata 4\nMore\n{start}\n")
    git.git("fast-import", "--quiet", stdin="".join(entries))
    git.git("reset", "--quiet", "--hard", "main")


# ------------------------------------------------------------------ monorepos


@story("core@1.1", core="core", hub="hub")
def monorepo(git: GitRepository) -> None:
    number = git.pull("maya", "Handle nothing", "Fixes #1", files={"core/a.py": "fixed\n"})
    git.merge_pull(number, how="squash")
    git.release("hub-v3.0")
    git.release("core@1.1")


@story("hub-v3.0", core="core", hub="hub/")
def monorepo_touching_both(git: GitRepository) -> None:
    files = {"core/a.py": "fixed\n", "hub/b.py": "fixed\n"}
    git.merge_pull(git.pull("maya", "Handle nothing", "Fixes #1", files=files))
    git.release("hub-v3.0")
    git.release("core@1.1")


@story("core@1.1", core="core", hub="hub")
def monorepo_by_a_commit(git: GitRepository) -> None:
    git.commit("Handle nothing\n\nFixes #1", {"core/a.py": "fixed\n"})
    git.push()
    git.release("hub-v3.0")
    git.release("core@1.1")


@story("", core="core", hub="hub")
def monorepo_of_a_neighbour_with_a_longer_name(git: GitRepository) -> None:
    files = {"core-extras/a.py": "fixed\n"}
    git.merge_pull(git.pull("maya", "Handle nothing", "Fixes #1", files=files))
    git.release("core@1.1")


@story("v1.1", v="")
def pattern_for_everything(git: GitRepository) -> None:
    git.merge_pull(git.pull("maya", "Handle nothing", "Fixes #1", files=FIX))
    git.release("nightly")
    git.release("v1.1")


@story("core@2.0", core="core")
def monorepo_moved_file(git: GitRepository) -> None:
    """It was moved out of core: the old name counts as well."""
    git.commit("Old place", {"core/a.py": "much the same\n" * 20})
    git.switch("move", "main")
    git.git("mv", "core/a.py", "elsewhere.py")
    git.git("commit", "--quiet", "--message", "Move it")
    git.switch("main")
    git.merge_pull(git.pull("maya", "Handle nothing", "Fixes #1", branch="move"))
    git.release("core@2.0")
