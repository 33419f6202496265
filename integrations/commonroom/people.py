"""A community page by page: its tags first, by which contacts name them, then who, then what.

Only the columns that are taken in are asked for. Contacts and activities are sorted by id, so that
what is added meanwhile comes last. Which words a profile's type may be is not documented: types
that are not known here are left alone.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from inbox.channels.contract import ChannelConfig
from inbox.channels.jsontext import moment
from inbox.channels.peoplefiles import (
    FileAccount,
    FileActivity,
    FilePerson,
    FileProblem,
    Item,
    Piece,
)
from integrations.commonroom import client

KEY = "commonroom"
AT_ONCE = 200  # the most that a page holds
MOST_TAGS = 5_000  # they are carried along in the cursor
LONGEST = 250
CONTACT = "fullName,primaryEmail,title,companyName,location,profiles,tags,url"
ACTIVITY = "contactId,providerName,url"
ASKED: Mapping[str, Mapping[str, str]] = {
    "tags": {},
    "contacts": {"cols": CONTACT, "sort": "id"},
    "activities": {"cols": ACTIVITY, "sort": "id"},
}
NEXT = {"tags": "contacts", "contacts": "activities"}
ACCOUNTS = {
    "github": "github",
    "twitter": "twitter",
    "x": "twitter",
    "linkedin": "linkedin",
    "discord": "discord",
}
ITS_ADDRESS = re.compile(r"^(?:https?://)?(?:www\.)?[a-z.]+\.[a-z]+/", re.IGNORECASE)


def page(config: ChannelConfig, cursor: Mapping[str, Any]) -> Piece:
    """The next page. Raises `DeliveryError`.

    Two communities count their contacts alike, so every key begins with the community's.
    """
    if not cursor:
        room, _ = client.community(config)
        return Piece(items=(), cursor={"list": "tags", "room": room, "tags": {}})
    name, room = cursor["list"], cursor["room"]
    asked = {**ASKED[name], "limit": AT_ONCE}
    if cursor.get("after"):
        asked["cursor"] = cursor["after"]
    rows, after = client.rows(config, name, asked)
    tags = dict(cursor.get("tags", {}))
    items: Iterator[Item] = iter(())
    if name == "tags":
        tags |= _names(rows, MOST_TAGS - len(tags))
    elif name == "contacts":
        items = (_contact(row, room, tags) for row in rows)
    else:
        items = (_activity(row, room) for row in rows)
    return Piece(items=tuple(items), cursor=_behind(name, room, after, tags))


def _behind(name: str, room: str, after: str, tags: Mapping[str, str]) -> dict[str, Any]:
    """Where reading goes on: on the next page, else with the next list; {} at the end of all."""
    name = name if after else NEXT.get(name, "")
    carried = {} if name == "activities" else {"tags": tags}
    return {"list": name, "room": room, "after": after, **carried} if name else {}


def _names(rows: list[dict[str, Any]], most: int) -> dict[str, str]:
    named = [(_text(row.get("id")), _text(row.get("name"), 60)) for row in rows]
    return dict([(key, name) for key, name in named if key and name][: max(most, 0)])


def _contact(row: Mapping[str, Any], room: str, tags: Mapping[str, str]) -> Item:
    key = _text(row.get("id"))
    if not key:
        return FileProblem(key="contact", words="has no id")
    given = row.get("tags")
    return FilePerson(
        key=f"{room}:{key}",
        name=_text(row.get("fullName")) or _text(row.get("name")),
        emails=tuple(filter(None, [_text(row.get("primaryEmail")).lower()])),
        accounts=tuple(_accounts(row.get("profiles"))),
        tags=tuple(
            tags[one] for one in map(_text, given if isinstance(given, list) else ()) if one in tags
        ),
        note=_about(row),
        url=_web(row.get("url")),
    )


def _accounts(profiles: Any) -> Iterator[FileAccount]:
    """Accounts by what they are called: a handle, with or without the site's address before it."""
    for one in profiles if isinstance(profiles, list) else ():
        kind = ACCOUNTS.get(_text(one.get("type")).lower()) if isinstance(one, dict) else None
        handle = ITS_ADDRESS.sub("", _text(one.get("value"))) if kind else ""
        handle = handle.partition("?")[0].strip("/").removeprefix("in/").lstrip("@")
        if kind and handle and "/" not in handle:
            yield FileAccount(kind=kind, handle=handle)


def _about(row: Mapping[str, Any]) -> str:
    """Title, company and place, as one note."""
    work = " at ".join(filter(None, [_text(row.get("title")), _text(row.get("companyName"))]))
    place = row.get("location")
    parts = [_text(place.get(n)) for n in ("city", "country")] if isinstance(place, dict) else []
    said = " · ".join(filter(None, [work, ", ".join(filter(None, parts))]))
    return f"From Common Room: {said}" if said else ""


def _activity(row: Mapping[str, Any], room: str) -> Item:
    key, by = _text(row.get("id")), _text(row.get("contactId"))
    at, kind = moment(row.get("activityTime")), _text(row.get("type"), 60)
    if not key or at is None:
        return FileProblem(key=f"activity {key}".strip(), words="has no id or no time")
    if not by:
        words = "is of nobody whom Common Room names"
        return FileProblem(key=f"activity {key}", words=words, is_bad=False)
    said = re.sub(r"[_:.]+", " ", kind).strip().capitalize()
    return FileActivity(
        key=f"{KEY}:{room}:{key}",
        person=f"{room}:{by}",
        at=at,
        title=" · ".join(filter(None, [said, _text(row.get("providerName"), 60)])),
        kind=kind,
        url=_web(row.get("url")),
    )


def _text(value: Any, most: int = LONGEST) -> str:
    """Words in one line; anything but text is none."""
    return " ".join(value.split())[:most] if isinstance(value, str) else ""


def _web(value: Any) -> str:
    """An address of the web; what a browser would run is none."""
    text = _text(value, 500)
    return text if re.match(r"https?://[^\s/]", text) else ""
