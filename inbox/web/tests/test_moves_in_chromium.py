"""By keyboard alone, and two at once: palette, menus, merging and back; nobody's answer is lost."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from inbox.livechat.tests.browsing import WIDE, no_violations
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Ticket
from inbox.web.tests.test_presence_in_chromium import PASSWORD, sign_in
from rig import chromium, worker
from rig.desk import act, agent, asker, ticket
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]


@pytest.fixture
def site(process_env: dict[str, str], tmp_path: Path) -> Iterator[Site]:
    """Web alone: nothing here leaves the house."""
    for name in ("ana", "bo"):
        user = agent(name)
        user.set_password(PASSWORD)
        user.save()
    with worker.web(process_env, folder=tmp_path) as found:
        yield found


def shot(tab: Page, name: str) -> None:
    chromium.screenshot(tab, Path(settings.DATA_DIR) / "screens" / f"{name}.png")


def status_of(row: Ticket) -> str:
    row.refresh_from_db()
    return row.status


def test_a_ticket_is_found_merged_and_taken_apart_by_keys_alone(
    site: Site, browser_process: Browser
) -> None:
    who, now = asker("mirela"), timezone.now()
    one, two = ticket(who=who, at=now), ticket(who=who, at=now)
    act(tickets.set_subject, one, "The replication slot grows", at=now)
    with chromium.page(browser_process, base_url=site.url) as (tab, _):
        sign_in(tab, "ana")
        palette_finds(tab, one)
        menus_by_letters(tab, one)
        merged_and_back(tab, one, two)
        panes_and_help(tab)
        sheets_on_a_phone(tab, one)


def palette_finds(tab: Page, one: Ticket) -> None:
    """⌘K, a word, Enter; the title has the focus."""
    tab.keyboard.press("Control+k")
    expect(tab.locator("#palette-list [role=option]").first).to_be_visible()
    tab.keyboard.type("slot")
    first = tab.locator('#palette-list [aria-selected="true"]')
    expect(first).to_contain_text("The replication slot grows")
    no_violations(tab, "palette")
    shot(tab, "palette")
    tab.keyboard.press("Enter")
    expect(tab.locator("#talk-title")).to_be_focused()
    expect(tab).to_have_url(f"{tab.url.split('/tickets/')[0]}/tickets/{one.pk}/")


def menus_by_letters(tab: Page, one: Ticket) -> None:
    """P U: urgent. S W: we wait for them. ⌘K and a few letters do the same."""
    for keys, shown in (("pu", "Urgent"), ("sw", "Waiting on them")):
        for key in keys:
            tab.keyboard.press(key)
        expect(tab.locator("#meta")).to_contain_text(shown)
    tab.keyboard.press("Control+k")
    tab.keyboard.type(">assign me")
    expect(tab.locator('#palette-list [aria-selected="true"]')).to_contain_text("Assign to me")
    tab.keyboard.press("Enter")
    expect(tab.locator("#meta")).to_contain_text("Ana")
    expect(tab.locator("#n-mine")).to_have_text("1")


def merged_and_back(tab: Page, one: Ticket, two: Ticket) -> None:
    """M, Enter on the same person's other ticket, Enter; ⌘Z."""
    tab.keyboard.press("m")
    expect(tab.locator("#merge-list a").first).to_be_focused()
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("button", name=f"Merge into #{two.pk}")).to_be_focused()
    no_violations(tab, "merge")
    shot(tab, "merge")
    tab.keyboard.press("Enter")
    expect(tab.locator("#thread")).to_contain_text(f"merged #{one.pk} into this")
    assert status_of(one) == "merged"
    shot(tab, "merged")
    tab.keyboard.press("Control+z")
    expect(tab.locator("#toasts")).to_contain_text(f"Undone: merged into #{two.pk}")
    assert status_of(one) == "in_progress"


def panes_and_help(tab: Page) -> None:
    """? shows the map; F6 goes round; G P goes to people, U back to the row."""
    tab.keyboard.press("?")
    expect(tab.locator("#help")).to_be_visible()
    no_violations(tab, "help")
    shot(tab, "help")
    tab.keyboard.press("Escape")
    tab.keyboard.press("F6")
    tab.keyboard.press("g")
    tab.keyboard.press("p")
    expect(tab).to_have_url(f"{tab.url.split('/people')[0].split('/tickets')[0]}/people/")
    tab.wait_for_load_state("load")  # keys are heard from then on
    tab.keyboard.press("g")
    tab.keyboard.press("q")
    tab.locator("#queue").wait_for()
    tab.wait_for_load_state("load")  # keys are heard from then on
    tab.keyboard.press("j")
    row = tab.evaluate("document.activeElement.getAttribute('href')")
    tab.keyboard.press("Enter")
    expect(tab.locator("#talk-title")).to_be_focused()
    tab.keyboard.press("u")
    tab.locator("#queue").wait_for()
    tab.wait_for_load_state("load")  # keys are heard from then on
    assert tab.evaluate("document.activeElement.getAttribute('href')") == row


def sheets_on_a_phone(tab: Page, one: Ticket) -> None:
    """Every menu fits 390 pixels."""
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.goto(f"/tickets/{one.pk}/")
    for menu in (
        "status",
        "assign",
        "category",
        "priority",
        "team",
        "snooze",
        "hold",
        "close",
        "more",
    ):
        tab.evaluate(f"document.getElementById('menu-{menu}').showPopover()")
        box = tab.locator(f"#menu-{menu}").bounding_box()
        assert box is not None
        assert (box["x"] >= 0, box["x"] + box["width"] <= 390) == (True, True), menu
        assert box["y"] >= 0, menu
        shot(tab, f"menu-{menu}-390")
        tab.evaluate(f"document.getElementById('menu-{menu}').hidePopover()")
    assert tab.evaluate(WIDE) <= 0


def test_two_who_answer_at_once_are_both_heard_once(site: Site, browser_process: Browser) -> None:
    """Each sees the other; who is behind is asked; counts follow on the other's rail."""
    with ExitStack() as stack:
        opened = [
            stack.enter_context(chromium.page(browser_process, base_url=site.url)) for _ in range(2)
        ]
        for _, watch in opened:
            watch.allow("409")  # whoever is behind is asked
        first, second = (tab for tab, _ in opened)
        row = ticket(at=timezone.now())
        for tab, name in ((first, "ana"), (second, "bo")):
            sign_in(tab, name)
            tab.goto(f"/tickets/{row.pk}/")
        expect(first.locator("#presence")).to_contain_text("Bo is looking at this")
        for tab, words in ((first, "The answer of Ana"), (second, "The answer of Bo")):
            tab.locator("#words").fill(words)
        first.get_by_role("button", name="Send", exact=True).click()
        second.get_by_role("button", name="Send", exact=True).click()
        asked = second.get_by_role("button", name="Add mine below")
        expect(second.locator(".talk")).to_contain_text("The answer of Ana")
        mine = second.locator("#thread").get_by_text("The answer of Bo")
        expect(asked.or_(mine).first).to_be_visible()  # whose page was older is asked
        if asked.is_visible():
            expect(second.locator("#words")).to_have_value("The answer of Bo")
            asked.click()
        for tab in (first, second):
            for words in ("The answer of Ana", "The answer of Bo"):
                expect(tab.locator("#thread").get_by_text(words)).to_have_count(1)
        sent = Message.objects.filter(ticket=row, direction="out").values_list(
            "new_text", flat=True
        )
        assert sorted(sent) == ["The answer of Ana", "The answer of Bo"]
        expect(first.locator("#n-mine")).to_have_text("0")
        second.goto(f"/tickets/{row.pk}/")
        second.locator("#talk-title").focus()
        second.keyboard.press("a")
        second.keyboard.type("Ana")
        second.keyboard.press("Enter")
        expect(first.locator("#n-mine")).to_have_text("1")
