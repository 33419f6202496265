"""From a ticket to an issue in a real browser, at a desk and on a phone, light and dark."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from inbox.channels.models import Channel, Source, SourceGroup
from inbox.loop import services as loop
from inbox.loop.models import Item
from inbox.outbox.models import Outgoing
from inbox.tickets.models import Ticket
from rig import chromium
from rig.desk import act, agent, asker, ticket, writes
from rig.session import sign_in
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]
LOOKS: dict[str, tuple[tuple[int, int], chromium.Scheme]] = {
    "desk": (chromium.DESKTOP, "light"),
    "desk-dark": (chromium.DESKTOP, "dark"),
    "phone": (chromium.PHONE, "light"),
    "phone-dark": (chromium.PHONE, "dark"),
}
URL = "https://github.com/example/core/issues/412"


@pytest.fixture
def asked(process_env: dict[str, str]) -> Ticket:
    """A question by mail, linked to an issue; two repositories where another could be opened."""
    del process_env
    # nobody answers at this address: templates cannot be had, and that must stop nobody
    channel = Channel.objects.create(
        kind="github", key="core", settings={"api_url": "http://127.0.0.1:9"}
    )
    core = SourceGroup.objects.create(name="core")
    for name in ("example/core", "example/sdk"):
        Source.objects.create(channel=channel, external_key=name, group=core)
    Item.objects.create(
        channel=channel, key="1:issue:412", kind="issue", place="example/core", number=412,
        url=URL, title="Advance the slot when no rows changed", state="closed",
    )  # fmt: skip
    mira, now = asker("mira"), timezone.now()
    row = ticket(who=mira, at=now)
    words = "Mira again. It hangs with password=hunter22 since the update, on every run."
    writes(row, mira, at=now, new_text=words, body_text=words)
    act(loop.add_link, row, url=URL, at=now)
    return row


def _fits(tab: Page) -> None:
    width = tab.evaluate("document.documentElement.scrollWidth")
    assert width <= (tab.viewport_size or {"width": 0})["width"]


@pytest.mark.parametrize("look", list(LOOKS))
def test_an_issue_is_made_from_a_ticket(
    asked: Ticket, live_site: Site, browser_process: Browser, look: str
) -> None:
    size, scheme = LOOKS[look]
    with chromium.page(browser_process, size=size, scheme=scheme, base_url=live_site.url) as (
        tab,
        _,
    ):
        sign_in(tab, agent("ana"), url=live_site.url)
        tab.goto(f"/tickets/{asked.pk}/")
        tab.locator("[popovertarget=menu-more]").click()
        tab.locator("#menu-more").get_by_text("Create an issue").click()
        sheet = tab.locator("#issue-dialog")
        sheet.get_by_text("No templates:").wait_for()
        sheet.get_by_label("What it is about").fill("The sync hangs after the update.")
        sheet.locator("[name=message]").first.uncheck()
        quote = sheet.locator("#i-quote")
        expect(quote).not_to_have_value(re.compile("a question"))
        assert "> a community member again. It hangs" in quote.input_value()
        expect(quote).to_be_enabled()
        assert "hunter22" not in quote.input_value()
        assert sheet.get_by_label("What it is about").input_value().startswith("The sync hangs")
        _fits(tab)
        sheet.get_by_text("Close this ticket as").click()
        sheet.get_by_role("button", name="Preview").click()
        sheet.get_by_text("1 secret removed: password.").wait_for()
        _fits(tab)
        sheet.get_by_role("button", name="Change it").click()
        sheet.get_by_label("Title").fill("The sync hangs")
        sheet.get_by_role("button", name="Preview").click()
        sheet.get_by_role("heading", name="The sync hangs").wait_for()
        sheet.get_by_role("button", name="Create the issue").click()
        tab.locator(".event", has_text="made an issue for example/core: The sync hangs").wait_for()
        _fits(tab)
    sent = Outgoing.objects.get(kind="issue")
    assert (sent.ticket_id, sent.payload["subject"]) == (asked.pk, "The sync hangs")
    assert (sent.payload["place"], sent.payload["close"]) == ("example/core", True)


@pytest.mark.parametrize("look", ["desk", "phone-dark"])
def test_a_link_is_shown_taken_off_and_put_back(
    asked: Ticket, live_site: Site, browser_process: Browser, look: str
) -> None:
    size, scheme = LOOKS[look]
    with chromium.page(browser_process, size=size, scheme=scheme, base_url=live_site.url) as (
        tab,
        _,
    ):
        sign_in(tab, agent("ana"), url=live_site.url)
        tab.goto(f"/tickets/{asked.pk}/")
        if size == chromium.PHONE:
            tab.locator("[popovertarget=context]").first.click()
        card = tab.locator(".linked")
        card.get_by_role("link", name="Advance the slot when no rows changed").wait_for()
        assert card.locator(".chip").all_inner_texts() == ["closed"]
        _fits(tab)
        card.get_by_role("button", name="Take the link").click()
        tab.locator(".event", has_text="took the link").wait_for()
        assert tab.locator(".linked").count() == 0
        tab.get_by_role("button", name="Put it back").click()
        tab.locator(".toast", has_text="Linked").wait_for()
    assert asked.links.get().url == URL


@pytest.mark.parametrize("look", ["desk", "phone"])
def test_an_issue_is_made_without_a_ticket(
    asked: Ticket, live_site: Site, browser_process: Browser, look: str
) -> None:
    """S83."""
    size, scheme = LOOKS[look]
    with chromium.page(browser_process, size=size, scheme=scheme, base_url=live_site.url) as (
        tab,
        _,
    ):
        sign_in(tab, agent("ana"), url=live_site.url)
        tab.goto("/issues/new/")
        tab.get_by_text("No templates:").wait_for()
        tab.get_by_label("Where").select_option("example/sdk")
        tab.get_by_label("Title").fill("Office hours")
        tab.get_by_label("Text").fill("## Agenda\n\n- talk")
        _fits(tab)
        tab.get_by_role("button", name="Preview").click()
        tab.get_by_role("heading", name="Agenda").wait_for()
        _fits(tab)
        tab.get_by_role("button", name="Create the issue").click()
        tab.locator("#recent").wait_for()
        tab.locator(".issue__recent", has_text="Office hours").wait_for()
        tab.get_by_role("button", name="Undo").click()
        tab.locator(".issue__recent", has_text="discarded by ana").wait_for()
        _fits(tab)
    assert (asked.outgoing.count(), Outgoing.objects.get().payload["place"]) == (0, "example/sdk")
