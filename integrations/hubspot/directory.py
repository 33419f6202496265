"""Contacts as a directory: found by address, and notes kept on them.

https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/guide ·
https://developers.hubspot.com/docs/api-reference/crm-notes-v3/guide
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from itertools import islice
from zoneinfo import available_timezones

from inbox.channels.contract import ChannelConfig
from inbox.channels.ports import Directory, DirectoryPerson
from inbox.channels.wire import Row
from integrations.hubspot import client
from integrations.hubspot.connection import APP_URL
from integrations.hubspot.wire import HubSpotError

PROPERTIES = [
    "email",
    "firstname",
    "lastname",
    "company",
    "hs_timezone",
    "lifecyclestage",
    "jobtitle",
]
FACTS = {"lifecyclestage": "lifecycle stage", "jobtitle": "job title"}
NOTE_TO_CONTACT = 202  # HubSpot's own association of a note with a contact
# the first address, then the others that somebody has
WAYS = (("email", "EQ"), ("hs_additional_emails", "CONTAINS_TOKEN"))


def find(config: ChannelConfig, email: str) -> DirectoryPerson | None:
    """The contact of an address; None when there is none, or more than one claims it.

    A search lags behind writes by some seconds. Raises `HubSpotError`.
    """
    wanted = email.strip().lower()
    if "@" not in wanted:
        return None
    for name, operator in WAYS:
        rows = list(islice(_search(config, "contacts", name, operator, wanted, PROPERTIES), 2))
        if len(rows) == 1:
            return _person(rows[0], config)
    return None


def _search(
    config: ChannelConfig, kind: str, name: str, operator: str, value: str, properties: list[str]
) -> Iterator[Row]:
    """Page after page; HubSpot finds 10,000 at most."""
    wanted = {"propertyName": name, "operator": operator, "value": value}
    after = "0"
    while after:
        body = {
            "filterGroups": [{"filters": [wanted]}],
            "properties": properties,
            "sorts": [],
            "limit": client.PAGE,
            "after": after,
        }
        found = client.call(config, "POST", f"/crm/v3/objects/{kind}/search", body, writes=False)
        yield from (row for row in found.get("results") or [] if isinstance(row, dict))
        after = client.next_page(found, after)


def _person(row: Row, config: ChannelConfig) -> DirectoryPerson:
    known = {name: str(value) for name, value in (row.get("properties") or {}).items() if value}
    key, portal = str(row.get("id") or ""), config.get("portal_id")
    address = config.get("app_url", APP_URL).rstrip("/")
    return DirectoryPerson(
        external_id=key,
        name=" ".join(filter(None, (known.get("firstname"), known.get("lastname")))),
        email=known.get("email", "").lower(),
        company=known.get("company", ""),
        timezone=_zone(known.get("hs_timezone", "")),
        url=f"{address}/contacts/{portal}/contact/{key}" if portal else "",
        facts={label: known[name] for name, label in FACTS.items() if name in known},
    )


def _zone(value: str) -> str:
    """The name of a zone, which HubSpot writes like `europe_slash_london`; "" for none."""
    wanted = value.replace("_slash_", "/").lower()
    return next((name for name in available_timezones() if name.lower() == wanted), "")


def note(config: ChannelConfig, person: str, text: str, at: datetime, key: str) -> str:
    """A note on a contact, once per `key`; its id. Raises `HubSpotError`.

    The key stands below the text, for HubSpot has no place for a mark of ours.
    """
    mark = f"Switchboard {key}"
    for row in _search(config, "notes", "associations.contact", "EQ", person, ["hs_note_body"]):
        body = str((row.get("properties") or {}).get("hs_note_body") or "")
        if re.search(re.escape(escape(mark)) + r"(?![\w:.-])", body):  # not the one of a longer key
            return str(row.get("id") or "")
    words = "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n") if part.strip())
    words = words.replace("\n", "<br>")
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": NOTE_TO_CONTACT}
    made_of = {
        "properties": {
            "hs_note_body": f"{words}<p>{escape(mark)}</p>",
            "hs_timestamp": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        },
        "associations": [{"to": {"id": person}, "types": [kind]}],
    }
    made = client.call(config, "POST", "/crm/v3/objects/notes", made_of)
    found = str(made.get("id") or "")
    if not found:
        raise HubSpotError("HubSpot did not say which note it made", uncertain=True)
    return found


def unnote(config: ChannelConfig, key: str) -> None:
    """Put a note of ours in HubSpot's bin, from which it goes for good. Raises `HubSpotError`."""
    try:
        client.call(config, "DELETE", f"/crm/v3/objects/notes/{key}")
    except HubSpotError as error:
        if error.status != 404:
            raise


DIRECTORY = Directory(find=find, note=note, unnote=unnote)
