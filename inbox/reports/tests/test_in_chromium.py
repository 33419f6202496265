"""The page of reports in a real browser: light, dark, wide, narrow, by keyboard, without flaws."""

from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page

from inbox import pipeline
from inbox.accounts.models import User
from inbox.common.work import Actor
from inbox.loop import services as loop
from inbox.reports import services
from inbox.tickets import services as tickets
from rig import chromium
from rig.desk import agent, mailbox, policy, ticket
from rig.session import sign_in
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]
LOOKS = [
    (chromium.DESKTOP, "light"),
    (chromium.DESKTOP, "dark"),
    ((1024, 800), "light"),
    (chromium.PHONE, "dark"),
    ((320, 700), "light"),
]


@pytest.fixture
def ana(process_env: dict[str, str]) -> User:
    """An agent with some days of work behind her."""
    ana, now = agent("ana"), timezone.now()
    channel = mailbox(policy=policy(first_response_unit="hours"))
    for n in range(6):
        at = now - timedelta(days=3 * n, hours=5)
        row = ticket(at=at, channel=channel)
        with pipeline.change(Actor.user(ana), now=at + timedelta(hours=1 + n % 2)):
            tickets.set_category(row, f"Category {n % 3}")
            tickets.reply(row, body="Here.", user=ana, then="wait")
        with pipeline.change(Actor.user(ana), now=at + timedelta(hours=3)):
            if n == 0:
                tickets.hold(row, reason="legal reads it")
            elif n == 1:
                loop.add_link(row, url="https://docs.example.com/state")
                tickets.close(row, resolution="docs_gap")
            else:
                tickets.close(row, resolution="solved")
    services.renew(now=now)
    return ana


def _flawless(tab: Page) -> None:
    violations = Axe().run(tab).response["violations"]
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in violations] == []
    width = tab.evaluate("document.documentElement.scrollWidth")
    assert width <= (tab.viewport_size or {"width": 0})["width"]


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_page_is_flawless_in_every_look(
    ana: User,
    live_site: Site,
    browser_process: Browser,
    size: tuple[int, int],
    scheme: chromium.Scheme,
) -> None:
    """axe finds nothing, nothing sticks out, ≤ 15 requests; so too with its tables and menu open."""
    with chromium.page(browser_process, size=size, scheme=scheme, base_url=live_site.url) as (
        tab,
        _,
    ):
        sign_in(tab, ana, url=live_site.url)
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto("/reports/")
        tab.get_by_role("heading", name="SLA kept").wait_for()
        assert len(asked) <= 15
        _flawless(tab)
        tab.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        _flawless(tab)
        tab.locator("[popovertarget=menu-narrow]").click()
        tab.locator("#menu-narrow").wait_for()
        _flawless(tab)


def test_days_and_filters_are_chosen_by_keyboard_and_a_file_is_kept(
    ana: User, live_site: Site, browser_process: Browser, tmp_path: Path
) -> None:
    with chromium.page(browser_process, base_url=live_site.url) as (tab, watch):
        sign_in(tab, ana, url=live_site.url)
        tab.goto("/reports/")
        tab.locator("[popovertarget=menu-narrow]").focus()
        tab.keyboard.press("Enter")
        tab.get_by_label("Category").first.select_option("Category 1")
        tab.keyboard.press("Tab")
        tab.get_by_role("button", name="Show").focus()
        tab.keyboard.press("Enter")
        tab.get_by_role("button", name="Category 1").wait_for()
        bars = tab.locator("section", has=tab.get_by_role("heading", name="What it was about"))
        assert bars.locator(".catbars li").all_inner_texts()[0].startswith("Category 1")
        bars.locator("summary").press("Enter")
        with tab.expect_download() as kept:
            bars.get_by_role("link", name="This table as CSV").click()
        file = tmp_path / "categories.csv"
        kept.value.save_as(file)
        lines = file.read_text("utf-8-sig").splitlines()
        assert lines == ["Category,Tickets,By people,By rules,Change", "Category 1,2,2,0,2"]
        watch.allow("422")
        tab.goto("/reports/?from=2026-11-02&to=2026-11-01")
        tab.get_by_role("alert").get_by_text("The last day is before the first.").wait_for()
        _flawless(tab)
