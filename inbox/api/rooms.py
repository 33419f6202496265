"""The other lists: channels, deliveries, outgoing, rules, who is on duty."""

from collections.abc import Callable, Container
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view, parser_classes, permission_classes, throttle_classes
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from inbox import pipeline
from inbox.api import shapes
from inbox.api.auth import IsAdmin, MayAct, TokenThrottle, account
from inbox.api.idempotency import once
from inbox.api.paging import Pages
from inbox.api.parsing import StrictJSONParser
from inbox.api.tickets import known_filters, reading
from inbox.channels.models import Channel, Delivery, DeliveryState
from inbox.common.work import Actor
from inbox.macros.queries import visible_to as macros_visible_to
from inbox.oncall.services import duties
from inbox.operations import receiving
from inbox.outbox import deciding as outbox
from inbox.outbox.models import OutgoingState
from inbox.outbox.queries import visible_to as outgoing_visible_to
from inbox.routing import backtest
from inbox.routing.engine import compile_rule
from inbox.routing.models import Rule
from inbox.routing.sentences import sentence
from inbox.tickets import queries

ANY = OpenApiTypes.OBJECT


def listing(permission: Any, operation: str, *filters: str) -> Callable[[Any], Any]:
    """A GET that a permission guards."""

    def wrap(view: Any) -> Any:
        guarded = permission_classes([IsAuthenticated, permission])(
            throttle_classes([TokenThrottle])(view)
        )
        shown = extend_schema(
            parameters=[OpenApiParameter(name, str) for name in filters],
            responses={200: ANY},
            operation_id=operation,
        )
        return shown(api_view(["GET"])(guarded))

    return wrap


def acting(permission: Any, operation: str) -> Callable[[Any], Any]:
    """A POST that a permission guards."""

    def wrap(view: Any) -> Any:
        guarded = permission_classes([IsAuthenticated, permission])(
            throttle_classes([TokenThrottle])(view)
        )
        shown = extend_schema(request=None, responses={200: ANY, 409: ANY}, operation_id=operation)
        return shown(api_view(["POST"])(parser_classes([StrictJSONParser])(guarded)))

    return wrap


def paged(
    rows: Any, request: Request, shape: Callable[[Any], Any], filters: Container[str] = ()
) -> Response:
    """One page of rows in their shape; a filter that is not known is refused."""
    known_filters(request, filters)
    pages = Pages()
    page: list[Any] = pages.paginate_queryset(rows, request) or []
    return pages.get_paginated_response([shape(row) for row in page])


@listing(IsAdmin, "channels_list")
def channels(request: Request) -> Response:
    """Connections and their health."""
    return paged(Channel.objects.select_related("policy"), request, shapes.channel)


@listing(IsAdmin, "deliveries_list", "state", "channel")
def deliveries(request: Request) -> Response:
    """What came in, newest first."""
    rows = Delivery.objects.select_related("channel").defer("body")
    if state := request.query_params.get("state"):
        if state not in DeliveryState.values:
            raise ValidationError({"state": [f"Use one of {', '.join(DeliveryState.values)}."]})
        rows = rows.filter(state=state)
    if channel := request.query_params.get("channel"):
        rows = rows.filter(channel__key=channel.rpartition("/")[2])
    return paged(rows, request, shapes.delivery, {"state", "channel"})


@acting(IsAdmin, "deliveries_retry")
def delivery_retry(request: Request, pk: int) -> Response:
    """Process a delivery again."""
    row = get_object_or_404(Delivery, pk=pk)
    receiving.replay(row.pk, now=timezone.now())
    row.refresh_from_db()
    return Response(shapes.delivery(row))


@acting(IsAdmin, "deliveries_ignore")
def delivery_ignore(request: Request, pk: int) -> Response:
    """Leave a failed delivery alone."""
    row = get_object_or_404(Delivery, pk=pk)
    receiving.ignore(row)
    row.refresh_from_db()
    return Response(shapes.delivery(row))


@listing(MayAct, "outgoing_list", "state", "held_reason")
def outgoing(request: Request) -> Response:
    """What leaves, newest first; only of tickets that the account may see."""
    user = account(request)
    rows = outgoing_visible_to(user).select_related("channel")
    if state := request.query_params.get("state"):
        if state not in OutgoingState.values:
            raise ValidationError({"state": [f"Use one of {', '.join(OutgoingState.values)}."]})
        rows = rows.filter(state=state)
    if reason := request.query_params.get("held_reason"):
        rows = rows.filter(held_reason=reason)
    return paged(rows, request, shapes.outgoing, {"state", "held_reason"})


OUTGOING_VERBS = {
    "approve": outbox.approve,
    "discard": outbox.discard,
    "mark_sent": outbox.mark_sent,
    "send_again": outbox.send_again,
    "retry": outbox.retry,
}


@acting(MayAct, "outgoing_decide")
def outgoing_decide(request: Request, pk: int, verb: str) -> Response:
    """approve, discard, mark_sent, send_again or retry."""
    user = account(request)
    row = get_object_or_404(outgoing_visible_to(user), pk=pk)
    act = OUTGOING_VERBS.get(verb)
    if act is None:
        raise ValidationError({"verb": [f"Use one of {', '.join(OUTGOING_VERBS)}."]})

    def decide() -> Response:
        with pipeline.change(Actor.user(user)):
            act(row)
        row.refresh_from_db()
        return Response(shapes.outgoing(row))

    return once(request, decide)


@extend_schema(responses={200: ANY}, operation_id="rules_list")
@reading
def rules(request: Request) -> Response:
    """Routing rules with their sentences."""
    return paged(Rule.objects.all(), request, _rule)


def _rule(row: Rule) -> dict[str, Any]:
    return shapes.rule(row, sentence(row.trigger, row.condition, row.actions, stop=row.stop))


@listing(IsAdmin, "rules_backtest")
def rule_backtest(request: Request, pk: int) -> Response:
    """What a rule would have done with the last 100 tickets; nothing is changed."""
    rule = compile_rule(get_object_or_404(Rule, pk=pk).spec)
    user = account(request)
    last = list(shapes.with_related(queries.visible_to(user)).order_by("-number")[: backtest.LAST])
    trials = backtest.on_last_tickets([rule], last, [rule.spec.trigger])
    return Response({"results": [_trial(trial) for trial in trials], "next": None})


def _trial(trial: backtest.Trial) -> dict[str, Any]:
    step = trial.decision.trace[0]
    return {
        "ticket": trial.ticket.pk,
        "subject": trial.ticket.subject,
        "matched": step.matched,
        "why": step.why,
    }


@extend_schema(responses={200: ANY}, operation_id="macros_list")
@reading
def macros(request: Request) -> Response:
    """Saved answers and actions that the account finds, newest first."""
    user = account(request)
    rows = macros_visible_to(user).select_related("team", "owner")
    return paged(rows, request, shapes.macro)


@extend_schema(responses={200: ANY}, operation_id="oncall_now")
@reading
def oncall_now(request: Request) -> Response:
    """Who is on duty in each rotation."""
    now = timezone.now()
    found = [
        {
            "rotation": duty.rotation.key,
            "username": duty.user.username,
            "name": duty.user.display_name,
            "since": shapes.stamp(duty.since),
            "until": shapes.stamp(duty.until),
            "instead_of": duty.instead_of.username if duty.instead_of else None,
            "reason": duty.reason or None,
        }
        for duty in duties(now)
    ]
    return Response({"results": found, "next": None})
