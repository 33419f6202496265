"""Who else is on a ticket: colleagues who look or write, and the visitor of its chat."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from inbox.accounts.models import User
from inbox.channels.contract import Capability
from inbox.common import live, presence
from inbox.livechat import passing
from inbox.livechat.models import Conversation
from inbox.tickets.models import Message, Ticket

# a page says so every 15 seconds; who types says so more often, and less is believed
HERE_SECONDS = {"looking": 45.0, "noting": 25.0, "replying": 25.0}
RANK = ("looking", "noting", "replying")
READ_EVERY_SECONDS = 3.0


@dataclass(frozen=True, kw_only=True)
class Colleague:
    """Somebody who has the ticket open, by what they do in their busiest tab."""

    user: int
    name: str
    doing: str
    since: datetime


def colleagues(found: dict[str, dict[str, Any]], user: User) -> list[Colleague]:
    """The others who are there, the busiest first."""
    best: dict[int, Colleague] = {}
    for one in sorted(found.values(), key=lambda one: RANK.index(one["doing"])):
        since = datetime.fromtimestamp(one["since"], UTC)
        best[one["user"]] = Colleague(
            user=one["user"], name=one["name"], doing=one["doing"], since=since
        )
    others = [one for pk, one in best.items() if pk != user.pk]
    return sorted(others, key=lambda one: (-RANK.index(one.doing), one.since))


def replying(tickets: Sequence[int], user: User) -> dict[int, str]:
    """Who answers these tickets just now: one question for a whole list."""
    found = presence.at(*map(passing.desk, tickets))
    busy = {
        ticket: [one.name for one in colleagues(there, user) if one.doing == "replying"]
        for ticket, there in zip(tickets, found, strict=True)
        if there
    }
    return {ticket: names[0] for ticket, names in busy.items() if names}


def note(row: Ticket, user: User, *, tab: str, doing: str, now: datetime) -> None:
    """A tab has the ticket open. Others are told when what is done there is different."""
    where, who = passing.desk(row.pk), f"{user.pk}:{tab}"
    before = presence.at(where)[0].get(who, {})
    same = before.get("doing") == doing
    value: dict[str, Any] = {
        "user": user.pk,
        "name": user.display_name,
        "doing": doing,
        "since": before["since"] if same else now.timestamp(),
        "typed": now.timestamp() if doing == "replying" else 0,
        **{name: before[name] for name in ("read", "read_at") if name in before},
    }
    presence.note(where, who, seconds=HERE_SECONDS[doing], value=value)
    _tell(row, before.get("doing", ""), doing, user.display_name)


def leave(row: Ticket, user: User, *, tab: str) -> None:
    """A tab was closed or put away."""
    before = presence.leave(passing.desk(row.pk), f"{user.pk}:{tab}")
    if before is not None:
        _tell(row, before.get("doing", ""), "", user.display_name)


def _tell(row: Ticket, before: str, doing: str, name: str) -> None:
    about: dict[str, Any] = {"ticket": row.pk, "restricted_team": row.restricted_team_id}
    if doing == "replying":  # said again while it goes on: the visitor's page forgets it soon
        live.signal("typing", **about, name=name)
    elif before == "replying":
        live.signal("typing", **about, name="")
    if before != doing:
        live.signal("presence", **about)
        if "replying" in (before, doing):
            live.signal("typing_here", **about)


def read(row: Ticket, user: User, *, tab: str, message: int, now: datetime) -> None:
    """A tab shows everything up to a message; a visitor of a chat is told.

    Looked into at most every three seconds for one tab, and once for each message.
    """
    where, who = passing.desk(row.pk), f"{user.pk}:{tab}"
    known = presence.at(where)[0].get(who)
    if known is None or message <= known.get("read", 0):
        return
    if now.timestamp() - known.get("read_at", 0) < READ_EVERY_SECONDS:
        return
    passing.team_has_read(row.pk, row.restricted_team_id, message)
    value = {**known, "read": message, "read_at": now.timestamp()}
    presence.note(where, who, seconds=HERE_SECONDS[known["doing"]], value=value)


# ------------------------------------------------------------------ for the page


def context(row: Ticket, user: User, now: datetime, chat: Conversation | None) -> dict[str, Any]:
    """What `#presence` shows."""
    return {
        "colleagues": colleagues(presence.at(passing.desk(row.pk))[0], user),
        "visitor": passing.visitor(chat, now) if chat else None,
        "read_by_visitor": passing.last_read(chat) if chat else None,
        "read_at": chat.read_at if chat else None,
    }


def chat_of(row: Ticket, messages: Sequence[Message] | None = None) -> Conversation | None:
    """The ticket's newest chat. With its newest messages at hand nobody else is asked about."""
    if messages is not None and not any(_is_live(one) for one in messages):
        return None
    rows = Conversation.objects.filter(thread__ticket=row)
    return rows.select_related("channel", "thread").order_by("-pk").first()


def _is_live(message: Message) -> bool:
    return Capability.LIVE in message.thread.channel.type.capabilities
