"""What each role may do: the one table. Whatever asks about a right asks here."""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inbox.accounts.models import User


class Right(StrEnum):
    """Something that one role may do and another may not."""

    READ = "read"  # tickets, people, reports, who is on duty
    ADDRESSES = "addresses"  # people's addresses in full; else masked everywhere
    FIGURES = "figures"  # reports as files
    NOTE = "note"  # internal notes, and presence as somebody who writes one
    DUTY = "duty"  # take part in the rota: swaps, time off, hand-over sheets
    ACT = "act"  # change tickets: assign, tag, hold, close, merge …
    REPLY = "reply"  # whatever leaves: answers, drafts, issues, what failed to leave
    SECRETS = "secrets"  # what was sent to us by mistake: see it, note what became of it
    STREAMS = "streams"  # take a broadcast away from the public, and give it back
    MACROS = "macros"  # use them, and edit one's own
    EXPORT = "export"  # people and tickets as files
    MANAGE = "manage"  # channels, rules, accounts, settings, the audit log, the admin


ROLES = ("admin", "agent", "light", "viewer")
# right: (admin, agent, light, viewer); somebody without an account has none, a superuser is admin
TABLE: Mapping[Right, tuple[bool, bool, bool, bool]] = {
    Right.READ: (True, True, True, True),
    Right.ADDRESSES: (True, True, True, False),
    # a light agent takes nothing out of the house; a viewer is somebody who reads figures
    Right.FIGURES: (True, True, False, True),
    Right.NOTE: (True, True, True, False),
    Right.DUTY: (True, True, True, False),
    Right.ACT: (True, True, False, False),
    Right.REPLY: (True, True, False, False),
    Right.SECRETS: (True, True, False, False),
    Right.STREAMS: (True, True, False, False),
    Right.MACROS: (True, True, False, False),
    Right.EXPORT: (True, True, False, False),
    Right.MANAGE: (True, False, False, False),
}


@lru_cache(maxsize=16)
def rights_of(role: str) -> frozenset[Right]:
    """Everything that a role may do; an unknown role may do nothing."""
    if role not in ROLES:
        return frozenset()
    place = ROLES.index(role)
    return frozenset(right for right, may in TABLE.items() if may[place])


def can(user: "User | object", right: Right) -> bool:
    """Whether somebody may do this now; nobody without an active account may do anything."""
    if not getattr(user, "is_active", False):
        return False
    role = "admin" if getattr(user, "is_admin", False) else getattr(user, "role", "")
    return right in rights_of(role)


class Rights:
    """The rights of an account, for templates: `{% if request.user.may.reply %}`."""

    def __init__(self, user: "User") -> None:
        self._user = user

    def __getitem__(self, name: str) -> bool:
        return can(self._user, Right(name))
