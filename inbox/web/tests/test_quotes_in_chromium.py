"""A quote by keyboard in a real browser: kept, asked about, allowed, in the file, taken back."""

import csv
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from inbox.community.records import Quote
from inbox.community.tests.speaking import VERBATIM, WORDS, said
from rig import chromium
from rig.desk import agent, writes
from rig.session import sign_in
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]
HEADINGS, TABS = 1, 150
# what "find in page" of a browser leaves: its words selected, and the focus nowhere else
FOUND = "(word) => { document.activeElement.blur(); return find(word); }"


def reach(tab: Page, target: Locator, key: str = "Tab") -> None:
    """Press Tab until the focus is there."""
    for _ in range(TABS):
        if target.evaluate("found => found === document.activeElement"):
            return
        tab.keyboard.press(key)
    raise AssertionError(f"{target} is not reached by {key}")


def press(tab: Page, target: Locator, key: str = "Tab") -> None:
    """Go there by Tab, and press Enter."""
    reach(tab, target, key)
    tab.keyboard.press("Enter")


def button(within: Page | Locator, name: str) -> Locator:
    return within.get_by_role("button", name=name, exact=True)


def file_of(tab: Page) -> list[list[str]]:
    """What the list's CSV has beneath its headings."""
    with tab.expect_download() as found:
        press(tab, button(tab, "What is allowed, as CSV"))
    text = Path(found.value.path()).read_text("utf-8-sig")
    return list(csv.reader(text.splitlines(keepends=True)))[HEADINGS:]


def keep(tab: Page, message: int) -> None:
    """Select words of a message, and keep them."""
    wanted = WORDS.split()
    assert tab.evaluate(FOUND, wanted[0])
    for _ in WORDS:  # the end of a line is a step of its own
        if tab.evaluate("`${getSelection()}`").split() == wanted:
            break
        tab.keyboard.press("Control+Shift+ArrowRight")
    press(tab, tab.locator(f"[data-quote=message-{message}]"))
    words = tab.get_by_label("Which of these words")
    assert words.input_value().split() == wanted
    reach(tab, tab.get_by_label("What it is about"))
    tab.keyboard.type("Speed")
    press(tab, button(tab, "Keep as quote"))
    tab.get_by_text("Kept, word for word").wait_for()


def test_words_become_a_quote_by_keyboard_and_are_gone_at_once_when_taken_back(
    process_env: dict[str, str], live_site: Site, browser_process: Browser
) -> None:
    del process_env
    message = said()
    with chromium.page(browser_process, base_url=live_site.url) as (tab, _):
        sign_in(tab, agent("ana"), url=live_site.url)
        tab.goto(f"/tickets/{message.ticket_id}/")
        keep(tab, message.pk)
        quote = Quote.objects.get()
        assert (quote.text, quote.state) == (VERBATIM, "not_asked")

        row = tab.locator(f"#quote-{quote.pk}")
        press(tab, row.locator("summary", has_text="Ask permission"))
        press(tab, button(row, "Ask Mira"))
        expect(row.locator(".quote .chip")).to_have_text("Asked")

        yes = "Yes, with my name"
        writes(message.ticket, quote.identity, at=timezone.now(), new_text=yes, body_text=yes)
        tab.reload()
        press(tab, row.locator("summary", has_text="File their answer"))
        reach(tab, row.get_by_label("This is the answer"))
        tab.keyboard.type("Yes")
        reach(tab, row.get_by_label("How they want to be called"))
        tab.keyboard.type("Mira, Solvane")
        press(tab, button(row, "With name"))
        expect(row.locator(".quote .chip")).to_have_text("With name")
        expect(row.locator("[aria-label=Consent] li", has_text="With name")).to_contain_text(
            "the proof"
        )

        tab.goto("/people/quotes/?show=usable")
        assert [line[:3] for line in file_of(tab)] == [[VERBATIM, "Mira, Solvane", "With name"]]
        press(tab, row.get_by_role("button", name="Withdraw"), "Shift+Tab")
        expect(row.locator(".quote .chip")).to_have_text("Withdrawn")
        assert file_of(tab) == []
        tab.goto("/people/quotes/?show=usable")
        tab.get_by_role("heading", name="No quote fits").wait_for()
        assert row.count() == 0
