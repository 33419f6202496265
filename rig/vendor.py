"""The ground of every fake vendor: a real HTTP server on loopback that can be told to fail.

A fake inherits `FakeVendor`, answers in `answer`, and keeps its own state. `fail` puts trouble in
the way of the next requests: an answer of the vendor's, a connection that drops before the request
has had any effect, or one that drops after it has.
"""

import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Protocol, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Call:
    """One request as it came."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON, {} when there is none."""
        return json.loads(self.body) if self.body else {}

    def form(self) -> dict[str, str]:
        """The body as a form, one value a name."""
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Trouble:
    """What happens to the next requests of a path: an answer, or a dropped connection."""

    path: str
    times: int = 1
    answer: Answer | None = None
    drop: str = ""  # before · after: the effect


class Describes(Protocol):
    """The vendor's own description of its API (`rig.openapi`)."""

    def is_there(self) -> bool:
        """Whether it was fetched."""

    def check(self, call: Call) -> str | None:
        """What the vendor would not understand."""


class FakeVendor:
    """A vendor on loopback.

    With a `description`, a request that does not fit it gets 400 and fails the test that made it.
    """

    description: ClassVar[Describes | None] = None

    def __init__(self) -> None:
        self.illegal: list[str] = []  # requests that the vendor would not understand
        self.calls: list[Call] = []
        self.troubles: list[Trouble] = []
        self.lock = threading.RLock()
        self.is_away = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        if kind is None:
            assert not self.illegal, self.illegal

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, call: Call) -> Answer:
        """The vendor's own answer."""
        raise NotImplementedError

    def fail(
        self, path: str, *, times: int = 1, answer: Answer | None = None, drop: str = ""
    ) -> None:
        """Put trouble in the way of the next requests whose path ends like this."""
        self.troubles.append(Trouble(path, times, answer, drop))

    def called(self, path: str) -> list[Call]:
        """Requests whose path ends like this, oldest first."""
        return [call for call in self.calls if call.path.endswith(path)]

    def _trouble(self, call: Call) -> Trouble | None:
        for trouble in self.troubles:
            if trouble.times > 0 and call.path.endswith(trouble.path):
                trouble.times -= 1
                return trouble
        return None

    def _take(self, call: Call) -> Answer | None:
        """The answer, or None for a dropped connection."""
        with self.lock:
            self.calls.append(call)
            problem = self._problem(call)
            if problem:
                return Answer(400, {"message": problem})
            if self.is_away:
                return None
            trouble = self._trouble(call)
            if trouble is None:
                return self.answer(call)
            if trouble.drop == "after":
                self.answer(call)
            return trouble.answer

    def _problem(self, call: Call) -> str | None:
        described = self.description
        if described is None or not described.is_there():
            return None
        problem = described.check(call)
        if problem:
            self.illegal.append(problem)
        return problem

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _do(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(length)
                query = parse_qs(parts.query)
                answer = vendor._take(Call(self.command, parts.path, query, headers, body))
                if answer is None:
                    self.close_connection = True
                    return
                with suppress(BrokenPipeError, ConnectionResetError):
                    self._send(answer)

            def _send(self, answer: Answer) -> None:
                raw = answer.body if isinstance(answer.body, bytes) else b""
                if answer.body is not None and not isinstance(answer.body, bytes):
                    raw = json.dumps(answer.body).encode()
                self.send_response(answer.status)
                named = {"content-type": "application/json; charset=utf-8", **answer.headers}
                for name, value in named.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(raw)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _do  # noqa: N815 - http.server's names

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        return Handler
