"""Time and duty in a real browser: promise, hold, snooze, hand-over, sweep and swap, on a phone too."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page

from inbox.accounts.models import User
from inbox.oncall.models import Absence, Rotation, RotationMember, SwapRequest
from inbox.operations import sweep
from inbox.tickets.models import Ticket
from rig import chromium
from rig.desk import agent, mailbox, policy, ticket
from rig.session import sign_in
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]
SIZES = {"desk": (1440, 900), "phone": chromium.PHONE}


@pytest.fixture
def people(process_env: dict[str, str]) -> list[User]:
    """Ana was on duty, Ben is since an hour or two: a sheet is about a change that has just been."""
    users = [agent("ana"), agent("ben")]
    begun = timezone.now() - timedelta(hours=1)
    rotation = Rotation.objects.create(
        key="daily",
        name="On call",
        starts_on=begun.date() - timedelta(days=1),
        handover=f"{begun:%H}:00",
    )
    for position, user in enumerate(users):
        RotationMember.objects.create(rotation=rotation, user=user, position=position)
    return users


def _fits(tab: Page) -> None:
    width = tab.evaluate("document.documentElement.scrollWidth")
    assert width <= (tab.viewport_size or {"width": 0})["width"]


def _opens(tab: Page, menu: str) -> None:
    """Open a menu of the ticket; on a phone it stands behind “More”."""
    opener = tab.locator(f"[popovertarget={menu}]:visible")
    if not opener.count():
        tab.locator("[popovertarget=menu-more]").click()
    opener.first.click()


@pytest.mark.parametrize("size", list(SIZES))
def test_a_promise_is_made_held_and_snoozed_on_the_ticket(
    people: list[User], live_site: Site, browser_process: Browser, size: str
) -> None:
    row = ticket(at=timezone.now(), channel=mailbox(policy=policy()))
    with chromium.page(browser_process, size=SIZES[size], base_url=live_site.url) as (tab, _):
        sign_in(tab, people[0], url=live_site.url)
        tab.goto(f"/tickets/{row.pk}/")
        tab.locator("#words").fill("I will get back to you by Friday.")
        tab.get_by_role("button", name="Send and wait").click()
        offer = tab.locator(".banner", has_text="Keep it as a promise")
        offer.wait_for()
        _fits(tab)
        offer.get_by_role("button", name="Promise it").click()
        tab.locator(".toast", has_text="Promised").wait_for()
        assert row.clocks.get(metric="promise").state == "running"
        _opens(tab, "menu-hold")
        tab.get_by_label("Why is this on hold?").fill("a call on Friday")
        tab.locator("#menu-hold button").click()
        tab.locator(".banner", has_text="On hold: a call on Friday").wait_for()
        _opens(tab, "menu-snooze")
        tab.get_by_role("button", name="Tomorrow at 9:00").click()
        tab.locator(".banner", has_text="Snoozed until").wait_for()
        tab.get_by_role("button", name="Wake now").click()
        tab.locator(".toast", has_text="Awake").wait_for()
    row.refresh_from_db()
    assert (row.status, row.hold_reason) == ("on_hold", "a call on Friday")


@pytest.mark.parametrize("size", list(SIZES))
def test_oncall_page_swap_handover_and_sweep(
    people: list[User], live_site: Site, browser_process: Browser, size: str
) -> None:
    now = timezone.now()
    ana, ben = people
    Absence.objects.create(
        user=ana, starts_at=now, ends_at=now + timedelta(days=3), reason="vacation"
    )
    row = ticket(at=now, channel=mailbox(policy=policy()), owner=ana)
    sweep.tick(now=now)
    with chromium.page(browser_process, size=SIZES[size], base_url=live_site.url) as (tab, _):
        sign_in(tab, ben, url=live_site.url)
        tab.goto("/oncall/")
        assert tab.locator(".shift.is-now").count() == 1
        _fits(tab)
        tab.get_by_role("button", name="Ask for a swap").click()
        tomorrow = f"{now + timedelta(days=1):%Y-%m-%d}"
        tab.locator("#s-from").fill(f"{tomorrow}T09:00")
        tab.locator("#s-to").fill(f"{tomorrow}T12:00")
        tab.locator("#menu-swap").get_by_role("button", name="Ask", exact=True).click()
        tab.locator(".banner", has_text="asks everybody to stand in").wait_for()
        tab.get_by_role("button", name="Take it back").click()
        tab.locator(".toast", has_text="Taken back").wait_for()
        assert SwapRequest.objects.get().state == "withdrawn"
        tab.get_by_role("link", name="Open the sheet").click()
        tab.get_by_role("heading", name="Open: ours to answer").wait_for()
        _fits(tab)
        tab.get_by_role("button", name="I have read it and take over").click()
        tab.locator(".chip", has_text="Signed by Ben").wait_for()
        tab.goto("/sweep/")
        tab.get_by_role("link", name=row.subject).wait_for()
        _fits(tab)
    assert Ticket.objects.count() == 1
