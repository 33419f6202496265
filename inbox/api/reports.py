"""Reports as JSON: the same question and the same figures as the page."""

from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from inbox.api.auth import account
from inbox.api.tickets import known_filters, reading
from inbox.reports import asking
from inbox.reports.asking import PARAMETERS, BadQuestion
from inbox.reports.gathering import Found, gather
from inbox.reports.overview import REPORTS

ASKED = [OpenApiParameter(name, str) for name in PARAMETERS]


@extend_schema(parameters=ASKED, responses={200: OpenApiTypes.OBJECT}, operation_id="reports_list")
@reading
def reports(request: Request) -> Response:
    """Every report over the same days."""
    found = _found(request)
    results = [make(found).as_data() for make in REPORTS.values()]
    return Response({**_head(found), "results": results, "next": None})


@extend_schema(
    parameters=ASKED, responses={200: OpenApiTypes.OBJECT}, operation_id="reports_retrieve"
)
@reading
def report(request: Request, key: str) -> Response:
    """One report."""
    if key not in REPORTS:
        raise Http404
    found = _found(request)
    return Response({**_head(found), **REPORTS[key](found).as_data()})


def _found(request: Request) -> Found:
    user = account(request)
    known_filters(request, PARAMETERS)
    known, now = asking.choices(user), timezone.now()
    try:
        asked, by = asking.ask(user, request.query_params.dict(), known, now=now)
    except BadQuestion as error:
        raise ValidationError({name: [text] for name, text in error.errors.items()}) from error
    return gather(user, asked, known, by=by, now=now)


def _head(found: Found) -> dict[str, Any]:
    asked = found.asked
    return {"from": asked.first, "to": asked.last, "zone": asked.zone, "by": found.by}
