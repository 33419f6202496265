"""The fake GitHub's lists: what changed since a moment, and the log of webhook deliveries."""

from typing import TYPE_CHECKING

from rig.vendor import Answer, Call

if TYPE_CHECKING:
    from rig.github import FakeGitHub


def answer(fake: "FakeGitHub", call: Call) -> Answer | None:
    """One request, None when it is none of these."""
    return None
