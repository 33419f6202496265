"""The queue in a real browser: new tickets wait, rows keep their place, keys, bar, undo."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from inbox import pipeline
from inbox.accounts.models import User
from inbox.common.work import Actor
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from rig import chromium
from rig.desk import agent, asker, mailbox
from rig.session import sign_in
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]


def made(subject: str, *, owner: User | None = None) -> Ticket:
    """A ticket of now."""
    who = asker()
    with pipeline.change(Actor.system("test")) as current:
        row, thread = tickets.open_ticket(
            subject=subject,
            channel=mailbox(),
            asker=who,
            thread_key=f"<{subject}>",
            at=current.now,
        )
        tickets.add_message(
            row, thread, direction="in", visibility="public", role="asker", author=who,
            author_label=who.label, external_id=f"<{subject}@example.org>", new_text="a question",
            body_text="a question", sent_at=current.now,
        )  # fmt: skip
        if owner:
            tickets.assign(row, owner)
    return row


def done(verb: object, row: Ticket, *args: object, **kwargs: object) -> None:
    """One verb of somebody else."""
    with pipeline.change(Actor.system("test")):
        verb(row, *args, **kwargs)  # type: ignore[operator]  # any of the verbs


def subjects(tab: Page) -> list[str]:
    return tab.locator(".row:not(.is-gone) .row__subject").all_inner_texts()


def test_a_morning_at_the_queue_by_keyboard(
    process_env: dict[str, str], live_site: Site, browser_process: Browser
) -> None:
    ana = agent("ana", role="agent")
    first, second, third = made("First"), made("Second"), made("Third")
    with chromium.page(browser_process, base_url=live_site.url) as (tab, watch):
        sign_in(tab, ana, url=live_site.url)
        with tab.expect_request("**/live/**"):
            tab.goto("/queue/")
        tab.keyboard.press("j")
        expect(tab.locator(f"#t-{third.pk} .row__what")).to_be_focused()

        # what is new waits, what changed is changed in its place
        made("Fourth")
        pill = tab.locator(".newpill")
        expect(pill).to_have_text("1 new ticket .")
        assert subjects(tab) == ["Third", "Second", "First"]
        done(tickets.set_category, first, "Billing")
        expect(tab.locator(f"#t-{first.pk} .chip")).to_have_text("Billing")
        done(tickets.hold, second, reason="legal")  # another group: it stays while one looks
        expect(tab.locator(f"#t-{second.pk}")).to_have_attribute("data-state", "wait")
        assert subjects(tab) == ["Third", "Second", "First"]
        expect(tab.locator(f"#t-{third.pk} .row__what")).to_be_focused()
        tab.keyboard.press(".")
        expect(tab.locator(".row__subject").first).to_have_text("Fourth")
        assert subjects(tab) == ["Fourth", "Third", "First", "Second"]
        expect(tab.locator(".row__what").first).to_be_focused()
        expect(pill).to_have_count(0)

        # one row: E closes it at once, the focus goes to the next, ⌘Z brings it back
        tab.keyboard.press("e")
        expect(tab.locator("#toasts [data-toast]")).to_contain_text("Closed.")
        expect(tab.locator(f"#t-{third.pk} .row__what")).to_be_focused()
        left = tab.locator(".row:not(.is-gone) .row__subject", has_text="Fourth")
        expect(left).to_have_count(0)
        tab.keyboard.press("Control+z")
        expect(tab.locator(".row__subject").first).to_have_text("Fourth")

        # several: X, ⇧X, H with a reason, one undo for all
        tab.locator(f"#t-{third.pk} .row__what").focus()
        tab.keyboard.press("x")
        tab.keyboard.press("j")
        tab.keyboard.press("Shift+X")
        expect(tab.locator(".bulk")).to_be_visible()
        tab.keyboard.press("h")
        tab.keyboard.type("waits for legal")
        tab.keyboard.press("Enter")
        expect(tab.locator("#toasts .toast", has_text="2 tickets")).to_be_visible()
        assert {row.status for row in Ticket.objects.filter(pk__in=[first.pk, third.pk])} == {
            "on_hold"
        }
        tab.get_by_role("button", name="Undo").last.click()
        expect(tab.locator("#toasts .toast", has_text="Undone: on hold")).to_be_visible()
        assert {row.status for row in Ticket.objects.filter(pk__in=[first.pk, third.pk])} == {
            "open"
        }

        # the filter: names and values by keyboard, a chip, the address
        tab.keyboard.press("/")
        tab.keyboard.type("is:ho")
        expect(tab.locator("#filter-values [role=option]")).to_have_text(["hold"])
        tab.keyboard.press("Enter")
        expect(tab.locator(".token")).to_contain_text("hold")
        expect(tab.locator(".row__subject")).to_have_text(["Second"])
        assert "f=is%3Ahold" in tab.url or "q=is%3Ahold" in tab.url
        tab.keyboard.press("Backspace")
        expect(tab.locator(".row__subject")).to_have_count(4)

        # rows in the width of one's choice, kept in the profile
        tab.locator(".row__what").first.focus()
        with tab.expect_response("**/queue/density/"):
            tab.keyboard.press("d")
        expect(tab.locator("html")).to_have_attribute("data-density", "compact")
        for part in ("htmx:sendAbort", "htmx:afterRequest"):
            watch.allow(part)  # leaving the page ends the fetch of its list that is under way
        tab.reload()
        expect(tab.locator("html")).to_have_attribute("data-density", "compact")


def test_a_row_comes_back_when_the_server_refuses(
    process_env: dict[str, str], live_site: Site, browser_process: Browser
) -> None:
    ana = agent("ana", role="agent")
    row, _ = made("First"), made("Second")
    with chromium.page(browser_process, base_url=live_site.url) as (tab, watch):
        sign_in(tab, ana, url=live_site.url)
        tab.goto("/queue/")
        tab.locator("#queue").wait_for()
        watch.allow("ERR_FAILED")
        watch.allow("htmx")
        tab.route("**/close/", lambda route: route.abort())
        tab.locator(f"#t-{row.pk} .row__what").focus()
        tab.keyboard.press("e")
        expect(tab.locator(".toast--bad")).to_contain_text("back where it was")
        expect(tab.locator(f"#t-{row.pk}")).to_be_visible()
        assert subjects(tab) == ["Second", "First"]


BEHIND = """button => {
  button.value = "";
  const key = new KeyboardEvent("keydown", { key: "i", bubbles: true, cancelable: true });
  document.activeElement.dispatchEvent(key);
}"""


def test_a_row_that_is_behind_asks_back_and_gives_the_focus_back(
    process_env: dict[str, str], live_site: Site, browser_process: Browser
) -> None:
    ana, noor = agent("ana", role="agent"), agent("noor", role="agent")
    row = made("First", owner=noor)
    with chromium.page(browser_process, base_url=live_site.url) as (tab, watch):
        watch.allow("409")
        sign_in(tab, ana, url=live_site.url)
        tab.goto("/queue/")
        tab.keyboard.press("j")
        for key, owner in (("Escape", noor), ("Enter", ana)):
            # as the row stood before Noor took it; in one go, for the list may come anew at any time
            tab.locator(".row [data-key=i]").evaluate(BEHIND)
            expect(tab.locator(".toast--bad")).to_contain_text("gave this to Noor")
            expect(tab.get_by_role("button", name="Do it all the same")).to_be_focused()
            row.refresh_from_db()
            assert row.owner == noor
            tab.keyboard.press(key)
            expect(tab.locator(".toast--bad")).to_have_count(0)
            expect(tab.locator(f"#t-{row.pk} .row__what")).to_be_focused()
            expect(tab.locator(f"#t-{row.pk} .avatar")).to_have_attribute(
                "aria-label", owner.display_name
            )
    row.refresh_from_db()
    assert row.owner == ana


def test_selection_works_on_a_phone(
    process_env: dict[str, str], live_site: Site, browser_process: Browser, tmp_path: Path
) -> None:
    ana = agent("ana", role="agent")
    row = made("First")
    size = chromium.PHONE
    with chromium.page(browser_process, size=size, base_url=live_site.url) as (tab, _):
        sign_in(tab, ana, url=live_site.url)
        tab.goto("/queue/")
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
        tab.locator(f"#t-{row.pk} .row__select input").check(force=True)
        expect(tab.locator(".bulk")).to_be_visible()
        tab.locator('.bulk [popovertarget="bulk-close"]').click()
        tab.get_by_role("button", name="Solved").click()
        expect(tab.locator("#toasts .toast", has_text="Closed as solved")).to_be_visible()
        chromium.screenshot(tab, tmp_path / "phone.png")
    assert Ticket.objects.get(pk=row.pk).resolution == "solved"
