"""Product's list by the API: what was referred, and what they made of it (S46)."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from inbox import pipeline
from inbox.api import bodies, shapes
from inbox.api.auth import account
from inbox.api.posting import posted, told
from inbox.api.rooms import paged
from inbox.api.tickets import reading
from inbox.common.work import Actor
from inbox.community import queries, referring
from inbox.community.models import Referral, ReferralState


@extend_schema(
    responses={200: OpenApiTypes.OBJECT},
    operation_id="referrals_list",
    parameters=[
        OpenApiParameter("state", str, enum=ReferralState.values),
        OpenApiParameter("area", str),
    ],
)
@reading
def listing(request: Request) -> Response:
    """What was referred to product, newest first; of tickets that the reader may see."""
    rows, params = queries.referrals(account(request)), request.query_params
    if state := params.get("state"):
        if state not in ReferralState.values:
            raise ValidationError({"state": [f"Use one of {', '.join(ReferralState.values)}."]})
        rows = rows.filter(state=state)
    if area := params.get("area"):
        rows = rows.filter(area__iexact=area)
    return paged(rows, request, shape, {"state", "area"})


@posted("referrals_answer", bodies.ReferralAnswer)
def answer(request: Request, pk: int) -> Response:
    """What product made of it; a note stays on the ticket, and inside."""
    user = account(request)
    row = get_object_or_404(queries.referrals(user), pk=pk)
    data = told(bodies.ReferralAnswer, request)
    with pipeline.change(Actor.user(user)):
        return Response(shape(referring.answer(row, user=user, **data)))


def shape(row: Referral) -> dict[str, Any]:
    """A ticket on product's list."""
    return {
        "id": row.pk,
        "ticket": row.ticket_id,
        "subject": row.ticket.subject,
        "area": row.area,
        "reason": row.reason,
        "state": row.state,
        "at": shapes.stamp(row.at),
        "by": row.by.username if row.by else None,
        "changed_at": shapes.stamp(row.changed_at),
    }
