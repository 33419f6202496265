"""A real browser on Debian's Chromium, that fails a test on script errors and broken policies."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from rig import tools

ARGUMENTS = (
    "--no-sandbox",  # the suite may run as root; it opens our own pages only
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # no name resolves but loopback: a page that fetches from elsewhere fails, as in production
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
DESKTOP = (1440, 900)
PHONE = (390, 844)
PATIENCE = 40_000  # milliseconds: a busy machine is no defect, and a slow desk asks less often
Scheme = Literal["light", "dark"]


@dataclass
class Watch:
    """What went wrong on a page, and where it wanted to go."""

    problems: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def allow(self, part: str) -> None:
        """Expect problems that contain this text: a page that is refused on purpose."""
        self.allowed.append(part)

    def unexpected(self) -> list[str]:
        """Return the problems that no test has announced."""
        return [text for text in self.problems if not any(part in text for part in self.allowed)]

    def check(self) -> None:
        """Raise AssertionError on script errors, refused content or requests to other hosts."""
        found = self.unexpected() + [f"request to {url}" for url in self.foreign]
        if found:
            raise AssertionError("the page complained:\n" + "\n".join(found))


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser once; pages are cheap. Raises tools.MissingTool."""
    path = tools.require("chromium")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(path), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def page(
    browser: Browser,
    *,
    size: tuple[int, int] = DESKTOP,
    scheme: Scheme = "light",
    javascript: bool = True,
    base_url: str | None = None,
    zone: str = "UTC",
) -> Iterator[tuple[Page, Watch]]:
    """A fresh page with cookies of its own. Its `Watch` is checked when the block ends well."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        java_script_enabled=javascript,
        base_url=base_url,
        locale="en-GB",
        timezone_id=zone,
        reduced_motion="reduce",
        has_touch=size == PHONE,
    )
    context.set_default_timeout(PATIENCE)
    tab = context.new_page()
    watch = _watch(tab)
    try:
        yield tab, watch
        watch.check()
    finally:
        context.close()


def screenshot(tab: Page, path: Path, *, full_page: bool = False) -> Path:
    """Write a PNG of the page once its fonts and pictures are there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tab.wait_for_load_state("load")
    tab.screenshot(path=path, full_page=full_page, animations="disabled", caret="hide")
    return path


def _watch(tab: Page) -> Watch:
    watch = Watch()

    def on_console(message: ConsoleMessage) -> None:
        # content-security-policy reports arrive here as errors too
        if message.type == "error":
            watch.problems.append(f"console: {message.text} ({message.location.get('url', '')})")

    def on_request(request: Request) -> None:
        host = request.url.split("/")[2].split(":")[0] if "://" in request.url else ""
        if request.url.startswith("http") and host not in {"127.0.0.1", "localhost"}:
            watch.foreign.append(request.url)

    tab.on("console", on_console)
    tab.on("pageerror", lambda error: watch.problems.append(f"script: {error}"))
    tab.on("request", on_request)
    return watch
