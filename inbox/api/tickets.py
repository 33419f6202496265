"""Reading tickets and what is in them."""

from collections.abc import Container
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view, permission_classes, throttle_classes
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from inbox.accounts.models import User
from inbox.api import shapes
from inbox.api.auth import TokenThrottle, account
from inbox.api.paging import ById, OldestFirst, Pages
from inbox.loop import others
from inbox.notify.services import zone_of
from inbox.routing.models import RuleTrace
from inbox.search.filters import Scope
from inbox.search.language import parse
from inbox.search.services import narrow
from inbox.sla.explain import bounds
from inbox.tickets import naming, queries
from inbox.tickets.models import Message, Status, Ticket, TicketEvent

ORDERINGS = {
    "-created_at": "-number",
    "created_at": "number",
    "number": "number",
    "-number": "-number",
    "next_due_at": "next_due_at",
    "-next_due_at": "-next_due_at",
}
FILTERS = {
    "status",
    "category",
    "channel",
    "assignee",
    "q",
    "due_before",
    "ordering",
    "tag",
    "team",
}
PAGING = {"cursor", "page_size"}


def reading(view: Any) -> Any:
    """A view that any signed-in account may read."""
    decorated = throttle_classes([TokenThrottle])(view)
    return api_view(["GET"])(permission_classes([IsAuthenticated])(decorated))


def visible(request: Request, number: int) -> Ticket:
    """A ticket that the token's owner may see; 404 otherwise."""
    user = account(request)
    return get_object_or_404(shapes.with_related(queries.visible_to(user)), pk=number)


def shown(request: Request, number: int) -> dict[str, Any]:
    """A ticket as the token's owner may read it; 404 for one that they may not see."""
    row = visible(request, number)
    assert isinstance(request.user, User)  # noqa: S101 - as above
    return shapes.ticket(row, queries.seen_of(request.user, others.on_ticket(row)))


def known_filters(request: Request, filters: Container[str]) -> None:
    """Refuse what would be dropped silently. Raises `ValidationError`."""
    for name, value in request.query_params.items():
        if "\x00" in value:
            raise ValidationError({name: ["A filter holds a NUL character."]})
        if name not in filters and name not in PAGING:
            raise ValidationError({name: ["This filter does not exist."]})


@extend_schema(
    parameters=[OpenApiParameter(name, str) for name in sorted(FILTERS)],
    responses={200: OpenApiTypes.OBJECT},
    operation_id="tickets_list",
)
@reading
def ticket_list(request: Request) -> Response:
    """Tickets, newest first unless `ordering`; every status unless `status`."""
    user = account(request)
    params = request.query_params
    known_filters(request, FILTERS)
    rows = _filtered(queries.visible_to(user), params)
    if text := params.get("q"):
        zone = zone_of(user)
        scope = Scope(user=user, bounds=bounds(timezone.now(), zone), zone=zone)
        rows = narrow(rows, parse(text, naming.searched()), scope)
    pages = Pages()
    pages.ordering = _ordering(params.get("ordering", "-created_at"))
    if "next_due_at" in pages.ordering[0]:
        rows = rows.filter(next_due_at__isnull=False)  # a cursor cannot stand on nothing
    page = pages.paginate_queryset(shapes.with_related(rows), request) or []
    seen = queries.seen_of(user, {number for row in page for number in others.on_ticket(row)})
    return pages.get_paginated_response([shapes.ticket(row, seen) for row in page])


def _ordering(name: str) -> tuple[str, ...]:
    if name not in ORDERINGS:
        raise ValidationError({"ordering": [f"Use one of {', '.join(ORDERINGS)}."]})
    found = ORDERINGS[name]
    return (found,) if "number" in found else (found, "-number")


def _filtered(rows: QuerySet[Ticket], params: Any) -> QuerySet[Ticket]:
    if status := params.get("status"):
        wanted = status.split(",")
        if set(wanted) - set(Status.values):
            raise ValidationError({"status": [f"Use one of {', '.join(Status.values)}."]})
        rows = rows.filter(status__in=wanted)
    for name, field in (("category", "category"), ("tag", "tags__name"), ("team", "team__key")):
        if params.get(name):
            rows = rows.filter(**{field: params[name]})
    return _more_filters(rows, params)


def _more_filters(rows: QuerySet[Ticket], params: Any) -> QuerySet[Ticket]:
    if channel := params.get("channel"):
        kind, _, key = channel.rpartition("/")
        rows = rows.filter(channel__key=key, **({"channel__kind": kind} if kind else {}))
    if assignee := params.get("assignee"):
        rows = (
            rows.filter(owner=None) if assignee == "none" else rows.filter(owner__username=assignee)
        )
    if due := params.get("due_before"):
        rows = rows.filter(next_due_at__lt=moment(due, "due_before"))
    return rows


def moment(text: str, field: str) -> Any:
    """An ISO time with its zone. Raises `ValidationError`."""
    try:
        found = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ValidationError({field: ["An ISO time with a zone is needed."]})
    return found


@extend_schema(responses={200: OpenApiTypes.OBJECT}, operation_id="tickets_retrieve")
@reading
def ticket_detail(request: Request, number: int) -> Response:
    """One ticket."""
    return Response(shown(request, number))


@extend_schema(responses={200: OpenApiTypes.OBJECT}, operation_id="tickets_messages")
@reading
def messages(request: Request, number: int) -> Response:
    """A ticket's messages, oldest first; tombstones stay."""
    rows = (
        Message.objects.filter(ticket=visible(request, number))
        .select_related("author", "author_user", "thread__channel")
        .prefetch_related("attachments", "outgoing", "receipts__channel")
    )
    return _paged(OldestFirst(), rows, request, shapes.message)


@extend_schema(responses={200: OpenApiTypes.OBJECT}, operation_id="tickets_events")
@reading
def events(request: Request, number: int) -> Response:
    """What happened to a ticket, oldest first."""
    user = account(request)
    pages, rows = ById(), TicketEvent.objects.filter(ticket=visible(request, number))
    page: list[TicketEvent] = pages.paginate_queryset(rows, request) or []
    seen = queries.seen_of(user, others.in_events(page))
    return pages.get_paginated_response([shapes.event(row, seen) for row in page])


@extend_schema(responses={200: OpenApiTypes.OBJECT}, operation_id="tickets_trace")
@reading
def trace(request: Request, number: int) -> Response:
    """Which rules ran, matched or not, and why."""
    rows = RuleTrace.objects.filter(ticket=visible(request, number))
    return _paged(ById(), rows, request, _trace)


def _trace(row: RuleTrace) -> dict[str, Any]:
    return {
        "trigger": row.trigger,
        "message": row.message_id,
        "at": shapes.stamp(row.at),
        "rules": row.steps,
    }


def _paged(pages: Pages, rows: Any, request: Request, shape: Any) -> Response:
    page: list[Any] = pages.paginate_queryset(rows, request) or []
    return pages.get_paginated_response([shape(row) for row in page])
