"""Every state of the widget on a small phone, light and dark: axe finds nothing, nothing is cut.

`person`, `hours`, `fields`, `history`, `transcript`, `kept_months`, `team_read` and the stream's
signals are given by the browser here, so that each state is shown on its own.
"""

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Route

from inbox.livechat.tests import host
from inbox.livechat.tests.browsing import (
    HOURS,
    PERSON,
    Widget,
    allow,
    file_all,
    payload,
    session_says,
    shots,
    stream_says,
    until,
)
from inbox.livechat.tests.conftest import answer
from inbox.tickets.models import Ticket
from rig import chromium
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]
SMALL = (320, 640)
CLOSED = {"open": False, "text": "", "zone": "UTC", "opens_at": "2099-11-23T09:00:00+00:00"}
HISTORY = [
    {"conversation": "a" * 32, "at": "2026-10-03T10:00:00+00:00", "title": "Where is the log?"},
    {"conversation": "b" * 32, "at": "2026-09-01T10:00:00+00:00", "title": "State " * 12},
]
BOTH = pytest.mark.parametrize("scheme", ["light", "dark"])
CODE = "```\ndocker run --rm -v $PWD:/project millrace/millrace:2.3 run tap-postgres\n```\n\n"


def line(number: int, *, mine: bool, text: str) -> dict[str, Any]:
    """An entry as the desk tells it."""
    return {
        "id": number,
        "kind": "message",
        "message": number,
        "mine": mine,
        "client_id": "",
        "author": "" if mine else "Ana",
        "html": f"<p>{text}</p>",
        "at": f"2026-10-03T10:0{number}:00+00:00",
        "edited": False,
        "deleted": False,
        "files": [],
    }


@BOTH
def test_the_conversation(
    live_site: Site, browser_process: Browser, scheme: chromium.Scheme
) -> None:
    """Greeting, code, a long word, a file, seen, typing, unread, history, transcript, the end."""
    with host.site(live_site.url) as origin:
        allow(origin, invite_url="https://join.example.com/slack")
        with chromium.page(browser_process, size=SMALL, scheme=scheme) as (tab, _):
            widget = Widget(tab)
            given = {"person": PERSON, "hours": HOURS, "kept_months": 12, "team_read": 10**9}
            session_says(tab, **given, history=HISTORY, transcript=True, email="you@example.org")
            widget.open(origin)
            widget.frame.get_by_text("Answers in about 2 min, until 18:00").wait_for()
            widget.check(f"{scheme}-greeting")
            widget.say(CODE + "and " + "very" * 20 + "long, see [the page](https://example.com)")
            widget.frame.locator("#file").set_input_files(payload("run.log", b"boom" * 300))
            file_all()
            answer(Ticket.objects.get(), "In a **bucket**, so that both read the same:\n\n" + CODE)
            widget.log.get_by_text("so that both read the same").wait_for()
            widget.frame.get_by_text("Seen").wait_for()
            widget.check(f"{scheme}-conversation")
            widget.frame.get_by_role("button", name="More", exact=True).click()
            widget.check(f"{scheme}-menu")
            tab.keyboard.press("Escape")
            see_history(widget, scheme)
            widget.menu("Send me a copy")
            widget.frame.get_by_text("The whole chat goes to you@example.org.").wait_for()
            widget.check(f"{scheme}-transcript")
            tab.keyboard.press("Escape")
            rate(widget, scheme)


def see_history(widget: Widget, scheme: str) -> None:
    """The list of earlier chats, and one of them."""
    told = [line(1, mine=True, text="Where is the log?"), line(2, mine=False, text="In var.")]
    widget.tab.route(
        "**/messages/?conversation=*", lambda r: r.fulfill(json={"results": told, "next": None})
    )
    widget.menu("Earlier chats")
    widget.check(f"{scheme}-history")
    widget.frame.get_by_role("button", name="Where is the log?").click()
    widget.frame.get_by_text("In var.").wait_for()
    widget.frame.get_by_text("can only be read").wait_for()
    assert widget.frame.get_by_label("Your message").is_hidden()
    widget.check(f"{scheme}-earlier")
    widget.tab.keyboard.press("Escape")
    widget.field.wait_for()


def rate(widget: Widget, scheme: str) -> None:
    """End it, rate it, change the rating."""
    widget.menu("End the chat")
    widget.frame.get_by_text("How was it?").wait_for()
    widget.check(f"{scheme}-ended")
    widget.frame.get_by_role("button", name="Send the rating").click()
    widget.frame.get_by_text("Choose one first").wait_for()
    widget.frame.get_by_text("Good", exact=True).click()
    widget.frame.get_by_role("button", name="Send the rating").click()
    widget.frame.get_by_text("Thank you. You said: Good").wait_for()
    widget.check(f"{scheme}-thanks")
    widget.frame.get_by_role("button", name="Change").last.click()
    assert widget.frame.get_by_label("Good", exact=True).is_checked()


@BOTH
def test_before_the_first_line(
    live_site: Site, browser_process: Browser, scheme: chromium.Scheme
) -> None:
    fields = {"name": "optional", "email": "required", "topic": "required"}
    with host.site(live_site.url) as origin:
        allow(origin)
        with chromium.page(browser_process, size=SMALL, scheme=scheme) as (tab, watch):
            watch.allow("400")
            widget = Widget(tab)
            posted: list[dict[str, Any]] = []

            def session(route: Route) -> None:
                posted.append(json.loads(route.request.post_data or "{}"))
                known = {k: v for k, v in posted[-1].items() if k != "topic"}
                got = route.fetch(post_data=json.dumps(known))
                said = {**got.json(), "fields": fields, "topics": ["Install", "Billing"]}
                route.fulfill(response=got, json=said)

            tab.route("**/sessions/", session)
            widget.open(origin)
            widget.frame.get_by_role("button", name="Start the chat").click()
            widget.frame.get_by_text("This is needed").first.wait_for()
            assert widget.inner.evaluate("document.activeElement.id") == "f-email"
            widget.check(f"{scheme}-before")
            widget.frame.get_by_label("E-mail address", exact=True).fill("mira@nowhere")
            widget.frame.get_by_label("What is it about?").select_option("Billing")
            widget.frame.get_by_role("button", name="Start the chat").click()
            widget.frame.get_by_text("This is no e-mail address").wait_for()
            widget.frame.get_by_label("E-mail address", exact=True).fill("mira@example.org")
            widget.frame.get_by_role("button", name="Start the chat").click()
            until(lambda: len(posted) == 2, "the fields are sent")
            assert {k: posted[1][k] for k in ("email", "topic")} == {
                "email": "mira@example.org",
                "topic": "Billing",
            }
            widget.frame.get_by_text("Also by e-mail to mira@example.org").wait_for()
            until(lambda: widget.frame.locator("#text:focus").count() == 1, "on it goes")


@BOTH
def test_outside_the_hours_and_without_a_network(
    live_site: Site, browser_process: Browser, scheme: chromium.Scheme
) -> None:
    with host.site(live_site.url) as origin:
        allow(origin)
        with chromium.page(browser_process, size=SMALL, scheme=scheme) as (tab, watch):
            watch.allow("ERR_INTERNET_DISCONNECTED")
            watch.allow("400")
            widget = Widget(tab)
            session_says(tab, hours=CLOSED)
            widget.open(origin)
            widget.frame.get_by_text("Back 23 November at 09:00").wait_for()
            widget.frame.get_by_text("Leave your e-mail address").wait_for()
            widget.check(f"{scheme}-outside")
            widget.write("<b>first</b>")
            file_all()
            widget.log.locator("[data-id]").wait_for()
            tab.context.set_offline(True)
            widget.frame.get_by_text("No connection").wait_for()
            widget.write("second")
            widget.frame.get_by_text("Waiting for the network").wait_for()
            widget.check(f"{scheme}-offline")
            tab.context.set_offline(False)
            file_all()
            # what the desk will never take is not tried for ever
            tab.route("**/messages/", lambda r: r.fulfill(status=400, json={}))
            widget.write("third")
            widget.frame.get_by_text("Not sent Try again").wait_for()
            widget.check(f"{scheme}-failed")
            tab.unroute("**/messages/")
            widget.frame.get_by_role("button", name="Try again").click()
            file_all()
            widget.frame.get_by_text("Not sent Try again").wait_for(state="detached")


@BOTH
def test_typing_seen_and_who_is_there(
    live_site: Site, browser_process: Browser, scheme: chromium.Scheme
) -> None:
    with host.site(live_site.url) as origin:
        allow(origin)
        with chromium.page(browser_process, size=SMALL, scheme=scheme) as (tab, _):
            widget = Widget(tab)
            stream_says(
                tab,
                ("message", line(1, mine=True, text="Where does the state live?")),
                ("person", PERSON),
                ("team_read", {"id": 1}),
                ("typing", {"name": "Tomás"}),
            )
            widget.open(origin, wait="Tomás is typing")
            widget.frame.get_by_text("Tomás from Docs").wait_for()
            widget.frame.get_by_text("Here now").wait_for()
            widget.frame.get_by_text("Seen").wait_for()
            assert widget.field.get_attribute("placeholder") == "Write to Tomás"
            widget.check(f"{scheme}-typing")
            tab.unroute("**/stream/")
            stream_says(tab, ("typing", {"name": ""}), ("person", None))
            widget.frame.get_by_text("Tomás is typing").wait_for(state="hidden")
            widget.frame.get_by_text("Here now").wait_for(state="hidden")


@BOTH
def test_too_much_and_checking(
    live_site: Site, browser_process: Browser, scheme: chromium.Scheme
) -> None:
    with host.site(live_site.url) as origin:
        allow(origin)
        with chromium.page(browser_process, size=SMALL, scheme=scheme) as (tab, watch):
            for status in ("429", "403"):
                watch.allow(status)
            widget = Widget(tab)
            tab.route(
                "**/sessions/", lambda r: r.fulfill(status=429, headers={"Retry-After": "600"})
            )
            widget.open(origin, wait="We try again in 10 min.")
            widget.check(f"{scheme}-limit")
        with chromium.page(browser_process, size=SMALL, scheme=scheme) as (tab, watch):
            watch.allow("403")
            widget = Widget(tab)
            # as many bits as the widget takes on at most: it is at it for long enough to be seen
            proof = {"type": "proof_required", "proof": {"challenge": "c", "bits": 24}}
            tab.route("**/sessions/", lambda r: r.fulfill(status=403, json=proof))
            widget.open(origin, wait="Checking that you are")
            widget.check(f"{scheme}-proof")


@BOTH
def test_the_launcher(live_site: Site, browser_process: Browser, scheme: chromium.Scheme) -> None:
    """Closed, with unread answers, on the desk's own page, which lets the checker in."""
    with host.site(live_site.url) as origin:
        allow(origin)
        with chromium.page(browser_process, size=SMALL, scheme=scheme) as (tab, _):
            widget = Widget(tab)
            tab.goto(origin)
            tab.get_by_role("button", name="Ask a human").wait_for()
            chromium.screenshot(tab, shots() / f"widget-{scheme}-closed.png")
            widget.open()
            widget.say("question")
            tab.keyboard.press("Escape")
            answer(Ticket.objects.get(), "an answer")
            tab.get_by_role("button", name="Ask a human New messages: 1").wait_for()
            chromium.screenshot(tab, shots() / f"widget-{scheme}-unread.png")
        with chromium.page(browser_process, size=SMALL, scheme=scheme) as (tab, _):
            # the host's policy keeps the checker out: the same script on a page without one
            widget = Widget(tab)
            tab.goto(f"{origin}/bare")
            tab.get_by_role("button", name="Ask a human").wait_for()
            widget.check(f"{scheme}-launcher", page=True)
