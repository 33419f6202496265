"""The seldom pages in each of their states: nothing sticks out, nothing is raw; pictures on demand.

`LOOK_DIR=… LOOK_AT=team` keeps pictures of what matches, in three widths, light and dark.
"""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from inbox.web.tests import secondary
from inbox.web.tests.secondary import ANA, State
from rig import chromium
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]
WIDTHS = (1440, 1024, 390)
SCHEMES: tuple[chromium.Scheme, ...] = ("light", "dark")
TALLEST = 2_600
# what a page of ours never says to people
RAW = re.compile(r"\bundefined\b|\[object |&amp;|&lt;|This field is required")


def wrong(tab: Page) -> list[str]:
    """What sticks out, and what a person should not have to read."""
    width = (tab.viewport_size or {"width": 0})["width"]
    wide = tab.evaluate("document.documentElement.scrollWidth")
    said = [f"{width}: {wide} px wide"] if wide > width else []
    out = tab.evaluate(
        """() => [...document.querySelectorAll('main :is(.btn, .input, .select, .chip, h1, h2)')]
          .filter(node => node.checkVisibility() && !node.closest('.vh, .scroller, .scrollx'))
          .map(node => [node.getBoundingClientRect(), node])
          .filter(([box, node]) => box.width && (box.right > innerWidth + 1 || box.left < -1))
          .map(([box, node]) => node.outerHTML.slice(0, 90))"""
    )
    said += [f"{width}: beside the screen: {one}" for one in out]
    return said + [f"raw: {m.group()}" for m in RAW.finditer(tab.locator("body").inner_text())]


def picture(tab: Page, folder: Path, name: str) -> None:
    """One look in all its length."""
    height = tab.evaluate(
        "Math.max(...[document.documentElement, ...document.querySelectorAll('.page, .list__scroll')]"
        ".map(node => node.scrollHeight + node.getBoundingClientRect().top))"
    )
    size = tab.viewport_size or {"width": 390, "height": 844}
    tab.set_viewport_size({**size, "height": min(max(int(height) + 60, size["height"]), TALLEST)})
    chromium.screenshot(tab, folder / f"{name}.png")


def look(tab: Page, state: State, folder: Path | None) -> list[str]:
    """Open a state and look at it in each width; in each scheme where pictures are kept."""
    tab.set_viewport_size({"width": 1440, "height": 900})
    if state.address:
        tab.goto(state.address)
    if state.do:
        state.do(tab)
    expect(tab.locator(".htmx-request")).to_have_count(0)
    said = []
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": 844 if width < 500 else 900})
        said += wrong(tab)
        for scheme in SCHEMES if folder else ():
            tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            picture(tab, folder or Path(), f"{state.name}-{width}-{scheme}")
            tab.set_viewport_size({"width": width, "height": 844 if width < 500 else 900})
    tab.context.set_offline(False)
    return said


def walk(states: list[State], site: Site, browser: Browser, cookie: str) -> dict[str, Any]:
    """What is wrong with each state that was asked for."""
    folder = Path(os.environ["LOOK_DIR"]) if os.environ.get("LOOK_DIR") else None
    wanted = re.compile(os.environ.get("LOOK_AT", ""))
    found: dict[str, Any] = {}
    tabs: dict[str, Page] = {}
    for who in sorted({state.who for state in states}):
        context = browser.new_context(base_url=site.url, locale="en-GB", timezone_id="UTC")
        context.set_default_timeout(chromium.PATIENCE)
        if who == ANA:
            name = settings.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": cookie, "url": site.url}])
        tabs[who] = context.new_page()
    for state in states:
        if wanted.search(state.name) and (said := look(tabs[state.who], state, folder)):
            found[state.name] = said
    for tab in tabs.values():
        tab.context.close()
    return found


def test_every_state_of_a_desk_at_work(
    process_env: dict[str, str], live_site: Site, browser_process: Browser
) -> None:
    world = secondary.fill()
    ana = secondary.administrator("ana")
    states = list(secondary.states(world))
    cookie = secondary.session_of(ana)
    assert walk(states, live_site, browser_process, cookie) == {}


def test_every_page_of_an_empty_desk(
    process_env: dict[str, str], live_site: Site, browser_process: Browser
) -> None:
    cookie = secondary.session_of(secondary.administrator("ana"))
    assert walk(list(secondary.empty_states()), live_site, browser_process, cookie) == {}
