"""Follow-ups: one message and an end when nobody answers, once per waiting, never at night."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbox.common.versions import bump
from inbox.followups.models import DelayedAction, FollowUp
from inbox.handbook import reading
from inbox.handbook import services as handbook
from inbox.operations import sweep
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from rig.desk import NOW, act, agent, asker, ticket, writes

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
TWO_DAYS = 48 * HOUR


def chain(**fields: Any) -> FollowUp:
    steps = [{"after_minutes": 2880, "message": "Hi {name}, still there?", "close": "no_reply"}]
    row = FollowUp.objects.create(**{"key": "quiet", "steps": steps, **fields})
    bump("follow_ups")
    return row


def waiting(**fields: Any) -> Ticket:
    """Answered at NOW, and it is their turn."""
    row = ticket(**fields)
    act(tickets.reply, row, body="Try this.", user=agent("ana"), then="wait")
    return row


def outcome(row: Ticket) -> tuple[str, str, int]:
    row.refresh_from_db()
    sent = Outgoing.objects.filter(ticket=row, kind="auto_reply").count()
    return row.status, row.resolution, sent


def test_after_48_hours_one_message_and_the_end_in_one_step() -> None:
    """S63."""
    chain()
    row = waiting(who=asker("kezia"))
    sweep.tick(now=NOW + TWO_DAYS - HOUR)
    assert outcome(row) == ("in_progress", "", 0)
    sweep.tick(now=NOW + TWO_DAYS)
    assert outcome(row) == ("closed", "no_reply", 1)
    assert row.messages.get(role="bot").new_text == "Hi Kezia, still there?"
    sweep.tick(now=NOW + 2 * TWO_DAYS)
    assert outcome(row) == ("closed", "no_reply", 1)


def test_an_answer_reopens_and_a_new_waiting_may_be_followed_up_again() -> None:
    chain()
    mira = asker()
    row = waiting(who=mira)
    sweep.tick(now=NOW + TWO_DAYS)
    writes(row, mira, at=NOW + 50 * HOUR)
    assert outcome(row)[0] == "open"
    act(tickets.reply, row, body="And this?", user=agent("ana"), then="wait", at=NOW + 51 * HOUR)
    sweep.tick(now=NOW + 51 * HOUR + TWO_DAYS)
    assert outcome(row) == ("closed", "no_reply", 2)


@pytest.mark.parametrize(
    "what", ["answer", "thanks", "hold", "snooze", "close", "research", "merge"]
)
def test_whatever_ends_the_waiting_cancels_it(what: str) -> None:
    """S63, L15."""
    chain()
    mira = asker()
    row = waiting(who=mira)
    at = NOW + HOUR
    if what in ("answer", "thanks"):
        writes(row, mira, at=at, quiet=what == "thanks")
    else:
        does: dict[str, Any] = {
            "hold": lambda: tickets.hold(row, reason="a call"),
            "snooze": lambda: tickets.snooze(row, until=NOW + 10 * TWO_DAYS),
            "close": lambda: tickets.close(row),
            "research": lambda: tickets.wait(row, on="research"),
        }
        if what == "merge":
            other = ticket()
            act(tickets.merge, row, into=other, at=at)
        else:
            act(does[what], at=at)
    sweep.tick(now=NOW + TWO_DAYS + HOUR)
    assert outcome(row)[2] == 0
    assert set(
        DelayedAction.objects.filter(feature="follow:quiet:0").values_list("state", flat=True)
    ) == {"cancelled"}


def test_writing_again_while_waiting_counts_from_the_last_word() -> None:
    chain()
    row = waiting()
    act(
        tickets.reply,
        row,
        body="One more thing.",
        user=agent("ana"),
        then="wait",
        at=NOW + 24 * HOUR,
    )
    sweep.tick(now=NOW + TWO_DAYS + HOUR)
    assert outcome(row)[2] == 0
    sweep.tick(now=NOW + 24 * HOUR + TWO_DAYS)
    assert outcome(row) == ("closed", "no_reply", 1)


def test_waiting_for_the_morning_of_the_asker() -> None:
    """H 4: 10:00 UTC is 02:00 in Los Angeles; the night ends at 07:00 there."""
    chain()
    row = waiting(who=asker(timezone="America/Los_Angeles"))
    sweep.tick(now=NOW + TWO_DAYS)
    assert outcome(row)[2] == 0
    assert DelayedAction.objects.get(ticket=row).due_at == datetime(2026, 11, 20, 15, tzinfo=UTC)
    sweep.tick(now=NOW + TWO_DAYS + 5 * HOUR)
    assert outcome(row) == ("closed", "no_reply", 1)


def test_a_chain_goes_on_step_by_step_and_stops_at_an_answer() -> None:
    chain(
        steps=[
            {"after_minutes": 1440, "message": "Did it help?"},
            {"after_minutes": 1440, "message": "I close this.", "close": "no_reply"},
        ]
    )
    mira = asker()
    one, two = waiting(), waiting(who=mira)
    sweep.tick(now=NOW + 24 * HOUR)
    assert [outcome(row) for row in (one, two)] == [("in_progress", "", 1)] * 2
    writes(two, mira, at=NOW + 30 * HOUR)
    sweep.tick(now=NOW + 48 * HOUR)
    assert [outcome(row) for row in (one, two)] == [("closed", "no_reply", 2), ("open", "", 1)]


def test_other_channels_are_left_alone_and_robots_are_never_written_to() -> None:
    """L8: what may not be sent ends nothing; a person decides."""
    chain(channels=["slack"])
    row = waiting()
    assert not DelayedAction.objects.filter(ticket=row).exists()
    FollowUp.objects.update(channels=["email/support"])
    bump("follow_ups")
    robot = waiting(opener_class="list")
    sweep.tick(now=NOW + TWO_DAYS)
    assert outcome(robot) == ("in_progress", "", 0)
    assert robot.events.filter(kind="flagged").count() == 1


def test_a_chain_that_is_switched_off_does_nothing_any_more() -> None:
    chain()
    row = waiting()
    FollowUp.objects.update(enabled=False)
    bump("follow_ups")
    sweep.tick(now=NOW + TWO_DAYS)
    assert outcome(row) == ("in_progress", "", 0)


def test_handbook_reads_chains_and_refuses_nonsense() -> None:
    text = """
version: 1
follow_ups:
  - {key: nudge, channels: [email], after: 24 hours, then: [{message: remind}, {after: 1 day}, {message: nudge}, {close: no_reply}]}
"""
    assert handbook.load(text) == ["+ followup nudge"]
    assert handbook.load(text) == []
    row = FollowUp.objects.get()
    assert [s["after_minutes"] for s in row.steps] == [1440, 1440]
    assert handbook.load(handbook.dump()) == []
    for bad, why in (
        ("{key: x, after: soon, then: [{close: no_reply}]}", "“soon” is not a time like 48 hours"),
        ("{key: x, after: 2 hours, then: []}", "a step without a message or a close does nothing"),
        ("{key: x, after: 2 hours, then: [{close: gone}]}", "there is no resolution “gone”"),
        ("{key: x, after: 2 hours, then: [{shout: it}]}", "a follow-up cannot “shout”"),
    ):
        with pytest.raises(reading.BadHandbook, match=why):
            handbook.load(f"version: 1\nfollow_ups:\n  - {bad}\n")
