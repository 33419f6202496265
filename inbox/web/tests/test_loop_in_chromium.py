"""The releases page in a real browser: one draft is approved and taken back, on a phone too."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page

from inbox.channels.tracker import TrackedRelease
from inbox.common.config import change_setting
from inbox.loop import items, notices
from inbox.loop.models import Item, LoopNotice
from inbox.loop.services import add_link
from rig import chromium
from rig.desk import act, agent, asker, mailbox, ticket
from rig.issues import issue, tracker
from rig.session import sign_in
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]
SIZES = {"desk": chromium.DESKTOP, "phone": chromium.PHONE}


def _released() -> None:
    """An issue and a mail of Noor about the same are fixed in a release."""
    now = timezone.now()
    first = issue("It hangs", at=now - timedelta(days=2), state="closed")
    mail = ticket(at=now - timedelta(days=1), channel=mailbox(), who=asker("noor"))
    act(add_link, mail, url=first.permalink, at=now)
    item = Item.objects.get()
    found = TrackedRelease(place=item.place, tag="v1.1.0", at=now, published_at=now)
    release = act(items.keep_release, found, item.channel, at=now)
    act(notices.draft_release, item, release, at=now)


def _fits(tab: Page) -> None:
    width = tab.evaluate("document.documentElement.scrollWidth")
    assert width <= (tab.viewport_size or {"width": 0})["width"]


@pytest.mark.parametrize("size", list(SIZES))
def test_one_draft_is_approved_in_new_words_and_taken_back(
    process_env: dict[str, str], live_site: Site, browser_process: Browser, size: str
) -> None:
    change_setting("undo_seconds", 600)
    tracker()
    _released()
    notice = LoopNotice.objects.get(channel__kind="email")
    with chromium.page(browser_process, size=SIZES[size], base_url=live_site.url) as (tab, _):
        sign_in(tab, agent("ana"), url=live_site.url)
        tab.goto("/loop/")
        _fits(tab)
        words = tab.get_by_label("What Noor is told")
        words.fill("It is in v1.1.0, Noor.")
        tab.get_by_role("button", name="Tell Noor").click()
        tab.locator(".toast", has_text="On its way to Noor").wait_for()
        assert words.count() == 0
        notice.outgoing.refresh_from_db()
        assert notice.outgoing.message is not None
        assert notice.outgoing.message.body_text == "It is in v1.1.0, Noor."
        _fits(tab)
        tab.get_by_role("button", name="Undo").click()
        tab.locator(".toast", has_text="waits for approval again").wait_for()
        assert words.input_value() == "It is in v1.1.0, Noor."
    notice.refresh_from_db()
    assert (notice.outgoing.state, notice.outgoing.message_id) == ("held", None)
