"""Every state of the widget on a small phone, light and dark: axe finds nothing, nothing is cut.

What the desk says is the desk's; only faults are made up by the browser.
"""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser

from inbox.accounts.models import User
from inbox.calendars.clock import DAYS
from inbox.common.config import change_setting
from inbox.livechat.models import Conversation
from inbox.livechat.tests import host
from inbox.livechat.tests.browsing import (
    Widget,
    allow,
    answers_soon,
    came_before,
    file_all,
    midday,
    payload,
    reads,
    tomas,
    until,
    works,
    writes,
)
from inbox.livechat.tests.conftest import answer
from inbox.operations.connecting import connect
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from rig import chromium
from rig.desk import act, agent
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]
SMALL = (320, 640)
CODE = "```\ndocker run --rm -v $PWD:/project millrace/millrace:2.3 run tap-postgres\n```\n\n"


def newest() -> Ticket:
    """The ticket of the chat that was begun last."""
    return Ticket.objects.order_by("-pk")[0]


# ------------------------------------------------------------------ a conversation, and all of it


def test_the_conversation(live_site: Site, browser_process: Browser) -> None:
    """Who answers and when, code, a long word, a file, seen, typing, another person, the end."""
    zone = midday()
    with host.site(live_site.url) as origin:
        connect("email", "support", {"address": "support@example.com"})
        allow(origin, invite_url="https://join.example.com/slack", mail_channel="email/support")
        user = tomas()
        answers_soon(works(zone, DAYS))
        visitor = came_before(origin, "State " * 12, "Where is the log?")
        with chromium.page(browser_process, size=SMALL, zone=zone) as (tab, _):
            widget = Widget(tab)
            widget.comes_as(visitor)
            widget.open(origin)
            widget.frame.get_by_text("Answers in about 2 min, until 18:00").wait_for()
            widget.frame.get_by_text("Tomás from Docs").wait_for()
            widget.frame.get_by_text("Here now").wait_for()
            assert widget.field.get_attribute("placeholder") == "Write to Tomás"
            widget.check("greeting")
            talk(widget, user)
            hand_over(widget)
            widget.frame.get_by_role("button", name="More", exact=True).click()
            widget.check("menu")
            tab.keyboard.press("Escape")
            see_history(widget)
            take_a_copy(widget)
            rate(widget)


def talk(widget: Widget, user: User) -> None:
    """Lines, a file, an answer; what the team does is shown."""
    widget.say(CODE + "and " + "very" * 20 + "long, see [the page](https://example.com)")
    widget.frame.locator("#file").set_input_files(payload("run.log", b"boom" * 300))
    file_all()
    widget.log.get_by_role("button", name="Download run.log").wait_for()
    reads(user, newest())
    widget.frame.get_by_text("Seen").wait_for()
    writes(user, newest())
    widget.frame.get_by_text("Tomás Brandão is typing").wait_for()
    widget.check("typing")
    answer(newest(), "In a **bucket**, so that both read the same:\n\n" + CODE, name="tomas")
    widget.log.get_by_text("so that both read the same").wait_for()
    widget.frame.locator("#typing").wait_for(state="hidden")
    widget.check("conversation")


def hand_over(widget: Widget) -> None:
    """Somebody else answers from now on, who is not here."""
    act(tickets.assign, newest(), agent("noor"), at=timezone.now())
    widget.frame.get_by_text("Noor from Docs").wait_for()
    widget.frame.get_by_text("Here now").wait_for(state="hidden")


def see_history(widget: Widget) -> None:
    """The list of earlier chats, and one of them."""
    widget.menu("Earlier chats")
    widget.frame.get_by_role("button", name="State State").wait_for()
    widget.check("history")
    widget.frame.get_by_role("button", name="Where is the log?").click()
    widget.frame.get_by_text("In var.").wait_for()
    widget.frame.get_by_text("can only be read").wait_for()
    assert widget.field.is_hidden()
    widget.check("earlier")
    widget.tab.keyboard.press("Escape")
    widget.field.wait_for()


def take_a_copy(widget: Widget) -> None:
    """The transcript goes to the address that is known to be the visitor's."""
    widget.menu("Send me a copy")
    widget.frame.get_by_text("The whole chat goes to you@example.org.").wait_for()
    widget.check("transcript")
    widget.frame.get_by_role("button", name="Send the copy").click()
    until(lambda: Outgoing.objects.filter(kind="chat_mail").exists(), "it is on its way")
    widget.frame.get_by_text("On its way").wait_for()
    widget.tab.keyboard.press("Escape")


def rate(widget: Widget) -> None:
    """End it, rate it, change the rating."""
    widget.menu("End the chat")
    widget.frame.get_by_text("How was it?").wait_for()
    widget.check("ended")
    widget.frame.get_by_role("button", name="Send the rating").click()
    widget.frame.get_by_text("Choose one first").wait_for()
    widget.frame.get_by_text("Good", exact=True).click()
    widget.frame.get_by_role("button", name="Send the rating").click()
    widget.frame.get_by_text("Thank you. You said: Good").wait_for()
    widget.check("thanks")
    row = Conversation.objects.order_by("-pk")[0]
    assert [one.score for one in row.ratings.all()] == [4]
    widget.frame.get_by_role("button", name="Change").last.click()
    assert widget.frame.get_by_label("Good", exact=True).is_checked()


# ------------------------------------------------------------------ before it, and around it


def test_before_the_first_line(live_site: Site, browser_process: Browser) -> None:
    asks = {"ask_name": "optional", "ask_email": "required", "ask_topic": "required"}
    with host.site(live_site.url) as origin:
        allow(origin, **asks, topics="Install, Billing")
        with chromium.page(browser_process, size=SMALL) as (tab, _):
            widget = Widget(tab)
            widget.open(origin)
            go = widget.frame.get_by_role("button", name="Start the chat")
            go.click()
            widget.frame.get_by_text("This is needed").first.wait_for()
            assert widget.inner.evaluate("document.activeElement.id") == "f-email"
            widget.check("before")
            widget.frame.get_by_label("E-mail address", exact=True).fill("mira@nowhere")
            widget.frame.get_by_label("What is it about?").select_option("Billing")
            go.click()
            widget.frame.get_by_text("This is no e-mail address").wait_for()
            widget.frame.get_by_label("E-mail address", exact=True).fill("mira@example.org")
            go.click()
            widget.frame.get_by_text("Also by e-mail to mira@example.org").wait_for()
            until(lambda: widget.frame.locator("#text:focus").count() == 1, "on it goes")
            row = Conversation.objects.get()
            assert (row.email, row.topic) == ("mira@example.org", "Billing")
            widget.say("It may begin")
            tab.reload()  # what is known is not asked again
            widget.open(wait="It may begin")
            assert widget.frame.locator("#ask").is_hidden()


def test_outside_the_hours_and_without_a_network(live_site: Site, browser_process: Browser) -> None:
    opens = timezone.now() + timedelta(days=3)
    with host.site(live_site.url) as origin:
        allow(origin)
        works("UTC", (DAYS[opens.weekday()],))
        with chromium.page(browser_process, size=SMALL) as (tab, watch):
            watch.allow("ERR_INTERNET_DISCONNECTED")
            watch.allow("400")
            widget = Widget(tab)
            widget.open(origin)
            widget.frame.get_by_text(f"Back {opens:%A} at 09:00").wait_for()
            widget.frame.get_by_text("Leave your e-mail address").wait_for()
            widget.check("outside")
            widget.write("<b>first</b>")
            file_all()
            widget.log.locator("[data-id]").wait_for()
            tab.context.set_offline(True)
            widget.frame.get_by_text("No connection").wait_for()
            widget.write("second")
            widget.frame.get_by_text("Waiting for the network").wait_for()
            widget.check("offline")
            tab.context.set_offline(False)
            file_all()
            # what the desk will never take is not tried for ever
            tab.route("**/messages/", lambda r: r.fulfill(status=400, json={}))
            widget.write("third")
            widget.frame.get_by_text("Not sent Try again").wait_for()
            widget.check("failed")
            tab.unroute("**/messages/")
            widget.frame.get_by_role("button", name="Try again").click()
            file_all()
            widget.frame.get_by_text("Not sent Try again").wait_for(state="detached")


def test_too_much_and_checking(live_site: Site, browser_process: Browser) -> None:
    with host.site(live_site.url) as origin:
        allow(origin, proof="always")
        # as many bits as the widget takes on at most: it is at it for long enough to be seen
        change_setting("chat_proof_bits", 24)
        with chromium.page(browser_process, size=SMALL) as (tab, watch):
            for status in ("429", "403"):
                watch.allow(status)
            widget = Widget(tab)
            widget.open(origin, wait="Checking that you are")
            widget.check("proof")
            tab.route(
                "**/sessions/", lambda r: r.fulfill(status=429, headers={"Retry-After": "600"})
            )
            tab.reload()
            widget.open(wait="We try again in 10 min.")
            widget.check("limit")


def test_the_launcher(live_site: Site, browser_process: Browser) -> None:
    """Closed, with unread answers, on a page that lets the checker in."""
    with host.site(live_site.url) as origin:
        allow(origin)
        with chromium.page(browser_process, size=SMALL) as (tab, _):
            widget = Widget(tab)
            # the host's policy keeps the checker out: the same script on a page without one
            tab.goto(f"{origin}/bare")
            tab.get_by_role("button", name="Ask a human").wait_for()
            widget.check("closed", page=True)
            widget.open()
            widget.say("question")
            tab.keyboard.press("Escape")
            answer(newest(), "an answer")
            tab.get_by_role("button", name="Ask a human New messages: 1").wait_for()
            widget.check("unread", page=True)
