"""Which roles are open, and which of them a text is about.

The list is rows of `Lookup`: of a job board as its port fetched it, or written by hand. A text is
about a role when the words of its title stand in it one after the other, whatever the level, the
place or the kind of contract that the title also names.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from inbox.channels.models import Channel, Lookup
from inbox.channels.ports import Role
from inbox.common.config import setting
from inbox.common.versions import bump, kept

KIND = "open_role"
MOST_TEXT = 100_000  # characters that are looked at
WORD = re.compile(r"\w[\w+#]*")
ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
# what stands behind one of these is a place, a team or a specialty
PARTS = re.compile(r"\s[-–—|/:•·]+\s|[,;|–—]")
LEVELS = frozenset(
    """senior sr junior jr lead principal staff mid level entry graduate experienced the a an
    our""".split()
)
ENDS = frozenset(
    """i ii iii iv v remote hybrid onsite m f d w x h all genders emea apac amer latam dach us usa
    uk eu europe worldwide global contract contractor freelance temporary permanent full part time
    fulltime parttime""".split()
)
# alone these are in every other application and say nothing
VAGUE = frozenset(
    """engineer developer manager lead director specialist associate analyst consultant head intern
    internship assistant coordinator representative officer expert architect administrator executive
    trainee working student volunteer""".split()
)


@dataclass(frozen=True, kw_only=True)
class OpenRole:
    """A role as it is kept, with the phrases by which a text names it."""

    title: str
    url: str
    location: str = ""
    is_generic: bool = False
    phrases: tuple[str, ...] = field(default=())


# ------------------------------------------------------------------ keeping


def keep(channel: Channel, found: Sequence[Role], now: datetime) -> bool:
    """Make a board's rows what it says now, inside a transaction. False when nothing changed."""
    prefix = f"{channel}:"
    wanted = {f"{prefix}{role.external_id}"[:200]: _values(role) for role in found}
    known = {row.key: row for row in Lookup.objects.filter(kind=KIND, key__startswith=prefix)}
    gone = [row.pk for key, row in known.items() if key not in wanted]
    changed = [
        key
        for key, values in wanted.items()
        if key not in known or {"name": known[key].name, "data": known[key].data} != values
    ]
    for key in changed:
        values = {**wanted[key], "fetched_at": now}
        Lookup.objects.update_or_create(kind=KIND, key=key, defaults=values)
    Lookup.objects.filter(pk__in=gone).delete()
    if changed or gone:
        bump("lookups")
    return bool(changed or gone)


def _values(role: Role) -> dict[str, object]:
    data = {
        "url": role.url,
        "location": role.location,
        "department": role.department,
        "updated_at": role.updated_at.isoformat() if role.updated_at else "",
        "generic": role.is_generic,
    }
    return {"name": role.title[:250], "data": data}


# ------------------------------------------------------------------ asking


def every() -> Sequence[OpenRole]:
    """Every open role, kept per process until the list changes."""
    return kept("lookups", _load)


def _load() -> Sequence[OpenRole]:
    rows = Lookup.objects.filter(kind=KIND).exclude(name="").order_by("name", "pk")
    return [_role(row.name, row.data) for row in rows]


def _role(title: str, data: Mapping[str, object]) -> OpenRole:
    generic = bool(data.get("generic"))
    return OpenRole(
        title=title,
        url=str(data.get("url") or ""),
        location=str(data.get("location") or ""),
        is_generic=generic,
        phrases=() if generic else phrases(title),
    )


def fitting(text: str) -> OpenRole | None:
    """The role that a text is about; of several the one of whose title most words are in it."""
    return best(text, every())


def generic_url() -> str:
    """Where everybody may apply: the board's own role for that, else the setting."""
    found = (role.url for role in every() if role.is_generic and role.url)
    return next(found, "") or str(setting("generic_role_link"))


def values(text: str) -> dict[str, str]:
    """What the places `role.…` of a text stand for; empty where nothing fits."""
    role = fitting(text)
    return {
        "role.title": role.title if role else "",
        "role.url": role.url if role else "",
        "role.generic_url": generic_url(),
    }


# ------------------------------------------------------------------ comparing: pure


def best(text: str, roles: Iterable[OpenRole]) -> OpenRole | None:
    """The role whose phrase a text has; more words of the title count, then the longer phrase."""
    said = words(text[:MOST_TEXT])
    line, there = f" {' '.join(said)} ", set(said)
    found = [
        (len(there.intersection(words(role.title))), len(phrase), role)
        for role in roles
        for phrase in role.phrases
        if f" {phrase} " in line
    ]
    return max(found, key=lambda one: one[:2])[2] if found else None


def words(text: str) -> list[str]:
    """Words without case and accents, as they are compared."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return WORD.findall("".join(sign for sign in plain if not unicodedata.combining(sign)))


def phrases(title: str) -> tuple[str, ...]:
    """By which words a text names a role.

    "Senior Developer Advocate (Remote)" is a developer advocate, one or several; "Engineer,
    Developer Relations" is also a developer relations engineer. A word that names half of all
    roles counts only with the rest of its title.
    """
    parts = [part for part in PARTS.split(ASIDE.sub(" ", title)) if part.strip()]
    bare = [found for part in parts if (found := _bare(words(part)))]
    whole = words(title)
    if not bare:
        return _forms(whole)
    first = bare[0]
    if not VAGUE.issuperset(first):
        return _forms(first)
    if len(bare) > 1:
        return (*_forms([*bare[1], *first]), *_forms([*first, *bare[1]]))
    return _forms(whole) if len(whole) > 1 else ()


def _bare(found: list[str]) -> list[str]:
    """A part of a title without its level in front and what stands behind it."""
    while found and found[0] in LEVELS:
        found = found[1:]
    while found and found[-1] in ENDS:
        found = found[:-1]
    return found


def _forms(found: Sequence[str]) -> tuple[str, ...]:
    """One and several of it."""
    phrase = " ".join(found)
    if not phrase or phrase.endswith("s"):
        return (phrase,) if phrase else ()
    return phrase, f"{phrase}s"
