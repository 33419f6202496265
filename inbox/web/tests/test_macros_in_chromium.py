"""Macros in a real browser: found by key, put where the cursor stands, done with the send."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from inbox import pipeline
from inbox.channels.models import Channel, Delivery
from inbox.handbook.services import load
from inbox.intake.tests.test_mail import PRESET
from inbox.livechat import services, sessions
from inbox.livechat.sessions import Claims, Here
from inbox.tickets.models import Message, Ticket
from rig import chromium
from rig.desk import NOW, agent
from rig.session import sign_in
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]


@pytest.fixture
def chatted(process_env: dict[str, str]) -> Ticket:
    """The shipped handbook, and Mira in the chat."""
    del process_env
    load(PRESET.read_text())
    channel = Channel.objects.get(kind="livechat")
    claims = Claims(name="Mira Sol")
    here = Here(channel=channel, token="", address="127.0.0.1", now=NOW)
    _, conversation = sessions.begin(here, claims)
    services.say(conversation, client_id="line-0001", text="It hangs on a slot", now=NOW)
    assert pipeline.process_delivery(Delivery.objects.get().pk) == "done"
    return Ticket.objects.get()


def look(tab: Page, name: str, part: str = "html") -> None:
    """No violation in that part; a picture where somebody wants to look (`LOOK_DIR`)."""
    found = Axe().run(tab, context=part).response["violations"]
    assert [(one["id"], [n["html"] for n in one["nodes"]]) for one in found] == []
    width = tab.evaluate("document.documentElement.scrollWidth")
    assert width <= (tab.viewport_size or {"width": 0})["width"]
    if folder := os.environ.get("LOOK_DIR"):
        chromium.screenshot(tab, Path(folder) / f"{name}.png")


@pytest.mark.parametrize("size", [chromium.DESKTOP, chromium.PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_macro_goes_where_the_cursor_stands_and_does_its_part(
    size: tuple[int, int],
    scheme: chromium.Scheme,
    chatted: Ticket,
    live_site: Site,
    browser_process: Browser,
) -> None:
    name = f"{size[0]}-{scheme}"
    with chromium.page(browser_process, size=size, scheme=scheme, base_url=live_site.url) as (
        tab,
        _,
    ):
        sign_in(tab, agent("ilse"), url=live_site.url)
        tab.goto(f"/tickets/{chatted.pk}/")
        tab.evaluate("htmx.config.defaultSettleDelay = 500")  # a slow machine, or a quick Enter
        words = tab.locator("#words")
        words.fill("Before.  After.")
        words.evaluate("field => field.setSelectionRange(8, 8)")
        tab.locator("#talk-title").focus()
        tab.keyboard.press(";")
        dialog = tab.locator("#macro-dialog")
        dialog.get_by_text("Hello, I am looking").wait_for()
        expect(dialog.get_by_role("searchbox")).to_be_focused()
        assert dialog.get_by_role("heading").all_inner_texts() == [
            "Macros",
            "For live chat",
            "Everywhere",
        ]
        look(tab, f"macros-dialog-{name}", "#macro-dialog")
        tab.keyboard.type("goodbye")
        expect(dialog.locator("[name=use]")).to_have_count(1)
        tab.keyboard.press("Enter")
        expect(dialog).not_to_be_visible()
        expect(words).to_have_value("Before. Glad that it works, Mira. Come back any time! After.")
        expect(words).to_be_focused()
        used = tab.locator("#macro-used")
        expect(used.get_by_label("close it as “solved”")).to_be_checked()
        look(tab, f"macros-used-{name}", "#composer")
        tab.keyboard.press("Control+Enter")
        tab.get_by_text("used the macro “Glad it works”").wait_for()
        chatted.refresh_from_db()
        assert (chatted.status, chatted.resolution) == ("closed", "solved")
        assert Message.objects.filter(direction="out").count() == 1
        look(tab, f"macros-done-{name}", "#thread")
        tab.locator(".thread").get_by_role("button", name="Undo").last.click()
        back = tab.get_by_text("took the macro “Glad it works” back")
        back.wait_for(state="attached")  # among the folded changes
        chatted.refresh_from_db()
        assert chatted.status == "open"


@pytest.mark.parametrize("size", [chromium.DESKTOP, chromium.PHONE])
def test_the_book_and_its_editor(
    size: tuple[int, int], chatted: Ticket, live_site: Site, browser_process: Browser
) -> None:
    del chatted
    with chromium.page(browser_process, size=size, base_url=live_site.url) as (tab, watch):
        watch.allow("status of 422")
        sign_in(tab, agent("ana"), url=live_site.url)
        tab.goto("/macros/")
        look(tab, f"book-{size[0]}")
        tab.goto("/macros/edit/offer-a-call/")
        look(tab, f"editor-{size[0]}")
        tab.get_by_label("Words").fill("Hi {{ requester.secret }}")
        tab.get_by_role("button", name="Preview").click()
        tab.get_by_text("There is no variable “requester.secret”").wait_for()
        look(tab, f"editor-wrong-{size[0]}")
