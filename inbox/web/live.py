"""One stream per tab: it says what changed, panels fetch their own fragments."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from inbox.accounts.models import User
from inbox.common import presence
from inbox.common.live import RELOAD, Change, Heard, Signal
from inbox.notify.services import TOLD
from inbox.tickets.models import TicketEvent
from inbox.web.streaming import (
    HEARTBEAT_SECONDS,
    STILL_HERE,
    Ear,
    Gate,
    answer,
    comes_again,
    event,
    in_thread,
    patiently,
)

MOST_MISSED = 200
OVERLAP = 50
LONGEST_CHANGE = timedelta(seconds=15)  # from an event's moment to its commit
SEEN_EVERY = timedelta(minutes=5)
# what a desk is told of what passes: the event's name, behind which the ticket's number stands
PASSING = {"presence": "presence", "typing_here": "typing"}
# the same of a playbook's run, behind which the run's number stands
OF_RUNS = {"playbook": "run", "run_here": "run-here"}


@dataclass(frozen=True)
class Scope:
    """Whose tickets somebody may hear of."""

    sees_all: bool
    teams: frozenset[int]

    def holds(self, restricted_team: int | None) -> bool:
        """Whether a ticket, with this restriction, is visible."""
        return self.sees_all or restricted_team is None or restricted_team in self.teams


# an account, its password's stamp (a new password ends old sessions), and its session
Reader = tuple[int, str, str]


def _scopes(readers: Collection[Reader]) -> dict[Reader, Scope]:
    """What those of these accounts may hear who are still signed in."""
    users = User.objects.filter(pk__in={reader[0] for reader in readers}, is_active=True)
    known = {user.pk: user for user in users.prefetch_related("teams")}
    keys = [reader[2] for reader in readers]
    rows = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    sessions = set(rows.values_list("session_key", flat=True))
    return {
        (pk, stamp, session): scope_of(known[pk])
        for pk, stamp, session in readers
        if pk in known and session in sessions and known[pk].get_session_auth_hash() == stamp
    }


def scope_of(user: User) -> Scope:
    """What somebody may hear of."""
    return Scope(user.is_admin, frozenset(team.pk for team in user.teams.all()))


gate: Gate[Reader, Scope] = Gate("desks", _scopes)


async def live(request: HttpRequest) -> HttpResponseBase:
    """Server-sent events for a signed-in person, resumed by the last event id."""
    # not `auser`: its thread would keep a database connection for as long as the page is open,
    # and as many pages as the pool has connections would leave none for anybody
    admitted = await in_thread(_admit)(request)
    if admitted is None:
        return HttpResponse(status=401)
    last = request.headers.get("Last-Event-ID") or request.GET.get("after", "")
    begin = int(last) if last.isdigit() and len(last) < 16 else None
    user, reader, scope = admitted
    return answer(_stream(user, reader, scope, begin))


def _admit(request: HttpRequest) -> tuple[User, Reader, Scope] | None:
    user = get_user(request)
    if not isinstance(user, User) or not user.is_active:
        return None
    _seen(user)
    reader = (user.pk, user.get_session_auth_hash(), request.session.session_key or "")
    return user, reader, scope_of(user)


def _seen(user: User) -> None:
    """When somebody was last here, to five minutes."""
    now = timezone.now()
    if user.last_seen_at is None or now - user.last_seen_at > SEEN_EVERY:
        User.objects.filter(pk=user.pk).update(last_seen_at=now)


async def _stream(user: User, reader: Reader, scope: Scope, last: int | None) -> AsyncIterator[str]:
    stream = secrets.token_hex(8)
    gate.enter(reader, found=scope)
    ear = Ear(partial(_wants, reader))
    said_at = 0.0
    try:
        await asyncio.sleep(0)  # from here on it listens
        yield comes_again()
        for change in await patiently(_missed, last) if last is not None else ():
            if scope.holds(change.restricted_team):
                yield _said(change)
        while gate.of(reader) is not None:
            if time.monotonic() - said_at >= HEARTBEAT_SECONDS:
                said_at = time.monotonic()
                await asyncio.to_thread(presence.come, user.pk, stream, user.display_name)
            found = await ear.hear()
            if found is None or not gate.shuts(found, reader):
                yield STILL_HERE if found is None else _said(found)
    finally:
        ear.close()
        gate.leave(reader)
        _go(user, stream)


def _wants(reader: Reader, heard: Heard) -> bool:
    """Whether a stream's reader is to hear of it: what is theirs, or what they may see."""
    if isinstance(heard, Signal) and heard.name == TOLD:
        return heard.data.get("user") == reader[0]
    if isinstance(heard, Signal) and heard.name not in PASSING | OF_RUNS:
        return gate.shuts(heard, reader)
    allowed = gate.of(reader)
    return allowed is not None and allowed.holds(heard.restricted_team)


def _go(user: User, stream: str) -> None:
    """The page is closed: said at once, and believed when no other page has been opened."""
    loop = asyncio.get_running_loop()
    loop.run_in_executor(None, presence.go, user.pk, stream)
    later = presence.BETWEEN_PAGES_SECONDS + 0.5
    loop.call_later(later, loop.run_in_executor, None, presence.gone, user.pk, user.display_name)


def _missed(last: int) -> list[Change]:
    """What has happened behind an event, and just before it: a hint twice does no harm.

    Ids are given before the commit, so one that is lower may have become visible later; but no
    change takes long. Whoever was away for long loads everything again.
    """
    fresh = Q(at__gte=timezone.now() - LONGEST_CHANGE)
    rows = list(
        TicketEvent.objects.filter(Q(pk__gt=last) | fresh, pk__gt=last - OVERLAP)
        .select_related("ticket")
        .order_by("-pk")[: MOST_MISSED + 1]
    )
    if len(rows) > MOST_MISSED:
        return [Change(rows[0].pk, 0, [RELOAD], None)]
    return [
        Change(row.pk, row.ticket_id, [row.kind], row.ticket.restricted_team_id)
        for row in reversed(rows)
    ]


def _said(heard: Heard) -> str:
    """Two events: one for whoever shows the ticket, one for whoever shows the queue."""
    if isinstance(heard, Signal) and heard.name == TOLD:
        return event("notice", "1")
    if isinstance(heard, Signal) and heard.name in OF_RUNS:
        return event(f"{OF_RUNS[heard.name]}-{heard.data.get('run')}", "1")
    if isinstance(heard, Signal):
        return event(f"{PASSING[heard.name]}-{heard.ticket}", "1")
    if heard.kinds == [RELOAD]:
        return event("queue", RELOAD, heard.event_id) + event(RELOAD, RELOAD, heard.event_id)
    kinds = ",".join(heard.kinds)
    return event(f"ticket-{heard.ticket}", kinds, heard.event_id) + event(
        "queue", str(heard.ticket), heard.event_id
    )
