"""Two desks and a visitor: who is here, who types, what was read; restricted tickets stay silent."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from inbox.accounts.models import Team, User
from inbox.livechat.models import Conversation
from inbox.livechat.tests import host
from inbox.livechat.tests.browsing import WIDE, Widget, no_violations, shots
from inbox.operations.connecting import connect
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Ticket
from rig import chromium, worker
from rig.desk import act, agent, ticket
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]
PASSWORD = "a long enough password"
# every name that the widget shows as typing
KEEP_TYPING = """() => { window.typed = []; new MutationObserver(() => window.typed.push(
  document.getElementById("types").textContent)).observe(document.getElementById("types"), {childList: true}); }"""


@pytest.fixture
def site(process_env: dict[str, str], tmp_path: Path) -> Iterator[Site]:
    """Web and worker; Ana and Bo can sign in."""
    for name in ("ana", "bo"):
        user = agent(name)
        user.set_password(PASSWORD)
        user.save()
    with (
        worker.web(process_env, folder=tmp_path) as found,
        worker.workers(process_env, folder=tmp_path),
    ):
        yield found


def until(true: Callable[[], object], what: str) -> None:
    """Wait for something."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def sign_in(tab: Page, name: str) -> None:
    """As a person does."""
    tab.goto("/login/")
    tab.get_by_label("Username or e-mail").fill(name)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    tab.locator("#queue").wait_for()


def test_colleagues_see_each_other(site: Site, browser_process: Browser) -> None:
    with ExitStack() as stack:
        pages = [
            stack.enter_context(chromium.page(browser_process, base_url=site.url))[0]
            for _ in range(2)
        ]
        first, second = pages
        row = ticket()
        for tab, name in zip(pages, ("ana", "bo"), strict=True):
            sign_in(tab, name)
        first.goto(f"/tickets/{row.pk}/")
        second.goto(f"/tickets/{row.pk}/")
        expect(second.locator("#presence")).to_contain_text("Ana is looking at this")
        expect(first.locator("#presence")).to_contain_text("Bo is looking at this")
        first.locator("#words").press_sequentially("My answer")
        expect(second.locator("#presence")).to_contain_text("Ana is replying since")
        found = Axe().run(second)
        assert found.violations_count == 0, found.generate_report()
        chromium.screenshot(second, Path(settings.DATA_DIR) / "screens" / "presence.png")
        other = second.context.new_page()
        other.goto("/queue/")
        expect(other.locator(f"#on-{row.pk}")).to_have_text("Ana is replying")
        chromium.screenshot(other, Path(settings.DATA_DIR) / "screens" / "presence-queue.png")
        first.locator("label", has=first.locator("#mode-note")).click()
        expect(second.locator("#presence")).to_contain_text("Ana is writing a note")
        expect(other.locator(f"#on-{row.pk}")).to_have_text("")
        first.goto("/queue/")
        expect(second.locator("#presence")).not_to_contain_text("Ana")


def test_what_passes_between_a_chat_and_its_desk(site: Site, browser_process: Browser) -> None:
    """Both ways: who is here, who types, what was read; and who answers from now on."""
    with ExitStack() as stack:
        origin = stack.enter_context(host.site(site.url))
        connect("livechat", "docs", {"site_name": "Docs", "origins": origin, "greeting": "Hello!"})
        staff, _ = stack.enter_context(chromium.page(browser_process, base_url=site.url))
        tab, _ = stack.enter_context(chromium.page(browser_process))
        sign_in(staff, "ana")
        widget = Widget(tab)
        widget.open(origin, wait="Hello!")
        widget.write("Where is the state?")
        staff.get_by_role("link", name="Where is the state?").click()
        there = staff.locator("#presence")
        expect(there).to_contain_text("Here now", timeout=15_000)  # typing passes
        expect(there).to_contain_text(f"on {origin}/start")
        expect(widget.log.locator(".seen")).to_have_count(1)
        # the visitor types, and writes while an answer is being written
        widget.field.press_sequentially("It is")
        expect(there).to_contain_text("The visitor is typing")
        chromium.screenshot(staff, Path(settings.DATA_DIR) / "screens" / "chat-desk.png")
        staff.locator("#words").press_sequentially("In a buc")
        expect(widget.frame.locator("#typing")).to_have_text("Ana is typing")
        widget.write("It is urgent.")
        expect(staff.locator("#thread")).to_contain_text("It is urgent.")
        expect(staff.locator("#words")).to_have_value("In a buc")
        expect(widget.log.locator("li", has_text="It is urgent.")).to_contain_text("Seen")
        answered_and_seen(staff, widget)
        hand_over(staff, widget)
        for size in (chromium.PHONE, chromium.DESKTOP):
            staff.set_viewport_size({"width": size[0], "height": size[1]})
            no_violations(staff, f"{size[0]}")
            assert staff.evaluate(WIDE) <= 0
            chromium.screenshot(staff, shots() / f"chat-ticket-{size[0]}.png")
        tab.close()
        expect(there).to_contain_text("Left at")
        chromium.screenshot(staff, Path(settings.DATA_DIR) / "screens" / "chat-left.png")


def answered_and_seen(staff: Page, widget: Widget) -> None:
    """What stood on the screen is no news: the answer goes out without a question."""
    line = Conversation.objects.get().entries.order_by("-pk")[0]
    known = staff.locator("[name=last_seen_message]")
    expect(known).to_have_value(str(line.message_id))
    staff.locator("#words").press_sequentially("ket.")
    staff.get_by_role("button", name="Send and wait").click()
    expect(widget.log).to_contain_text("In a bucket.")
    expect(widget.frame.locator("#typing")).to_be_hidden()
    expect(staff.locator(".msg__seen")).to_contain_text("Seen")


def hand_over(staff: Page, widget: Widget) -> None:
    """A note is nobody's business outside; then somebody else answers."""
    widget.inner.evaluate(KEEP_TYPING)
    staff.keyboard.press("n")
    staff.locator("#words").press_sequentially("she is new")
    bo = User.objects.get(username="bo")
    act(tickets.assign, Ticket.objects.get(), bo, at=timezone.now())
    expect(widget.frame.locator("#who")).to_have_text("Bo from Docs")  # heard after the note
    expect(widget.frame.locator("#here")).to_be_hidden()
    assert set(widget.inner.evaluate("window.typed")) <= {""}
    expect(staff.locator("#thread")).to_contain_text("gave this to Bo")
    expect(staff.locator("#meta")).to_contain_text("Bo")


def test_two_agents_answer_at_once(site: Site, browser_process: Browser) -> None:
    row = ticket()
    with ExitStack() as stack:
        pages = [
            stack.enter_context(chromium.page(browser_process, base_url=site.url)) for _ in range(2)
        ]
        for (tab, watch), name in zip(pages, ("ana", "bo"), strict=True):
            watch.allow("409")
            sign_in(tab, name)
            tab.goto(f"/tickets/{row.pk}/")
            tab.locator("#words").fill(f"The answer of {name}")
        second = pages[1][0]
        field = second.locator("[name=last_seen_message]")
        before = field.input_value()
        pages[0][0].get_by_role("button", name="Send", exact=True).click()
        pages[0][0].get_by_text("Undo it in the conversation").wait_for()
        expect(field).not_to_have_value(before)
        # both press at the same moment: Bo's page knows no more than it did before
        field.evaluate("(found, value) => { found.value = value; }", before)
        second.get_by_role("button", name="Send", exact=True).click()
        expect(second.get_by_role("alert")).to_contain_text("The answer of ana")
        expect(second.locator("#words")).to_have_value("The answer of bo")
        found = Axe().run(second)
        assert found.violations_count == 0, found.generate_report()
        chromium.screenshot(second, Path(settings.DATA_DIR) / "screens" / "stale.png")
        assert _answers(row) == ["The answer of ana"]
        second.get_by_role("button", name="Add mine below").click()
        second.get_by_text("Undo it in the conversation").wait_for()
        assert _answers(row) == ["The answer of ana", "The answer of bo"]


def _answers(row: Ticket) -> list[str]:
    rows = Message.objects.filter(ticket=row, direction="out").order_by("pk")
    return list(rows.values_list("new_text", flat=True))


def test_a_restricted_ticket_says_nothing_to_others(site: Site, browser_process: Browser) -> None:
    team = Team.objects.create(key="security", name="Security", restricted=True)
    User.objects.get(username="ana").teams.add(team)
    secret, known = ticket(), ticket()
    act(tickets.restrict, secret, team)
    with ExitStack() as stack:
        first, _ = stack.enter_context(chromium.page(browser_process, base_url=site.url))
        second, _ = stack.enter_context(chromium.page(browser_process, base_url=site.url))
        sign_in(first, "ana")
        sign_in(second, "bo")
        second.evaluate(
            """(numbers) => { window.heard = [];
            const source = new EventSource("/live/");
            for (const n of numbers) for (const name of ["ticket", "presence", "typing"])
              source.addEventListener(`${name}-${n}`, () => window.heard.push(`${name}-${n}`));
            return new Promise((done) => { source.onopen = done; }).then(() => 1); }""",
            [secret.pk, known.pk],
        )
        for row in (secret, known):
            first.goto(f"/tickets/{row.pk}/")
            first.locator("#words").press_sequentially("abc")
        typed = f"typing-{known.pk}"
        until(lambda: typed in second.evaluate("window.heard"), "Bo hears of the other one")
        assert {name.rpartition("-")[2] for name in second.evaluate("window.heard")} == {
            str(known.pk)
        }
