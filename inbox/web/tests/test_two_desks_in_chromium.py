"""Two agents, two browsers, one desk: they see each other, answer at once, and change one queue."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from inbox.accounts.models import User
from inbox.operations.connecting import connect
from inbox.outbox.models import Outgoing
from inbox.tickets.models import Message, Ticket
from inbox.web.tests.test_presence_in_chromium import until
from inbox.web.tests.test_queue_in_chromium import made
from rig import chromium, twodesks, worker
from rig.chromium import Watch
from rig.desk import agent
from rig.session import sign_in
from rig.smtp import SmtpSink
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]
Desk = tuple[Page, Watch, User]
# where every row stands, what has the focus, and how far the page is scrolled
PLACES = """() => ({
  rows: [...document.querySelectorAll("#queue .row")].map((row) =>
    [row.id, Math.round(row.getBoundingClientRect().top), row.offsetHeight]),
  focus: document.activeElement.closest(".row")?.id, scrolled: window.scrollY,
})"""
# each page presses at the same moment of the clock
AT_ONCE = "(button, at) => { setTimeout(() => button.click(), at - Date.now()); }"


@contextmanager
def two(browser: Browser, site: Site) -> Iterator[tuple[Desk, Desk]]:
    """Ana and Bo, each in a window with cookies of its own."""
    with (
        chromium.page(browser, base_url=site.url) as (one, seen_by_one),
        chromium.page(browser, base_url=site.url) as (other, seen_by_other),
    ):
        ana, bo = agent("ana"), agent("bo")
        for tab, user in ((one, ana), (other, bo)):
            sign_in(tab, user, url=site.url)
        yield (one, seen_by_one, ana), (other, seen_by_other, bo)


def shot(tab: Page, name: str) -> None:
    chromium.screenshot(tab, Path(settings.DATA_DIR) / "screens" / name)


def test_each_sees_what_the_other_does_and_how_soon(
    process_env: dict[str, str], live_site: Site, browser_process: Browser
) -> None:
    """The milliseconds are printed here and judged by `bench/presence.py`."""
    spent = twodesks.Spent()
    with two(browser_process, live_site) as ((first, _, _), (second, _, _)):
        for number in range(3):
            path = f"/tickets/{made(f'Question {number}').pk}/"
            twodesks.once(first, second, path, name="Ana", spent=spent)
        expect(first.locator("#presence")).to_contain_text("Bo is looking at this")
    told = {name: spent.figures(name) for name in ("views", "types")}
    print(json.dumps({"name": "presence", **told}))  # noqa: T201 - what is measured on the way


def test_two_answers_at_the_same_moment_arrive_once_each(
    process_env: dict[str, str],
    live_site: Site,
    browser_process: Browser,
    smtp_sink: SmtpSink,
    tmp_path: Path,
) -> None:
    """One is stored, the other is asked about; both are sent, and each reaches them once."""
    connect("email", "support", {"address": "support@example.com", "smtp_url": smtp_sink.url()})
    row = made("Where is it?")
    scheduler = worker.start_scheduler(process_env, log=tmp_path / "beat.log")
    try:
        with (
            worker.workers(process_env, folder=tmp_path, count=2),
            two(browser_process, live_site) as desks,
        ):
            press_at_once(desks, row)
            quick, asked = sorted(desks, key=lambda desk: desk[0].get_by_role("alert").count())
            mine = answer_of(asked)
            expect(asked[0].get_by_role("alert")).to_contain_text(answer_of(quick))
            expect(asked[0].locator("#words")).to_have_value(mine)
            shot(asked[0], "two-desks-asked.png")
            assert stored(row) == [answer_of(quick)]
            asked[0].get_by_role("button", name="Add mine below").click()
            expect(asked[0].locator("#thread")).to_contain_text(mine)
            expect(quick[0].locator("#thread")).to_contain_text(mine)
            assert stored(row) == [answer_of(quick), mine]
            until(lambda: Outgoing.objects.filter(state="sent").count() == 2, "both are sent")
    finally:
        scheduler.stop()
    letters = [message_from_bytes(x.raw, policy=policy.default) for x in smtp_sink.letters]
    bodies = [x.get_body(("plain",)) for x in letters]
    texts = [body.get_content() for body in bodies if body is not None]
    assert len(texts) == 2
    for words in (answer_of(quick), mine):
        assert sum(words in text.partition("\n>")[0] for text in texts) == 1
    ids = {x["Message-ID"].strip() for x in letters}
    assert len(ids) == 2


def press_at_once(desks: tuple[Desk, Desk], row: Ticket) -> None:
    """Both have read the same, have written, and press at one moment."""
    for tab, watch, user in desks:
        watch.allow("409")
        tab.goto(f"/tickets/{row.pk}/")
        tab.locator("#words").fill(f"The answer of {user.username}")
    at = desks[0][0].evaluate("Date.now() + 1500")
    buttons = [tab.get_by_role("button", name="Send", exact=True) for tab, _, _ in desks]
    for button in buttons:
        button.evaluate(AT_ONCE, at)
    until(lambda: stored(row), "one of the two is stored")
    until(lambda: sum(d[0].get_by_role("alert").count() for d in desks) == 1, "one is asked")


def answer_of(desk: Desk) -> str:
    return f"The answer of {desk[2].username}"


def stored(row: Ticket) -> list[str]:
    rows = Message.objects.filter(ticket=row, direction="out").order_by("pk")
    return list(rows.values_list("new_text", flat=True))


def test_a_colleagues_changes_show_in_the_queue_and_nothing_jumps(
    process_env: dict[str, str], live_site: Site, browser_process: Browser
) -> None:
    rows = [made(f"Question {number}") for number in range(20)]
    held, given, closed = rows[-2], rows[-4], rows[-6]
    with two(browser_process, live_site) as ((first, _, _), (second, _, _)):
        with second.expect_request("**/live/**"):
            second.goto("/queue/")
        for _ in range(8):
            second.keyboard.press("j")
        before = second.evaluate(PLACES)
        assert before["focus"] == f"t-{rows[-8].pk}"
        many = second.locator(".group", has=second.locator(f"#t-{closed.pk}")).locator(".group__n")
        expect(many).to_contain_text("20")

        first.goto("/queue/")
        first.locator(f"#t-{given.pk} .row__what").focus()
        first.keyboard.press("i")
        expect(second.locator(f"#t-{given.pk} .row__as")).to_have_text("A")
        first.locator(f"#t-{held.pk} .row__what").focus()
        first.keyboard.press("h")
        first.keyboard.type("waits for legal")
        first.keyboard.press("Enter")
        expect(second.locator(f"#t-{held.pk} .row__what")).to_contain_text("waits for legal")
        first.locator(f"#t-{closed.pk} .row__what").focus()
        first.keyboard.press("e")
        expect(many).to_contain_text("18")
        made("A new one")
        expect(second.locator(".newpill")).to_have_text("1 new ticket .")

        # all of it is told, and no row has moved under the hands of whoever works there
        shot(second, "two-desks-queue.png")
        assert second.evaluate(PLACES) == before
        second.evaluate("document.activeElement.blur()")
        expect(second.locator(f"#t-{closed.pk}")).to_have_count(0)
