"""Socket Mode: events over a connection of ours, for installations that nobody can post to.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import structlog
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from inbox.channels.contract import ChannelConfig, DeliveryError, RawRequest, Take
from inbox.common import http
from integrations.slack import client

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 1.0
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


def listen(config: ChannelConfig, take: Take, stopped: Callable[[], bool]) -> None:
    """Take what comes until `stopped`; a lost connection is made again, a little later each time.

    Each message is acknowledged after it was stored. The vendor closes a connection every few
    hours; another one is opened at once.
    """
    wait = FIRST_WAIT
    while not stopped():
        try:
            if _talk(config, take, stopped):
                wait = FIRST_WAIT
                continue
        except (DeliveryError, WebSocketException, OSError, ValueError) as error:
            log.warning("socket_lost", channel=config.key, reason=type(error).__name__)
        end = time.monotonic() + wait
        while time.monotonic() < end and not stopped():
            time.sleep(0.2)
        wait = min(wait * 2, LONGEST_WAIT)


def _talk(config: ChannelConfig, take: Take, stopped: Callable[[], bool]) -> bool:
    """One connection; True when it ended in order."""
    token = config.get("app_token")
    url = str(client.call(config, "apps.connections.open", token=token, writes=True).get("url"))
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "wss" else 80)
    plain = http.connect(parts.hostname or "", port, timeout=10)
    with connect(url, sock=plain, open_timeout=10, max_size=2_000_000) as socket:
        while not stopped():
            try:
                text = socket.recv(timeout=PATIENCE_SECONDS)
            except TimeoutError:
                continue
            message = json.loads(text)
            if not isinstance(message, dict) or message.get("type") == "disconnect":
                return True
            answer = _answer(message, take)
            if answer is not None:
                socket.send(json.dumps(answer))
    return True


def _answer(message: dict[str, Any], take: Take) -> dict[str, Any] | None:
    """Store one message; its acknowledgement, with what is said back where that is wanted."""
    envelope = message.get("envelope_id")
    raw = request_of(message)
    if not envelope or raw is None:
        return None
    said = take(raw)
    answer: dict[str, Any] = {"envelope_id": envelope}
    if message.get("accepts_response_payload") and said[:1] == b"{":
        answer["payload"] = json.loads(said)
    return answer


def request_of(message: dict[str, Any]) -> RawRequest | None:
    """A message as the request that it would have been over HTTP; None for greetings."""
    payload, kind = message.get("payload"), message.get("type")
    if not isinstance(payload, dict):
        return None
    if kind == "events_api":
        return RawRequest(headers={"content-type": JSON}, body=json.dumps(payload).encode())
    if kind == "slash_commands":
        fields = {name: str(value) for name, value in payload.items() if value is not None}
    elif kind == "interactive":
        fields = {"payload": json.dumps(payload)}
        if payload.get("trigger_id"):
            fields["trigger_id"] = str(payload["trigger_id"])
    else:
        return None
    return RawRequest(headers={"content-type": FORM}, body=urlencode(fields).encode())
