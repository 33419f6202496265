"""The pages behind links in mails, as a person on a phone meets them."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page

from inbox.channels.models import Channel
from inbox.livechat import links
from inbox.livechat.models import Conversation, Rating, Visitor
from inbox.operations.connecting import connect
from rig import chromium
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]


@pytest.fixture
def ended(process_env: dict[str, str]) -> Conversation:
    """A chat that has ended."""
    connect("livechat", "docs", {"site_name": "Docs"})
    channel, now = Channel.objects.get(), timezone.now()
    visitor = Visitor.objects.create(channel=channel, external_key="anon-1", created_at=now)
    return Conversation.objects.create(
        channel=channel,
        visitor=visitor,
        key="c0ffee",
        email="mira@example.org",
        created_at=now,
        ended_at=now,
        closings=1,
    )


def look(page: Page, name: str) -> None:
    """Nothing that axe finds; nothing that a narrow screen cuts off; a picture."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    chromium.screenshot(page, Path(settings.DATA_DIR) / "screens" / f"{name}.png")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_rating_by_keyboard_and_confirming(
    ended: Conversation, live_site: Site, phone_page: Page, scheme: str
) -> None:
    page, now = phone_page, timezone.now()
    page.set_viewport_size({"width": 320, "height": 720})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # a parameter is no literal
    path = links.rating_link(ended, now).partition("/csat/")[2]
    page.goto(f"{live_site.url}/csat/{path}")
    look(page, f"visitor-csat-{scheme}")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("quick help")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Thank you. You can change it for a week.").wait_for()
    look(page, f"visitor-csat-thanks-{scheme}")
    row = Rating.objects.get()
    assert (row.score, row.comment) == (4, "quick help")
    path = links.confirm_link(ended, now).partition("/confirm/")[2]
    page.goto(f"{live_site.url}/confirm/{path}")
    look(page, f"visitor-confirm-{scheme}")
    page.get_by_role("button", name="Yes, it is mine").click()
    page.get_by_text("is confirmed").wait_for()
    look(page, f"visitor-confirmed-{scheme}")
    ended.refresh_from_db()
    assert ended.email_confirmed_at is not None
