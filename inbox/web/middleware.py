"""Headers on every answer, one log line per request, and the short way for webhooks."""

import time
import uuid
from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction

import structlog
from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

from inbox.actions import services as actions
from inbox.channels.views import webhook
from inbox.common.versions import one_reading

log = structlog.get_logger("request")

HEADERS = {
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
QUIET = ("/static/", "/healthz", "/readyz", "/metrics")
Answer = Callable[[HttpRequest], HttpResponse] | Callable[[HttpRequest], Awaitable[HttpResponse]]


def _dress(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response


@sync_and_async_middleware
def headers(get_response: Answer) -> Answer:
    """The security baseline's headers, also on errors, fragments and files."""
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponse:
            return _dress(request, await get_response(request))

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponse:
        return _dress(request, get_response(request))  # type: ignore[arg-type]  # the sync half

    return synchronous


@sync_and_async_middleware
def request_log(get_response: Answer) -> Answer:
    """Who asked what and how long it took; the id goes back to the client and into every line."""

    def before(request: HttpRequest) -> tuple[str, float]:
        request_id = uuid.uuid4().hex[:16]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        return request_id, time.perf_counter()

    def after(
        request: HttpRequest, response: HttpResponse, begun: tuple[str, float]
    ) -> HttpResponse:
        response.headers["X-Request-Id"] = begun[0]
        if not request.path.startswith(QUIET):
            milliseconds = round((time.perf_counter() - begun[1]) * 1000, 1)
            log.info(
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                ms=milliseconds,
            )
        return response

    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponse:
            begun = before(request)
            with one_reading():
                return after(request, await get_response(request), begun)

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponse:
        begun = before(request)
        with one_reading():
            return after(request, get_response(request), begun)  # type: ignore[arg-type]  # the sync half

    return synchronous


@sync_and_async_middleware
def webhooks(get_response: Answer) -> Answer:
    """A vendor has no session, language, message or page: its post goes straight to its view.

    Under ASGI every further middleware costs a change of threads, several times the view itself.
    """
    if iscoroutinefunction(get_response):
        shortcut = sync_to_async(_straight)

        async def asynchronous(request: HttpRequest) -> HttpResponse:
            if request.path.startswith(HOOKS):
                straight: HttpResponse = await shortcut(request)
                return straight
            passed: HttpResponse = await get_response(request)
            return passed

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(HOOKS):
            return _straight(request)
        return get_response(request)  # type: ignore[return-value]  # the sync half

    return synchronous


HOOKS = "/hooks/"


def _straight(request: HttpRequest) -> HttpResponse:
    response: HttpResponse
    parts = request.path.split("/")
    if len(parts) != 5 or parts[4]:
        response = HttpResponse("unknown channel\n", status=404, content_type="text/plain")
    else:
        response = webhook(request, parts[2], parts[3], actions.respond)
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return response
