"""Writing in a real browser: nothing is lost, files wait, an answer comes back, names complete."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from inbox.tickets import services as tickets
from inbox.tickets.drafts import Draft
from inbox.tickets.models import Attachment, Message, Ticket
from inbox.web.tests.test_conversation import long_one
from rig import chromium
from rig.desk import act, agent, ticket
from rig.session import sign_in
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]


def look(tab: Page, name: str) -> None:
    """No violation, nothing wider than the page; a picture for whoever wants one (`LOOK_DIR`)."""
    found = Axe().run(tab).response["violations"]
    assert [(one["id"], [n["html"] for n in one["nodes"]]) for one in found] == []
    width = tab.evaluate("document.documentElement.scrollWidth")
    assert width <= (tab.viewport_size or {"width": 0})["width"]
    if folder := os.environ.get("LOOK_DIR"):
        chromium.screenshot(tab, Path(folder) / f"{name}.png")


def test_words_and_files_survive_until_they_are_sent_and_come_back(
    process_env: dict[str, str], live_site: Site, browser_process: Browser
) -> None:
    del process_env
    row = ticket()
    agent("noor", last_name="Vestergaard")
    with chromium.page(browser_process, base_url=live_site.url) as (tab, watch):
        watch.allow("ERR_INTERNET_DISCONNECTED")
        watch.allow("htmx:")
        watch.allow("422")
        sign_in(tab, agent("ana"), url=live_site.url)
        tab.goto(f"/tickets/{row.pk}/")
        words, saved = tab.locator("#words"), tab.locator("#saved")
        words.press_sequentially("Done :tad")
        tab.locator("#complete").get_by_text(":tada:").wait_for()
        look(tab, "completion")
        tab.keyboard.press("Enter")
        words.press_sequentially("**really**")
        expect(words).to_have_value("Done 🎉 **really**")
        expect(saved).to_contain_text("Draft kept")
        tab.locator("input[type=file]").set_input_files(
            {"name": "run.log", "mimeType": "text/plain", "buffer": b"log"}
        )
        expect(tab.locator("#files [name=file]")).to_have_count(1)
        tab.keyboard.press("Control+Shift+P")
        expect(tab.locator("#preview strong")).to_have_text("really")
        tab.context.set_offline(True)
        words.press_sequentially("!")
        expect(tab.locator("#trouble")).to_contain_text("no connection")
        tab.context.set_offline(False)
        expect(saved).to_contain_text("Draft kept")
        tab.reload()
        expect(words).to_have_value("Done 🎉 **really**!")
        look(tab, "draft-kept")
        words.press("Control+Enter")
        expect(tab.locator("[data-leaves]")).to_contain_text("Leaves in")
        assert not Draft.objects.exists()
        tab.locator("#talk-title").focus()
        tab.keyboard.press("Control+z")
        expect(words).to_have_value("Done 🎉 **really**!")
        expect(words).to_be_focused()
        assert Attachment.objects.get().draft == Draft.objects.get()
        expect(tab.locator("#thread")).to_contain_text("took an answer back")
        expect(tab.locator(".htmx-request")).to_have_count(0)  # what the way back fetches is there
        tab.locator("label", has=tab.locator("#mode-note")).click()
        words.fill("")
        words.press_sequentially("Look, @ve")
        tab.locator("#complete").get_by_text("Noor Vestergaard").wait_for()
        tab.keyboard.press("Tab")
        words.press("Control+Enter")
        expect(tab.locator(".msg--note .mention")).to_have_text("@Noor Vestergaard")
        assert Message.objects.latest("pk").attachments.count() == 1
        closed_by_keyboard(tab, row)


def closed_by_keyboard(tab: Page, row: Ticket) -> None:
    """A docs gap needs its page; asking for it loses nothing."""
    tab.locator("#words").fill("half an answer")
    expect(tab.locator("#saved")).to_contain_text("Draft kept")
    for link in ("", "https://docs.example.org/slots"):
        tab.locator("#talk-title").focus()
        tab.keyboard.press("e")
        expect(tab.locator("#f-res")).to_be_focused()
        tab.keyboard.type("Docs gap")
        tab.keyboard.press("Tab")
        tab.keyboard.type(link)
        tab.keyboard.press("Enter")
        expect(tab.locator("#words")).to_have_value("half an answer")
        said = "needs a link" if not link else "Closed"
        expect(tab.locator("#talk-head")).to_contain_text(said)
    row.refresh_from_db()
    assert (row.status, row.resolution) == ("closed", "docs_gap")


@pytest.mark.parametrize("size", [chromium.DESKTOP, chromium.PHONE])
def test_a_long_conversation_is_read_backwards_and_grows_at_its_end(
    size: tuple[int, int],
    process_env: dict[str, str],
    live_site: Site,
    browser_process: Browser,
) -> None:
    del process_env
    row = long_one(300)
    keys = list(row.messages.order_by("sent_at", "pk").values_list("pk", flat=True))
    with chromium.page(browser_process, size=size, base_url=live_site.url) as (tab, _):
        sign_in(tab, agent("ana"), url=live_site.url)
        tab.goto(f"/tickets/{row.pk}/")
        shown = tab.locator(".msg[id^=message]")
        expect(shown).to_have_count(40)
        look(tab, f"long-{size[0]}")
        tab.get_by_role("link", name="Show 40 older").click()
        expect(shown).to_have_count(80)
        tab.locator(f"#message-{keys[230]}").scroll_into_view_if_needed()
        _grows(tab, row)
        expect(shown).to_have_count(81)
        expect(tab.get_by_role("button", name="1 new message")).to_be_visible()
        tab.goto(f"/tickets/{row.pk}/#message-{keys[7]}")
        expect(tab.locator(f"#message-{keys[7]}")).to_be_in_viewport(timeout=20_000)
        act(tickets.merge, row, into=ticket())
        expect(tab.locator("#meanwhile")).to_contain_text("This was merged meanwhile")
        look(tab, f"merged-{size[0]}")


def _grows(tab: Page, row: Ticket) -> None:
    tab.locator("#thread").wait_for()
    act(tickets.add_note, row, body="fresh", user=agent("bo"), at=timezone.now())
    expect(tab.locator("#thread")).to_contain_text("fresh")
