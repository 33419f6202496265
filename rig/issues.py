"""Tickets of issues and pull requests for tests of the hub, without a vendor."""

from datetime import datetime
from itertools import count
from typing import Any

from inbox import pipeline
from inbox.channels.models import Channel, Source
from inbox.common.work import Actor
from inbox.loop.models import Item
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from rig.desk import NOW, asker

_numbers = count(1)


def tracker() -> Channel:
    """A connection to GitHub."""
    return Channel.objects.get_or_create(kind="github", key="example")[0]


def issue(
    subject: str = "It hangs",
    *,
    labels: tuple[str, ...] = (),
    at: datetime = NOW,
    place: str = "example/core",
    text: str = "After the update it **hangs**.",
    kind: str = "issue",
    **item: Any,
) -> Ticket:
    """The ticket of an issue, or of a pull request, that carries these labels there."""
    channel, n, who = tracker(), next(_numbers), asker()
    source = Source.objects.get_or_create(channel=channel, external_key=place)[0]
    page = "pull" if kind == "pull" else "issues"
    url = f"https://github.com/{place}/{page}/{n}"
    with pipeline.change(Actor.system("test"), now=at):
        row, thread = tickets.open_ticket(
            subject=subject,
            channel=channel,
            asker=who,
            thread_key=f"900:issue:{n}",
            at=at,
            source=source,
            permalink=url,
        )
        tickets.add_message(
            row, thread, direction="in", visibility="public", role="asker",
            external_id=f"issue/{n}", sent_at=at, author=who, author_label=who.label,
            new_text=text, body_text=text,
        )  # fmt: skip
        tickets.add_tags(row, list(labels))
        thread.labels, thread.state_at = list(labels), at
        thread.save(update_fields=["labels", "state_at"])
    Item.objects.create(
        channel=channel, key=thread.thread_key, kind=kind, place=place, number=n, url=url,
        title=subject, at=at, **item,
    )  # fmt: skip
    return row
