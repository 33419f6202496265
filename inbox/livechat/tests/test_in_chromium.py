"""The widget in a real browser, on a foreign page with a strict policy."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser

from inbox.accounts.models import User
from inbox.intake.tests.test_mail import arrive
from inbox.livechat.models import Conversation
from inbox.livechat.tests import host
from inbox.livechat.tests.browsing import Widget, allow, file_all, until
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


def test_the_whole_conversation(
    desk: Site,
    workspace: FakeSlack,
    smtp_sink: SmtpSink,
    browser_process: Browser,
) -> None:
    """S15, S21: widget, queue, answer, Slack both ways, note, gone, mail, reply by mail."""
    room = workspace.room("support")
    with host.site(desk.url) as origin:
        allow(origin, mail_channel="email/support")
        with (
            chromium.page(browser_process, base_url=desk.url) as (staff, _),
            chromium.page(browser_process) as (tab, _),
        ):
            staff.goto("/login/")
            staff.get_by_label("Username or e-mail").fill("ana")
            staff.get_by_label("Password").fill(PASSWORD)
            staff.get_by_role("button", name="Sign in").click()
            staff.locator("#queue").wait_for()
            widget = Widget(tab)
            widget.open(origin)
            widget.write("Where does the state live?")
            staff.get_by_role("link", name="Where does the state live?").wait_for()
            staff.get_by_role("link", name="Where does the state live?").click()
            staff.get_by_placeholder("Markdown works").fill("In a **bucket**.")
            staff.get_by_role("button", name="Send and wait").click()
            widget.log.get_by_text("In a bucket.").wait_for()

            def thread() -> list[str]:
                return [post.text for post in workspace.posted(room.id) if post.thread_ts]

            until(lambda: len(thread()) == 2, "both lines are in Slack")
            assert thread() == ["Where does the state live?", "In a *bucket*."]
            card = next(post for post in workspace.posted(room.id) if not post.thread_ts)
            workspace.say("U0ANA", room.id, "note: she is new", thread=card.ts)
            workspace.say("U0ANA", room.id, "Or in a database.", thread=card.ts)
            widget.log.get_by_text("Or in a database.").wait_for()
            assert widget.log.get_by_text("Ana,").count() == 2
            assert widget.frame.get_by_text("she is new").count() == 0
            tab.evaluate("window.Desk.update({email: 'mira@example.org'})")
            widget.frame.get_by_text("Also by e-mail to mira@example.org").wait_for()
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
    live_site: Site, browser_process: Browser
) -> None:
    with host.site(live_site.url) as origin:
        allow(origin)
        with chromium.page(browser_process) as (tab, watch):
            watch.allow("ERR_INTERNET_DISCONNECTED")
            widget = Widget(tab)
            widget.open(origin)
            widget.say("first")
            tab.context.set_offline(True)
            widget.frame.get_by_text("No connection").wait_for()
            widget.write("second")
            widget.write("third")
            tab.context.set_offline(False)
            file_all(2)
            assert _texts() == ["first", "second", "third"]  # kept and sent, in order
            other = Widget(tab.context.new_page())
            other.open(origin, wait="third")
            other.write("from the other tab")
            file_all()
            widget.log.get_by_text("from the other tab").wait_for()
            tab.reload()
            widget.open(wait="from the other tab")
            shown = [text.split("\n")[0] for text in widget.log.locator("p").all_inner_texts()]
            assert shown == ["first", "second", "third", "from the other tab"]
            assert Ticket.objects.count() == 1


def _texts() -> list[str]:
    return list(Message.objects.order_by("sent_at").values_list("new_text", flat=True))


def test_attacks_from_the_page_around(live_site: Site, browser_process: Browser) -> None:
    with host.site(live_site.url) as origin, host.site(live_site.url) as foreign:
        allow(origin)
        with chromium.page(browser_process) as (tab, watch):
            for part in ("frame-ancestors", "Framing", "chrome-error"):
                watch.allow(part)
            tab.goto(foreign)
            with tab.expect_console_message(lambda said: "frame-ancestors" in said.text):
                tab.get_by_role("button", name="Ask a human").click()
            refused = [f for f in tab.frames if "/frame/" in f.url]
            assert all(f.locator("#text").count() == 0 for f in refused)
        with chromium.page(browser_process) as (tab, _):
            widget = Widget(tab)
            widget.open(origin)
            widget.say("<img src=x onerror=window.pwned=1> <script>window.pwned=1</script>")
            widget.log.get_by_text("onerror").wait_for()
            # another window says what only the frame may say, and the page what only it may hear;
            # messages come in order: after these the page's own is heard
            tab.evaluate(FORGE, {"type": "token", "data": {"token": "forged"}})
            assert "forged" not in (tab.evaluate("localStorage.getItem('desk.docs')") or "")
            widget.inner.evaluate(FORGE, {"type": "hello", "data": {"token": "forged"}})
            assert widget.inner.evaluate("window.pwned") is None
            widget.say("still me")
            assert "still me" in _texts()  # the forged token changed nothing
            assert Ticket.objects.count() == 1


FORGE = """(said) => new Promise((done) => {
  addEventListener("message", () => setTimeout(done), {once: true});
  window.postMessage({source: "desk", v: 1, ...said}, "*");
})"""


def test_the_widget_shifts_and_blocks_nothing(live_site: Site, browser_process: Browser) -> None:
    with host.site(live_site.url) as origin:
        allow(origin)
        with chromium.page(browser_process) as (tab, _):
            figures = {}
            for path in ("/plain", "/"):
                tab.goto(origin + path)
                if path == "/":
                    tab.get_by_role("button", name="Ask a human").wait_for()
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
