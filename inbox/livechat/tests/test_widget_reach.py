"""The widget by keyboard, on a phone, with little room and in a site's own colours."""

import pytest
from playwright.sync_api import Browser, Page

from inbox.livechat.tests import host
from inbox.livechat.tests.browsing import GREETING, Widget, allow, came_before, file_all, until
from rig import chromium
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]


def focused(widget: Widget) -> str:
    """The id of what has the focus in the frame."""
    return str(widget.inner.evaluate("document.activeElement.id"))


def test_only_the_keyboard(live_site: Site, browser_process: Browser) -> None:
    """Everything can be reached, Esc goes one step back, and the focus is never lost."""
    with host.site(live_site.url) as origin:
        allow(origin)
        with chromium.page(browser_process) as (tab, _):
            widget = Widget(tab)
            widget.comes_as(came_before(origin, "Old"))
            tab.goto(origin)
            launcher = tab.get_by_role("button", name="Ask a human")
            launcher.wait_for()
            tab.keyboard.press("Tab")  # the page's own link
            tab.keyboard.press("Tab")
            assert launcher.get_attribute("aria-expanded") == "false"
            tab.keyboard.press("Enter")
            widget.frame.get_by_text(GREETING).wait_for()
            until(lambda: focused(widget) == "text", "the field has it")
            tab.keyboard.type("by keyboard\n")
            file_all()
            widget.log.locator("[data-id]").wait_for()
            assert focused(widget) == "text"
            widget.frame.locator("#more").focus()
            tab.keyboard.press("Enter")
            tab.keyboard.press("Tab")
            assert focused(widget) == "m-history"
            tab.keyboard.press("Escape")
            assert widget.frame.locator("#menu").is_hidden()
            assert focused(widget) == "more"
            tab.keyboard.press("Enter")
            tab.keyboard.press("Tab")
            tab.keyboard.press("Enter")
            assert focused(widget) == "panel-title"
            tab.keyboard.press("Escape")
            assert focused(widget) == "more"
            widget.menu("End the chat")
            widget.frame.get_by_text("How was it?").wait_for()
            until(lambda: widget.inner.evaluate("document.activeElement.name") == "score", "faces")
            tab.keyboard.press("ArrowRight")
            tab.keyboard.press("Enter")
            widget.frame.get_by_text("Thank you. You said: Bad").wait_for()
            assert focused(widget) == "again"
            tab.keyboard.press("Escape")
            until(lambda: on_launcher(tab), "back on the launcher")  # the frame tells its host


def on_launcher(tab: Page) -> bool:
    """Whether the launcher has the focus."""
    focus = "document.querySelector('[data-desk]').shadowRoot.activeElement?.type"
    return bool(tab.evaluate(focus) == "button")


def test_on_a_phone_it_is_a_modal_dialog(live_site: Site, browser_process: Browser) -> None:
    with host.site(live_site.url) as origin:
        allow(origin)
        with chromium.page(browser_process, size=(360, 640)) as (tab, _):
            widget = Widget(tab)
            widget.open(origin)
            dialog = "document.querySelector('[data-desk]').shadowRoot.querySelector('dialog')"
            assert tab.evaluate(f"{dialog}.matches(':modal')")
            box = tab.evaluate(f"(({dialog}).getBoundingClientRect()).toJSON()")
            assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 360, 640)
            for _step in range(12):  # nothing behind it takes the focus
                tab.keyboard.press("Tab")
                assert tab.evaluate("document.activeElement.tagName") in ("DIV", "BODY")
            widget.frame.get_by_role("button", name="Close the chat").click()
            tab.get_by_role("button", name="Ask a human").wait_for()
            until(lambda: on_launcher(tab), "back on the launcher")
            widget.open(wait="")
            tab.set_viewport_size({"width": 1000, "height": 700})
            until(lambda: not tab.evaluate(f"{dialog}.matches(':modal')"), "beside the page")
            assert tab.evaluate(f"{dialog}.open")
            widget.frame.locator("#shut").wait_for(state="hidden")


def test_the_site_s_theme_and_little_room(live_site: Site, browser_process: Browser) -> None:
    """Own colours and corner; targets of 24 px; 400 % and wide line spacing cut nothing off."""
    theme = "{accent: 'rgb(122, 46, 0)', 'on-accent': 'rgb(255, 255, 255)', side: 'left', 'space-x': '40px', scheme: 'light'}"
    with host.site(live_site.url, settings=f"window.deskSettings = {{theme: {theme}}}") as origin:
        allow(origin)
        with chromium.page(browser_process, scheme="dark") as (tab, _):
            widget = Widget(tab)
            widget.open(origin)
            widget.say("mine")
            launcher = tab.get_by_role("button", name="Close the chat")
            assert launcher.bounding_box()["x"] == 40  # type: ignore[index]  # it is shown
            colour = (
                "getComputedStyle(document.querySelector('.bub--me .bub__body')).backgroundColor"
            )
            assert widget.inner.evaluate(colour) == "rgb(122, 46, 0)"
            surface = "getComputedStyle(document.body).backgroundColor"
            assert widget.inner.evaluate(surface) == "rgb(255, 255, 255)"
            small = """[...document.querySelectorAll("button, a, input")].filter((one) => one.checkVisibility() && !one.closest(".vh, .bub__body p"))
              .map((one) => [one.id || one.className, one.getBoundingClientRect()]).filter(([, box]) => box.width > 1 && Math.min(box.width, box.height) < 24).map(([name]) => name)"""
            assert widget.inner.evaluate(small) == []
        with chromium.page(browser_process, size=(320, 256)) as (tab, _):
            widget = Widget(tab)
            widget.open(origin)
            widget.say("word " * 60)
            spaced = "document.body.style.cssText += 'line-height: 1.5; letter-spacing: .12em; word-spacing: .16em'"
            widget.inner.evaluate(spaced)
            cut = """[...document.querySelectorAll("header *, footer *, #write, .bub__body")].filter((one) => one.checkVisibility() && !one.closest(".vh, svg, button")
              && (one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline")).map((one) => one.id || one.className)"""
            assert widget.inner.evaluate(cut) == []
            widget.field.scroll_into_view_if_needed()
            widget.field.fill("it can be written in")
