"""The visitor's side of live chat (contract.md, "Widget API"): every call but the stream.

Who asks and from where is decided at the door (`chatdoor`).
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from inbox import pipeline
from inbox.channels.contract import InboundFile
from inbox.channels.models import Channel
from inbox.common.work import Actor
from inbox.livechat import asking, continuing, feed, passing, rating, services, sessions
from inbox.livechat.models import Conversation, Entry, EntryKind
from inbox.tickets import files
from inbox.tickets.models import Attachment
from inbox.web.bodycap import MOST_FILE_BYTES, MOST_FILES, MOST_FORM_BYTES
from inbox.web.chatdoor import Ask, Refused, guarded, json_of, need_known, need_size, origins, site
from inbox.web.chatsession import FIELDS, begin

__all__ = ["Ask", "Refused", "api", "file", "guarded", "origins", "site"]

MOST_TEXT = 4000
ENDINGS = frozenset("png jpg jpeg gif webp pdf txt log csv json yaml yml toml md zip gz".split())
KEY = re.compile(r"[0-9a-f]{32}")
CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{8,40}")


@csrf_exempt  # no cookie is read: the token in the header says who asks
def api(request: HttpRequest, key: str, verb: str) -> HttpResponse:
    """Every call of the widget but its stream."""
    return guarded(request, key, lambda channel: _call(request, channel, verb))


@csrf_exempt  # as above
def file(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """A file of the visitor's own conversations, always as a download."""

    def give(channel: Channel) -> HttpResponse:
        visitor = Ask(request, channel, {}).visitor()
        mine = Entry.objects.filter(
            conversation__visitor=visitor, kind=EntryKind.MESSAGE, message__deleted_at=None
        )
        row = Attachment.objects.filter(pk=pk, message__in=mine.values("message")).first()
        if row is None or row.is_missing:
            raise Refused(404, "There is no such file.")
        answer = HttpResponse(files.content_of(row), content_type="application/octet-stream")
        name = quote(row.filename)
        answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
        return answer

    return guarded(request, key, give)


def _call(request: HttpRequest, channel: Channel, verb: str) -> HttpResponse:
    known = VERBS.get((request.method or "", verb))
    if known is None:
        taken = any(name == verb for _, name in VERBS)
        raise Refused(405 if taken else 404, "This cannot be asked for.")
    fields, act = known
    data = json_of(request, fields) if request.method == "POST" and fields is not None else {}
    return act(Ask(request, channel, data))


# ------------------------------------------------------------------ the calls


def _say(ask: Ask) -> HttpResponse:
    client_id, text = _client_id(ask.text("client_id", 40)), ask.text("body", MOST_TEXT)
    if not text:
        raise Refused(400, "Write something first.", body="empty")
    row = _may_write(ask)
    new = services.say(row, client_id=client_id, text=text, now=timezone.now())
    passing.pauses(row)
    return _said(row, client_id, new=new)


def _said(row: Conversation, client_id: str, *, new: bool) -> HttpResponse:
    """Where it was said, too: another tab may have begun a new chat since this one was opened."""
    said = {"client_id": client_id, "duplicate": not new, "conversation": row.key}
    return JsonResponse(said, status=201 if new else 200)


def _may_write(ask: Ask) -> Conversation:
    """The conversation, once what is asked before the first line is answered."""
    row = ask.conversation()
    missing = asking.missing(row)
    if missing:
        raise Refused(400, "Something is asked first.", **dict.fromkeys(missing, "required"))
    return row


def _client_id(client_id: str) -> str:
    if not CLIENT_ID.fullmatch(client_id):
        raise Refused(400, "client_id is 8 to 40 letters and digits.", client_id="no id")
    return client_id


def _list(ask: Ask) -> HttpResponse:
    after, earlier = ask.request.GET.get("after", ""), ask.request.GET.get("conversation", "")
    row = _earlier(ask, earlier) if earlier else ask.conversation()
    now, more = timezone.now(), {}
    if not earlier:
        passing.come(row, passing.POLLING, now)
        more = passing.polled(row, now)
    found = feed.after(row, int(after) if after.isdigit() and len(after) < 16 else 0)
    return JsonResponse({"results": found, "next": None, **more})


def _earlier(ask: Ask, key: str) -> Conversation:
    """Another chat of the same visitor; whose it is otherwise, nobody is told."""
    row = sessions.earlier(ask.visitor(), key) if KEY.fullmatch(key) else None
    if row is None:
        raise Refused(404, "There is no such chat.")
    return row


def _upload(ask: Ask) -> HttpResponse:
    """Up to five files: each is a line of its own, the first one has the client's id."""
    need_size(ask.request, MOST_FORM_BYTES)
    row = _may_write(ask)
    client_id, given = _form(ask.request)
    now, new = timezone.now(), False
    for number, one in enumerate(given):
        line = f"{client_id}-{number}" if number else client_id
        new |= services.say(row, client_id=line, text="", file=_kept(one), now=now)
    return _said(row, client_id, new=new)


def _form(request: HttpRequest) -> "tuple[str, list[UploadedFile[Any]]]":
    try:
        need_known(request.POST, "client_id")
        need_known(request.FILES, "file")
    except (MultiPartParserError, SuspiciousOperation):
        raise Refused(400, "The form cannot be read.") from None
    given = [one for one in request.FILES.getlist("file") if isinstance(one, UploadedFile)]
    if not given:
        raise Refused(400, "There is no file.", file="missing")
    if len(given) > MOST_FILES:
        raise Refused(413, f"At most {MOST_FILES} files at once.", file="too many")
    for one in given:
        _check_file(one)
    return _client_id(request.POST.get("client_id", "")), given


def _check_file(given: "UploadedFile[Any]") -> None:
    if (given.size or 0) > MOST_FILE_BYTES:
        raise Refused(413, "Files may have 10 MB.", file="too large")
    if _name(given).rpartition(".")[2].lower() not in ENDINGS:
        raise Refused(415, "Files of this type are not taken.", file="wrong type")


def _name(given: "UploadedFile[Any]") -> str:
    return (given.name or "file")[-120:]


def _kept(given: "UploadedFile[Any]") -> InboundFile:
    content = given.read()
    return InboundFile(
        filename=_name(given), content=content, content_type="application/octet-stream"
    )


def _typing(ask: Ask) -> HttpResponse:
    passing.types(ask.conversation())
    return HttpResponse(status=204)


def _read(ask: Ask) -> HttpResponse:
    entry = ask.data.get("id")
    if not isinstance(entry, int) or isinstance(entry, bool) or not 0 <= entry < 2**62:
        raise Refused(400, "id is the id of what was read.", id="no id")
    passing.read(ask.conversation(), entry, timezone.now())
    return HttpResponse(status=204)


def _rate(ask: Ask) -> HttpResponse:
    score, comment = ask.data.get("score"), ask.text("comment", 1000)
    if type(score) is not int or not 1 <= score <= 5:  # neither 5.0 nor True
        raise Refused(400, "score is 1 to 5.", score="not 1 to 5")
    row = ask.conversation()
    if row.ended_at is None:
        raise Refused(409, "The chat goes on; it can be rated when it has ended.")
    try:
        with pipeline.change(Actor.system("live chat")):
            rating.rate(row, score=score, comment=comment, closing=row.closings)
    except rating.TooLate:
        raise Refused(409, "It was rated more than a week ago.") from None
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
    passing.go(ask.conversation().pk, passing.POLLING, timezone.now())
    return HttpResponse(status=204)


def _forget(ask: Ask) -> HttpResponse:
    sessions.revoke(ask.token)
    return HttpResponse(status=204)


# (method, verb) to (the fields of its body; none for forms, the call)
VERBS: dict[tuple[str, str], tuple[str | None, Callable[[Ask], HttpResponse]]] = {
    ("POST", "sessions"): (FIELDS, begin),
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
