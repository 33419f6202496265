"""The widget in a real browser, on a foreign page with a strict policy."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, FrameLocator, Page

from inbox.accounts.models import User
from inbox.intake.tests.test_mail import arrive
from inbox.livechat.models import Conversation
from inbox.livechat.tests import host
from inbox.operations import draining
from inbox.operations.connecting import connect
from inbox.tickets.models import Message, Ticket
from integrations.slack.tests.conftest import connected, workspace
from rig import chromium, worker
from rig.desk import agent
from rig.slack import FakeSlack
from rig.smtp import SmtpSink
from rig.worker import Site

__all__ = ["workspace"]
pytestmark = [pytest.mark.browser, pytest.mark.service]
PASSWORD = "a long enough password"
ADDRESS = "mira@example.org"


@pytest.fixture
def ana(process_env: dict[str, str]) -> User:
    """Somebody who can sign in."""
    user = agent("ana", is_superuser=True, is_staff=True)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def desk(
    process_env: dict[str, str],
    ana: User,
    workspace: FakeSlack,
    smtp_sink: SmtpSink,
    tmp_path: Path,
) -> Iterator[Site]:
    """Web and worker, connected to the fake Slack and to real SMTP."""
    allowed = workspace.url.removeprefix("http://")
    env = {**process_env, "OUTBOUND_ALLOW": allowed}
    connect("email", "support", {"address": "support@example.com", "smtp_url": smtp_sink.url()})
    connected(workspace, watch="#help", bridge_channel="#support")
    workspace.room("support")
    with worker.web(env, folder=tmp_path) as site, worker.workers(env, folder=tmp_path):
        workspace.hook = f"{site.url}/hooks/slack/main/"
        yield site
        workspace.hook = ""


def allow(origin: str, **more: str) -> None:
    """The channel, shown on one site."""
    given = {"site_name": "Docs", "origins": origin, "greeting": "Hello! Ask us anything."}
    connect("livechat", "docs", {**given, "mail_channel": "email/support", **more})


def until(true: Callable[[], object], what: str, *, seconds: float = 60) -> float:
    """Wait for something; gives the seconds it took."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < seconds, what
        time.sleep(0.05)
    return time.monotonic() - begun


def open_chat(tab: Page, origin: str) -> FrameLocator:
    """Press the launcher."""
    tab.goto(f"{origin}/start?secret=1")
    tab.get_by_role("button", name="Ask a human").click()
    frame = tab.frame_locator("iframe[title='Support chat']")
    frame.get_by_text("Hello! Ask us anything.").wait_for()
    return frame


def write(frame: FrameLocator, text: str) -> None:
    """Type and press Enter."""
    frame.get_by_label("Your message").fill(text)
    frame.get_by_label("Your message").press("Enter")


def test_the_whole_conversation(
    desk: Site,
    workspace: FakeSlack,
    smtp_sink: SmtpSink,
    browser_process: Browser,
) -> None:
    """S15, S21: widget, queue, answer, Slack both ways, note, gone, mail, reply by mail."""
    room = workspace.room("support")
    with host.site(desk.url) as origin:
        allow(origin)
        with (
            chromium.page(browser_process, base_url=desk.url) as (staff, _),
            chromium.page(browser_process) as (tab, _),
        ):
            staff.goto("/login/")
            staff.get_by_label("Username or e-mail").fill("ana")
            staff.get_by_label("Password").fill(PASSWORD)
            staff.get_by_role("button", name="Sign in").click()
            staff.locator("#queue").wait_for()
            frame = open_chat(tab, origin)
            write(frame, "Where does the state live?")
            staff.get_by_role("link", name="Where does the state live?").wait_for()
            staff.get_by_role("link", name="Where does the state live?").click()
            staff.get_by_placeholder("Markdown works").fill("In a **bucket**.")
            staff.get_by_role("button", name="Send and wait").click()
            frame.locator("#log").get_by_text("In a bucket.").wait_for()

            def thread() -> list[str]:
                return [post.text for post in workspace.posted(room.id) if post.thread_ts]

            until(lambda: len(thread()) == 2, "both lines are in Slack")
            assert thread() == ["Where does the state live?", "In a *bucket*."]
            card = next(post for post in workspace.posted(room.id) if not post.thread_ts)
            workspace.say("U0ANA", room.id, "note: she is new", thread=card.ts)
            workspace.say("U0ANA", room.id, "Or in a database.", thread=card.ts)
            frame.locator("#log").get_by_text("Or in a database.").wait_for()
            assert frame.locator("#log").get_by_text("Ana,").count() == 2
            assert frame.get_by_text("she is new").count() == 0
            tab.evaluate("window.Desk.update({email: 'mira@example.org'})")
            frame.get_by_text("Also by e-mail to mira@example.org").wait_for()
        ticket = Ticket.objects.get()
        until(lambda: Conversation.objects.get().seen_at is None, "the tab was closed")
        browser = Client()
        browser.force_login(User.objects.get(username="ana"))
        browser.post(f"/tickets/{ticket.pk}/reply/", {"body": "One more thing.", "then": "wait"})
        until(lambda: "One more thing." in str(_entries()), "it is out")
        assert draining.drain(timeout_seconds=60)[1]
        (letter,) = smtp_sink.letters
        text = letter.message.get_body(("plain",))
        assert text is not None
        assert "One more thing." in text.get_content()
        token = letter.message["Reply-To"].partition("+t.")[2].partition("@")[0]
        mail = (
            f"From: {ADDRESS}\r\nTo: support+t.{token}@example.com\r\nSubject: Re: chat\r\n"
            "Message-ID: <r1@example.org>\r\n\r\nBy mail now.\r\n"
        )
        arrive(mail.encode(), now=timezone.now())
        assert Ticket.objects.count() == 1
        # the worker may have been quicker to take it up, and still be at it
        newest = Message.objects.order_by("-pk")
        until(lambda: newest.all()[0].new_text.strip() == "By mail now.", "it is filed")


def _entries() -> list[str]:
    rows = Conversation.objects.get().entries.filter(kind="message")
    return list(rows.values_list("message__new_text", flat=True))


def test_nothing_is_lost_offline_on_reload_and_in_two_tabs(
    desk: Site, browser_process: Browser
) -> None:
    with host.site(desk.url) as origin:
        allow(origin)
        with chromium.page(browser_process) as (tab, watch):
            watch.allow("ERR_INTERNET_DISCONNECTED")
            frame = open_chat(tab, origin)
            write(frame, "first")
            until(lambda: _texts() == ["first"], "it is filed")
            tab.context.set_offline(True)
            frame.get_by_text("No connection").wait_for()
            write(frame, "second")
            write(frame, "third")
            tab.context.set_offline(False)
            until(lambda: _texts() == ["first", "second", "third"], "kept and sent, in order")
            other = tab.context.new_page()
            again = open_chat(other, origin)
            again.get_by_text("third").wait_for()
            write(again, "from the other tab")
            frame.get_by_text("from the other tab").wait_for()
            tab.reload()
            tab.get_by_role("button", name="Ask a human").click()
            frame.get_by_text("from the other tab").wait_for()
            shown = [text.split("\n")[0] for text in frame.locator(".bub p").all_inner_texts()]
            assert shown == ["first", "second", "third", "from the other tab"]
            assert Ticket.objects.count() == 1


def _texts() -> list[str]:
    return list(Message.objects.order_by("sent_at").values_list("new_text", flat=True))


def test_it_works_by_keyboard_alone(desk: Site, browser_process: Browser) -> None:
    with host.site(desk.url) as origin:
        allow(origin)
        with chromium.page(browser_process) as (tab, _):
            tab.goto(origin)
            launcher = tab.get_by_role("button", name="Ask a human")
            launcher.wait_for()
            tab.keyboard.press("Tab")  # the page's own link
            tab.keyboard.press("Tab")
            assert launcher.get_attribute("aria-expanded") == "false"
            tab.keyboard.press("Enter")
            frame = tab.frame_locator("iframe[title='Support chat']")
            frame.get_by_text("Hello! Ask us anything.").wait_for()
            until(lambda: frame.locator("#text:focus").count() == 1, "the field has the focus")
            tab.keyboard.type("by keyboard")
            tab.keyboard.press("Enter")
            until(lambda: Ticket.objects.exists(), "it is filed")
            tab.keyboard.press("Escape")
            tab.get_by_role("button", name="Ask a human").wait_for()
            on = "document.querySelector('[data-desk]').shadowRoot.activeElement?.type === 'button'"
            until(lambda: tab.evaluate(on), "the launcher has the focus")


def test_attacks_from_the_page_around(desk: Site, browser_process: Browser) -> None:
    with host.site(desk.url) as origin, host.site(desk.url) as foreign:
        allow(origin)
        with chromium.page(browser_process) as (tab, watch):
            watch.allow("frame-ancestors")
            watch.allow("Framing")
            watch.allow("chrome-error")
            tab.goto(foreign)
            tab.get_by_role("button", name="Ask a human").click()
            tab.wait_for_timeout(1500)
            refused = [f for f in tab.frames if "/frame/" in f.url]
            assert all(f.locator("#text").count() == 0 for f in refused)
        with chromium.page(browser_process) as (tab, _):
            frame = open_chat(tab, origin)
            write(frame, "<img src=x onerror=window.pwned=1> <script>window.pwned=1</script>")
            until(lambda: Ticket.objects.exists(), "it is filed")
            frame.get_by_text("onerror").wait_for()
            # another window says what only the frame may say, and the page what only it may hear
            tab.evaluate(
                "window.postMessage({source:'desk',v:1,type:'token',data:{token:'forged'}}, '*')"
            )
            tab.wait_for_timeout(300)
            assert "forged" not in (tab.evaluate("localStorage.getItem('desk.docs')") or "")
            inner = next(f for f in tab.frames if "/frame/" in f.url)
            inner.evaluate(
                "window.postMessage({source:'desk',v:1,type:'hello',data:{token:'forged'}}, '*')"
            )
            assert inner.evaluate("window.pwned") is None
            write(frame, "still me")
            until(lambda: "still me" in _texts(), "the forged token changed nothing")
            assert Ticket.objects.count() == 1


def test_the_widget_shifts_and_blocks_nothing(desk: Site, browser_process: Browser) -> None:
    with host.site(desk.url) as origin:
        allow(origin)
        with chromium.page(browser_process) as (tab, _):
            figures = {}
            for path in ("/plain", "/"):
                tab.goto(origin + path)
                tab.wait_for_timeout(1000)
                figures[path] = tab.evaluate(MEASURE)
            assert figures["/"]["shift"] == figures["/plain"]["shift"] == 0
            assert figures["/"]["blocking"] <= figures["/plain"]["blocking"] + 50
            assert tab.context.cookies() == []
            assert len(tab.frames) == 1  # nothing else is loaded before somebody asks


MEASURE = """() => new Promise((done) => {
  let shift = 0, blocking = 0;
  new PerformanceObserver((l) => l.getEntries().forEach((e) => { shift += e.value; })).observe({type: "layout-shift", buffered: true});
  new PerformanceObserver((l) => l.getEntries().forEach((e) => { blocking += Math.max(0, e.duration - 50); })).observe({type: "longtask", buffered: true});
  setTimeout(() => done({shift, blocking, interactive: Math.round(performance.getEntriesByType("navigation")[0].domInteractive)}), 300);
})"""
