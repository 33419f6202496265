"""One stream per tab: it says what changed, panels fetch their own fragments."""

from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from inbox.accounts.models import User
from inbox.common.live import RELOAD, Change, hub
from inbox.tickets.models import TicketEvent

MOST_MISSED = 200


async def live(request: HttpRequest) -> HttpResponseBase:
    """Server-sent events for a signed-in person, resumed by the last event id."""
    user = await request.auser()
    if not isinstance(user, User) or not user.is_active:
        return HttpResponse(status=401)
    sees_all, teams = await sync_to_async(_scope)(user)
    last = request.headers.get("Last-Event-ID") or request.GET.get("after", "")
    stream = _stream(sees_all, teams, int(last) if last.isdigit() and len(last) < 16 else None)
    response = StreamingHttpResponse(stream, content_type="text/event-stream")
    response["X-Accel-Buffering"] = "no"
    return response


def _scope(user: User) -> tuple[bool, frozenset[int]]:
    return user.is_admin, frozenset(user.teams.values_list("pk", flat=True))


async def _stream(
    sees_all: bool,  # noqa: FBT001 - private, given by name above
    teams: frozenset[int],
    last: int | None,
) -> AsyncIterator[str]:
    yield "retry: 3000\n\n"
    if last is not None:
        for change in await sync_to_async(_missed)(last):
            if sees_all or change.restricted_team in (None, *teams):
                yield _said(change)
    async for found in hub().listen():
        if found is None:
            yield ": still here\n\n"
        elif sees_all or found.restricted_team is None or found.restricted_team in teams:
            yield _said(found)


def _missed(last: int) -> list[Change]:
    rows = (
        TicketEvent.objects.filter(pk__gt=last)
        .select_related("ticket")
        .order_by("pk")[:MOST_MISSED]
    )
    return [
        Change(row.pk, row.ticket_id, [row.kind], row.ticket.restricted_team_id) for row in rows
    ]


def _said(change: Change) -> str:
    """Two events: one for whoever shows the ticket, one for whoever shows the queue."""
    if change.kinds == [RELOAD]:
        return f"id: {change.event_id}\nevent: queue\ndata: reload\n\n"
    return (
        f"id: {change.event_id}\nevent: ticket-{change.ticket}\ndata: {','.join(change.kinds)}\n\n"
        f"id: {change.event_id}\nevent: queue\ndata: {change.ticket}\n\n"
    )
