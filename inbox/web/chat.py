"""The visitor's side of live chat (contract.md, "Widget API").

Nobody is signed in here: a visitor is whoever holds the token, and the Origin must be one of the
channel's sites or our own, where the frame lives. No cookie is read, so no form can be forged.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from inbox import pipeline
from inbox.channels import directory
from inbox.channels.contract import Capability, InboundFile
from inbox.channels.models import Channel
from inbox.common.work import Actor
from inbox.livechat import continuing, feed, office, services, sessions
from inbox.livechat.limits import TooMany
from inbox.livechat.models import Conversation, EntryKind
from inbox.livechat.sessions import Claims, WrongProof
from inbox.tickets import files
from inbox.tickets.models import Attachment

MOST_TEXT = 4000
MOST_JSON_BYTES = 20_000
MOST_FILE_BYTES = 10 * 1024 * 1024
FORM_BYTES = 20_000  # what a form needs around its file
ENDINGS = frozenset("png jpg jpeg gif webp pdf txt log csv json yaml yml toml md zip gz".split())
CLIENT_ID = re.compile(r"^[A-Za-z0-9_-]{8,40}$")
ADDRESS = re.compile(r"^[^@\s<>,;]{1,64}@[^@\s<>,;]{1,180}\.[^@\s<>,;]{2,24}$")


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

    def conversation(self) -> Conversation:
        """The token's own conversation; a request never names one. Raises `Refused`."""
        visitor = sessions.known(self.channel, self.token, now=timezone.now())
        found = sessions.newest(visitor) if visitor else None
        if found is None:
            raise Refused(401, "This token is not valid.")
        return found


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
    """The page's origin; "" for our own, and where a browser sends none. Raises `Refused`."""
    origin = request.headers.get("origin", "")
    if origin in _own(request) or (not origin and request.method in ("GET", "HEAD")):
        return ""
    if origin not in origins(channel):
        raise Refused(403, "This site may not show the chat.")
    return origin


@csrf_exempt  # no cookie is read: the token in the header says who asks
def api(request: HttpRequest, key: str, verb: str) -> HttpResponse:
    """Every call of the widget but its stream."""
    return guarded(request, key, lambda channel: _call(request, channel, verb))


@csrf_exempt  # as above
def file(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """A file of the visitor's own conversation, always as a download."""

    def give(channel: Channel) -> HttpResponse:
        conversation = Ask(request, channel, {}).conversation()
        mine = conversation.entries.filter(kind=EntryKind.MESSAGE, message__deleted_at=None)
        row = Attachment.objects.filter(pk=pk, message__in=mine.values("message")).first()
        if row is None or row.is_missing:
            raise Refused(404, "There is no such file.")
        answer = HttpResponse(files.content_of(row), content_type="application/octet-stream")
        name = quote(row.filename)
        answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
        return answer

    return guarded(request, key, give)


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
    except TooMany as error:
        answer = _refusal(Refused(429, "That is too much at once. Please wait a little."))
        answer["Retry-After"] = str(error.retry_after_seconds)
    if origin:
        answer["Access-Control-Allow-Origin"] = origin
        answer["Access-Control-Allow-Headers"] = "authorization, content-type, last-event-id"
        answer["Access-Control-Allow-Methods"] = "GET, POST"
        answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer["Vary"] = "Origin"
    return answer


def _refusal(error: Refused) -> HttpResponse:
    word = {401: "unauthorized", 403: "forbidden", 404: "not_found", 413: "too_large"}
    word |= {415: "wrong_type", 429: "too_many"}
    said = {"type": word.get(error.status, "invalid"), "detail": error.detail}
    return JsonResponse({**said, "errors": error.errors}, status=error.status)


def _call(request: HttpRequest, channel: Channel, verb: str) -> HttpResponse:
    known = VERBS.get((request.method or "", verb))
    if known is None:
        taken = any(name == verb for _, name in VERBS)
        raise Refused(405 if taken else 404, "This cannot be asked for.")
    fields, act = known
    data = _json(request, fields) if request.method == "POST" and fields is not None else {}
    return act(Ask(request, channel, data))


def _json(request: HttpRequest, fields: str) -> dict[str, Any]:
    """The body, with known fields alone. Raises `Refused`."""
    _need_size(request, MOST_JSON_BYTES)
    try:
        found = json.loads(request.read(MOST_JSON_BYTES + 1) or b"{}")
    except (ValueError, RecursionError):
        raise Refused(400, "The body is not JSON.") from None
    if not isinstance(found, dict):
        raise Refused(400, "The body is no object.")
    unknown = set(found) - set(fields.split())
    if unknown:
        name = min(unknown)[:40]
        raise Refused(400, f"There is no field “{name}”.", **{name: "unknown"})
    return found


def _need_size(request: HttpRequest, most: int) -> None:
    size = request.headers.get("content-length", "")
    if not size.isdigit() or int(size) > most:
        raise Refused(413, "This is too large.")


def _text(data: Mapping[str, Any], name: str, most: int) -> str:
    value = data.get(name, "")
    if not isinstance(value, str):
        raise Refused(400, f"{name} is a text.", **{name: "not a text"})
    if len(value) > most:
        raise Refused(413, f"{name} is longer than {most} characters.", **{name: "too long"})
    return value.replace("\x00", "").strip()


# ------------------------------------------------------------------ the calls


def _begin(ask: Ask) -> HttpResponse:
    page = _text(ask.data, "page", 2000)
    email = _text(ask.data, "email", 250)
    if email and not ADDRESS.match(email):
        raise Refused(400, "This is no e-mail address.", email="not an address")
    claims = Claims(
        # a page's query may hold what is nobody's business
        page=page.partition("?")[0].partition("#")[0][:500] if page.startswith("http") else "",
        name=_text(ask.data, "name", 120),
        email=email,
        user_id=_text(ask.data, "user_id", 200),
        user_hash=_text(ask.data, "user_hash", 64),
    )
    now, address = timezone.now(), str(ask.request.META.get("REMOTE_ADDR", ""))
    token, row = sessions.begin(ask.channel, claims, token=ask.token, address=address, now=now)
    config = ask.channel.settings
    return JsonResponse(
        {
            "token": token,
            "conversation": row.key,
            "greeting": config.get("greeting", ""),
            "hours": office.hours(ask.channel, now),
            "site": ask.channel.address,
            "invite_url": config.get("invite_url", ""),
            "purpose": config.get("purpose", "support"),
            "email": row.email,
            "read": row.read_entry,
            "ended": row.ended_at is not None,
            "rating": row.rating,
        }
    )


def _say(ask: Ask) -> HttpResponse:
    client_id, text = _client_id(ask.data), _text(ask.data, "body", MOST_TEXT)
    if not text:
        raise Refused(400, "Write something first.", body="empty")
    row = ask.conversation()
    new = services.say(row, client_id=client_id, text=text, now=timezone.now())
    return JsonResponse({"client_id": client_id, "duplicate": not new}, status=201 if new else 200)


def _client_id(data: Mapping[str, Any]) -> str:
    client_id = _text(data, "client_id", 40)
    if not CLIENT_ID.match(client_id):
        raise Refused(400, "client_id is 8 to 40 letters and digits.", client_id="no id")
    return client_id


def _list(ask: Ask) -> HttpResponse:
    row = ask.conversation()
    after = ask.request.GET.get("after", "")
    feed.note_seen(row, timezone.now())
    found = feed.after(row, int(after) if after.isdigit() and len(after) < 16 else 0)
    return JsonResponse({"results": found, "next": None})


def _upload(ask: Ask) -> HttpResponse:
    _need_size(ask.request, MOST_FILE_BYTES + FORM_BYTES)
    row = ask.conversation()
    client_id = _client_id({"client_id": ask.request.POST.get("client_id", "")})
    given = ask.request.FILES.get("file")
    if not isinstance(given, UploadedFile):
        raise Refused(400, "There is no file.", file="missing")
    if (given.size or 0) > MOST_FILE_BYTES:
        raise Refused(413, "Files may have 10 MB.", file="too large")
    name = (given.name or "file")[-120:]
    if name.rpartition(".")[2].lower() not in ENDINGS:
        raise Refused(415, "Files of this type are not taken.", file="wrong type")
    kept = InboundFile(filename=name, content=given.read(), content_type="application/octet-stream")
    new = services.say(row, client_id=client_id, text="", file=kept, now=timezone.now())
    return JsonResponse({"client_id": client_id, "duplicate": not new}, status=201 if new else 200)


def _typing(ask: Ask) -> HttpResponse:
    feed.note_seen(ask.conversation(), timezone.now())
    return HttpResponse(status=204)


def _read(ask: Ask) -> HttpResponse:
    entry = ask.data.get("id")
    if not isinstance(entry, int) or isinstance(entry, bool) or not 0 <= entry < 2**62:
        raise Refused(400, "id is the id of what was read.", id="no id")
    feed.note_read(ask.conversation(), entry)
    return HttpResponse(status=204)


def _rate(ask: Ask) -> HttpResponse:
    score, comment = ask.data.get("score"), _text(ask.data, "comment", 1000)
    if score not in (1, 2, 3, 4, 5) or isinstance(score, bool):
        raise Refused(400, "score is 1 to 5.", score="not 1 to 5")
    row = ask.conversation()
    if row.ended_at is None:
        raise Refused(409, "The chat goes on; it can be rated when it has ended.")
    with pipeline.change(Actor.system("live chat")):
        services.rate(row, score=score, comment=comment)
    return HttpResponse(status=204)


def _end(ask: Ask) -> HttpResponse:
    row = ask.conversation()
    with pipeline.change(Actor.system("live chat")):
        services.end(row)
    return HttpResponse(status=204)


def _transcript(ask: Ask) -> HttpResponse:
    row = ask.conversation()
    with pipeline.change(Actor.system("live chat")):
        sent = continuing.send_transcript(row)
    if not sent:
        raise Refused(409, "There is no confirmed address to send it to.")
    return HttpResponse(status=202)


def _leave(ask: Ask) -> HttpResponse:
    feed.note_gone(ask.conversation().pk)
    return HttpResponse(status=204)


def _forget(ask: Ask) -> HttpResponse:
    sessions.revoke(ask.token)
    return HttpResponse(status=204)


# (method, verb) to (the fields of its body; none for forms, the call)
VERBS: dict[tuple[str, str], tuple[str | None, Callable[[Ask], HttpResponse]]] = {
    ("POST", "sessions"): ("page name email user_id user_hash", _begin),
    ("POST", "messages"): ("client_id body", _say),
    ("GET", "messages"): ("", _list),
    ("POST", "files"): (None, _upload),
    ("POST", "typing"): ("", _typing),
    ("POST", "read"): ("id", _read),
    ("POST", "rating"): ("score comment", _rate),
    ("POST", "transcript"): ("", _transcript),
    ("POST", "end"): ("", _end),
    ("POST", "leave"): ("", _leave),
    ("POST", "reset"): ("", _forget),
}
