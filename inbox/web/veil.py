"""What leaves towards a reader who may not see addresses leaves masked, whatever page it is.

Views, fragments, files of figures, the API: one border instead of a rule for every template.
"""

import json
from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.common.veiling import veil, veil_all

Answer = Callable[[HttpRequest], HttpResponse] | Callable[[HttpRequest], Awaitable[HttpResponse]]


@sync_and_async_middleware
def veiled(get_response: Answer) -> Answer:
    """Mask every address in what a viewer is given."""
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponse:
            return _veiled(request, await get_response(request))

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponse:
        return _veiled(request, get_response(request))  # type: ignore[arg-type]  # the sync half

    return synchronous


def _veiled(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    user = _reader(request)
    if user is None or response.streaming or can(user, Right.ADDRESSES):
        return response
    kind = response.get("Content-Type", "").partition(";")[0]
    if kind == "application/json" or kind.endswith("+json"):
        found = veil_all(json.loads(response.content or b"null"), but=user.email)
        response.content = json.dumps(found, ensure_ascii=False).encode()
    elif kind.startswith("text/"):
        response.content = veil(response.text, but=user.email).encode(response.charset)
    if "Content-Length" in response:
        response["Content-Length"] = str(len(response.content))
    return response


def _reader(request: HttpRequest) -> User | None:
    """Whom the view has asked about; a page that asked for nobody shows nobody's data.

    Never `request.user`: it would ask the database, which is not allowed between async steps.
    """
    for known in (getattr(request, "_cached_user", None), request.__dict__.get("user")):
        if type(known) is User:
            return known
    return None
