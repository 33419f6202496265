"""Nothing that a stranger sends is read before its size is known.

Django reads a body to its end before it asks any view; a visitor's 100 MB would lie on the disk
first. So the posts of chats, and of the pages behind links in mails to visitors, pass this gate as
ASGI messages: too large, or without a length, is answered at once, and the server closes the line.
"""

import json
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

# a line has 4,000 characters, and JSON may write one of them in twelve bytes
MOST_JSON_BYTES = 60_000
MOST_FILE_BYTES = 10 * 1024 * 1024
MOST_FILES = 5
# what a form needs around its files
MOST_FORM_BYTES = MOST_FILES * MOST_FILE_BYTES + 20_000
CHAT, UPLOAD = "/chat/", "/files/"
STRANGERS = (CHAT, "/csat/", "/confirm/")

# servers and Django each type these in their own way
Scope: TypeAlias = Any
Receive: TypeAlias = Any
Send: TypeAlias = Any
App = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]


def capped(app: App) -> App:
    """The application behind the gate."""

    async def gate(scope: Scope, receive: Receive, send: Send) -> None:
        refused = _refused(scope) if scope["type"] == "http" else None
        if refused is None:
            await app(scope, receive, send)
            return
        status, word, detail = refused
        body = json.dumps({"type": word, "detail": detail, "errors": {}}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return gate


def _refused(scope: Scope) -> tuple[int, str, str] | None:
    """(status, word, detail) of a stranger's request that nobody should read."""
    path = str(scope["path"])
    if not path.startswith(STRANGERS):
        return None
    headers = dict(scope["headers"])
    size = headers.get(b"content-length", b"")
    if b"transfer-encoding" in headers or (size and not size.isdigit()):
        return 411, "length_required", "Say how large it is."
    uploads = path.startswith(CHAT) and path.endswith(UPLOAD)
    most = MOST_FORM_BYTES if uploads else MOST_JSON_BYTES
    if len(size) > 15 or int(size or b"0") > most:
        return 413, "too_large", "This is too large."
    return None
