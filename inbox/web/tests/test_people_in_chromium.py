"""People in a real browser: found while typing, merged with a look before, taken back."""

import pytest
from django.utils import timezone
from playwright.sync_api import Browser

from inbox.accounts.models import User
from inbox.people import proposing
from inbox.people.models import Contact, Identity
from inbox.people.tests.desk import shown
from rig import chromium
from rig.desk import act, agent, asker, ticket
from rig.session import sign_in
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]
SIZES = {"desk": chromium.DESKTOP, "phone": chromium.PHONE}


@pytest.fixture
def ana(process_env: dict[str, str]) -> User:
    return agent("ana")


@pytest.mark.parametrize("size", list(SIZES))
def test_somebody_is_found_merged_and_taken_apart_again(
    ana: User, live_site: Site, browser_process: Browser, size: str
) -> None:
    mira = asker("mira", timezone="America/Halifax")
    ticket(who=mira, at=timezone.now())
    slack = Identity.objects.create(
        contact=Contact.objects.create(name="Mira Dutko"),
        kind="slack",
        realm="T1",
        external_id="U1",
        handle="mira.dutko",
        email="mira@example.org",
        member_kind="full",
    )
    act(proposing.look, 0, timezone.now())
    with chromium.page(browser_process, size=SIZES[size], base_url=live_site.url) as (tab, _):
        sign_in(tab, ana, url=live_site.url)
        tab.goto("/people/")
        tab.get_by_label("Name, handle or address").press_sequentially("mirq dutko")
        tab.get_by_text("“mirq” was read as “mira”").wait_for()
        tab.goto(f"/people/{mira.contact_id}/")
        tab.get_by_role("link", name="Merge @mira.dutko").click()
        tab.get_by_text("The profile names mira@example.org").wait_for()
        tab.get_by_role("button", name="Yes, one person").click()
        tab.get_by_text("Two plugs, one person").wait_for()
        assert set(shown().values()) == {mira.contact_id}
        width = tab.evaluate("document.documentElement.scrollWidth")
        assert width <= SIZES[size][0]
        tab.locator("button[data-undo]").click()
        tab.get_by_text("One plug").wait_for()
        assert shown()[slack.pk] == slack.contact_id
