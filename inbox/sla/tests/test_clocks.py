"""Clocks on tickets: what starts, meets, pauses and ends them, and who is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbox import pipeline
from inbox.channels.models import Source, SourceGroup
from inbox.common.config import change_setting
from inbox.common.work import Actor
from inbox.followups import promises
from inbox.notify.models import Notice
from inbox.oncall import swaps
from inbox.oncall.models import Rotation, RotationMember
from inbox.operations import sweep
from inbox.reports import reading, story
from inbox.sla.models import Clock
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from rig.desk import NOW, act, agent, asker, mailbox, policy, ticket, writes

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FRIDAY = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)  # 18:00 in Lisbon


def clocks(row: Ticket) -> dict[str, Any]:
    return {c.metric: (c.state, c.due_at) for c in Clock.objects.filter(ticket=row).order_by("pk")}


def test_report_of_friday_evening_is_due_on_monday_at_closing_time() -> None:
    """S12."""
    disclosure = policy(
        "disclosure", first_response_amount=None, acknowledge="end_of_next_business_day"
    )
    row = ticket(at=FRIDAY, channel=mailbox("security", policy=disclosure))
    assert clocks(row) == {"acknowledge": ("running", datetime(2026, 11, 23, 18, tzinfo=UTC))}


def test_business_hours_and_hours_differ_as_they_should() -> None:
    """S1, H 1."""
    hours = policy("hours", first_response_amount=24, first_response_unit="hours")
    business = policy("business", first_response_amount=24)
    plain = ticket(at=FRIDAY, channel=mailbox("plain", policy=hours))
    worked = ticket(at=FRIDAY, channel=mailbox("worked", policy=business))
    assert clocks(plain)["first_response"][1] == FRIDAY + DAY
    # 9 + 9 + 6 hours from Monday morning
    assert clocks(worked)["first_response"][1] == datetime(2026, 11, 25, 15, tzinfo=UTC)


def test_soft_clock_is_missed_and_never_breached() -> None:
    """S1."""
    soft = policy("soft", soft=True, first_response_amount=1)
    hard = policy("hard", first_response_amount=1)
    rows = [ticket(channel=mailbox(p.key, policy=p)) for p in (soft, hard)]
    sweep.tick(now=NOW + 2 * HOUR)
    found = [Clock.objects.get(ticket=row) for row in rows]
    assert [(c.breached_at, c.missed_at) for c in found] == [
        (None, NOW + 2 * HOUR),
        (NOW + 2 * HOUR, None),
    ]
    seen = [row.events.filter(kind__in=["breached", "missed"]).get().kind for row in rows]
    assert seen == ["missed", "breached"]


def test_community_answer_meets_the_promise_and_starts_the_teams_own_target() -> None:
    """S3."""
    both = policy("both", team_response_amount=4, team_response_unit="business_hours")
    mira = asker()
    row = ticket(channel=mailbox(policy=both), who=mira)
    act(tickets.add_message, **_community(row))
    found = {c.metric: c for c in row.clocks.all()}
    assert (found["first_response"].state, found["first_response"].answered_by) == (
        "met",
        "community",
    )
    team = found["team_response"]
    assert (team.state, team.soft, team.due_at) == ("running", True, NOW + 4 * HOUR)
    act(tickets.reply, row, body="Right.", user=agent("ana"), at=NOW + HOUR)
    team.refresh_from_db()
    assert (team.state, team.answered_by) == ("met", "team")


def _community(row: Ticket) -> dict[str, Any]:
    helper = asker("helper")
    return {
        "ticket": row,
        "thread": row.threads.get(),
        "direction": "in",
        "visibility": "public",
        "role": "community",
        "external_id": "<help@example.org>",
        "sent_at": NOW,
        "author": helper,
        "author_label": "Helper",
        "new_text": "Try this.",
    }


def test_policy_is_chosen_by_group_then_category_then_priority_then_channel() -> None:
    """S20: none is a choice too."""
    channel = mailbox(policy=policy("community"))
    policy("urgent", first_response_amount=1, priorities=["urgent"])
    policy("billing", first_response_amount=2, categories=["Billing"])
    best_effort = SourceGroup.objects.create(name="ecosystem", policy=None)
    source = Source.objects.create(channel=channel, external_key="x/y", group=best_effort)

    def keys(row: Ticket) -> list[tuple[str, str]]:
        live = row.clocks.filter(state__in=["running", "paused"])
        return list(live.values_list("policy_key", "metric"))

    plain = ticket(channel=channel)
    assert keys(plain) == [("community", "first_response")]
    act(tickets.set_priority, plain, "urgent")
    assert keys(plain) == [("urgent", "first_response")]
    act(tickets.set_category, plain, "Billing")
    assert keys(plain) == [("billing", "first_response")]
    assert keys(ticket(channel=channel, source=source)) == []


def test_another_policy_keeps_the_time_that_was_consumed() -> None:
    """L18."""
    row = ticket(channel=mailbox(policy=policy(first_response_amount=8)))
    policy("urgent", first_response_amount=4, priorities=["urgent"])
    act(tickets.set_priority, row, "urgent", at=NOW + 3 * HOUR)
    live = row.clocks.get(state="running")
    assert (live.consumed_seconds, live.due_at) == (3 * 3600, NOW + 4 * HOUR)


def test_time_in_each_state_is_kept() -> None:
    """S58, S66."""
    row = ticket()
    act(tickets.wait, row, at=NOW + HOUR)
    act(tickets.hold, row, reason="a call", at=NOW + 3 * HOUR)
    act(tickets.reopen, row, at=NOW + 6 * HOUR)
    row.refresh_from_db()
    assert row.state_seconds == {"us": 3600, "them": 7200, "on_hold": 10800}


# ------------------------------------------------------------------ alerts


def _duty(*names: str) -> Rotation:
    rotation = Rotation.objects.create(key="daily", starts_on=NOW.date() - DAY)
    for position, name in enumerate(names):
        RotationMember.objects.create(rotation=rotation, user=agent(name), position=position)
    return rotation


def told() -> list[tuple[str, str]]:
    return [
        (notice.user.username if notice.user else notice.address, notice.kind)
        for notice in Notice.objects.filter(key__startswith="clock:").order_by("pk")
    ]


def test_owner_is_warned_then_told_then_the_channel_too_once_each() -> None:
    change_setting("alert_address", "devrel@example.com")
    _duty("dora")
    row = ticket(channel=mailbox(policy=policy(first_response_amount=2, warn_minutes=30)))
    act(tickets.assign, row, agent("ana"))
    for minutes in (60, 91, 95, 120, 125, 149, 151, 200):
        sweep.tick(now=NOW + timedelta(minutes=minutes))
    assert told() == [
        ("ana", "due_warning"),
        ("ana", "breached"),
        ("devrel@example.com", "escalated"),
        ("ana", "escalated"),
        ("dora", "escalated"),
    ]


def test_alert_of_a_sleeping_owner_goes_to_who_is_on_duty_and_disturbs_nobody() -> None:
    """S78."""
    _duty("dora")
    row = ticket(channel=mailbox(policy=policy(first_response_amount=1)))
    sleeper = agent("ana", timezone="Pacific/Auckland")  # 11:30 UTC is 00:30 there
    act(tickets.assign, row, sleeper)
    sweep.tick(now=NOW + timedelta(minutes=90))
    assert told() == [("dora", "breached")]
    dora = agent("dora")
    dora.timezone = "Pacific/Auckland"
    dora.save()
    sweep.tick(now=NOW + timedelta(minutes=95))
    late = Notice.objects.get(user=sleeper, kind="escalated")
    assert late.not_before == datetime(2026, 11, 18, 18, tzinfo=UTC)  # 07:00 in Auckland


def test_absent_owner_is_not_told() -> None:
    _duty("dora")
    ana = agent("ana")
    row = ticket(channel=mailbox(policy=policy(first_response_amount=1)))
    act(tickets.assign, row, ana)
    act(swaps.add_absence, ana, starts_at=NOW - DAY, ends_at=NOW + DAY, reason="vacation")
    sweep.tick(now=NOW + 2 * HOUR)
    assert told() == [("dora", "breached")]


# ------------------------------------------------------------------ promises


def test_promise_is_offered_confirmed_due_and_kept() -> None:
    """S76."""
    ana = agent("ana", timezone="Europe/Lisbon")
    row = ticket()
    act(tickets.reply, row, body="I will get back to you by Friday.", user=ana, then="wait")
    offer = row.offers.get()
    friday = datetime(2026, 11, 20, 18, tzinfo=UTC)
    assert (offer.words, offer.due_at) == ("I will get back to you by Friday.", friday)
    assert not row.clocks.filter(metric="promise").exists()
    act(promises.answer_offer, offer, make=True)
    row.refresh_from_db()
    assert (row.next_due_at, row.waiting_on) == (friday, "research")
    act(promises.answer_offer, offer, make=True)  # a second click changes nothing
    assert row.clocks.filter(metric="promise").count() == 1
    act(tickets.reply, row, body="Here it is.", user=ana, at=NOW + DAY)
    clock = row.clocks.get(metric="promise")
    assert (clock.state, clock.met_at) == ("met", NOW + DAY)


def test_closing_ends_a_promise() -> None:
    row = ticket()
    act(promises.promise, row, due_at=NOW + DAY, words="a fix")
    act(tickets.close, row, at=NOW + HOUR)
    assert row.clocks.get(metric="promise").state == "stopped"


def test_asking_the_team_tells_the_user_in_the_same_step() -> None:
    """S77."""
    ana, mira = agent("ana"), asker()
    row = ticket(who=mira)
    act(promises.ask_team, row, question="Who knows slots?", tell="I ask around.", user=ana)
    shown = list(row.messages.order_by("pk").values_list("visibility", "new_text"))
    assert shown[1:] == [
        ("internal", "**Question to the team:** Who knows slots?"),
        ("public", "I ask around."),
    ]
    row.refresh_from_db()
    assert (row.status, row.waiting_on) == ("in_progress", "research")
    writes(row, mira, at=NOW + HOUR)
    row.refresh_from_db()
    assert row.status == "open"


def test_an_answer_that_is_taken_back_kept_nothing() -> None:
    """Undo: the promise runs on as if nothing had been said, to the same moment."""
    mailbox(policy=policy(update_amount=24, update_unit="hours"))
    row, ana = ticket(), agent("ana")
    before = {clock.metric: (clock.state, clock.due_at) for clock in row.clocks.all()}
    for then in ("none", "wait", "close"):
        said = act(
            tickets.reply, row, body="Hello", user=ana, then=then, at=NOW + timedelta(hours=1)
        )
        row.refresh_from_db()
        assert (clocks(row)["first_response"][0], row.answered_at) == ("met", said.sent_at)
        with pipeline.change(Actor.user(ana), now=NOW + timedelta(hours=1, seconds=5)):
            tickets.take_back(said)
        row.refresh_from_db()
        live = row.clocks.filter(state__in=["running", "paused"])
        assert {one.metric: (one.state, one.due_at) for one in live} == before
        assert (row.status, row.waiting_on, row.answered_at) == ("open", "us", None)
        assert row.next_due_at == min(due for _, due in before.values())
        assert [fact.kind for fact in story.facts(*reading.stories([row.pk]))].count("first") == 0
