"""Triage and the Monday product review in a real browser, on a phone too, and without JavaScript."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page

from inbox.accounts.models import User
from inbox.tickets.models import Ticket
from rig import chromium
from rig.desk import agent
from rig.issues import issue
from rig.session import sign_in
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]
SIZES = {"desk": chromium.DESKTOP, "phone": chromium.PHONE}
TRIAGE, REVIEW = "Triage 👀", "Product review"


@pytest.fixture
def ana(process_env: dict[str, str]) -> User:
    return agent("ana")


def _fits(tab: Page) -> None:
    width = tab.evaluate("document.documentElement.scrollWidth")
    assert width <= (tab.viewport_size or {"width": 0})["width"]


def _tags(row: Ticket) -> list[str]:
    return list(row.tags.values_list("name", flat=True))


@pytest.mark.parametrize("size", list(SIZES))
def test_an_item_is_scoped_decided_and_the_decision_undone(
    ana: User, live_site: Site, browser_process: Browser, size: str
) -> None:
    now = timezone.now()
    row = issue("Dry run with row counts", labels=(TRIAGE,), at=now - timedelta(days=2))
    issue("Key pairs", labels=(REVIEW,), at=now - timedelta(days=1))
    with chromium.page(browser_process, size=SIZES[size], base_url=live_site.url) as (tab, _):
        sign_in(tab, ana, url=live_site.url)
        tab.goto("/triage/")
        tab.get_by_role("button", name="Needs scoping").click()
        words = tab.get_by_label("Comment on example/core")
        assert "product team looks at it" in words.input_value()
        _fits(tab)
        tab.get_by_role("button", name="Comment and hand to product").click()
        tab.locator(".toast", has_text="Said so").wait_for()
        assert _tags(row) == [REVIEW]
        tab.goto("/review/")
        tab.evaluate("document.body.dataset.same = 'yes'")
        item = tab.locator(".agenda__item", has_text="Dry run with row counts")
        item.get_by_label("Reason").fill("Small, and three people asked.")
        item.get_by_role("button", name="Community backlog").click()
        tab.locator(".progress__n", has_text="1 of 2").wait_for()
        assert _tags(row) == ["Community"]
        assert item.count() == 0
        _fits(tab)
        # the keyboard goes on with the next item
        tab.locator(".row__what:focus", has_text="Key pairs").wait_for()
        tab.get_by_role("status").get_by_role("button", name="Undo").click()
        item.wait_for()
        tab.locator(".progress__n", has_text="0 of 2").wait_for()
        assert tab.evaluate("document.body.dataset.same") == "yes"  # no reload
    assert _tags(row) == [REVIEW]


def test_agenda_is_decided_by_keys_alone(
    ana: User, live_site: Site, browser_process: Browser
) -> None:
    now = timezone.now()
    rows = [issue(f"Wish {n}", labels=(REVIEW,), at=now - timedelta(days=9 - n)) for n in (1, 2)]
    with chromium.page(browser_process, base_url=live_site.url) as (tab, _):
        sign_in(tab, ana, url=live_site.url)
        tab.goto("/review/")
        tab.keyboard.press("j")
        tab.keyboard.press("1")
        tab.locator(".progress__n", has_text="1 of 2").wait_for()
        tab.locator(".row__what:focus", has_text="Wish 2").wait_for()
        tab.keyboard.press("3")
        tab.locator(".progress__n", has_text="2 of 2").wait_for()
        assert [_tags(row) for row in rows] == [
            ["Sprint task"],
            ["Community", "Open to contribution"],
        ]
        tab.keyboard.press("z")
        tab.locator(".progress__n", has_text="1 of 2").wait_for()
    assert _tags(rows[1]) == [REVIEW]


def test_agenda_works_without_javascript(
    ana: User, live_site: Site, browser_process: Browser
) -> None:
    row = issue("Key pairs", labels=(REVIEW,))
    page = chromium.page(browser_process, javascript=False, base_url=live_site.url)
    with page as (tab, _):
        sign_in(tab, ana, url=live_site.url)
        tab.goto("/review/")
        tab.get_by_role("button", name="Sprint task").click()
        tab.locator(".toast", has_text="Sprint task").wait_for()
        assert _tags(row) == ["Sprint task"]
        tab.get_by_role("button", name="Undo").click()
        tab.locator(".toast", has_text="on the agenda again").wait_for()
    assert _tags(row) == [REVIEW]
