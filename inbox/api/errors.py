"""Errors of the API: `{"type", "detail", "errors"}`, never a stack trace."""

from typing import Any

from django.db import OperationalError
from django.http import JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from inbox.guard.secrets import FIELD as SECRET
from inbox.people.errors import PeopleError
from inbox.tickets.errors import NotAllowed, NotYours, StaleReply, VerbError


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler for this API."""
    if isinstance(error, StaleReply):
        return _say(409, "stale", error.text, {"newer_message": error.newer_message_id})
    if isinstance(error, NotYours):
        return _say(403, "not_yours", error.text, {})
    if isinstance(error, NotAllowed):
        return _say(409, "not_allowed", error.text, {})
    if isinstance(error, VerbError | PeopleError):
        fields = {error.field: [error.text]} if error.field else {}
        more = ' If it is none, send it with "anyway": true.' if error.field == SECRET else ""
        return _say(400, "invalid", error.text + more, fields)
    if isinstance(error, OperationalError):
        return _say(503, "unavailable", "The database is away; please try again.", {})
    answer = exception_handler(error, context)
    if answer is None:
        return None
    said = answer.data.get("detail") if isinstance(answer.data, dict) else None
    if isinstance(error, exceptions.ValidationError):
        errors = error.detail if isinstance(error.detail, dict) else {"": error.detail}
        answer.data = _body("invalid", "Some fields are not valid.", errors)
    else:
        answer.data = _body(str(getattr(said, "code", "error")), str(said), {})
    return answer


def _body(kind: str, detail: str, errors: Any) -> dict[str, Any]:
    return {"type": kind, "detail": detail, "errors": errors}


def _say(status: int, kind: str, detail: str, errors: Any) -> Response:
    return Response(_body(kind, detail, errors), status=status)


def not_found(request: Any) -> JsonResponse:
    """An address of the API that does not exist."""
    return JsonResponse(_body("not_found", "There is nothing here.", {}), status=404)
