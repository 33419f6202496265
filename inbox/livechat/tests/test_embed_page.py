"""The page that says how to embed the chat, and whether it works."""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, Route

from inbox.accounts.models import User
from inbox.channels.models import Channel
from inbox.livechat import sessions
from inbox.livechat.tests.browsing import SCHEMES, WIDE, Widget, allow, no_violations, shots
from inbox.operations.connecting import connect
from inbox.web import chatembed
from rig import chromium
from rig.desk import agent
from rig.worker import Site

PASSWORD = "a long enough password"


def sign_in(*, admin: bool) -> Client:
    """Somebody of the team."""
    browser = Client()
    name = "ana" if admin else "ben"
    browser.force_login(agent(name, is_superuser=admin, is_staff=admin))
    return browser


# ------------------------------------------------------------------ the page itself


def test_only_admins_see_it(chat: Channel) -> None:
    assert Client().get("/chat/docs/embed/").status_code == 302
    assert sign_in(admin=False).get("/chat/docs/embed/").status_code == 404
    page = sign_in(admin=True).get("/chat/docs/embed/").content.decode()
    assert "/chat/docs/widget.js" in page
    assert "script-src http://127.0.0.1:8000; frame-src http://127.0.0.1:8000" in page
    assert "an identity secret of a site" not in page


def test_the_settings_lead_to_it(chat: Channel) -> None:
    page = sign_in(admin=True).get("/channels/livechat/docs/").content.decode()
    assert 'href="/chat/docs/embed/"' in page


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("https://docs.example.com/start?x=1", "https://docs.example.com may show the chat."),
        ("https://Docs.Example.com", "https://docs.example.com may show the chat."),
        ("http://docs.example.com", "http://docs.example.com may not show the chat"),
        ("https://docs.example.com:8443/", "https://docs.example.com:8443 may not show the chat"),
        ("https://[", "https://[ may not show the chat"),
        ("<script>", "&lt;script&gt; may not show the chat"),
    ],
)
def test_an_address_is_checked(chat: Channel, asked: str, said: str) -> None:
    page = sign_in(admin=True).get("/chat/docs/embed/", {"origin": asked}).content.decode()
    assert said in page


def test_without_sites_it_says_so(chat: Channel) -> None:
    connect("livechat", "docs", {"origins": ""})
    page = sign_in(admin=True).get("/chat/docs/embed/").content.decode()
    assert "no site may show it yet" in page


def test_the_example_makes_the_hash_that_the_desk_expects() -> None:
    code = {key: code for _, key, code in chatembed.EXAMPLES}["python"]

    class Somebody:
        id = 42

    known: dict[str, Any] = {"IDENTITY_SECRET": "a secret", "user": Somebody}
    exec(code, known)
    assert known["user_hash"] == sessions.proof("a secret", "42", "")
    assert known["user_hash"] == hmac.new(b"a secret", b"42", hashlib.sha256).hexdigest()


# ------------------------------------------------------------------ in a browser


@pytest.fixture
def ana(process_env: dict[str, str]) -> User:
    """Somebody who can sign in."""
    user = agent("ana", is_superuser=True, is_staff=True)
    user.set_password(PASSWORD)
    user.save()
    return user


@contextmanager
def opened(browser: Browser, site: Site, **more: Any) -> Iterator[tuple[Any, chromium.Watch]]:
    """The page, signed in."""
    with chromium.page(browser, base_url=site.url, **more) as (tab, watch):
        tab.goto("/login/?next=/chat/docs/embed/")
        tab.get_by_label("Username or e-mail").fill("ana")
        tab.get_by_label("Password").fill(PASSWORD)
        tab.get_by_role("button", name="Sign in").click()
        tab.get_by_role("heading", name="Put the chat on a site").wait_for()
        yield tab, watch


def look(tab: Page, name: str) -> None:
    """Nothing that axe finds, light and dark; nothing wider than the screen; pictures."""
    for scheme in SCHEMES:
        tab.emulate_media(color_scheme=scheme)
        chromium.screenshot(tab, shots() / f"embed-{scheme}-{name}.png", full_page=True)
        no_violations(tab, f"{name}, {scheme}")
    assert tab.evaluate(WIDE) <= 0, name


@pytest.mark.browser
@pytest.mark.service
@pytest.mark.parametrize("width", [320, 1440])
def test_it_says_that_it_works(
    ana: User, live_site: Site, browser_process: Browser, width: int
) -> None:
    allow("https://docs.example.com")
    with opened(browser_process, live_site, size=(width, 900)) as (tab, _):
        look(tab, f"{width}")
        tab.get_by_role("button", name="Copy the snippet").click()
        tab.get_by_role("button", name="Copied").wait_for()
        tab.get_by_role("button", name="Does it work?").click()
        tab.get_by_text("It works", exact=True).wait_for()
        assert tab.locator("#probe [data-state=works]").count() == 4
        if width == 320:
            Widget(tab).frame.get_by_role("button", name="Close the chat").click()
        look(tab, f"{width}-works")


def refusing(status: int) -> Callable[[Route], None]:
    """An answer of this status to everything."""
    return lambda route: route.fulfill(status=status, body="{}")


@pytest.mark.browser
@pytest.mark.service
def test_it_says_what_fails_and_what_to_do(
    ana: User, live_site: Site, browser_process: Browser
) -> None:
    allow("https://docs.example.com")
    with opened(browser_process, live_site) as (tab, watch):
        tab.clock.install()
        for pattern, status, step, remedy in (
            ("**/widget.js", 500, "script", "widget.js did not load"),
            ("**/frame/**", 500, "frame", "The frame did not answer"),
            ("**/sessions/", 403, "session", "Check BASE_URL"),
            ("**/sessions/", 429, "session", "Try again in an hour"),
        ):
            watch.allow(str(status))
            tab.route(pattern, refusing(status))
            tab.reload()
            tab.get_by_role("button", name="Does it work?").click()
            if step == "frame":  # that nothing comes is known after a while only
                tab.get_by_text("Script: works").wait_for()
                tab.clock.fast_forward(15_000)
            tab.get_by_text(remedy).wait_for()
            tab.get_by_text("It does not work yet").wait_for()
            (failed,) = tab.locator("#probe [data-state=fails]").all()
            assert failed.get_attribute("data-step") == step
            tab.unroute(pattern)


@pytest.mark.browser
@pytest.mark.service
def test_it_can_be_read_without_javascript(
    ana: User, live_site: Site, browser_process: Browser
) -> None:
    allow("https://docs.example.com")
    with opened(browser_process, live_site, javascript=False) as (tab, _):
        assert "widget.js" in tab.get_by_label("Snippet", exact=True).input_value()
        tab.get_by_label("Address of a page").fill("https://docs.example.com/a")
        tab.get_by_role("button", name="Check").click()
        tab.get_by_text("may show the chat").wait_for()
        assert tab.get_by_role("button", name="Copy the snippet").count() == 0
