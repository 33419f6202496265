"""What a visitor can rely on: drafts, files, sound, focus, what is read out, and bad networks."""

import json
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Browser, Route

from inbox.livechat import sessions
from inbox.livechat.models import Conversation, VisitorToken
from inbox.livechat.tests import host
from inbox.livechat.tests.browsing import (
    GREETING,
    Widget,
    allow,
    file_all,
    payload,
    until,
)
from inbox.livechat.tests.conftest import answer
from inbox.outbox import effects
from inbox.tickets.models import Message, Ticket
from rig import chromium
from rig.desk import act
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]
# counts the tones instead of playing them
SILENT = """window.tones = 0;
window.AudioContext = class { currentTime = 0; destination = {}; resume() { return Promise.resolve(); }
  createGain() { return {gain: {setValueAtTime() {}, exponentialRampToValueAtTime() {}}, connect(to) { return to; }}; }
  createOscillator() { return {frequency: {setValueAtTime() {}}, connect(to) { return to; }, start() { window.tones += 1; }, stop() {}}; } };"""
READ_OUT = """() => { window.read = []; new MutationObserver((all) => all.forEach((one) => one.addedNodes.forEach(
  (node) => window.read.push(node.textContent)))).observe(document.getElementById("said"), {childList: true}); }"""


def texts() -> list[str]:
    """What has been filed."""
    return list(Message.objects.order_by("sent_at").values_list("new_text", flat=True))


def test_words_survive_a_reload_and_input_methods(
    live_site: Site, browser_process: Browser
) -> None:
    with host.site(live_site.url) as origin:
        allow(origin)
        with chromium.page(browser_process) as (tab, _):
            widget = Widget(tab)
            widget.open(origin)
            widget.field.press_sequentially("half a thou")
            tab.reload()
            widget.open()
            until(lambda: widget.field.input_value() == "half a thou", "the draft is back")
            # Enter that ends a composition sends nothing
            widget.field.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
            widget.field.dispatch_event("keydown", {"key": "Enter", "keyCode": 229})
            widget.field.press("Shift+Enter")
            widget.field.press_sequentially("second line\n")
            file_all()
            assert texts() == ["half a thou\nsecond line"]
            assert widget.field.input_value() == ""
            tab.reload()
            widget.open(wait="second line")
            assert widget.field.input_value() == ""


def test_the_field_grows_and_counts_near_the_limit(
    live_site: Site, browser_process: Browser
) -> None:
    with host.site(live_site.url) as origin:
        allow(origin)
        with chromium.page(browser_process) as (tab, _):
            widget = Widget(tab)
            widget.open(origin)
            low = widget.inner.evaluate("document.getElementById('text').clientHeight")
            widget.field.fill("a\nb\nc\nd")
            high = widget.inner.evaluate("document.getElementById('text').clientHeight")
            assert high > low * 1.8
            widget.field.fill("ä" * 3599)
            assert widget.frame.locator("#left").is_hidden()
            widget.field.fill("😀" * 3990)  # as the desk counts: characters, not code units
            widget.frame.get_by_text("10 characters left").wait_for()
            widget.field.fill("x" * 4003)
            widget.frame.get_by_text("3 characters too many").wait_for()
            widget.field.press("Enter")
            assert widget.field.input_value() == "x" * 4003
            assert widget.log.locator("li").count() == 0


def test_files_say_what_is_wrong_with_them(live_site: Site, browser_process: Browser) -> None:
    with host.site(live_site.url) as origin:
        allow(origin)
        with chromium.page(browser_process) as (tab, watch):
            watch.allow("415")
            widget = Widget(tab)
            widget.open(origin)
            given = widget.frame.locator("#file")
            given.set_input_files(payload("x.html", b"<script>", "text/html"))
            widget.frame.get_by_text("x.html: files of this type are not taken").wait_for()
            drop = """(size) => { const data = new DataTransfer();
              data.items.add(new File([new Uint8Array(size)], "big.png", {type: "image/png"}));
              for (const name of ["dragover", "drop"]) document.dispatchEvent(new DragEvent(name, {dataTransfer: data, bubbles: true, cancelable: true})); }"""
            widget.inner.evaluate(drop, 10 * 1024 * 1024 + 1)
            widget.frame.get_by_text("big.png is larger than 10 MB").wait_for()
            many = [payload(f"{n}.txt") for n in range(6)]
            given.set_input_files(many)
            widget.frame.get_by_text("Up to 5 files at once").wait_for()
            file_all(5)
            until(lambda: widget.log.get_by_role("button").count() == 5, "five are there")
            paste = """() => { const data = new DataTransfer();
              data.items.add(new File([new Uint8Array(9)], "image.png", {type: "image/png"}));
              document.getElementById("text").dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true})); }"""
            widget.inner.evaluate(paste)
            file_all()
            widget.log.get_by_role("button", name="Download image.png").wait_for()
            with tab.expect_download() as got:
                widget.log.get_by_role("button", name="Download image.png").click()
            assert got.value.suggested_filename == "image.png"
            # what the desk refuses although the widget would send it
            tab.route("**/files/", lambda r: r.fulfill(status=415, json={}))
            given.set_input_files(payload("odd.txt"))
            widget.log.get_by_text("odd.txt: files of this type are not taken").wait_for()


def test_what_is_taken_back_before_it_is_seen_is_no_news(
    live_site: Site, browser_process: Browser
) -> None:
    with host.site(live_site.url) as origin:
        allow(origin)
        with chromium.page(browser_process) as (tab, _):
            widget = Widget(tab)
            widget.open(origin)
            widget.inner.evaluate(READ_OUT)
            widget.say("question")
            with transaction.atomic():  # so that nobody can see the one without the other
                answer(Ticket.objects.get(), "a slip of the hand")
                gone = Message.objects.get(direction="out")
                act(effects.withdraw, gone, at=timezone.now())
            widget.log.get_by_text("This message was deleted").wait_for()
            assert widget.inner.evaluate("window.read") == []


def test_answers_are_read_out_once_and_sound_only_elsewhere(
    live_site: Site, browser_process: Browser
) -> None:
    with host.site(live_site.url, settings="window.deskSettings = {titleBadge: true}") as origin:
        allow(origin)
        with chromium.page(browser_process) as (tab, _):
            tab.add_init_script(SILENT)
            widget = Widget(tab)
            widget.open(origin)
            widget.inner.evaluate(READ_OUT)
            widget.say("question")
            ticket = Ticket.objects.get()
            answer(ticket, "silent: the sound is off")
            widget.log.get_by_text("silent").wait_for()
            assert widget.inner.evaluate("window.tones") == 0
            assert widget.inner.evaluate("window.read") == ["Ana: silent: the sound is off"]
            widget.menu("Turn the sound on")
            assert widget.inner.evaluate("window.tones") == 1  # so that one knows what to expect
            widget.field.click()
            answer(ticket, "open and focused")
            widget.log.get_by_text("open and focused").wait_for()
            assert widget.inner.evaluate("window.tones") == 1
            assert len(widget.inner.evaluate("window.read")) == 2
            tab.get_by_role("button", name="Close the chat").click()
            answer(ticket, "while it was closed")
            tab.get_by_role("button", name="Ask a human New messages: 1").wait_for()
            assert widget.inner.evaluate("window.tones") == 2
            assert tab.title() == "(1) Docs"
            tab.get_by_role("button", name="Ask a human").click()
            until(lambda: tab.title() == "Docs", "it is read")
            tab.reload()
            widget.open(wait="")
            widget.inner.evaluate(READ_OUT)
            widget.log.get_by_text("while it was closed").wait_for()
            assert widget.inner.evaluate("window.read") == []  # history is not news
            widget.frame.get_by_role("button", name="More", exact=True).click()
            widget.frame.get_by_role("button", name="Turn the sound off").wait_for()


def test_a_proxy_that_holds_streams_back(live_site: Site, browser_process: Browser) -> None:
    """Neither headers nor a byte come through: the widget notices, and asks instead."""
    with host.site(live_site.url) as origin:
        allow(origin)
        with chromium.page(browser_process) as (tab, _):
            held: list[Route] = []
            tab.route("**/stream/", lambda route: held.append(route))
            tab.clock.install()
            widget = Widget(tab)
            tab.add_init_script(
                "addEventListener('desk:status', (e) => { (window.told ||= []).push(e.detail); })"
            )
            widget.open(origin)
            widget.write("question")
            file_all()
            until(lambda: tab.title() and held, "it waits for the stream")
            tab.clock.fast_forward(6_000)  # it has waited long enough
            widget.log.locator("[data-id]").wait_for()
            answer(Ticket.objects.get(), "by asking")
            widget.log.get_by_text("by asking").wait_for()
            told = tab.evaluate("window.told")
            assert {"step": "stream", "ok": True, "by": "polling"} in told
            assert {"step": "stream", "ok": True, "by": "stream"} not in told
            assert held


def test_blocked_storage_and_calls_before_the_script(
    live_site: Site, browser_process: Browser
) -> None:
    blocked = (
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no'); }})"
    )
    early = "window.Desk = {q: [['on', 'unread', (e) => { window.unread = e.count; }], ['open']]}"
    with host.site(live_site.url, settings=early) as origin:
        allow(origin)
        with chromium.page(browser_process) as (tab, _):
            tab.add_init_script(blocked)
            widget = Widget(tab)
            tab.goto(origin)
            widget.frame.get_by_text(GREETING).wait_for()
            widget.say("from memory")
            tab.evaluate("window.Desk.close()")
            answer(Ticket.objects.get(), "got it")
            until(lambda: tab.evaluate("window.unread") == 1, "the page knows")
            tab.evaluate("window.Desk.open()")
            widget.say("and on")
            assert VisitorToken.objects.count() == 1
            assert Ticket.objects.count() == 1


def test_a_wrong_proof_is_an_error_and_reset_forgets(
    live_site: Site, browser_process: Browser
) -> None:
    with host.site(live_site.url) as origin:
        allow(origin, identity_secret="an identity secret of a site")
        with chromium.page(browser_process) as (tab, watch):
            watch.allow("401")
            widget = Widget(tab)
            widget.open(origin)
            widget.say("before")
            widget.field.press_sequentially("a draft")
            tab.evaluate("window.Desk.on('error', (e) => { window.wrong = e.type; })")
            tab.evaluate("window.Desk.identify({id: '42', name: 'Eve', hash: '00'})")
            until(lambda: tab.evaluate("window.wrong") == "identity", "it is said")
            widget.say("still who I was")
            assert Conversation.objects.count() == 1
            tab.evaluate("window.Desk.reset()")
            until(lambda: VisitorToken.objects.count() == 0, "the desk has forgotten it")
            until(lambda: tab.evaluate("Object.keys(localStorage).length") == 0, "nothing stays")
            assert widget.log.locator("li").count() == 0
            assert widget.field.input_value() == ""
            tab.evaluate("window.Desk.close(); window.Desk.open()")
            widget.frame.get_by_text(GREETING).wait_for()
            widget.say("somebody else")
            assert Conversation.objects.count() == 2


def test_who_signs_in_goes_on_and_who_signs_in_after_them_begins_anew(
    live_site: Site, browser_process: Browser
) -> None:
    secret = "an identity secret of a site"
    with host.site(live_site.url) as origin:
        allow(origin, identity_secret=secret)
        with chromium.page(browser_process) as (tab, _):
            widget = Widget(tab)
            widget.open(origin)
            widget.say("before I signed in")
            for number, name in (("42", "Ada"), ("43", "Bo")):
                who = {"id": number, "name": name, "hash": sessions.proof(secret, number, "")}
                with tab.expect_response("**/sessions/"):
                    tab.evaluate("(who) => window.Desk.identify(who)", who)
                if name == "Ada":
                    widget.say("as Ada")
                    widget.log.get_by_text("before I signed in").wait_for()
                    assert Conversation.objects.count() == 1
            widget.log.locator("li").first.wait_for(state="detached")
            widget.say("as Bo")
            assert Conversation.objects.count() == 2
            assert widget.log.get_by_text("as Ada").count() == 0


def test_the_work_is_done_and_the_chat_begins(live_site: Site, browser_process: Browser) -> None:
    """The desk asks again where the work is none of its own."""
    with host.site(live_site.url) as origin:
        allow(origin, proof="always")
        with chromium.page(browser_process) as (tab, watch):
            watch.allow("403")
            widget = Widget(tab)
            sent: list[dict[str, Any]] = []

            def session(route: Route) -> None:
                body = json.loads(route.request.post_data or "{}")
                sent.append(body)
                if len(sent) == 2:
                    body["proof"]["challenge"] += "x"
                route.continue_(post_data=json.dumps(body))

            tab.route("**/sessions/", session)
            widget.open(origin)
            widget.say("in spite of it")
            assert ["proof" in body for body in sent] == [False, True, True]
            assert Conversation.objects.count() == 1
