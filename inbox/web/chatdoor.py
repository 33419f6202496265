"""The door of live chat's visitor API: who asks, from which site, and what a body may hold.

Nobody is signed in here: a visitor is whoever holds the token, and the Origin must be one of the
channel's sites or our own, where the frame lives. No cookie is read, so no form can be forged.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from inbox.channels import directory
from inbox.channels.contract import Capability
from inbox.channels.models import Channel
from inbox.livechat import sessions
from inbox.livechat.limits import TooMany, group_of
from inbox.livechat.models import Conversation, Visitor
from inbox.livechat.proofwork import ProofRequired
from inbox.livechat.sessions import WrongProof
from inbox.web.bodycap import MOST_JSON_BYTES

log = structlog.get_logger(__name__)
AGAIN_SECONDS = "5"
WORDS = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "not_allowed",
    411: "length_required",
    413: "too_large",
    415: "wrong_type",
    429: "too_many",
    503: "unavailable",
}


class Refused(Exception):
    """What a visitor asked for is not given; the text is for their screen."""

    def __init__(self, status: int, detail: str, **errors: str) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors = status, detail, errors


@dataclass(frozen=True)
class Ask:
    """One request, its channel and body."""

    request: HttpRequest
    channel: Channel
    data: Mapping[str, Any]

    @property
    def token(self) -> str:
        """The bearer token; "" when there is none."""
        scheme, _, token = self.request.headers.get("authorization", "").partition(" ")
        return token.strip()[:200] if scheme.lower() == "bearer" else ""

    @property
    def address(self) -> str:
        """What limits count as one address: uvicorn has looked behind the proxies it trusts."""
        return group_of(str(self.request.META.get("REMOTE_ADDR", "")))

    def visitor(self) -> Visitor:
        """Whose token it is. Raises `Refused`."""
        found = sessions.known(self.channel, self.token, now=timezone.now())
        if found is None:
            raise Refused(401, "This token is not valid.")
        return found

    def conversation(self) -> Conversation:
        """The token's own conversation; what is written never names one. Raises `Refused`."""
        found = sessions.newest(self.visitor())
        if found is None:
            raise Refused(401, "This token is not valid.")
        return found

    def text(self, name: str, most: int) -> str:
        """A text of the body; "" when it is not there. Raises `Refused`."""
        return text_of(self.data, name, most)


def site(key: str) -> Channel:
    """The active chat channel of this key. Raises `Refused`."""
    for channel in directory.active():
        if channel.key == key and Capability.LIVE in channel.type.capabilities:
            return channel
    raise Refused(404, "There is no such chat.")


def origins(channel: Channel) -> list[str]:
    """The sites that may show the widget."""
    given = str(channel.settings.get("origins", "")).split(",")
    return [origin.strip() for origin in given if origin.strip()]


def _own(request: HttpRequest) -> set[str]:
    """Our own origin, by its name and by the one the request came to (`ALLOWED_HOSTS`)."""
    base = urlsplit(settings.BASE_URL)
    return {f"{base.scheme}://{base.netloc}", f"{request.scheme}://{request.get_host()}"}


def _origin(request: HttpRequest, channel: Channel) -> str:
    """The page's origin; "" for our own, and where none is sent. Raises `Refused`.

    Browsers send none when they read; apps that are no browser never do, and need the setting.
    """
    origin = request.headers.get("origin", "")
    may_lack = request.method in ("GET", "HEAD") or channel.settings.get("without_origin") == "yes"
    if origin in _own(request) or (not origin and may_lack):
        return ""
    if origin not in origins(channel):
        raise Refused(403, "This site may not show the chat.")
    return origin


def guarded(
    request: HttpRequest, key: str, call: Callable[[Channel], HttpResponse]
) -> HttpResponse:
    """The origin first; refusals as JSON; the headers that let the site's own page ask."""
    origin = ""
    try:
        channel = site(key)
        origin = _origin(request, channel)
        answer = HttpResponse(status=204) if request.method == "OPTIONS" else call(channel)
    except Refused as error:
        answer = _refusal(error)
    except WrongProof:
        answer = _refusal(Refused(401, "The signature of this identity is wrong."))
    except ProofRequired as error:
        proof = {"challenge": error.challenge, "bits": error.bits}
        answer = JsonResponse({"type": "proof_required", "proof": proof}, status=403)
    except TooMany as error:
        answer = _refusal(Refused(429, "That is too much at once. Please wait a little."))
        answer["Retry-After"] = str(error.retry_after_seconds)
    except OperationalError as error:  # away, or every connection is in use
        log.warning("chat_unavailable", error=str(error)[:80])
        answer = _refusal(Refused(503, "We are very busy. Please try again in a moment."))
        answer["Retry-After"] = AGAIN_SECONDS
    if origin:
        answer["Access-Control-Allow-Origin"] = origin
        answer["Access-Control-Allow-Headers"] = "authorization, content-type, last-event-id"
        answer["Access-Control-Allow-Methods"] = "GET, POST"
        answer["Access-Control-Expose-Headers"] = "Retry-After"
        answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer["Vary"] = "Origin"
    return answer


def _refusal(error: Refused) -> HttpResponse:
    said = {"type": WORDS.get(error.status, "invalid"), "detail": error.detail}
    answer = JsonResponse({**said, "errors": error.errors}, status=error.status)
    if error.status == 405:
        answer["Allow"] = "GET, POST, OPTIONS"
    return answer


# ------------------------------------------------------------------ bodies


def json_of(request: HttpRequest, fields: str) -> dict[str, Any]:
    """The body, with known fields alone. Raises `Refused`."""
    need_size(request, MOST_JSON_BYTES)
    try:
        body = request.read(MOST_JSON_BYTES + 1) or b"{}"
        found = json.loads(body, parse_constant=_no_number, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise Refused(400, "The body is not JSON.") from None
    if not isinstance(found, dict):
        raise Refused(400, "The body is no object.")
    need_known(found, fields)
    return found


def need_known(given: Mapping[str, Any], fields: str) -> None:
    """Raises `Refused` for the first field that is not one of these."""
    unknown = set(given) - set(fields.split())
    if unknown:
        name = _storable(min(unknown))[:40]
        raise Refused(400, f"There is no field “{name}”.", **{name: "unknown"})


def need_size(request: HttpRequest, most: int) -> None:
    """Raises `Refused` before anything is read: too large, or nobody knows how large."""
    size = request.headers.get("content-length") or "0"
    is_open = "transfer-encoding" in request.headers
    if is_open or not size.isascii() or not size.isdigit():
        raise Refused(411, "Say how large it is.")
    if len(size) > 15 or int(size) > most:
        raise Refused(413, "This is too large.")


def text_of(data: Mapping[str, Any], name: str, most: int) -> str:
    """A text that a database keeps. Raises `Refused`."""
    value = data.get(name, "")
    if not isinstance(value, str):
        raise Refused(400, f"{name} is a text.", **{name: "not a text"})
    if len(value) > most:
        raise Refused(413, f"{name} is longer than {most} characters.", **{name: "too long"})
    return _storable(value).strip()


def _storable(text: str) -> str:
    """Without NUL and halves of surrogate pairs."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _no_number(name: str) -> None:
    raise ValueError(name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found
