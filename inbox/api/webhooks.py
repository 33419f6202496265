"""Outgoing webhooks by the API: subscriptions, their log, a test event, sending again."""

from collections.abc import Callable
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import (
    api_view,
    parser_classes,
    permission_classes,
    throttle_classes,
)
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from inbox.accounts.models import Team, User
from inbox.api.auth import IsAdmin, TokenThrottle
from inbox.api.bodies import Empty, Strict
from inbox.api.idempotency import once
from inbox.api.paging import Pages
from inbox.api.parsing import StrictJSONParser
from inbox.api.shapes import stamp
from inbox.api.tickets import known_filters, moment
from inbox.audit import services as audit
from inbox.webhooks import services
from inbox.webhooks.models import Webhook, WebhookEvent, WebhookEventState, WebhookState

ANY = OpenApiTypes.OBJECT


class Subscription(Strict):
    """`team`: the restricted team whose tickets are told too; `on`: whether anything leaves."""

    label = serializers.CharField(  # type: ignore[assignment]  # hides DRF's own, which nobody reads
        max_length=120, required=False, allow_blank=True
    )
    url = serializers.CharField(max_length=500, required=False)
    events = serializers.ListField(child=serializers.CharField(max_length=30), required=False)
    team = serializers.CharField(max_length=50, required=False, allow_null=True)
    on = serializers.BooleanField(required=False)
    at_least_one = True


class Replay(Strict):
    """One row of the log by its id, or everything that was given up since a time."""

    id = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    since = serializers.CharField(max_length=40, required=False)


def _view(*methods: str) -> Callable[[Any], Any]:
    """Admins only, by token, strictly JSON."""

    def wrap(view: Any) -> Any:
        guarded = permission_classes([IsAuthenticated, IsAdmin])(
            throttle_classes([TokenThrottle])(view)
        )
        return api_view(list(methods))(parser_classes([StrictJSONParser])(guarded))

    return wrap


def shape(hook: Webhook) -> dict[str, Any]:
    """A subscription, never its secret."""
    return {
        "id": hook.pk,
        "label": hook.label,
        "url": hook.url,
        "events": hook.events,
        "team": hook.team.key if hook.team else None,
        "state": hook.state,
        "stopped_because": hook.stopped_because or None,
        "failures": hook.failures,
        "last_ok_at": stamp(hook.last_ok_at),
        "created_at": stamp(hook.created_at),
    }


def row_shape(row: WebhookEvent) -> dict[str, Any]:
    """A row of the log with its attempts."""
    return {
        "id": row.pk,
        "message_id": row.message_id,
        "event": row.name,
        "ticket": row.ticket_id,
        "state": row.state,
        "attempts": [
            {
                "at": stamp(tried.at),
                "status": tried.status or None,
                "ms": tried.milliseconds,
                "answer": tried.answer,
                "error": tried.error or None,
            }
            for tried in row.tries.all()
        ],
        "not_before": stamp(row.not_before),
        "created_at": stamp(row.created_at),
        "sent_at": stamp(row.sent_at),
        "error": row.error or None,
    }


def _read(fields: type[Strict], request: Request) -> dict[str, Any]:
    form = fields(data=request.data)
    form.is_valid(raise_exception=True)
    data: dict[str, Any] = form.validated_data
    return data


def _noted(request: Request, verb: str, pk: int, **values: object) -> None:
    assert isinstance(request.user, User)  # noqa: S101 - the permission class let only accounts in
    audit.record(request.user, f"webhook.{verb}", f"webhook {pk}", request=request, **values)


def _keep(hook: Webhook, data: dict[str, Any], request: Request) -> None:
    """Raises `VerbError` (400) for what cannot be."""
    before = services.state_of(hook)
    for name in ("label", "url", "events"):
        if name in data:
            setattr(hook, name, data[name])
    if "team" in data:
        hook.team = Team.objects.filter(key=data["team"]).first() if data["team"] else None
        if data["team"] and hook.team is None:
            raise ValidationError({"team": ["There is no team of this name."]})
    services.save(hook)
    if data.get("on", hook.state == WebhookState.ON) != (hook.state == WebhookState.ON):
        services.switch(hook, on=data["on"])
    old, new = audit.differences(before, services.state_of(hook))
    _noted(request, "changed" if before else "added", hook.pk, old=old, new=new)


@extend_schema(methods=["GET"], responses={200: ANY}, operation_id="webhooks_list")
@extend_schema(
    methods=["POST"],
    request=Subscription,
    responses={201: ANY, 400: ANY},
    operation_id="webhooks_create",
)
@_view("GET", "POST")
def webhooks(request: Request) -> Response:
    """Subscriptions; a new one answers with its secret, which is not shown again."""
    if request.method == "GET":
        known_filters(request, ())
        pages = Pages()
        rows = pages.paginate_queryset(Webhook.objects.select_related("team"), request) or []
        return pages.get_paginated_response([shape(hook) for hook in rows])
    data = _read(Subscription, request)

    def make() -> Response:
        assert isinstance(request.user, User)  # noqa: S101 - the permission class let only accounts in
        hook = Webhook(url="", made_by=request.user)
        _keep(hook, data, request)
        return Response({**shape(hook), "secret": hook.secret}, status=201)

    return once(request, make)


@extend_schema(methods=["GET"], responses={200: ANY}, operation_id="webhooks_retrieve")
@extend_schema(
    methods=["PATCH"],
    request=Subscription,
    responses={200: ANY, 400: ANY},
    operation_id="webhooks_change",
)
@extend_schema(methods=["DELETE"], responses={204: None}, operation_id="webhooks_delete")
@_view("GET", "PATCH", "DELETE")
def webhook(request: Request, pk: int) -> Response:
    """One subscription: read, change, take away."""
    hook = get_object_or_404(Webhook.objects.select_related("team"), pk=pk)
    if request.method == "DELETE":
        services.delete(hook)
        _noted(request, "delete", pk)
        return Response(status=204)
    if request.method == "PATCH":
        _keep(hook, _read(Subscription, request), request)
    return Response(shape(hook))


@extend_schema(
    parameters=[OpenApiParameter("state", str)],
    responses={200: ANY},
    operation_id="webhooks_deliveries",
)
@_view("GET")
def deliveries(request: Request, pk: int) -> Response:
    """What was and will be sent, newest first, with every attempt."""
    known_filters(request, {"state"})
    hook = get_object_or_404(Webhook, pk=pk)
    rows = WebhookEvent.objects.filter(webhook=hook).prefetch_related("tries")
    if state := request.query_params.get("state"):
        if state not in WebhookEventState.values:
            raise ValidationError({"state": [f"Use one of {', '.join(WebhookEventState.values)}."]})
        rows = rows.filter(state=state)
    pages = Pages()
    page = pages.paginate_queryset(rows, request) or []
    return pages.get_paginated_response([row_shape(row) for row in page])


@extend_schema(request=Empty, responses={200: ANY, 400: ANY}, operation_id="webhooks_ping")
@_view("POST")
def ping(request: Request, pk: int) -> Response:
    """Send a test event."""
    _read(Empty, request)
    row = services.ping(get_object_or_404(Webhook, pk=pk), now=timezone.now())
    return Response(row_shape(row))


@extend_schema(request=Empty, responses={200: ANY}, operation_id="webhooks_secret")
@_view("POST")
def secret(request: Request, pk: int) -> Response:
    """A new secret; for three days the old one signs too."""
    _read(Empty, request)
    fresh = services.renew_secret(get_object_or_404(Webhook, pk=pk))
    _noted(request, "secret", pk)
    return Response({"secret": fresh})


@extend_schema(request=Replay, responses={200: ANY, 400: ANY}, operation_id="webhooks_replay")
@_view("POST")
def replay(request: Request, pk: int) -> Response:
    """Send again: one row, or all that were given up since a time; says how many."""
    data = _read(Replay, request)
    since = moment(data["since"], "since") if "since" in data else None
    hook = get_object_or_404(Webhook, pk=pk)
    row = data.get("id", 0)
    return Response({"queued": services.replay(hook, now=timezone.now(), row=row, since=since)})
