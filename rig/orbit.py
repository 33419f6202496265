"""Dumps as Orbit's API gave them: members with their identities, activities, page after page."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

BEGIN = datetime(2023, 1, 2, 9, 0, tzinfo=UTC)
WORKSPACE = "https://app.orbit.love/example"
PER_PAGE = 100
TAGS = ("Champion", "Workshop", "Beta tester", "Speaker", "=1+1")
ACTIONS = ("issues:opened", "pull_requests:opened", "custom:talk", "discord:message")


def member(n: int, **attributes: Any) -> dict[str, Any]:
    """A member with a GitHub and a Discord identity; every third has an address."""
    values: dict[str, Any] = {
        "name": f"Person {n}",
        "slug": f"person-{n}",
        "email": f"person{n}@example.org" if n % 3 == 0 else None,
        "github": f"person-{n}",
        "orbit_level": 1 + n % 4,
        "tag_list": [TAGS[n % len(TAGS)]],
        "teammate": False,
        "bio": f"Writes connectors, number {n}",
        "orbit_url": f"{WORKSPACE}/members/person-{n}",
        "created_at": "2022-05-01T08:00:00.000Z",
        "updated_at": "2024-02-03T08:00:00.000Z",
        "last_activity_occurred_at": "2024-03-01T08:00:00.000Z",
        "deleted_at": None,
        "merged_at": None,
    } | attributes
    refers = [{"id": f"{1000 + n}", "type": f"{kind}_identity"} for kind in ("github", "discord")]
    return {
        "id": f"m{n}",
        "type": "member",
        "attributes": values,
        "relationships": {"identities": {"data": refers}},
    }


def identities(n: int) -> list[dict[str, Any]]:
    """The accounts that a member refers to."""
    return [
        {
            "id": f"{1000 + n}",
            "type": "github_identity",
            "attributes": {
                "source": "github",
                "source_host": "github.com",
                "username": f"Person-{n}",
                "uid": f"{500_000 + n}",
                "email": None,
            },
        },
        {
            "id": f"{1000 + n}",
            "type": "discord_identity",
            "attributes": {"source": "discord", "username": f"person{n}", "uid": f"{900_000 + n}"},
        },
    ]


def activity(n: int, by: int, **attributes: Any) -> dict[str, Any]:
    """Something that a member did, three hours after the one before."""
    values = {
        "action": ACTIONS[n % len(ACTIONS)],
        "occurred_at": (BEGIN + timedelta(hours=3 * n)).isoformat(),
        "properties": {"title": f"Thing {n}"},
        "activity_link": f"https://example.com/things/{n}",
        "weight": "1.0",
    } | attributes
    relations = {"member": {"data": {"id": f"m{by}", "type": "member"}}}
    return {
        "id": f"a{n}",
        "type": "activity",
        "attributes": values,
        "relationships": relations,
    }


def dump(place: Path, data: Iterable[Any], included: Iterable[Any] = ()) -> Path:
    """One file of pages, one after another, as a loop over `links.next` leaves them."""
    rest = list(included)
    with place.open("w", encoding="utf-8") as out:
        for page in _pages(data):
            links = {"next": f"{WORKSPACE}/members?page=2"}
            json.dump({"data": page, "included": rest, "links": links}, out)
            out.write("\n")
            rest = []
    return place


def _pages(data: Iterable[Any]) -> Iterator[list[Any]]:
    page: list[Any] = []
    for entry in data:
        page.append(entry)
        if len(page) == PER_PAGE:
            yield page
            page = []
    if page:
        yield page


def community(folder: Path, *, members: int, activities: int) -> list[Path]:
    """Activities first, then members, then nothing: three files in an unhelpful order."""
    people = range(members)
    return [
        dump(folder / "activities.json", (activity(n, n % members) for n in range(activities))),
        dump(
            folder / "members.json",
            (member(n) for n in people),
            (one for n in people for one in identities(n)),
        ),
    ]
