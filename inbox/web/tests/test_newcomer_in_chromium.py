"""From the printed address of `make run` to “I see what is urgent and why”, and to the first answer."""

import re
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Locator, Page, expect

from rig import chromium, house, ports

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PREPARING_SECONDS = 480  # tables and a sample community, beside other tests
LATE = re.compile(r"\d+ (d|h|min).* over")
WORDS = "Hello! Thank you for asking. I look into it today and write again."


@dataclass
class Way:
    """What somebody does one after the other, and when."""

    begun: float = field(default_factory=time.monotonic)
    done: list[str] = field(default_factory=list)

    def step(self, what: str) -> None:
        """One interaction: a click, a key, or a field filled in."""
        self.done.append(f"{time.monotonic() - self.begun:6.1f} s  {what}")

    def reached(self, what: str) -> None:
        """Something that they came for."""
        steps = sum(" · " not in line for line in self.done)
        self.done.append(f"{time.monotonic() - self.begun:6.1f} s · {what}, {steps} steps")


def test_a_stranger_sees_what_is_urgent_and_why_and_answers(
    browser_process: Browser, tmp_path: Path
) -> None:
    """At a desk and on a phone; the steps and the seconds are printed (`-s`)."""
    server = house.serve(tmp_path / "var", ports.free_port())
    try:
        printed = house.sign_in(server, seconds=PREPARING_SECONDS)
        for size in (chromium.DESKTOP, chromium.PHONE):
            with chromium.page(browser_process, size=size, base_url=printed[0]) as (tab, watch):
                watch.allow("htmx:")  # a click may leave the page while it fetches a fragment
                way = Way()
                signs_in(way, tab, *printed)
                looks_around(way, tab, is_phone=size == chromium.PHONE)
                shot(tab, f"newcomer-queue-{size[0]}")
                answers(way, tab, is_phone=size == chromium.PHONE)
                shot(tab, f"newcomer-answered-{size[0]}")
            print(size, *way.done, sep="\n")  # noqa: T201 - read with `-s`
    finally:
        server.stop()


def shot(tab: Page, name: str) -> None:
    """A picture for whoever wants to look."""
    chromium.screenshot(tab, Path(settings.DATA_DIR) / "screens" / f"{name}.png")


def signs_in(way: Way, tab: Page, address: str, user: str, password: str) -> None:
    """With what the terminal said, nothing else."""
    tab.goto(address)
    way.step("opens the address")
    expect(tab.get_by_label("Username or e-mail")).to_be_focused()
    tab.keyboard.type(user)
    way.step("types the name")
    tab.get_by_label("Password").fill(password)
    way.step("types the password")
    tab.keyboard.press("Enter")
    way.step("Enter")
    tab.locator("#queue .row").first.wait_for()


def looks_around(way: Way, tab: Page, *, is_phone: bool) -> None:
    """Without a click: the first group, what it means, and by how much its first ticket is late."""
    group = tab.locator("#queue .group").first
    expect(group.get_by_role("heading")).to_have_text("Breached")
    if not is_phone:  # there the heading alone has room
        expect(group.locator(".group__say")).to_contain_text("Their answer is late")
    expect(group.locator(".row").first.locator(".fuse__words")).to_have_text(LATE)
    sentence = tab.locator("#hz-t").text_content() or ""
    assert re.search(r"[1-9]\d* (is|are) over, \d+ falls? due within the hour", sentence)
    way.reached("sees what is urgent, and by how much")


def answers(way: Way, tab: Page, *, is_phone: bool) -> None:
    """The first one: why it is here and late, then words and the button."""
    tab.locator("#queue .row__what").first.click()
    way.step("opens the first ticket")
    tab.locator("#talk-title").wait_for()
    if is_phone:
        tab.locator(".talk__details").click()
        way.step("opens the details")
    about = tab.locator("#context")
    expect(about.locator(".clock[data-state=breach] .clock__words").first).to_have_text(LATE)
    why = about.locator(".trace__step")
    expect(why.first).to_contain_text("Came in through")
    assert why.count() >= 2  # where it came in, and which rule put it here
    way.reached("has read why")
    if is_phone:
        about.get_by_role("button", name="Close the details").click()
        way.step("closes the details")
    before: Locator = tab.locator("#thread .msg--team")
    known = before.count()
    tab.locator("#words").fill(WORDS)
    way.step("writes")
    tab.get_by_role("button", name="Send and wait").click()
    way.step("sends")
    expect(tab.locator("#thread")).to_contain_text(WORDS)
    assert before.count() == known + 1
    expect(tab.locator("#thread [data-leaves]")).to_contain_text("Leaves in")
    way.reached("has sent the first answer")
    expect(tab.locator("#meta")).to_contain_text("Waiting on them")
