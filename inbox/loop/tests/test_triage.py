"""Labels go to the vendor once, come back as its word, and are never undone by an older one."""

from datetime import UTC, datetime, timedelta

import pytest

from inbox import pipeline
from inbox.accounts.models import User
from inbox.channels.contract import Author, InboundThread
from inbox.common.config import change_setting
from inbox.common.work import Actor
from inbox.intake import aftermath
from inbox.loop import triage
from inbox.outbox.models import Outgoing
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Thread, Ticket, TicketEvent
from rig.desk import NOW, agent, ticket
from rig.issues import issue

pytestmark = pytest.mark.django_db
TRIAGE, REVIEW, COMMUNITY = "Triage 👀", "Product review", "Community"
SECOND = timedelta(seconds=1)


@pytest.fixture
def ana() -> User:
    return agent("ana")


def tags(row: Ticket) -> set[str]:
    return set(row.tags.values_list("name", flat=True))


def thread_of(row: Ticket) -> Thread:
    return row.threads.get()


def effects() -> list[dict[str, list[str]]]:
    rows = Outgoing.objects.filter(payload__effect="label").order_by("pk")
    return [{name: row.payload[name] for name in ("add", "remove")} for row in rows]


def says(row: Ticket, *labels: str, at: datetime, closed: bool = False) -> str:
    """The vendor's word on how the issue stood at a moment."""
    thread = thread_of(row)
    found = InboundThread(
        thread_key=thread.thread_key,
        at=at,
        closed=closed,
        subject=row.subject,
        labels=labels,
        author=Author(external_id="5", name="Maya"),
    )
    with pipeline.change(Actor.system("intake"), now=at + SECOND):
        return aftermath.file_thread(found, thread.channel)


def relabel(row: Ticket, add: list[str], remove: list[str], actor: Actor) -> triage.Relabelled:
    with pipeline.change(actor, now=NOW):
        return triage.relabel(row, add, remove, why="because")


def test_relabel_changes_tags_and_thread_and_tells_the_vendor_once(ana: User) -> None:
    row = issue(labels=(TRIAGE, "bug"))
    done = relabel(row, [REVIEW, "bug"], [TRIAGE, "absent"], Actor.user(ana))
    assert done == triage.Relabelled(added=[REVIEW], removed=[TRIAGE])
    assert tags(row) == {"bug", REVIEW} == set(thread_of(row).labels)
    sent = Outgoing.objects.get(payload__effect="label")
    assert sent.payload["thread_key"] == thread_of(row).thread_key
    assert sent.payload["place"] == "example/core"
    assert (sent.payload["add"], sent.payload["remove"]) == ([REVIEW], [TRIAGE])
    assert (sent.payload["repeatable"], sent.lane) == (True, f"{sent.channel_id}:writes")
    said = TicketEvent.objects.get(kind="tagged", data__tags=[REVIEW])
    assert (said.actor_user, said.data["why"]) == (ana, "because")
    relabel(row, done.removed, done.added, Actor.user(ana))
    assert tags(row) == {TRIAGE, "bug"}
    assert effects()[1] == {"add": [TRIAGE], "remove": [REVIEW]}
    assert len(effects()) == 2


def test_nothing_is_sent_for_an_echo_or_for_kinds_without_labels(ana: User) -> None:
    row = issue(labels=(TRIAGE,))
    relabel(row, [REVIEW], [], Actor(kind="contact", label="maya", echo=True))
    mail = ticket()
    relabel(mail, [REVIEW], [], Actor.user(ana))
    assert (tags(row), tags(mail)) == ({TRIAGE, REVIEW}, {REVIEW})
    assert effects() == []


def test_a_word_from_before_our_change_undoes_nothing_and_keeps_its_other_news(ana: User) -> None:
    row = issue(labels=(TRIAGE,), at=NOW - timedelta(hours=1))
    relabel(row, [REVIEW], [TRIAGE], Actor.user(ana))
    assert says(row, TRIAGE, "bug", at=NOW - SECOND) == ""
    assert tags(row) == {REVIEW, "bug"}
    assert set(thread_of(row).labels) == {REVIEW, "bug"}
    Outgoing.objects.update(state="sent", sent_at=NOW + 5 * SECOND)
    # on its way at the vendor since before the write, and delivered after it
    assert says(row, TRIAGE, "bug", at=NOW + 2 * SECOND, closed=True) == ""
    assert tags(row) == {REVIEW, "bug"}
    row.refresh_from_db()
    assert row.status == "closed"
    assert says(row, REVIEW, "bug", at=NOW + 5 * SECOND, closed=True) == ""
    assert tags(row) == {REVIEW, "bug"}
    assert len(effects()) == 1


def test_after_the_write_the_vendors_word_counts(ana: User) -> None:
    row = issue(labels=(TRIAGE,))
    relabel(row, [REVIEW], [TRIAGE], Actor.user(ana))
    Outgoing.objects.update(state="sent", sent_at=NOW + SECOND)
    says(row, TRIAGE, at=NOW + timedelta(minutes=1))  # somebody changed it back there
    assert tags(row) == {TRIAGE}
    assert len(effects()) == 1


def test_a_change_that_the_vendor_refused_is_not_kept(ana: User) -> None:
    row = issue(labels=(TRIAGE,))
    relabel(row, [REVIEW], [], Actor.user(ana))
    Outgoing.objects.update(state="failed")
    says(row, TRIAGE, at=NOW + SECOND)
    assert tags(row) == {TRIAGE}


def test_needs_scoping_is_one_comment_and_one_swap(ana: User) -> None:
    """S48; the names are settings."""
    change_setting("label_review", "Produkt ⚖️")
    row = issue(labels=(TRIAGE,))
    with pipeline.change(Actor.user(ana), now=NOW):
        triage.scope(row, body="Product looks at it on Monday.", user=ana)
    assert tags(row) == {"Produkt ⚖️"}
    assert effects() == [{"add": ["Produkt ⚖️"], "remove": [TRIAGE]}]
    comment = Outgoing.objects.get(kind="reply")
    assert comment.payload["text"] == "Product looks at it on Monday."


def test_refusal_to_comment_leaves_the_labels(ana: User) -> None:
    row = issue(labels=(TRIAGE,))
    with pytest.raises(VerbError), pipeline.change(Actor.user(ana), now=NOW):
        triage.scope(row, body="  ", user=ana)
    assert (tags(row), effects()) == ({TRIAGE}, [])


def test_refer_to_product_adds_the_label_and_a_note_that_nobody_outside_sees(ana: User) -> None:
    """S46."""
    row = issue(labels=("bug",))
    with pipeline.change(Actor.user(ana), now=NOW):
        triage.refer(row, why="Third company this week.", user=ana)
    assert tags(row) == {"bug", REVIEW}
    assert row.messages.get(visibility="internal").body_text == "Third company this week."
    assert not Outgoing.objects.filter(kind="reply").exists()


@pytest.mark.parametrize(
    ("outcome", "labels"),
    [
        ("sprint", {"Sprint task"}),
        ("community", {COMMUNITY}),
        ("contribution", {COMMUNITY, "Open to contribution"}),
    ],
)
def test_outcome_replaces_the_label_and_undo_brings_it_back(
    outcome: str, labels: set[str], ana: User
) -> None:
    """S49."""
    row = issue(labels=(REVIEW, "bug"))
    with pipeline.change(Actor.user(ana), now=NOW):
        event = triage.decide(row, outcome, user=ana, why="Small and useful.")
    assert tags(row) == {"bug", *labels}
    assert "Small and useful." in row.messages.get(visibility="internal").body_text
    with pytest.raises(VerbError), pipeline.change(Actor.user(ana), now=NOW):
        triage.decide(row, "sprint", user=ana)
    with pipeline.change(Actor.user(ana), now=NOW):
        assert triage.undo(event)
    assert tags(row) == {"bug", REVIEW} == set(thread_of(row).labels)
    assert triage.decisions(NOW, visible=Ticket.objects.all()) == []
    with pytest.raises(VerbError), pipeline.change(Actor.user(ana), now=NOW):
        triage.undo(event)


def test_undo_keeps_what_was_there_before_the_decision(ana: User) -> None:
    row = issue(labels=(REVIEW, COMMUNITY))
    with pipeline.change(Actor.user(ana), now=NOW):
        event = triage.decide(row, "community", user=ana)
    with pipeline.change(Actor.user(ana), now=NOW):
        triage.undo(event)
    assert tags(row) == {REVIEW, COMMUNITY}


@pytest.mark.parametrize(("state", "withheld"), [("queued", True), ("sent", False)])
def test_reason_is_told_if_asked_for_and_withheld_by_a_quick_undo(
    state: str, withheld: bool, ana: User
) -> None:
    row = issue(labels=(REVIEW,))
    with pytest.raises(VerbError), pipeline.change(Actor.user(ana), now=NOW):
        triage.decide(row, "sprint", user=ana, tell=True)
    with pipeline.change(Actor.user(ana), now=NOW):
        event = triage.decide(row, "sprint", user=ana, why="Next sprint.", tell=True)
    comment = Outgoing.objects.filter(kind="reply")
    assert comment.get().payload["text"] == "Next sprint."
    comment.update(state=state)
    with pipeline.change(Actor.user(ana), now=NOW):
        assert triage.undo(event) is withheld
    assert comment.get().state == ("failed" if withheld else "sent")
    assert tags(row) == {REVIEW}


@pytest.mark.parametrize(
    ("day", "monday"), [(16, 16), (17, 23), (20, 23), (22, 23), (23, 23), (24, 30)]
)
def test_agenda_is_for_todays_or_the_coming_monday(day: int, monday: int) -> None:
    found = triage.monday(datetime(2026, 11, day, 15, 30, tzinfo=UTC))
    assert found == datetime(2026, 11, monday, tzinfo=UTC)
