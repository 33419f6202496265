"""The demo community's year before the desk: what the tool they had knew, taken in as a list."""

import json
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.core.files.base import ContentFile

from inbox import pipeline
from inbox.accounts.models import User
from inbox.common.work import Actor
from inbox.operations import peoplelists
from inbox.operations.sample import words
from inbox.people import staging, taking

HOST = "https://example.org/things"
DID = (
    ("pull_requests:merged", "Waits as long as the header says"),
    ("issues:opened", "The cursor is lost after a restart"),
    ("custom:talk", "Spoke about replication without tears"),
    ("custom:post", "Wrote how the nightly runs are watched"),
)
# who, by handle: how many things in each of the eleven months before this one
YEAR = {
    "mirela": (1, 2, 1, 3, 5, 2, 1, 4, 6, 3, 2),
    "anselm": (0, 1, 1, 0, 2, 1, 3, 0, 1, 2, 1),
    "oskar": (2, 0, 0, 1, 0, 0, 1, 1, 0, 0, 3),
}


def make(user: User, now: datetime) -> None:
    """Read, check and take in the file, as somebody did on the first day."""
    content = json.dumps(document(now)).encode()
    folder, source = staging.keep([ContentFile(content, name="members-and-activities.json")])
    begin = partial(taking.begin_files, names=["members-and-activities.json"], folder=folder)
    with pipeline.change(Actor.user(user), now=now):
        row = begin(source=source)
    peoplelists.work(row.pk, now)
    row.refresh_from_db()
    with pipeline.change(Actor.user(user), now=now):
        taking.run(row, skip_bad=True)
    peoplelists.work(row.pk, now)


def document(now: datetime) -> dict[str, Any]:
    """Members and activities as Orbit's API gave them (`vendor-apis.md` §10.1)."""
    members = [_member(handle) for handle in YEAR]
    activities = [
        _activity(handle, now - timedelta(days=30 * back + 5 * n), n + back)
        for handle, counts in YEAR.items()
        for back, count in enumerate(reversed(counts), start=1)
        for n in range(count)
    ]
    return {"data": [*members, *activities], "included": [], "links": {}}


def _member(handle: str) -> dict[str, Any]:
    values = {
        "name": words.HANDLES[handle][0],
        "slug": handle,
        "email": words.MAILS.get(handle),
        "orbit_level": 1 if handle == "mirela" else 2,
        "tag_list": ["Speaker"] if handle == "mirela" else [],
        "teammate": False,
    }
    relations: dict[str, Any] = {"identities": {"data": []}}
    return {"id": handle, "type": "member", "attributes": values, "relationships": relations}


def _activity(handle: str, at: datetime, n: int) -> dict[str, Any]:
    action, title = DID[n % len(DID)]
    key = f"{handle}-{at:%Y%m%d}-{n}"
    values = {
        "action": action,
        "occurred_at": at.isoformat(),
        "properties": {"title": title},
        "activity_link": f"{HOST}/{key}",
    }
    relations = {"member": {"data": {"id": handle, "type": "member"}}}
    return {"id": key, "type": "activity", "attributes": values, "relationships": relations}
