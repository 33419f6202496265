"""What the widget's browser tests share: a site, its frame, and lines filed in this process."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import FilePayload, Frame, FrameLocator, Locator, Page, Route

from inbox import pipeline
from inbox.channels.models import Delivery
from inbox.operations.connecting import connect
from rig import chromium

GREETING = "Hello! Ask us anything."
TITLE = "Support chat"
PERSON = {"name": "Tomás Brandão", "initials": "TB", "here": True}
HOURS = {"open": True, "text": "", "zone": "UTC", "minutes": 2, "until": "18:00"}


def allow(origin: str, **more: str) -> None:
    """The channel, shown on one site."""
    connect(
        "livechat", "docs", {"site_name": "Docs", "origins": origin, "greeting": GREETING, **more}
    )


def until(true: Callable[[], object], what: str, *, seconds: float = 60) -> None:
    """Wait for something."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < seconds, what
        time.sleep(0.05)


def file_all(count: int = 1) -> None:
    """File what visitors wrote, once so much has come in."""

    def waiting() -> list[int]:
        rows = Delivery.objects.filter(state="pending").order_by("pk")
        return list(rows.values_list("pk", flat=True))

    until(lambda: len(waiting()) >= count, f"{count} deliveries have come in")
    for pk in waiting():
        assert pipeline.process_delivery(pk) == "done"


def session_says(tab: Page, **more: Any) -> None:
    """Add keys of the agreed protocol to the desk's answer, for servers without them."""

    def add(route: Route) -> None:
        answer = route.fetch()
        said = {**answer.json(), **more} if answer.ok else answer.json()
        route.fulfill(response=answer, json=said)

    tab.route("**/sessions/", add)


def stream_says(tab: Page, *events: tuple[str, Any]) -> None:
    """A stream of these events, again and again."""
    lines = [f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events]
    body = "retry: 2000\n\n" + "".join(lines)
    tab.route("**/stream/", lambda r: r.fulfill(content_type="text/event-stream", body=body))


def payload(name: str, content: bytes = b"x", kind: str = "text/plain") -> FilePayload:
    """A file of the visitor's."""
    return {"name": name, "mimeType": kind, "buffer": content}


@dataclass
class Widget:
    """The widget on a page."""

    tab: Page

    @property
    def frame(self) -> FrameLocator:
        """Where the chat is."""
        return self.tab.frame_locator(f"iframe[title='{TITLE}']")

    @property
    def inner(self) -> Frame:
        """The same, as a page that can be asked."""
        return next(f for f in self.tab.frames if "/frame/" in f.url)

    @property
    def field(self) -> Locator:
        """Where the visitor writes."""
        return self.frame.get_by_label("Your message")

    @property
    def log(self) -> Locator:
        """The lines."""
        return self.frame.locator("#log")

    def open(self, origin: str = "", *, wait: str = GREETING) -> None:
        """Go there and press the launcher."""
        if origin:
            self.tab.goto(f"{origin}/start?secret=1")
        self.tab.get_by_role("button", name="Ask a human").click()
        if wait:
            self.frame.get_by_text(wait).first.wait_for()

    def write(self, text: str) -> None:
        """Type and press Enter."""
        self.field.fill(text)
        self.field.press("Enter")

    def say(self, text: str) -> None:
        """Write a line, have it filed, and see it arrive."""
        self.write(text)
        file_all()
        self.log.locator("[data-id]").last.wait_for()

    def menu(self, name: str) -> None:
        """Choose from the menu."""
        self.frame.get_by_role("button", name="More", exact=True).click()
        self.frame.get_by_role("button", name=name, exact=True).click()

    def check(self, name: str, *, page: bool = False) -> None:
        """No accessibility finding, nothing wider than the screen; a picture to look at."""
        chromium.screenshot(self.tab, shots() / f"widget-{name}.png")
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert self.tab.evaluate(wide) <= 0, name
        if page:  # the launcher, on a page that lets the checker in
            no_violations(self.tab, name)
            return
        assert self.inner.evaluate(wide) <= 0, name
        no_violations(self.inner, name)


def no_violations(where: Any, name: str) -> None:
    """Axe finds nothing: a frame evaluates as a page does, whatever its types say."""
    found = Axe().run(where)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"


def shots() -> Path:
    """Where pictures are kept to be looked at."""
    return Path(settings.DATA_DIR) / "screens"
