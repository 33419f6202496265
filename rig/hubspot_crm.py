"""Contacts, notes and files of the fake HubSpot.

https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/guide ·
https://developers.hubspot.com/docs/api-reference/files-files-v3/guide
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from rig.vendor import Answer, Call

NOTE_TO_CONTACT = 202
MOST_FOUND = 200  # by one search
SEARCHED = {"filterGroups", "properties", "sorts", "limit", "after"}
Row = dict[str, Any]


class Crm:
    """Contacts by their id, notes in their order, files with their bytes."""

    def __init__(self, now: Callable[[], datetime], url: Callable[[], str]) -> None:
        self.now, self.url = now, url
        self.contacts: dict[str, Row] = {}
        self.notes: list[Row] = []
        self.files: dict[str, tuple[str, bytes]] = {}
        self._ids = count(501)

    def contact(self, email: str, **properties: str) -> str:
        """Somebody that the account knows; the id."""
        key = str(next(self._ids))
        self.contacts[key] = {"email": email, **properties}
        return key

    def file(self, name: str, content: bytes) -> str:
        """A file that came with a message; its id."""
        key = str(next(self._ids))
        self.files[key] = (name, content)
        return key

    def routes(self) -> list[tuple[str, re.Pattern[str], str, Any]]:
        """(method, path, scope, what answers)."""
        read, write = "crm.objects.contacts.read", "crm.objects.contacts.write"
        rows = [
            ("POST", "/crm/v3/objects/contacts/search", read, self._search),
            ("POST", "/crm/v3/objects/notes", write, self._note),
            ("POST", "/crm/v3/objects/notes/search", read, self._search_notes),
            ("DELETE", "/crm/v3/objects/notes/([0-9]+)", write, self._unnote),
            ("POST", "/files/v3/files", "files", self._upload),
            ("GET", "/files/v3/files/([0-9]+)/signed-url", "files", self._signed),
        ]
        return [(method, re.compile(path), scope, handle) for method, path, scope, handle in rows]

    def _search(self, call: Call, _: re.Match[str]) -> Answer:
        body = _searched(call.json())
        rows = [
            {"id": key, "properties": {name: row.get(name) for name in body["properties"]}}
            for key, row in self.contacts.items()
            if _matches(row, body)
        ]
        return _found(rows, body)

    def _search_notes(self, call: Call, _: re.Match[str]) -> Answer:
        body = _searched(call.json())
        rows = []
        for number, row in enumerate(self.notes, 1):
            shown = {**row["properties"], "associations.contact": row["contact"]}
            if "archived" not in row and _matches(shown, body):
                rows.append({"id": str(number), "properties": row["properties"]})
        return _found(rows, body)

    def _note(self, call: Call, _: re.Match[str]) -> Answer:
        body = call.json()
        if set(body["properties"]) != {"hs_note_body", "hs_timestamp"}:
            raise ValueError("a note has a body and a timestamp")
        (link,) = body["associations"]
        kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": NOTE_TO_CONTACT}
        if link["types"] != [kind]:
            raise ValueError("this is no association of a note with a contact")
        if link["to"]["id"] not in self.contacts:
            raise LookupError("the contact")
        self.notes.append({"properties": body["properties"], "contact": link["to"]["id"]})
        return Answer(201, {"id": str(len(self.notes)), "properties": body["properties"]})

    def _unnote(self, _: Call, found: re.Match[str]) -> Answer:
        number = int(found[1])
        if number > len(self.notes) or "archived" in self.notes[number - 1]:
            raise LookupError("the note")
        self.notes[number - 1]["archived"] = True
        return Answer(204, b"")

    @property
    def bodies(self) -> list[str]:
        """What the notes say that are not in the bin."""
        return [row["properties"]["hs_note_body"] for row in self.notes if "archived" not in row]

    def _upload(self, call: Call, _: re.Match[str]) -> Answer:
        fields = _parts(call)
        if "file" not in fields or "options" not in fields or "folderPath" not in fields:
            raise ValueError("file, options and folderPath are needed")
        name, content = fields["file"]
        key = self.file(name, content)
        return Answer(201, {"id": key, "name": name, "size": len(content)})

    def _signed(self, _: Call, found: re.Match[str]) -> Answer:
        name, content = self.files[found[1]]
        until = (self.now() + timedelta(minutes=5)).isoformat()
        address = f"{self.url()}/signed/{found[1]}"
        return Answer(200, {"url": address, "expiresAt": until, "name": name, "size": len(content)})

    def download(self, call: Call) -> Answer:
        """Signed addresses take no token."""
        if "authorization" in call.headers:
            return Answer(400, b"two ways to sign in")
        _, content = self.files[call.path.rpartition("/")[2]]
        return Answer(200, content, {"content-type": "application/octet-stream"})


def _searched(body: Row) -> Row:
    if set(body) != SEARCHED:
        raise ValueError(f"a search has {sorted(SEARCHED)}")
    return body


def _found(rows: list[Row], body: Row) -> Answer:
    """A page by `after`, which is a number as text."""
    begin, size = int(body["after"]), int(body["limit"])
    if not 1 <= size <= MOST_FOUND:
        raise ValueError(f"limit is 1 to {MOST_FOUND}")
    end = begin + size
    more = {"paging": {"next": {"after": str(end)}}} if end < len(rows) else {}
    return Answer(200, {"total": len(rows), "results": rows[begin:end], **more})


def _matches(row: Mapping[str, Any], body: Row) -> bool:
    for group in body["filterGroups"]:
        if all(_holds(row, wanted) for wanted in group["filters"]):
            return True
    return False


def _holds(row: Mapping[str, Any], wanted: Row) -> bool:
    value, sought = str(row.get(wanted["propertyName"]) or ""), str(wanted["value"])
    if wanted["operator"] == "EQ":
        return value.lower() == sought.lower()
    if wanted["operator"] == "CONTAINS_TOKEN":
        return sought.lower() in re.split(r"[;\s]+", value.lower())
    raise ValueError(f"unknown operator {wanted['operator']}")


def _parts(call: Call) -> dict[str, tuple[str, bytes]]:
    """Fields of a multipart form: name → (file name, bytes)."""
    boundary = call.headers["content-type"].partition("boundary=")[2].strip('"').encode()
    fields = {}
    for part in call.body.split(b"--" + boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        file = re.search(rb'filename="([^"]*)"', head)
        if name:
            key = name[1].decode()
            fields[key] = (file[1].decode() if file else "", content.removesuffix(b"\r\n"))
    return fields
