"""The page in a real browser: begun by a press, its progress, wide and narrow, light and dark."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from inbox.accounts.models import Role
from inbox.channels.models import Channel
from inbox.history.models import ImportItem, ImportProblem, ImportRun
from inbox.web.tests.test_every_page_in_chromium import LOOKS, flaws
from rig import chromium, desk, session
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]
PAGE = "/channels/zendesk/old/history/"


@pytest.fixture
def channel(db: None) -> Channel:
    return Channel.objects.create(kind="zendesk", key="old", settings={"subdomain": "example"})


def opened(tab: Page, site: Site) -> None:
    session.sign_in(tab, desk.agent("ada", role=Role.ADMIN, is_staff=True), url=site.url)
    tab.goto(f"{site.url}{PAGE}")


def stands(channel: Channel, state: str) -> ImportRun:
    """A run in the middle of its way."""
    run = ImportRun.objects.create(
        channel=channel,
        state=state,
        taken=1200,
        messages=3901,
        total=3000,
        started_at=timezone.now(),
        lease_until=timezone.now() + timedelta(hours=1),
    )
    ImportProblem.objects.create(run=run, text="#77 has no comment that can be read")
    return run


@pytest.mark.parametrize("state", ["running", "done", "failed", "undone"])
def test_page_fits_and_is_accessible_in_every_look(
    state: str, chromium_page: Page, live_site: Site, channel: Channel, tmp_path: Path
) -> None:
    run = stands(channel, state)
    if state == "failed":
        ImportRun.objects.filter(pk=run.pk).update(error="Zendesk refuses the credentials")
    ImportItem.objects.create(run=run, ticket=desk.ticket(), kept=True)
    opened(chromium_page, live_site)
    expect(chromium_page.get_by_role("heading", name="Cut over")).to_be_visible()
    for size, scheme in LOOKS:
        assert flaws(chromium_page, size=size, scheme=scheme) == []
        chromium.screenshot(chromium_page, tmp_path / f"{state}-{size[0]}-{scheme}.png")


def test_progress_comes_by_itself(chromium_page: Page, live_site: Site, channel: Channel) -> None:
    run = stands(channel, "running")
    opened(chromium_page, live_site)
    expect(chromium_page.get_by_role("status").filter(has_text="1200 of 3000")).to_be_visible()
    ImportRun.objects.filter(pk=run.pk).update(state="done", taken=3000)
    expect(chromium_page.get_by_text("3000 of 3000")).to_be_visible()
    expect(chromium_page.get_by_role("button", name="Take it all back")).to_be_visible()


def test_without_scripts_it_is_begun_and_stopped(
    browser_process: Browser, live_site: Site, channel: Channel
) -> None:
    look = chromium.page(browser_process, javascript=False, base_url=live_site.url)
    with look as (tab, _):
        opened(tab, live_site)
        tab.get_by_role("button", name="Bring everything").click()
        tab.get_by_role("button", name="Stop").click()
        expect(tab.get_by_role("button", name="Go on")).to_be_visible()
    assert ImportRun.objects.get().state == "stopped"
