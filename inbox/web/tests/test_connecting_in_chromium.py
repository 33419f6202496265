"""Connecting by consent in a real browser, and the pages of a connection in each of their states.

`LOOK_DIR=…` keeps pictures of them, wide and narrow, light and dark.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as project_settings
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from inbox.accounts.models import Team
from inbox.channels import use
from inbox.channels.models import Channel
from inbox.operations import disconnecting, draining
from inbox.tickets.models import Ticket
from inbox.web.tests.secondary import administrator, session_of
from inbox.web.tests.test_secondary_in_chromium import picture, wrong
from rig import chromium
from rig.desk import agent
from rig.toy.desk import app_of, post
from rig.toy.fake import FakeToybox
from rig.vendor import Answer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGE = "/channels/toy/main/"
LOOKS = [
    (size, scheme) for size in (chromium.DESKTOP, chromium.PHONE) for scheme in ("light", "dark")
]


@pytest.fixture
def tab(
    toybox: FakeToybox, live_server: LiveServer, settings: Settings, browser_process: Browser
) -> Iterator[Page]:
    """An admin's browser on a desk in this very process, where Toybox is installed."""
    settings.BASE_URL = live_server.url
    cookie = session_of(administrator("ana"))
    context = browser_process.new_context(base_url=live_server.url, locale="en-GB")
    context.set_default_timeout(chromium.PATIENCE)
    name = project_settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": cookie, "url": live_server.url}])
    yield context.new_page()
    context.close()


def looked_at(tab: Page, name: str) -> None:
    """Nothing sticks out and axe finds nothing, in each look."""
    folder = os.environ.get("LOOK_DIR")
    for (width, height), scheme in LOOKS:
        tab.set_viewport_size({"width": width, "height": height})
        tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]  # one of two words
        assert wrong(tab) == []
        found = Axe().run(tab)
        assert found.violations_count == 0, f"{name} {width} {scheme}: {found.generate_report()}"
        if folder:
            picture(tab, Path(folder), f"{name}-{width}-{scheme}")


def test_a_connection_is_made_limited_and_taken_away(tab: Page, toybox: FakeToybox) -> None:
    """S34."""
    tab.goto(PAGE)
    looked_at(tab, "before")
    for name, value in app_of(toybox).items():
        tab.locator(f"#f-{name}").fill(value)
    tab.get_by_role("button", name="Connect with Toybox").click()
    expect(tab.get_by_text("Connected. ok: Playroom")).to_be_visible()
    looked_at(tab, "connected")
    channel = Channel.objects.get(kind="toy")
    assert channel.secrets["access_token"] in toybox.tokens

    team = Team.objects.create(key="field", name="Field")
    tab.reload()
    tab.get_by_label("Only these").check()
    tab.get_by_label("Field").check()
    tab.get_by_role("button", name="Keep it").click()
    expect(tab.get_by_text("Only those chosen may use it from now on.")).to_be_visible()
    looked_at(tab, "limited")
    post(toybox, toybox.ask("mira", "Does it float?"))
    draining.drain(timeout_seconds=20)
    tab.goto(f"/tickets/{Ticket.objects.get().pk}/")
    expect(tab.get_by_text("Main is not yours to use: only Field uses it.")).to_be_visible()
    expect(tab.locator("#mode-reply")).to_be_disabled()
    looked_at(tab, "ticket")

    use.limit(Channel.objects.get(kind="toy"), teams=[team], people=[agent("ana")])
    toybox.fail("/oauth/revoke", answer=Answer(503))
    tab.goto(PAGE)
    tab.get_by_role("link", name="Disconnect").click()
    looked_at(tab, "disconnect")
    tab.get_by_role("button", name="Disconnect it").click()
    expect(tab.get_by_text("Main is disconnected. Its tickets stay.")).to_be_visible()
    assert disconnecting.revoke(channel.pk, timezone.now())
    tab.reload()
    expect(tab.get_by_text("Toybox has not ended the credentials yet.")).to_be_visible()
    looked_at(tab, "left-over")
    tab.get_by_role("button", name="Forget them here").click()
    assert Channel.objects.get(kind="toy").secrets_text == ""
