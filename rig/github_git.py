"""The fake GitHub's histories: commits, comparisons, tags and releases of real git repositories."""

from typing import TYPE_CHECKING

from rig.vendor import Answer, Call

if TYPE_CHECKING:
    from rig.github import FakeGitHub


def answer(fake: "FakeGitHub", call: Call) -> Answer | None:
    """One request, None when it is none of these."""
    return None
