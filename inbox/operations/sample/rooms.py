"""The demo community's chat rooms and live chats: questions that came in while people talked."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction

from inbox import pipeline
from inbox.accounts.models import User
from inbox.channels import inlet
from inbox.channels.models import Channel, Delivery
from inbox.common.work import Actor
from inbox.livechat.models import Conversation, Visitor
from inbox.operations.sample import words
from inbox.sla.models import Policy
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket

TEAM = "T0MILLRACE"
SITE = "https://docs.example.com"


def make(users: dict[str, User], promise: Policy, now: datetime) -> list[Ticket]:
    """Threads of a workspace and chats of the website; `promise`: of those of today."""
    slack = Channel.objects.create(
        kind="slack", key="main", label="Millrace on Slack", settings={"team_id": TEAM}
    )
    slack.policy = Policy.objects.filter(key="community").first()
    slack.owner_on_duty = True
    slack.save(update_fields=["policy", "owner_on_duty"])
    made = []
    for n, row in enumerate(words.ROOMS):
        made.append(_thread(slack, n, row, users, promise, now))
    for chats in Channel.objects.filter(kind="livechat")[:1]:
        made += [_chat(chats, n, chat, now) for n, chat in enumerate(words.CHATS)]
    return made


# ------------------------------------------------------------------ rooms


def _thread(
    slack: Channel,
    n: int,
    row: tuple[Any, ...],
    users: dict[str, User],
    promise: Policy,
    now: datetime,
) -> Ticket:
    minutes, room, who, category, owner, text, more = row
    at = now - timedelta(minutes=minutes)
    root = _stamp(at, n)
    ticket = _said(slack, room, who, root, root, text, at)

    def act(moment: datetime, name: str, verb: Callable[[], object]) -> None:
        with pipeline.change(Actor.user(users[name]), now=moment):
            verb()

    first = owner or "noor"
    act(at, first, partial(tickets.set_category, ticket, category))
    act(at, first, partial(tickets.assign, ticket, users[owner] if owner else None))
    if minutes < 24 * 60:
        act(at, first, partial(tickets.set_policy, ticket, promise, reason="a sponsor asks"))
    for later, name, kind, said in more:
        moment = min(at + timedelta(minutes=later), now)
        if kind == "says":
            _said(slack, room, name, _stamp(moment, n), root, said, moment)
        elif kind == "note":
            act(moment, name, partial(tickets.add_note, ticket, body=said, user=users[name]))
        elif kind == "close":
            act(moment, name, partial(tickets.close, ticket, resolution=said))
        else:
            answer = partial(
                tickets.reply, ticket, body=said, user=users[name], then=kind, delay_seconds=0
            )
            act(moment, name, answer)
    return ticket


def _stamp(at: datetime, n: int) -> str:
    return f"{int(at.timestamp())}.{n:06d}"


def _said(
    slack: Channel, room: str, who: str, ts: str, root: str, text: str, at: datetime
) -> Ticket:
    """A message as Slack sends it, with the names that it would look up."""
    name, zone, offset = words.HANDLES[who]
    place, user = f"C0{room.upper().replace('-', '')}", f"U0{who.upper()}"
    event = {
        "type": "message", "channel": place, "channel_type": "channel", "user": user,
        "text": text, "ts": ts, "event_ts": ts, "client_msg_id": f"sample-{user}-{ts}",
        **({"thread_ts": root} if root != ts else {}),
    }  # fmt: skip
    body = {"team_id": TEAM, "type": "event_callback", "event_id": f"Ev{user}{ts}", "event": event}
    profile = {
        "name": name, "handle": who, "tz": zone, "tz_offset": offset * 3600, "team": TEAM,
        "kind": "full", "email": words.MAILS.get(who, ""),
    }  # fmt: skip
    completed = {"users": {user: profile}, "channels": {place: room}}
    return _deliver(slack, f"sample:{user}:{ts}", body, at, completed)


# ------------------------------------------------------------------ chats


def _chat(channel: Channel, n: int, row: tuple[Any, ...], now: datetime) -> Ticket:
    """Somebody on the website who waits for an answer."""
    minutes, name, page, category, lines = row
    at = now - timedelta(minutes=minutes)
    visitor = Visitor.objects.create(
        channel=channel, external_key=f"sample-{n}", name=name, created_at=at
    )
    chat = Conversation.objects.create(
        channel=channel, visitor=visitor, key=f"sample-{n}", page=f"{SITE}{page}", created_at=at,
        seen_at=now,
    )  # fmt: skip
    for number, text in enumerate(lines):
        moment = at + timedelta(seconds=40 * number)
        body = {
            "conversation": chat.key, "line": f"line-{number}", "text": text,
            "at": moment.isoformat(), "page": chat.page,
            "visitor": {"id": visitor.external_key, "name": name, "email": "", "verified": False},
        }  # fmt: skip
        ticket = _deliver(channel, f"{chat.key}:{number}", body, moment, {})
    with pipeline.change(Actor.system("sample"), now=at):
        tickets.set_category(ticket, category)
    return ticket


def _deliver(
    channel: Channel, key: str, body: dict[str, Any], at: datetime, completed: dict[str, Any]
) -> Ticket:
    headers = {"content-type": "application/json"}
    # The row is processed right here, at its own time; no worker is to be quicker.
    with transaction.atomic():
        delivery = inlet.receive(
            channel, dedupe_key=key, headers=headers, body=json.dumps(body).encode(), now=at
        )
        assert delivery is not None  # noqa: S101 - the desk was empty
        Delivery.objects.filter(pk=delivery.pk).update(not_before=at, completed=completed or None)
    pipeline.process_delivery(delivery.pk, now=at)
    return Ticket.objects.get(messages__delivery=delivery)
