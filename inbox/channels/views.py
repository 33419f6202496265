"""`POST /hooks/<kind>/<key>/`: verify, store, answer. Nothing else happens in the request."""

import structlog
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from inbox.channels import directory, inlet, registry
from inbox.channels.contract import BadSignature, MalformedBody, RawRequest, WrongType
from inbox.channels.models import Channel
from inbox.common.crypto import UnknownKey

log = structlog.get_logger(__name__)


@csrf_exempt  # a vendor has no session; its signature is checked instead
@require_POST
def webhook(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Answers of contract.md: 200, 401, 404, 413, 415, 503; never 500."""
    try:
        channel = directory.by_key(kind, key)
        channel_kind = registry.get(kind)
    except (Channel.DoesNotExist, registry.UnknownKind):
        return _say(404, "unknown channel")
    except DatabaseError:
        return _away()
    body = _body(request, channel_kind.body_limit_bytes)
    if body is None:
        return _say(413, "too large")
    try:
        return _take(channel, _raw(request, body))
    except UnknownKey:  # the channel's secrets cannot be read: the vendor shall try again later
        log.error("field_key_missing", channel=str(channel))
        return _away()


def _take(channel: Channel, raw: RawRequest) -> HttpResponse:
    kind, config = channel.type, channel.config
    try:
        kind.verify(raw, config)
        greeting = kind.handshake(raw, config)
        key = kind.dedupe_key(raw, config)
    except BadSignature:
        refused = _say(401, "bad or missing signature")
        refused["WWW-Authenticate"] = 'Basic realm="hooks"'
        return refused
    except WrongType:
        return _say(415, "wrong type")
    except MalformedBody:
        return _say(400, "the body cannot be read")
    if greeting is not None:
        return HttpResponse(greeting, content_type="text/plain; charset=utf-8")
    return _store(channel, raw, key)


def _store(channel: Channel, raw: RawRequest, key: str) -> HttpResponse:
    headers = {**raw.headers, "x-url": raw.url}
    try:
        delivery = inlet.receive(
            channel, dedupe_key=key, headers=headers, body=raw.body, now=timezone.now()
        )
    except DatabaseError:
        return _away()
    log.info("delivery", channel=str(channel), delivery=delivery.pk if delivery else "duplicate")
    return _say(200, "stored" if delivery else "duplicate")


def _body(request: HttpRequest, limit: int) -> bytes | None:
    """The whole body, or None when it is larger than the limit."""
    try:
        if int(request.headers.get("content-length") or 0) > limit:
            return None
    except ValueError:
        return None
    body = request.read(limit + 1)
    return None if len(body) > limit else body


def _raw(request: HttpRequest, body: bytes) -> RawRequest:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return RawRequest(
        headers=headers, body=body, method=request.method or "", url=request.build_absolute_uri()
    )


def _say(status: int, text: str) -> HttpResponse:
    return HttpResponse(text + "\n", status=status, content_type="text/plain; charset=utf-8")


def _away() -> HttpResponse:
    answer = _say(503, "not stored, please send again")
    answer["Retry-After"] = "5"
    return answer
