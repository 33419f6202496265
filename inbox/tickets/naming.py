"""What statuses are called here: editable names of fixed categories (L19).

In progress has two names, for its two reasons. Machines read the fixed words of `states`.
"""

from collections.abc import Mapping

from inbox.common.config import change_setting, setting
from inbox.tickets.errors import VerbError
from inbox.tickets.states import Status

SETTING = "status_names"
LONGEST = 30
SHIPPED = {
    "open": "Open",
    "them": "Waiting on them",
    "research": "Researching",
    "on_hold": "On hold",
    "closed": "Closed",
    "trashed": "Trashed",
    "spam": "Spam",
    "merged": "Merged",
}
# the word of `is:` in the search language that stands for a name
SEARCHED = {
    "open": "open",
    "them": "waiting",
    "research": "research",
    "on_hold": "hold",
    "closed": "closed",
    "trashed": "trash",
    "spam": "spam",
    "merged": "merged",
}


def names() -> dict[str, str]:
    """Every name by its fixed key."""
    return {**SHIPPED, **setting(SETTING)}


def renamed() -> list[str]:
    """The names that are not the shipped ones."""
    return list(setting(SETTING).values())


def name(key: str) -> str:
    """One name, as it begins a sentence."""
    return names()[key]


def inside(key: str) -> str:
    """One name inside a sentence: a shipped one is no proper noun."""
    found = name(key)
    return found[:1].lower() + found[1:] if found == SHIPPED[key] else found


def status_name(status: str, waiting_on: str = "") -> str:
    """What a ticket's status is called."""
    return name(_key(status, waiting_on))


def _key(status: str, waiting_on: str) -> str:
    if status != Status.IN_PROGRESS:
        return status
    return waiting_on if waiting_on in ("them", "research") else "them"


def choices() -> list[tuple[str, str]]:
    """(status, name) of every status, to choose from."""
    known = names()
    both = f"{known['them']}, {inside('research')}"
    return [(str(s), both if s == Status.IN_PROGRESS else known[s]) for s in Status]


def searched() -> dict[str, str]:
    """Name in lower case → the word of `is:` that it stands for."""
    return {shown.lower(): SEARCHED[key] for key, shown in names().items()}


def checked(given: Mapping[str, object]) -> dict[str, str]:
    """The names that differ from the shipped ones. Raises `VerbError` with the field's key."""
    unknown = sorted(set(given) - set(SHIPPED))
    if unknown:
        raise VerbError(f"There is no status “{unknown[0]}”.")
    wanted = {**SHIPPED, **{key: " ".join(str(text).split()) for key, text in given.items()}}
    seen: dict[str, str] = {}
    for key, text in wanted.items():
        if not text:
            raise VerbError("A status needs a name.", field=key)
        if len(text) > LONGEST:
            raise VerbError(f"“{text}” is longer than {LONGEST} letters.", field=key)
        if any(mark in text for mark in '",'):
            raise VerbError(f"“{text}” cannot be searched for: no quotes, no commas.", field=key)
        taken = seen.get(text.lower()) or _word_of_another(key, text)
        if taken:
            raise VerbError(f"“{text}” is the name of “{SHIPPED[taken]}”.", field=key)
        seen[text.lower()] = key
    return {key: text for key, text in wanted.items() if text != SHIPPED[key]}


def _word_of_another(key: str, text: str) -> str:
    """`is:hold` must not mean something else because another status is called “Hold”."""
    words = (found for found, word in SEARCHED.items() if word == text.lower() and found != key)
    return next(words, "")


def rename(given: Mapping[str, object]) -> None:
    """Call statuses so from now on. Raises `VerbError`."""
    change_setting(SETTING, checked(given))
