"""The socket of the fake Slack: hands envelopes out and remembers what was acknowledged."""

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve


class SlackSocket:
    """One end of Socket Mode."""

    def __init__(self) -> None:
        self.acknowledged: dict[str, Any] = {}
        self.connections: list[ServerConnection] = []
        self.greeted = 0
        self.news = threading.Condition()
        self.url = ""

    def handle(self, connection: ServerConnection) -> None:
        """Greet, then read acknowledgements until the other end goes."""
        with self.news:
            self.connections.append(connection)
            self.greeted += 1
            self.news.notify_all()
        with suppress(ConnectionClosed):
            connection.send(json.dumps({"type": "hello", "num_connections": 1}))
            for text in connection:
                answer = json.loads(text)
                with self.news:
                    self.acknowledged[answer["envelope_id"]] = answer.get("payload")
                    self.news.notify_all()
        with self.news:
            self.connections.remove(connection)

    def hand(self, kind: str, payload: dict[str, Any], *, answers: bool = False) -> Any:
        """Send one envelope and wait for its acknowledgement; what was said back."""
        envelope = str(uuid.uuid4())
        message = {
            "envelope_id": envelope,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": answers,
        }
        self.wait(lambda: bool(self.connections))
        self.connections[-1].send(json.dumps(message))
        self.wait(lambda: envelope in self.acknowledged)
        return self.acknowledged[envelope]

    def drop(self) -> None:
        """Say that this connection ends, as Slack does every few hours."""
        self.connections[-1].send(json.dumps({"type": "disconnect", "reason": "refresh_requested"}))

    def wait(self, true: Any) -> None:
        """Until something is so, ten seconds at most."""
        with self.news:
            assert self.news.wait_for(true, timeout=10)


@contextmanager
def slack_socket() -> Iterator[SlackSocket]:
    """A listening socket on loopback."""
    made = SlackSocket()
    with serve(made.handle, "127.0.0.1", 0) as server:
        made.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/link"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield made
        server.shutdown()
        thread.join(10)
