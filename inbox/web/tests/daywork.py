"""The stations of the recorded day: each is done by keys alone, and seen on the page and in the data."""

import re
import time
from collections.abc import Callable

from playwright.sync_api import Locator, expect

from inbox.notify.models import Notice
from inbox.tickets.models import Message, Ticket
from inbox.web.tests.dayplan import ANSWERED, PLAN, Morning
from rig.keys import Keys

ISSUE = "https://github.com/example/core/issues/412"
REASON = "legal reads the contract"
PATIENCE_SECONDS = 40


def until(true: Callable[[], object], what: str) -> None:
    """Wait for the database to say so."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def focused(keys: Keys) -> int:
    """The number of the row that has the focus."""
    row = keys.tab.evaluate(
        "document.activeElement.closest('.row')?.id ?? document.activeElement.outerHTML.slice(0, 200)"
    )
    assert row.startswith("t-"), row
    return int(row.removeprefix("t-"))


def row_of(keys: Keys, ticket: Ticket) -> Locator:
    """A ticket's row of the queue."""
    return keys.tab.locator(f"#t-{ticket.pk}")


def listening(keys: Keys) -> None:
    """Keys are heard once the page's scripts have run."""
    keys.tab.wait_for_load_state("load")


def to_queue(keys: Keys) -> None:
    """G Q."""
    keys.press("g", "q")
    keys.tab.locator("#queue").wait_for()
    listening(keys)


def walk_to(keys: Keys, ticket: Ticket) -> None:
    """J or K until the row has the focus; it may be on the row that one came back from."""
    is_below = """number => {
      const here = document.activeElement.closest(".row"), there = document.getElementById(`t-${number}`);
      return !here || Boolean(here.compareDocumentPosition(there) & Node.DOCUMENT_POSITION_FOLLOWING);
    }"""
    key = "j" if keys.tab.evaluate(is_below, ticket.pk) else "k"
    for _ in range(60):
        if keys.tab.evaluate("document.activeElement.closest('.row')?.id") == f"t-{ticket.pk}":
            return
        keys.press(key)
    raise AssertionError(f"{key} never came to {ticket}")


def open_ticket(keys: Keys, ticket: Ticket) -> None:
    """From wherever one is: ⌘K, a piece of the subject, Enter."""
    keys.press("Control+k")
    expect(keys.tab.locator("#palette-q")).to_be_focused()
    keys.type(ticket.subject[:22])
    first = keys.tab.locator('#palette-list [aria-selected="true"]')
    expect(first).to_contain_text(ticket.subject)
    keys.press("Enter")
    expect(keys.tab.locator("#talk-title")).to_contain_text(f"#{ticket.pk}")
    expect(keys.tab.locator("#talk-title")).to_be_focused()
    listening(keys)


def said(keys: Keys, words: str) -> None:
    """A corner of the page says so."""
    expect(keys.tab.locator("#toasts .toast", has_text=words).last).to_be_visible()


# ------------------------------------------------------------------ the queue


def sorts_twenty(keys: Keys, day: Morning) -> None:
    """J, then category, priority, owner and status as fits, without waiting for any of them."""
    for row in day.rows:
        walk_to(keys, row)
        _, category, priority, owner, status = next(p for p in PLAN if p[0] == row.subject)
        keys.press("c")
        keys.type(category)
        keys.press("Enter")
        if priority:
            keys.press("p", priority)
        if owner == "me":
            keys.press("i")
        else:
            keys.press("a")
            keys.type(owner)
            keys.press("Enter")
        if status:
            keys.press("s", status)
        assert focused(keys) == row.pk  # the focus stays where the work is
    for row in day.rows:
        _sorted(keys, day[row.subject])
    keys.station("sorted")


PRIORITIES = {"": "normal", "l": "low", "h": "high", "u": "urgent"}
STANDINGS = {"": ("open", "us"), "r": ("in_progress", "research"), "w": ("in_progress", "them")}


def _sorted(keys: Keys, row: Ticket) -> None:
    _, category, priority, owner, status = next(p for p in PLAN if p[0] == row.subject)
    name = "ana" if owner == "me" else owner

    def stands() -> bool:
        row.refresh_from_db()
        return (
            row.category,
            row.priority,
            row.owner.username if row.owner else "",
            (row.status, row.waiting_on),
        ) == (category, PRIORITIES[priority], name, STANDINGS[status])

    until(
        stands, f"#{row.pk} {row.subject}: {row.category} {row.priority} {row.owner} {row.status}"
    )
    there = row_of(keys, row)
    expect(there.locator(".row__cat")).to_contain_text(category)
    if priority in ("h", "u"):
        expect(there.locator(".row__cat")).to_contain_text(row.get_priority_display())
    assert row.owner is not None
    expect(there.locator(".row__as .avatar")).to_have_attribute(
        "aria-label", re.compile(row.owner.display_name)
    )


def closes_many_and_takes_it_back(keys: Keys, day: Morning) -> None:
    """X on three, E, the ending; ⌘Z; and once more, for good."""
    to_queue(keys)
    thanks = [day["Thanks for"], day["Thank you"], day["A short praise"]]
    for row in thanks:
        walk_to(keys, row)
        keys.press("x")
    expect(keys.tab.locator(".bulk")).to_be_visible()
    numbers = [row.pk for row in thanks]
    rows = Ticket.objects.filter(pk__in=numbers)
    for undone in (True, False):
        if not undone:
            for row in thanks:
                walk_to(keys, row)
                keys.press("x")
        keys.press("e")
        keys.press("Enter")
        said(keys, "3 tickets")
        until(lambda: rows.filter(status="closed").count() == 3, "three are closed")
        for row in thanks:
            expect(row_of(keys, row)).not_to_be_visible()
        if undone:
            keys.station("closed-three")
            keys.press("Control+z")
            until(lambda: rows.filter(status="open").count() == 3, "three are open again")
            for row in thanks:
                expect(row_of(keys, row)).to_be_visible()
    keys.station("closed-for-good")


# ------------------------------------------------------------------ a ticket


def answers(keys: Keys, day: Morning) -> None:
    """Enter, R, words, ⌘Enter."""
    row = day["Sync stops"]
    to_queue(keys)
    walk_to(keys, row)
    keys.press("Enter")
    expect(keys.tab.locator("#talk-title")).to_be_focused()
    listening(keys)
    keys.press("r")
    expect(keys.tab.locator("#words")).to_be_focused()
    keys.type("Hello! Set page_size to 500, then it goes on.")
    keys.press("Control+Enter")
    expect(keys.tab.locator("#thread")).to_contain_text("Set page_size to 500")
    expect(keys.tab.locator("#thread [data-leaves]")).to_contain_text("Leaves in")
    row = day["Sync stops"]
    assert (row.status, row.waiting_on) == ("in_progress", "them")
    assert row.messages.filter(direction="out", visibility="public").count() == 1
    keys.station("answered")


def notes(keys: Keys, day: Morning) -> None:
    """N, a colleague's name by completion, ⌘Enter: she is told."""
    row = day["The replication"]
    open_ticket(keys, row)
    keys.press("n")
    expect(keys.tab.locator("#words")).to_be_focused()
    keys.type("Seen before? @noo")
    expect(keys.tab.locator("#complete")).to_contain_text("Noor Haddad")
    keys.press("Tab")
    keys.type("had one like it.")
    keys.press("Control+Enter")
    expect(keys.tab.locator(".msg--note .mention")).to_have_text("@Noor Haddad")
    note = Message.objects.get(ticket=row, visibility="internal", role="team")
    assert note.new_text == "Seen before? @noor had one like it."
    assert Notice.objects.filter(user__username="noor", ticket=row).count() == 1
    keys.station("noted")


def inserts_what_was_answered(keys: Keys, day: Morning) -> None:
    """Q puts the answer of a ticket like it into the reply; ⌘⇧Enter sends and closes."""
    row = day["The replication"]
    expect(keys.tab.locator("#similar [data-insert]").first).to_be_visible()
    keys.tab.locator("#talk-title").wait_for()
    listening(keys)
    keys.press("q")
    expect(keys.tab.locator("#words")).to_have_value(re.compile(re.escape(ANSWERED)))
    expect(keys.tab.locator("#words")).to_be_focused()
    expect(keys.tab.locator("#mode-reply")).to_be_checked()
    keys.type("Did it help?")
    keys.station("inserted")
    keys.press("Control+Shift+Enter")
    expect(keys.tab.locator("#thread")).to_contain_text("Did it help?")
    row = day["The replication"]
    assert (row.status, row.resolution) == ("closed", "answered")


def uses_a_macro(keys: Keys, day: Morning) -> None:
    """; and a word, Enter, ⌘Enter: the words leave and the macro does its part."""
    row = day["Webhook"]
    open_ticket(keys, row)
    keys.press(";")
    expect(keys.tab.locator("#macro-q")).to_be_focused()
    keys.type("use case")
    expect(keys.tab.locator("#macro-list [name=use]")).to_have_count(1)
    keys.press("Enter")
    expect(keys.tab.locator("#words")).to_have_value(re.compile("describe your use case"))
    expect(keys.tab.locator("#words")).to_be_focused()
    keys.press("Control+Enter")
    expect(keys.tab.locator("#thread")).to_contain_text("used the macro “Ask for the use case”")
    row = day["Webhook"]
    assert (row.kind, row.status, row.waiting_on) == ("feature", "in_progress", "them")
    keys.station("macro")


def puts_off(keys: Keys, day: Morning) -> None:
    """Z T: until tomorrow. H, a reason, Enter: on hold."""
    row = day["Metrics"]
    open_ticket(keys, row)
    keys.press("z", "t")
    expect(keys.tab.locator("#talk-head")).to_contain_text("Snoozed until")
    assert day["Metrics"].snoozed_until is not None
    keys.station("snoozed")
    row = day["Which versions"]
    open_ticket(keys, row)
    keys.press("h")
    expect(keys.tab.locator("#f-hold")).to_be_focused()
    keys.type(REASON)
    keys.press("Enter")
    expect(keys.tab.locator("#talk-head")).to_contain_text(REASON)
    row = day["Which versions"]
    assert (row.status, row.hold_reason) == ("on_hold", REASON)
    keys.station("on-hold")


def links_an_issue(keys: Keys, day: Morning) -> None:
    """V L, the address, Enter."""
    row = day["Docs"]
    open_ticket(keys, row)
    keys.press("v", "l")
    expect(keys.tab.locator("#f-url")).to_be_focused()
    keys.type(ISSUE)
    keys.press("Enter")
    expect(keys.tab.locator(".linked")).to_contain_text("issues/412")
    assert row.links.get().url == ISSUE
    keys.station("linked")


# ------------------------------------------------------------------ joined and parted


def merges_and_takes_it_back(keys: Keys, day: Morning) -> None:
    """M, the other one by its words, Enter, Enter; ⌘Z."""
    row, other = day["Rotate API"], day["How to rotate"]
    open_ticket(keys, row)
    keys.press("m")
    expect(keys.tab.locator("#merge-q")).to_be_attached()
    listening(keys)
    if not keys.tab.evaluate("document.activeElement.id === 'merge-q'"):
        keys.press("Shift+Tab", "Shift+Tab")
    expect(keys.tab.locator("#merge-q")).to_be_focused()
    keys.type("How to rotate an API")
    expect(keys.tab.locator("#merge-list a").first).to_contain_text(other.subject)
    keys.press("Tab", "Tab")
    expect(keys.tab.locator("#merge-list a").first).to_be_focused()
    keys.press("Enter")
    expect(keys.tab.get_by_role("button", name=f"Merge into #{other.pk}")).to_be_focused()
    keys.station("merge-previewed")
    listening(keys)
    keys.press("Enter")
    expect(keys.tab.locator("#thread")).to_contain_text(f"merged #{row.pk} into this")
    row = day["Rotate API"]
    assert (row.status, row.merged_into_id) == ("merged", other.pk)
    listening(keys)
    keys.press("Control+z")
    said(keys, f"Undone: merged into #{other.pk}")
    until(lambda: day["Rotate API"].status == "open", "parted again")
    assert day["Rotate API"].messages.count() == 1
    keys.station("merged-and-back")


def splits(keys: Keys, day: Morning) -> None:
    """V S, Space on the second question, its subject, Enter."""
    row = day["Two things"]
    open_ticket(keys, row)
    keys.press("v", "s")
    box = keys.tab.locator('.menu__check [name="message"]').first
    expect(box).to_be_focused()
    listening(keys)
    keys.press("Space")
    expect(box).to_be_checked()
    expect(keys.tab.locator("#split-preview")).to_contain_text("1 message")
    keys.press("Tab", "Tab")
    expect(keys.tab.locator("#split-subject")).to_be_focused()
    keys.type("Our logo on a slide")
    keys.press("Enter")
    expect(keys.tab.locator("#toasts")).to_contain_text("Split off into")
    fresh = Ticket.objects.get(subject="Our logo on a slide")
    assert [m.new_text for m in fresh.messages.all()] == [
        "And the second: may we use your logo on a slide?"
    ]
    assert row.messages.count() == 1
    keys.station("split")


# ------------------------------------------------------------------ found again


def searches(keys: Keys, day: Morning) -> None:
    """⌘K, words, the last line of the palette; Esc, J and Enter on the page of what was found."""
    row = day["Connector"]
    keys.press("Control+k")
    expect(keys.tab.locator("#palette-q")).to_be_focused()
    keys.type("loses cursor")
    expect(keys.tab.locator('#palette-list [aria-selected="true"]')).to_contain_text(row.subject)
    keys.press("ArrowUp")
    expect(keys.tab.locator("#pal-everywhere")).to_have_attribute("aria-selected", "true")
    keys.press("Enter")
    expect(keys.tab.locator(".hit")).to_have_count(1)
    listening(keys)
    keys.station("found")
    keys.press("Escape", "j", "Enter")  # out of the field, to the first hit
    expect(keys.tab.locator("#talk-title")).to_contain_text(row.subject)


def ends(keys: Keys, day: Morning) -> None:
    """G M: what is still ana's."""
    keys.press("g", "m")
    keys.tab.locator("#queue").wait_for()
    listening(keys)
    mine = Ticket.objects.filter(owner=day.ana, lane__in=["us", "wait"], snoozed_until=None)
    subjects = keys.tab.locator(".row__subject")
    expect(subjects).to_have_count(mine.count())
    assert set(subjects.all_inner_texts()) == set(mine.values_list("subject", flat=True))
    keys.station("mine")


STATIONS = (
    sorts_twenty,
    answers,
    notes,
    inserts_what_was_answered,
    uses_a_macro,
    puts_off,
    merges_and_takes_it_back,
    splits,
    closes_many_and_takes_it_back,
    searches,
    links_an_issue,
    ends,
)


def whole_day(keys: Keys, day: Morning) -> None:
    """From the morning's queue to what is left in the evening."""
    keys.tab.goto("/queue/")
    keys.tab.locator("#queue .row").first.wait_for()
    listening(keys)
    keys.station("morning")
    for station in STATIONS:
        station(keys, day)
