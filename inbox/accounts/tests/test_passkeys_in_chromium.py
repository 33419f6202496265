"""A real browser with a virtual authenticator: a passkey is made, and opens the desk by itself."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from inbox.accounts.models import Role, SignInProvider, Team
from inbox.accounts.tests.conftest import PASSWORD, with_password
from rig import chromium
from rig.desk import agent
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def by_name(site: Site) -> str:
    """The site by a name: a bare address can have no passkeys."""
    return site.url.replace("127.0.0.1", "localhost")


def look(tab: Page, name: str) -> None:
    """No violation, nothing wider than the screen; a picture where somebody wants to look."""
    found = Axe().run(tab).response["violations"]
    assert [(one["id"], [n["html"] for n in one["nodes"]]) for one in found] == []
    width = tab.evaluate("document.documentElement.scrollWidth")
    assert width <= (tab.viewport_size or {"width": 0})["width"]
    if folder := os.environ.get("LOOK_DIR"):
        chromium.screenshot(tab, Path(folder) / f"{name}.png", full_page=True)


def sign_in_by_form(tab: Page, name: str) -> None:
    """Username and password."""
    tab.goto("/login/")
    tab.get_by_label("Username or e-mail").fill(name)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    tab.locator(".rail").wait_for(state="attached")


def test_a_passkey_is_made_and_opens_the_desk(live_site: Site, browser_process: Browser) -> None:
    with_password("noor")
    with chromium.page(browser_process, base_url=by_name(live_site)) as (tab, _):
        cdp = tab.context.new_cdp_session(tab)
        cdp.send("WebAuthn.enable")
        cdp.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        sign_in_by_form(tab, "noor")
        tab.goto("/account/two-factor/")
        tab.get_by_role("link", name="Add a passkey").click()
        tab.get_by_label("Password").fill(PASSWORD)
        tab.get_by_role("button", name="Go on").click()
        look(tab, "passkey-add")
        tab.get_by_label("Its name").fill("Laptop")
        tab.get_by_role("button", name="Make the passkey").click()
        expect(tab.get_by_role("heading", name="Recovery codes")).to_be_visible()
        look(tab, "recovery-codes")
        tab.goto("/account/two-factor/")
        expect(tab.get_by_text("Laptop")).to_be_visible()
        look(tab, "two-factor")
        tab.context.clear_cookies()
        tab.goto("/login/")
        tab.get_by_role("button", name="Use a passkey").click()
        tab.locator(".rail").wait_for(state="attached")


@pytest.mark.parametrize("size", [chromium.DESKTOP, chromium.PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_accounts_are_clean(
    size: tuple[int, int],
    scheme: chromium.Scheme,
    live_site: Site,
    browser_process: Browser,
) -> None:
    SignInProvider.objects.create(
        kind="github", key="github", label="GitHub", client_id="desk", domains=["example.com"]
    )
    team = Team.objects.create(key="security", name="Security", restricted=True)
    with_password("ana", role=Role.ADMIN).teams.add(team)
    agent("gone", is_active=False)
    name = f"{size[0]}-{scheme}"
    with chromium.page(browser_process, size=size, scheme=scheme, base_url=by_name(live_site)) as (
        tab,
        watch,
    ):
        watch.allow("status of 4")
        tab.goto("/login/")
        look(tab, f"login-{name}")
        tab.goto("/password/reset/")
        look(tab, f"reset-{name}")
        tab.goto("/invite/of-nobody/")
        look(tab, f"refused-{name}")
        sign_in_by_form(tab, "ana")
        tab.goto("/team/")
        tab.get_by_label("E-mail").fill("noor@example.com")
        tab.get_by_role("button", name="Invite").click()
        tab.get_by_text("shown once").wait_for()
        tab.get_by_text("Change", exact=True).first.click()
        look(tab, f"team-{name}")
        link = tab.locator("code.account__token").inner_text()
        tab.goto("/account/")
        tab.get_by_label("What for").fill("nightly export")
        tab.get_by_role("button", name="Make a token").click()
        tab.get_by_text("Copy it now").wait_for()
        look(tab, f"account-{name}")
        tab.context.clear_cookies()
        tab.goto("/invite/" + link.split("/invite/")[1])
        look(tab, f"invite-{name}")
