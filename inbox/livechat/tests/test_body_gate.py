"""A visitor's 100 MB is answered before it is read, by the server that really runs."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from inbox.livechat.tests.conftest import SECRET
from inbox.operations.connecting import connect
from inbox.web.bodycap import MOST_FORM_BYTES, MOST_JSON_BYTES, capped
from rig import worker
from rig.worker import Site


def asked(path: str, headers: dict[str, str], method: str = "POST", kind: str = "http") -> int:
    """The status that the gate answers; 0 when the request went through. It reads nothing."""
    sent: list[Any] = []

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        sent.append({"status": 0})

    async def receive() -> None:
        raise AssertionError("the body was read")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": kind,
        "path": path,
        "method": method,
        "headers": [(n.encode(), v.encode()) for n, v in headers.items()],
    }
    asyncio.run(capped(inside)(scope, receive, send))
    return int(sent[0]["status"])


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/chat/docs/messages/", {"content-length": str(MOST_JSON_BYTES)}, 0),
        ("/chat/docs/messages/", {"content-length": str(MOST_JSON_BYTES + 1)}, 413),
        ("/chat/docs/files/", {"content-length": str(MOST_FORM_BYTES)}, 0),
        ("/chat/docs/files/", {"content-length": "100000000"}, 413),
        ("/chat/docs/files/", {"content-length": "9" * 4000}, 413),
        ("/chat/docs/files/", {"transfer-encoding": "chunked"}, 411),
        ("/chat/docs/files/", {"transfer-encoding": "chunked", "content-length": "5"}, 411),
        ("/chat/docs/messages/", {"content-length": "-5"}, 411),
        ("/chat/docs/messages/", {}, 0),
        ("/csat/1.1.1.x/", {"content-length": "100000000"}, 413),
        ("/confirm/files/", {"content-length": str(MOST_JSON_BYTES + 1)}, 413),
        ("/confirm/1.1.1.x/", {"content-length": "100"}, 0),
        ("/hooks/github/main/", {"content-length": "100000000"}, 0),  # has a limit of its own
    ],
)
def test_size_is_asked_before_the_body(path: str, headers: dict[str, str], status: int) -> None:
    assert asked(path, headers) == status
    assert asked(path, headers, method="GET") == status
    assert asked(path, headers, kind="websocket") == 0


# ------------------------------------------------------------------ with a real server


@pytest.fixture
def chats(process_env: dict[str, str]) -> None:
    """The channel."""
    connect("livechat", "docs", {"site_name": "Docs", "identity_secret": SECRET})


def head(site: Site, path: str, *lines: str) -> bytes:
    """The beginning of a post."""
    first = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Origin: {site.url}", *lines]
    return ("\r\n".join(first) + "\r\n\r\n").encode()


def exchange(site: Site, *parts: bytes) -> tuple[int, bytes, int]:
    """(status, the answer, how many bytes the server took before it closed)."""
    answer, taken = b"", 0
    with closing(socket.create_connection(("127.0.0.1", site.port), timeout=20)) as line:
        try:
            for part in parts:
                line.sendall(part)
                taken += len(part)
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            while piece := line.recv(65_536):
                answer += piece
        except ConnectionResetError:
            pass
    return int(answer.split(b" ", 2)[1]) if answer else 0, answer, taken


def resident_mb(site: Site) -> float:
    """Memory of the server."""
    for row in Path(f"/proc/{site.process.pid}/status").read_text().splitlines():
        if row.startswith("VmRSS"):
            return int(row.split()[1]) / 1024
    raise AssertionError


@pytest.mark.service
def test_a_hundred_megabytes_are_refused_unread(chats: None, live_site: Site) -> None:
    before = resident_mb(live_site)
    length = "Content-Length: 100000000"
    for path in ("/chat/docs/files/", "/chat/docs/messages/"):
        # only the head is sent: whoever waited for the body would wait for ever
        status, answer, _ = exchange(live_site, head(live_site, path, length))
        assert status == 413
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["type"] == "too_large"
    megabyte = b"x" * 1_000_000
    _, _, taken = exchange(
        live_site, head(live_site, "/chat/docs/files/", length), *[megabyte] * 100
    )
    assert taken < 100_000_000  # it hung up
    chunked = head(live_site, "/chat/docs/files/", "Transfer-Encoding: chunked")
    status, _, _ = exchange(live_site, chunked, b"5\r\nhello\r\n")
    assert status == 411
    assert resident_mb(live_site) - before < 50


@pytest.fixture
def behind_proxies(chats: None, process_env: dict[str, str], tmp_path: Path) -> Iterator[Site]:
    """A server that believes what stands on its own machine, and one proxy more."""
    env = {**process_env, "FORWARDED_ALLOW_IPS": "127.0.0.1,10.0.0.0/8"}
    site = worker.start_web(env, log=tmp_path / "web.log")
    try:
        yield site
    finally:
        site.process.stop()


@pytest.mark.service
def test_behind_proxies_each_visitor_has_an_address(behind_proxies: Site) -> None:
    def begin(forwarded: str) -> int:
        body = b"{}"
        lines = (
            f"X-Forwarded-For: {forwarded}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Connection: close",
        )
        first = head(behind_proxies, "/chat/docs/sessions/", *lines)
        return exchange(behind_proxies, first + body)[0]

    # what a visitor writes in front of the proxies' own words changes nothing
    codes = [begin(f"1.2.3.{n}, 203.0.113.9, 10.1.2.3") for n in range(6)]
    assert codes == [200] * 5 + [429]
    assert begin("1.2.3.4, 203.0.113.10, 10.1.2.3") == 200
