"""A small desk for tests: accounts, a mailbox, tickets with their messages, verbs at a time."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.test import Client

from inbox import pipeline
from inbox.accounts.models import User
from inbox.calendars.services import save_calendar
from inbox.channels.models import Channel
from inbox.common.versions import bump
from inbox.common.work import Actor
from inbox.people.models import Contact, Identity
from inbox.sla.models import Policy
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Ticket

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)  # a Wednesday
T = TypeVar("T")
_numbers = count(1)
WEEK = {day: ["09:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}


def agent(name: str, **fields: Any) -> User:
    """An account."""
    fields = {"first_name": name.capitalize(), "email": f"{name}@example.com", **fields}
    return User.objects.get_or_create(username=name, defaults=fields)[0]


def mailbox(key: str = "support", **fields: Any) -> Channel:
    """A mailbox."""
    settings = {"address": f"{key}@example.com"}
    return Channel.objects.get_or_create(
        kind="email", key=key, defaults={"settings": settings, **fields}
    )[0]


def policy(key: str = "community", **fields: Any) -> Policy:
    """A policy of eight business hours, Lisbon, nine to six."""
    calendar = save_calendar(
        key="team", name="", zone="Europe/Lisbon", week=WEEK, holidays=[], closed=[]
    )
    values: dict[str, Any] = {
        "calendar": calendar,
        "first_response_amount": 8,
        "first_response_unit": "business_hours",
        **fields,
    }
    row = Policy.objects.update_or_create(key=key, defaults=values)[0]
    bump("policies")
    return row


def asker(name: str = "", **fields: Any) -> Identity:
    """Somebody outside."""
    name = name or f"mira{next(_numbers)}"
    contact = Contact.objects.create(name=name.capitalize())
    return Identity.objects.create(
        contact=contact,
        kind="email",
        realm="mail",
        external_id=f"{name}@example.org",
        name=name.capitalize(),
        **fields,
    )


def ticket(
    *,
    at: datetime = NOW,
    channel: Channel | None = None,
    who: Identity | None = None,
    **fields: Any,
) -> Ticket:
    """A ticket with its first message, through the pipeline."""
    n, who = next(_numbers), who or asker()
    with pipeline.change(Actor.system("test"), now=at):
        row, thread = tickets.open_ticket(
            subject=f"Question {n}",
            channel=channel or mailbox(),
            asker=who,
            thread_key=f"<t{n}>",
            at=at,
            **fields,
        )
        _message(row, thread, who, "asker", at)
    return row


def writes(
    row: Ticket, who: Identity, *, role: str = "asker", at: datetime, **fields: Any
) -> Message:
    """Somebody outside writes on a ticket, and it is ours again, as intake does it."""
    with pipeline.change(Actor.system("test"), now=at):
        mine = tickets.lock(row.pk)
        found = _message(mine, mine.threads.get(), who, role, at, **fields)
        if mine.waiting_on != "us" and not fields.get("quiet") and mine.status != "on_hold":
            tickets.reopen(mine, why="they wrote")
    return found


def _message(
    row: Ticket, thread: Any, who: Identity, role: str, at: datetime, **fields: Any
) -> Message:
    return tickets.add_message(
        row,
        thread,
        direction="in",
        visibility="public",
        role=role,
        external_id=f"<m{next(_numbers)}@example.org>",
        sent_at=at,
        author=who,
        author_label=who.label,
        **{"new_text": "a question", "body_text": "a question", **fields},
    )


def act(verb: Callable[..., T], *args: Any, at: datetime = NOW, **kwargs: Any) -> T:
    """One verb in a change of its own."""
    with pipeline.change(Actor.system("test"), now=at):
        return verb(*args, **kwargs)


def by_page(kind: str, given: Mapping[str, str], agree: Callable[[str], str]) -> str:
    """Connect `<kind>/main` as an admin does, by the button; the page that one comes back to."""
    browser = Client()
    browser.force_login(agent("boss", role="admin"))
    there = browser.post(f"/channels/{kind}/main/consent/", given)
    assert there.status_code == 200, there.content.decode()
    parts = urlsplit(agree(there.context["url"]))
    return browser.get(f"{parts.path}?{parts.query}", follow=True).content.decode()
