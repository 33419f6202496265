"""The container's probes say yes only to a healthy process, whatever name it is reached by."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from rig import ports
from scripts import probe


class _Desk(BaseHTTPRequestHandler):
    """Answers as Django behind a proxy: only its own name, and https only as the proxy says."""

    def do_GET(self) -> None:
        host = self.headers["Host"] == "desk.example.com"
        secure = self.headers["X-Forwarded-Proto"] == "https"
        known = self.path == "/healthz"
        self.send_response(200 if host and secure and known else 301 if host else 400)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A site that stands behind https://desk.example.com."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Desk) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("PROBE_PORT", str(server.server_address[1]))
        yield
        server.shutdown()


@pytest.mark.parametrize(
    ("base_url", "code"),
    [
        ("https://desk.example.com", 0),
        ("http://desk.example.com", 1),
        ("https://other.example.com", 1),
    ],
)
def test_web_is_asked_as_the_proxy_asks(
    desk: None, monkeypatch: pytest.MonkeyPatch, base_url: str, code: int
) -> None:
    monkeypatch.setenv("BASE_URL", base_url)
    assert probe.main(["web"]) == code


def test_dead_web_and_dead_broker_are_unhealthy(monkeypatch: pytest.MonkeyPatch) -> None:
    port = str(ports.free_port())
    monkeypatch.setenv("PROBE_PORT", port)
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{port}/0")
    assert [probe.main([name]) for name in ("web", "worker", "scheduler")] == [1, 1, 1]


def test_unknown_probe_is_refused() -> None:
    assert [probe.main([]), probe.main(["everything"])] == [2, 2]
