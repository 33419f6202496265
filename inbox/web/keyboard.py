"""The keyboard map: written once, shown by the help, read there by the script (`keys.js`).

Keys in `press` are as the script hears them: single keys, `shift+j`, two after one another (`g q`),
or with ⌘ or Ctrl (`mod+k`). What a page offers beside these stands on its controls (`data-key`).
"""

from dataclasses import dataclass

from django.urls import reverse


@dataclass(frozen=True, kw_only=True)
class Key:
    """One line of the map. `does` names an act of the script, `goes` a page; neither: a control."""

    words: str
    caps: str  # key caps as they are shown, parted by spaces; "then" and "or" are words
    press: str = ""
    does: str = ""
    goes: str = ""

    @property
    def shown(self) -> list[tuple[str, bool]]:
        """(text, whether it is a key cap) of each part."""
        return [(part, part not in ("then", "or")) for part in self.caps.split()]


@dataclass(frozen=True, kw_only=True)
class Section:
    """A column of the map."""

    name: str
    keys: tuple[Key, ...]


def _goes(letter: str, name: str, words: str) -> Key:
    return Key(words=words, caps=f"G then {letter}", press=f"g {letter.lower()}", goes=name)


def address(name: str) -> str:
    """Where a key of the map goes."""
    return reverse("queue") + "?owner=me" if name == "mine" else reverse(name)


SECTIONS = (
    Section(
        name="Move",
        keys=(
            Key(words="Next ticket", caps="J", press="j", does="next"),
            Key(words="Previous ticket", caps="K", press="k", does="previous"),
            Key(words="Next group", caps="⇧ J", press="shift+j", does="next-group"),
            Key(words="Previous group", caps="⇧ K", press="shift+k", does="previous-group"),
            Key(words="Open, back to the list", caps="↵ U"),
            Key(words="Show new tickets", caps="."),
            Key(words="Between panes", caps="F6", press="f6", does="next-pane"),
        ),
    ),
    Section(
        name="Ticket",
        keys=(
            Key(words="Assign to me, to someone", caps="I A"),
            Key(words="Status", caps="S"),
            Key(words="Category, priority, team", caps="C P Y"),
            Key(words="Tags", caps="L"),
            Key(words="Snooze, put on hold", caps="Z H"),
            Key(words="Close", caps="E"),
            Key(words="Hand over", caps="O"),
            Key(words="Merge, more actions", caps="M V"),
            Key(words="Select, select a range", caps="X ⇧ X"),
            Key(words="Undo the last step", caps="⌘ Z", press="mod+z", does="undo"),
        ),
    ),
    Section(
        name="Write",
        keys=(
            Key(words="Reply, internal note", caps="R N"),
            Key(words="Ask the team", caps="T"),
            Key(words="Insert a macro, a similar answer", caps="; Q"),
            Key(words="Send and wait", caps="⌘ ↵"),
            Key(words="Send and close", caps="⌘ ⇧ ↵"),
            Key(words="One step back", caps="Esc"),
        ),
    ),
    Section(
        name="Go to",
        keys=(
            _goes("Q", "queue", "Queue"),
            Key(words="Mine", caps="G then M", press="g m", goes="mine"),
            _goes("P", "people", "People"),
            _goes("B", "playbooks", "Playbooks"),
            _goes("O", "oncall", "On-call"),
            _goes("R", "reports", "Reports"),
            _goes("T", "triage", "Triage"),
            _goes("L", "loop", "Releases"),
            _goes("N", "notices", "Notices"),
        ),
    ),
    Section(
        name="Anywhere",
        keys=(
            Key(words="Search or jump to", caps="⌘ K", press="mod+k", does="palette"),
            Key(words="New ticket", caps="⇧ N", press="shift+n", goes="ticket-new"),
            Key(words="Filter the list", caps="/"),
            Key(words="Compact or roomy rows", caps="D"),
            Key(words="This help", caps="?", press="?", does="help"),
        ),
    ),
)
