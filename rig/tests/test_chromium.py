"""The browser of the tests notices what a person at the screen would not."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser

from rig import chromium

POLICY = "default-src 'none'; script-src 'self'; img-src 'self' data:; style-src 'self'"


@contextmanager
def _serve(body: str) -> Iterator[str]:
    """One page with our policy, at every address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", POLICY)
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>x</title><link rel=icon href=data:,>")
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.mark.browser
def test_good_page_passes_and_is_photographed(browser_process: Browser, tmp_path: Path) -> None:
    with (
        _serve("<h1>Queue</h1>") as url,
        chromium.page(browser_process, size=chromium.PHONE) as (tab, watch),
    ):
        tab.goto(url)
        assert tab.evaluate("[innerWidth, innerHeight]") == [390, 844]
        assert tab.locator("h1").inner_text() == "Queue"
        shot = chromium.screenshot(tab, tmp_path / "shots" / "queue.png")
        assert watch.unexpected() == []
    assert shot.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.browser
@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("<script>alert(1)</script>", "Content Security Policy"),
        ("<b style='color:red'>x</b>", "Content Security Policy"),
        ("<img src='https://tracker.example.com/x.png'>", "tracker.example.com"),
        ("<img src='/missing.png'>", "404"),
    ],
)
def test_bad_page_fails(browser_process: Browser, body: str, complaint: str) -> None:
    with _serve(body) as url, pytest.raises(AssertionError, match=re.escape(complaint)):  # noqa: SIM117 - the inner one must be inside
        with chromium.page(browser_process) as (tab, _):
            tab.goto(url, wait_until="networkidle")


@pytest.mark.browser
def test_announced_problem_passes(browser_process: Browser) -> None:
    with _serve("<img src='/missing.png'>") as url, chromium.page(browser_process) as (tab, watch):
        watch.allow("404")
        tab.goto(url, wait_until="networkidle")
        assert [problem.count("404") for problem in watch.problems] == [1]
