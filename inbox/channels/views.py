"""`POST /hooks/<kind>/<key>/`: verify, store, answer. Nothing else happens in the request."""

from collections.abc import Callable
from hashlib import sha256

import structlog
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from inbox.channels import directory, inlet, registry
from inbox.channels.contract import (
    BadSignature,
    ChannelError,
    InboundAction,
    MalformedBody,
    RawRequest,
    WrongType,
)
from inbox.channels.models import Channel
from inbox.common.crypto import UnknownKey

log = structlog.get_logger(__name__)


# what is answered to a command, a button or a form: (content type, body)
Act = Callable[[Channel, InboundAction], tuple[str, bytes]]


@csrf_exempt  # a vendor has no session; its signature is checked instead
@require_http_methods(["POST", "HEAD"])
def webhook(request: HttpRequest, kind: str, key: str, act: Act | None = None) -> HttpResponse:
    """Answers of contract.md: 200, 401, 404, 413, 415, 503; never 500.

    `act` answers who waits for an answer; the room that does it stands above this one. HEAD says
    whether the address is one: some vendors look before they keep it.
    """
    try:
        channel = directory.by_key(kind, key)
        channel_kind = registry.get(kind)
    except (Channel.DoesNotExist, registry.UnknownKind):
        return _say(404, "unknown channel")
    except DatabaseError:
        return _away()
    if request.method == "HEAD":
        return _say(200, "")
    body = _body(request, channel_kind.body_limit_bytes)
    if body is None:
        return _say(413, "too large")
    try:
        return _take(channel, _raw(request, body), act)
    except UnknownKey:  # the channel's secrets cannot be read: the vendor shall try again later
        log.error("field_key_missing", channel=str(channel))
        return _away()


def _take(channel: Channel, raw: RawRequest, act: Act | None) -> HttpResponse:
    kind, config = channel.type, channel.config
    try:
        kind.verify(raw, config)
        greeting, key = _key(channel, raw)
    except BadSignature:
        refused = _say(401, "bad or missing signature")
        refused["WWW-Authenticate"] = 'Basic realm="hooks"'
        return refused
    except WrongType:
        return _say(415, "wrong type")
    except MalformedBody:  # of a vendor that signs inside the body: nothing proves it
        return _say(401, "the body cannot be read")
    except ChannelError:  # the vendor could not be asked back: it shall try again
        return _away()
    if greeting is not None:
        return HttpResponse(greeting, content_type="text/plain; charset=utf-8")
    return _store(channel, raw, key, act)


def _key(channel: Channel, raw: RawRequest) -> tuple[bytes | None, str]:
    """A greeting to answer at once, and the delivery's key; what cannot be read is kept."""
    try:
        return channel.type.handshake(raw, channel.config), channel.type.dedupe_key(
            raw, channel.config
        )
    except MalformedBody:
        return None, "sha256:" + sha256(raw.body).hexdigest()


def _store(channel: Channel, raw: RawRequest, key: str, act: Act | None) -> HttpResponse:
    headers = {**raw.headers, "x-url": raw.url}
    try:
        delivery = inlet.receive(
            channel, dedupe_key=key, headers=headers, body=raw.body, now=timezone.now()
        )
    except DatabaseError:
        return _away()
    log.info("delivery", channel=str(channel), delivery=delivery.pk if delivery else "duplicate")
    if delivery is not None and act is not None:
        answered = _answer(channel, raw, act)
        if answered is not None:
            return answered
    return _say(200, "stored" if delivery else "duplicate")


def _answer(channel: Channel, raw: RawRequest, act: Act) -> HttpResponse | None:
    """Whoever pressed, typed or filled in gets an answer; None when nobody waits for one."""
    try:
        action = channel.type.action(raw, channel.config)
    except ChannelError:
        return None
    if action is None:
        return None
    content_type, body = act(channel, action)
    return HttpResponse(body, content_type=content_type)


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
