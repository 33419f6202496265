"""The demo community's issues and pull requests: triage, the product review, the backlog."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction

from inbox import pipeline
from inbox.accounts.models import User
from inbox.channels import inlet
from inbox.channels.models import Channel, Delivery, Source, SourceGroup
from inbox.channels.tracker import TrackedItem
from inbox.common.config import setting
from inbox.common.work import Actor
from inbox.loop import items, triage
from inbox.operations.sample import words
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket

KIND, HOST = "github", "https://github.example.com"
GROUPS = {"millrace/core": "core", "millrace/tap-*": "ecosystem"}
NOTE = "Two sponsors asked for the same in the chat this month."


def make(agent: User, now: datetime) -> None:
    """Issues and pull requests of two repositories, some answered, one decided this week."""
    channel = Channel.objects.create(kind=KIND, key="millrace", label="Millrace on GitHub")
    for place, name in GROUPS.items():
        group = SourceGroup.objects.get_or_create(name=name)[0]
        Source.objects.create(channel=channel, external_key=place, group=group)
    made: list[Ticket] = []
    for n, (kind, row) in enumerate(
        [
            *(("issue", row) for row in words.ISSUES),
            *(("pull_request", row) for row in words.PULLS),
        ],
        start=1,
    ):
        at, place = now - timedelta(days=row[0], hours=n % 5), row[2]
        made.append(_deliver(channel, kind, _body(kind, n, row, at), at))
        with pipeline.change(Actor.system("sample"), now=at):
            items.file_item(_item(kind, made[-1], place, n, at), channel)
    _go_on(made, agent, now)


def _body(kind: str, n: int, row: tuple[Any, ...], at: datetime) -> dict[str, Any]:
    _, who, place, title, text, labels = row
    user = {"login": who, "id": 7000 + n, "type": "User"}
    names = [setting(name) if name.startswith("label_") else name for name in labels]
    page = "pull" if kind == "pull_request" else "issues"
    stamp = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    thing = {
        "id": 8000 + n, "number": 400 + n, "title": title, "body": text, "state": "open",
        "user": user, "author_association": "NONE", "draft": False,
        "html_url": f"{HOST}/{place}/{page}/{400 + n}",
        "created_at": stamp, "updated_at": stamp, "labels": [{"name": name} for name in names],
    }  # fmt: skip
    repository = {"id": sum(place.encode()), "full_name": place, "private": False}
    return {"action": "opened", kind: thing, "repository": repository, "sender": user}


def _deliver(channel: Channel, kind: str, body: dict[str, Any], at: datetime) -> Ticket:
    event = "issues" if kind == "issue" else kind
    headers = {"content-type": "application/json", "x-github-event": event}
    raw = json.dumps(body).encode()
    # The row is processed right here, at its own time; no worker is to be quicker.
    with transaction.atomic():
        delivery = inlet.receive(
            channel,
            dedupe_key=f"sample:{event}:{at.isoformat()}",
            headers=headers,
            body=raw,
            now=at,
        )
        assert delivery is not None  # noqa: S101 - the desk was empty
        Delivery.objects.filter(pk=delivery.pk).update(not_before=at)
    pipeline.process_delivery(delivery.pk, now=at)
    return Ticket.objects.get(messages__delivery=delivery)


def _item(kind: str, ticket: Ticket, place: str, n: int, at: datetime) -> TrackedItem:
    pull = kind == "pull_request"
    return TrackedItem(
        key=ticket.threads.get().thread_key,
        kind="pull" if pull else "issue",
        place=place,
        number=400 + n,
        url=ticket.permalink,
        title=ticket.subject,
        at=at,
        review_asked_at=at if pull else None,
    )


def _go_on(made: list[Ticket], agent: User, now: datetime) -> None:
    """A note for product, an answer, backlog that rests, and one decision of yesterday."""
    before = now - timedelta(hours=20)

    def act(verb: Callable[[], object]) -> None:
        with pipeline.change(Actor.user(agent), now=before):
            verb()

    act(lambda: tickets.add_note(made[0], body=NOTE, user=agent))
    act(lambda: tickets.reply(made[5], body="Which version is it?", user=agent, then="wait"))
    for row in made[7:10]:
        act(partial(tickets.close, row, resolution="answered"))
    act(lambda: triage.decide(made[2], "contribution", user=agent, why="Small and well described."))
