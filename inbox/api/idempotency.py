"""`Idempotency-Key`: the same request again gets the first answer; another body is refused."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from inbox.accounts.models import ApiAnswer, User


class KeyReused(APIException):
    """422: the key was used for another request."""

    status_code = 422
    default_detail = "This Idempotency-Key was used with another body."
    default_code = "idempotency_key_reused"


class Underway(APIException):
    """409: the first request of this key has not been answered yet."""

    status_code = 409
    default_detail = "The first request with this Idempotency-Key is still being worked on."
    default_code = "underway"


def once(request: Request, act: Callable[[], Response]) -> Response:
    """Do it, or answer as the first time."""
    key = request.headers.get("Idempotency-Key", "")[:200]
    if not key:
        return act()
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - the permission class let only accounts in
    print_ = sha256(f"{request.path}\n".encode() + repr(request.data).encode()).hexdigest()
    try:
        with transaction.atomic():
            row = ApiAnswer.objects.create(user=user, key=key, fingerprint=print_)
    except IntegrityError:
        return _again(ApiAnswer.objects.get(user=user, key=key), print_)
    try:
        answer = act()
    except Exception:
        row.delete()  # nothing was done: the key is free for a corrected request
        raise
    ApiAnswer.objects.filter(pk=row.pk).update(status=answer.status_code, body=answer.data)
    return answer


def _again(row: Any, fingerprint: str) -> Response:
    if row.fingerprint != fingerprint:
        raise KeyReused
    if row.status is None:
        raise Underway
    return Response(row.body, status=row.status)
