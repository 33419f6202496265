"""Orbit's JSON:API dumps: members, their identities, and activities, in any order.

The service is closed; what is left are files that were made with its API (`/{workspace}/members`,
`/{workspace}/activities`), page after page. A document is `{"data": […], "included": […]}` as in
https://jsonapi.org/format/1.0/#document-structure; attributes by Orbit's own reference.
Unknown attributes are left alone, unknown kinds of entries are named as left out.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO

from inbox.channels.jsonstream import BrokenJson, Place, entries
from inbox.channels.peoplefiles import (
    FileAccount,
    FileActivity,
    FilePerson,
    FileProblem,
    Item,
    PeopleSource,
    Piece,
    UnreadableFile,
)

KEY = "orbit"
LISTS = ("data", "included")
OURS = re.compile(rb'"type"\s*:\s*"(?:member|\w+_identity|\w*activity)"')
# kinds of entries that say nothing about a person
BESIDE = frozenset({"organization", "user", "workspace", "activity_type"})
# attributes of a member that hold a handle
INLINE = ("github", "twitter", "discord", "linkedin", "devto", "discourse")
LONGEST = 250


def sniff(head: bytes) -> bool:
    """Whether a file begins like a dump of Orbit's."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") and bool(OURS.search(head))


def read(file: BinaryIO, cursor: Mapping[str, Any]) -> Iterator[Piece]:
    """What stands in a file, an entry at a time. Raises `UnreadableFile`."""
    place = Place(at=int(cursor.get("at", 0)), inside=str(cursor.get("inside", "")))
    try:
        for entry in entries(file, LISTS, place):
            after = {"at": entry.place.at, "inside": entry.place.inside}
            yield Piece(items=tuple(_items(entry.value)), cursor=after)
    except BrokenJson as error:
        raise UnreadableFile(str(error)) from error


def _items(value: Any) -> Iterator[Item]:
    """An entry; or, in a list of pages, all entries of a page."""
    if not isinstance(value, dict):
        yield FileProblem(key="", words="is no entry of Orbit’s")
        return
    pages = [value[name] for name in LISTS if isinstance(value.get(name), list)]
    if not pages:
        yield from _item(value)
    for inner in (inner for page in pages for inner in page):
        if isinstance(inner, dict):
            yield from _item(inner)
        else:
            yield FileProblem(key="", words="is no entry of Orbit’s")


def _item(entry: dict[str, Any]) -> Iterator[Item]:
    kind, key = _text(entry.get("type")), _text(entry.get("id"))
    attributes = entry.get("attributes")
    if not kind or not key or not isinstance(attributes, dict):
        yield FileProblem(key=f"{kind} {key}".strip(), words="has no type, id or attributes")
    elif kind == "member":
        yield _member(key, attributes, entry)
    elif kind.endswith("_identity"):
        yield _identity(key, kind, attributes)
    elif kind.endswith("activity"):
        yield _activity(key, kind, attributes, entry)
    elif kind not in BESIDE:
        words = f"is a “{kind[:40]}”, of which nothing is taken in"
        yield FileProblem(key=f"{kind} {key}", words=words, is_bad=False)


def _member(key: str, a: dict[str, Any], entry: dict[str, Any]) -> FilePerson | FileProblem:
    for name, words in (("deleted_at", "was deleted in Orbit"), ("merged_at", "was merged there")):
        if a.get(name):
            return FileProblem(key=f"member {key}", words=words, is_bad=False)
    handles = ((kind, _text(a.get(kind)).lstrip("@")) for kind in INLINE)
    return FilePerson(
        key=key,
        name=_text(a.get("name")),
        emails=tuple(filter(None, [_text(a.get("email")).lower()])),
        accounts=tuple(FileAccount(kind=kind, handle=handle) for kind, handle in handles if handle),
        refers=tuple(_references(entry, "identities")),
        tags=tuple(_tags(a)),
        level=_text(a.get("orbit_level")),
        note=_about(a),
        url=_web(a.get("orbit_url")),
        seen_at=_moment(a.get("last_activity_occurred_at")),
        known_at=_moment(a.get("updated_at")) or _moment(a.get("created_at")),
        is_teammate=a.get("teammate") is True,
    )


def _about(a: dict[str, Any]) -> str:
    """Title, company, place and what they say of themselves, as one note."""
    work = " at ".join(filter(None, [_text(a.get("title")), _text(a.get("company"))]))
    parts = [work, _text(a.get("location")), _text(a.get("bio"), 2_000)]
    said = " · ".join(part for part in parts if part)
    return f"From Orbit: {said}" if said else ""


def _tags(a: dict[str, Any]) -> list[str]:
    """`tag_list` is a list; `tags` is one in newer dumps, and text with commas in older ones."""
    found: list[str] = []
    for name in ("tag_list", "tags"):
        value = a.get(name)
        parts = re.split(r"[,;]", value) if isinstance(value, str) else value
        found += [_text(part) for part in parts] if isinstance(parts, list) else []
    return [tag for tag in dict.fromkeys(found) if tag]


def _identity(key: str, kind: str, a: dict[str, Any]) -> FileAccount:
    source = (_text(a.get("source")) or kind.removesuffix("_identity")).lower()[:20]
    return FileAccount(
        key=f"{kind}:{key}",
        kind=source,
        uid=_text(a.get("uid")),
        handle=_text(a.get("username")).lstrip("@"),
        realm=_text(a.get("source_host")).lower()[:100],
        email=_text(a.get("email")).lower(),
    )


def _activity(
    key: str, kind: str, a: dict[str, Any], entry: dict[str, Any]
) -> FileActivity | FileProblem:
    name = f"activity {key}"
    at = _moment(a.get("occurred_at")) or _moment(a.get("created_at"))
    members = _references(entry, "member")
    if at is None:
        return FileProblem(key=name, words="has no time that can be read")
    if not members:
        return FileProblem(key=name, words="says of no member that they did it")
    said = _text(a.get("custom_type")) or _text(a.get("type")) or _text(a.get("action")) or kind
    return FileActivity(
        key=f"{KEY}:{key}",
        person=members[0].partition(":")[2],
        at=at,
        title=_title(a, said),
        kind=said[:60],
        url=_web(a.get("activity_link")) or _web(a.get("custom_link")) or _web(a.get("orbit_url")),
    )


def _title(a: dict[str, Any], kind: str) -> str:
    properties = a.get("properties")
    inner = properties if isinstance(properties, dict) else {}
    named = (a.get("custom_title"), a.get("title"), inner.get("title"), a.get("name"))
    found = next((text for value in named if (text := _text(value))), "")
    return found or re.sub(r"[_:.]+", " ", kind).strip().capitalize()


# ------------------------------------------------------------------ values


def _references(entry: dict[str, Any], name: str) -> list[str]:
    """`type:id` of what a relationship names, one or many."""
    relations = entry.get("relationships")
    relation = relations.get(name) if isinstance(relations, dict) else None
    data = relation.get("data") if isinstance(relation, dict) else None
    rows = data if isinstance(data, list) else [data]
    return [
        f"{_text(row.get('type'))}:{_text(row.get('id'))}"
        for row in rows
        if isinstance(row, dict) and _text(row.get("id"))
    ]


def _text(value: Any, most: int = LONGEST) -> str:
    """Words in one line; numbers as words, anything else as none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return " ".join(str(value).split())[:most]


def _web(value: Any) -> str:
    """An address of the web; what a browser would run is none."""
    text = _text(value, 500)
    return text if re.match(r"https?://[^\s/]", text) else ""


def _moment(value: Any) -> datetime | None:
    """A time as ISO 8601 writes it; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(_text(value).replace(" UTC", "Z"))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


ORBIT = PeopleSource(key=KEY, label="Orbit", sniff=sniff, read=read)
