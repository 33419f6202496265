"""POSTs of the API: who may, a body whose every field is known, once for an `Idempotency-Key`."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view, parser_classes, permission_classes, throttle_classes
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from inbox.api.auth import MayAct, TokenThrottle
from inbox.api.bodies import Strict
from inbox.api.idempotency import once
from inbox.api.parsing import StrictJSONParser

Act = Callable[[Request, int], Response]


def posted(
    operation: str, fields: type[Strict], may: type[BasePermission] = MayAct
) -> Callable[[Act], Any]:
    """Make a function of (request, number of the object) a POST that some may send: `may`."""

    def wrap(act: Act) -> Any:
        def view(request: Request, /, **key: int) -> Response:
            return once(request, lambda: act(request, *key.values()))

        view.__doc__, view.__name__ = act.__doc__, operation
        described = extend_schema(
            request=fields,
            responses=dict.fromkeys((200, 400, 403, 404, 409), OpenApiTypes.OBJECT),
            operation_id=operation,
        )
        guarded = permission_classes([IsAuthenticated, may])(
            throttle_classes([TokenThrottle])(view)
        )
        return described(api_view(["POST"])(parser_classes([StrictJSONParser])(guarded)))

    return wrap


def told(fields: type[Strict], request: Request) -> dict[str, Any]:
    """What the body says. Raises `ValidationError`."""
    form = fields(data=request.data)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)
