"""What the widget's browser tests share: a site, its frame, and what the desk does in this process.

The server is a process of its own; team and clockwork write to its database and its Redis from
here, by the verbs that pages and workers call.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import FilePayload, Frame, FrameLocator, Locator, Page, Route

from inbox import pipeline
from inbox.accounts.models import User
from inbox.calendars.services import save_calendar
from inbox.channels.models import Channel, Delivery
from inbox.common import presence
from inbox.common.work import Actor
from inbox.livechat import continuing, office
from inbox.livechat.models import Conversation
from inbox.livechat.tests.conftest import Browser, answer
from inbox.operations.connecting import connect
from inbox.sla.models import Clock, ClockState, Metric, Policy
from inbox.tickets.models import Ticket
from inbox.web import onticket
from rig import chromium
from rig.desk import agent, ticket

GREETING = "Hello! Ask us anything."
TITLE = "Support chat"
SCHEMES: tuple[chromium.Scheme, ...] = ("light", "dark")
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


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


# ------------------------------------------------------------------ the team


def tomas() -> User:
    """Who answers the chats of the site, and has the desk open."""
    user = agent("tomas", first_name="Tomás", last_name="Brandão")
    Channel.objects.filter(kind="livechat").update(owner=user)
    presence.come(user.pk, "a page", user.display_name)
    return user


def writes(user: User, row: Ticket) -> None:
    """Somebody of the team has the ticket open and types an answer."""
    onticket.note(row, user, tab="desk", doing="replying", now=timezone.now())


def reads(user: User, row: Ticket) -> None:
    """The same, and the newest message stands before their eyes."""
    now, row = timezone.now(), Ticket.objects.get(pk=row.pk)
    onticket.note(row, user, tab="desk", doing="looking", now=now)
    onticket.read(row, user, tab="desk", message=row.last_message_id or 0, now=now)


def midday() -> str:
    """A zone in which it is the middle of the day now."""
    return f"Etc/GMT{timezone.now().hour - 12:+d}"


def works(zone: str, days: tuple[str, ...]) -> Channel:
    """The team answers the site's chats from nine to six on these days."""
    week = {day: ["09:00-18:00"] for day in days}
    calendar = save_calendar(key="team", name="", zone=zone, week=week, holidays=[], closed=[])
    channel = Channel.objects.get(kind="livechat")
    channel.policy, _ = Policy.objects.get_or_create(key="chat", defaults={"calendar": calendar})
    channel.save(update_fields=["policy"])
    return channel


def answers_soon(channel: Channel) -> None:
    """As many first answers as it takes to say what is usual, each within two minutes."""
    now = timezone.now()
    when: dict[str, datetime] = dict.fromkeys(("started_at", "resumed_at", "due_at", "met_at"), now)
    for _ in range(office.FEWEST_ANSWERS):
        Clock.objects.create(
            ticket=ticket(channel=channel, at=now),
            metric=Metric.FIRST_RESPONSE,
            policy_key="chat",
            state=ClockState.MET,
            answered_by="team",
            consumed_seconds=90,
            unit="minutes",
            **when,
        )


def came_before(origin: str, *said: str) -> Browser:
    """A visitor with a confirmed address and with chats that have ended, each answered once."""
    visitor = Browser(origin=origin)
    for number, text in enumerate(said):
        visitor.begin(email="you@example.org")
        visitor.say(text, f"line-000{number}")
        answer(Ticket.objects.order_by("-pk")[0], "In var.")
        with pipeline.change(Actor.system("test")):
            continuing.confirm(Conversation.objects.order_by("-pk")[0])
        Conversation.objects.update(ended_at=timezone.now() - timedelta(days=2))
    return visitor


# ------------------------------------------------------------------ faults


def session_says(tab: Page, **more: Any) -> None:
    """Add to the desk's answer what it does not say yet."""

    def add(route: Route) -> None:
        answer = route.fetch()
        said = {**answer.json(), **more} if answer.ok else answer.json()
        route.fulfill(response=answer, json=said)

    tab.route("**/sessions/", add)


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

    def comes_as(self, visitor: Browser) -> None:
        """The page remembers the visitor."""
        kept = json.dumps(visitor.token)
        known = f"localStorage.setItem('desk.docs', {kept})"
        self.tab.add_init_script(f"if (self === top && origin !== 'null') {known}")

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
        """No accessibility finding, nothing wider than the screen; pictures, light and dark.

        `page`: what the page around shows; it has to let the checker in.
        """
        where: Any = self.tab if page else self.inner
        for scheme in SCHEMES:
            self.tab.emulate_media(color_scheme=scheme)
            chromium.screenshot(self.tab, shots() / f"widget-{scheme}-{name}.png")
        assert self.tab.evaluate(WIDE) <= 0, name
        assert where.evaluate(WIDE) <= 0, name
        no_violations(where, f"{name}, dark")
        self.tab.emulate_media(color_scheme="light")
        no_violations(where, f"{name}, light", only=("color-contrast",))


def no_violations(where: Any, name: str, *, only: tuple[str, ...] = ()) -> None:
    """Axe finds nothing: a frame evaluates as a page does, whatever its types say."""
    found = Axe().run(where, options={"runOnly": [*only]} if only else None)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"


def shots() -> Path:
    """Where pictures are kept to be looked at."""
    return Path(settings.DATA_DIR) / "screens"
