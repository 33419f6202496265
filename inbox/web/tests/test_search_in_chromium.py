"""Search in a real browser: results while typing, narrowing down, the panel of a ticket; axe."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from inbox.accounts.models import User
from inbox.search import indexing
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from rig import chromium, desk
from rig.session import sign_in
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]
SIZES = {"desk": chromium.DESKTOP, "phone": chromium.PHONE, "narrow": (320, 700)}
SHOTS = os.environ.get("SHOTS_DIR", "")


@pytest.fixture
def ana(process_env: dict[str, str]) -> User:
    return desk.agent("ana")


def ask(text: str, subject: str, *, answer: str = "") -> Ticket:
    row = desk.ticket()
    assert row.asker is not None
    desk.act(tickets.set_subject, row, subject)
    desk.writes(row, row.asker, at=desk.NOW, new_text=text, body_text=text)
    if answer:
        desk.writes(row, desk.asker(), role="team", at=desk.NOW, new_text=answer, body_text=answer)
        desk.act(tickets.close, row, resolution="answered")
    return row


def _sound(tab: Page, name: str) -> None:
    """No violation, nothing beside the screen; a picture where somebody asked for one."""
    assert (
        tab.evaluate("document.documentElement.scrollWidth")
        <= (tab.viewport_size or {"width": 0})["width"]
    )
    found = Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()
    if SHOTS:
        tab.screenshot(path=Path(SHOTS) / f"{name}.png")


def _insert(tab: Page, button: Locator, *, before: str) -> None:
    """The answer goes where the cursor stands, into the reply; the button stays for another time."""
    words, answer = tab.locator("#words"), "> Add a heartbeat table, it moves the slot.\n\n"
    words.evaluate("(node, text) => { node.value = text; }", before)
    words.evaluate("node => node.setSelectionRange(node.value.length, node.value.length)")
    tab.locator("#mode-note").evaluate("node => node.click()")
    button.click()
    expect(words).to_have_value(f"{before}\n\n{answer}" if before else answer)
    expect(words).to_be_focused()
    expect(tab.locator("#mode-reply")).to_be_checked()
    expect(button).to_have_count(1)


def _keep(tab: Page) -> None:
    """The search as it stands now, facet included, is one press away on the rail."""
    tab.get_by_role("button", name="Save search").click()
    expect(tab.get_by_label("Name of the search")).to_be_focused()
    _sound(tab, "search-save")
    tab.keyboard.type("Slots")
    tab.keyboard.press("Enter")
    expect(tab.locator("#rail-views")).to_contain_text("Slots")
    expect(tab.get_by_role("checkbox", name="Solved")).to_be_checked()


@pytest.mark.parametrize("size", list(SIZES))
def test_a_search_while_typing_and_the_panel_of_a_ticket(
    ana: User, live_site: Site, browser_process: Browser, size: str
) -> None:
    line = "OSError: disk {} is full"
    ask(
        f"stop the run, then advance the replication slot to the current position. {line.format(7)}",
        "Dropping an inactive slot safely",
        answer="Add a heartbeat table, it moves the slot.",
    )
    row = ask(
        f"Replication slot is inactive between runs. We have 20 GB left. {line.format(9)}",
        "Replication slot grows after every run",
    )
    while indexing.catch_up(100):
        pass
    with chromium.page(browser_process, size=SIZES[size], base_url=live_site.url) as (tab, watch):
        for name in ("htmx:sendAbort", "htmx:afterRequest"):
            watch.allow(name)  # a page that is left gives up what it still fetches
        sign_in(tab, ana, url=live_site.url)
        tab.goto("/search/")
        _sound(tab, f"search-empty-{size}")
        field = tab.get_by_role("searchbox", name="Search")
        field.press_sequentially("replication slot")
        tab.locator(".search__sum", has_text="2 tickets").wait_for()
        assert tab.locator(".hit mark").count() >= 4
        assert field.evaluate("node => node === document.activeElement")
        _sound(tab, f"search-{size}")
        if size == "desk":
            tab.get_by_role("checkbox", name="Solved").check()
            tab.locator(".search__sum", has_text="1 ticket.").wait_for()
            _keep(tab)
        tab.goto(f"/tickets/{row.pk}/")
        if size == "desk":
            tab.locator("#list .row").first.wait_for()
        else:
            tab.get_by_role("button", name="Details").click()
        button = tab.locator("[data-insert]")
        button.wait_for()
        assert button.get_attribute("data-insert") == "> Add a heartbeat table, it moves the slot."
        tab.locator("#similar", has_text="seen 2×, 1 open").wait_for()
        _insert(tab, button, before="Hello," if size == "desk" else "")
        if size != "desk":
            tab.get_by_role("button", name="Details").click()
        _sound(tab, f"similar-{size}")
