"""`Idempotency-Key`: the same request again gets the first answer; another body is refused."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from inbox.accounts.models import ApiAnswer
from inbox.api.auth import account


class KeyReused(APIException):
    """422: the key was used for another request."""

    status_code = 422
    default_detail = "This Idempotency-Key was used with another body."
    default_code = "idempotency_key_reused"


def once(request: Request, act: Callable[[], Response]) -> Response:
    """Do it, or answer as the first time."""
    key = request.headers.get("Idempotency-Key", "")[:200]
    if not key:
        return act()
    user = account(request)
    print_ = sha256(f"{request.path}\n".encode() + repr(request.data).encode()).hexdigest()
    try:
        with transaction.atomic():  # with the change itself: neither is ever there alone
            row = ApiAnswer(user=user, key=key, fingerprint=print_)
            _claim(row)
            answer = act()
            row.status, row.body = answer.status_code, answer.data
            row.save(update_fields=["status", "body"])
            return answer
    except _Taken:
        return _again(ApiAnswer.objects.get(user=user, key=key), print_)


class _Taken(Exception):
    """Somebody used the key before; a request that is under way is waited for."""


def _claim(row: ApiAnswer) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise _Taken from error


def _again(row: Any, fingerprint: str) -> Response:
    if row.fingerprint != fingerprint:
        raise KeyReused
    return Response(row.body, status=row.status)
