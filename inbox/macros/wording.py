"""A macro's words: places such as `{{ requester.first_name }}`, filled in one pass. Pure.

A fixed list of names is looked up; nothing of a text is ever run, and what is filled in is not
read again. `\\{{` stands for the braces themselves.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

VARIABLES: dict[str, str] = {
    "requester.name": "the requester's name",
    "requester.first_name": "the requester's first name, else “there”",
    "ticket.number": "the ticket's number",
    "ticket.subject": "the ticket's subject",
    "agent.name": "your name",
    "agent.first_name": "your first name",
    "channel.name": "the mailbox, workspace or site",
    "links.call": "the scheduling link (setting call_link), filled in for the requester",
    "links.zoom": "where a call goes on (setting zoom_link)",
    "links.invite": "how to join the community's chat",
    "role.title": "the open role that they write about",
    "role.url": "where to apply for it",
    "role.generic_url": "where to apply whatever the role (job board or generic_role_link)",
}
LONGEST = 20_000

_PLACE = re.compile(r"\\\{\{|\{\{(.*?)\}\}", re.DOTALL)
_MARKUP = re.compile(r"[\\`*\[\]<>|~]|(?<!\w)_|_(?!\w)")
_NO_NAME = re.compile(r"[^\w\s.'’-]|_")


class BadMacro(ValueError):
    """A macro that cannot be; the text is for the person who edits it."""


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """The words as they are inserted, and the places that had nothing to say."""

    text: str
    missing: tuple[str, ...] = ()


def check(text: str, *, agent: bool = True) -> None:
    """Raises `BadMacro` for a name that is unknown and for braces that stay open.

    `agent`: whether somebody says these words; a rule is nobody.
    """
    names = [name for name in VARIABLES if agent or not name.startswith("agent.")]
    if len(text) > LONGEST:
        raise BadMacro(f"The text is longer than {LONGEST} characters.")
    for found in _PLACE.finditer(text):
        name = found[1]
        if name is not None and name.strip() not in names:
            known = ", ".join(names)
            raise BadMacro(f"There is no variable “{name.strip()[:60]}”; there are {known}.")
    if "{{" in _PLACE.sub("", text):
        raise BadMacro("“{{” is opened and never closed; for the braces themselves write \\{{.")


def fill(text: str, values: Mapping[str, str]) -> Rendered:
    """The text with every place filled; an unknown one stays as it is written."""
    missing: list[str] = []

    def place(found: re.Match[str]) -> str:
        if found[1] is None:
            return "{{"
        name = found[1].strip()
        if name not in VARIABLES:
            return found[0]
        value = values.get(name, "")
        if not value:
            missing.append(name)
        return value

    return Rendered(text=_PLACE.sub(place, text), missing=tuple(dict.fromkeys(missing)))


def plain(value: str) -> str:
    """Somebody's words as words: in one line, and no markup by them."""
    return _MARKUP.sub(lambda found: f"\\{found[0]}", " ".join(value.split()))


def name(value: str) -> str:
    """A name that a stranger chose: letters and what stands between them, never an address."""
    words = re.sub(r"\.(?=\w{2})", " ", _NO_NAME.sub(" ", value))
    return " ".join(words.split())[:80]


def first_name(value: str) -> str:
    """The first word of a name."""
    return name(value).partition(" ")[0].strip(".-'’")
