"""On-call, hand-over, sweep, notices and the order of the queue, as the pages show them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from inbox.accounts.models import Team, User
from inbox.followups import handovers
from inbox.followups.models import Handover
from inbox.notify.models import Notice
from inbox.oncall import services as oncall
from inbox.oncall.models import Absence, Override, Rotation, RotationMember, SwapRequest
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from rig.desk import NOW, act, agent, asker, mailbox, policy, ticket

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def rotation() -> Rotation:
    row = Rotation.objects.create(key="daily", name="On call", starts_on=NOW.date())
    for position, name in enumerate(("ana", "ben", "cleo")):
        RotationMember.objects.create(rotation=row, user=agent(name), position=position)
    return row


def subjects(client: Client) -> list[str]:
    text = client.get("/queue/").content.decode()
    return re.findall(r'class="row__subject">([^<]+)<', text)


def test_queue_is_ordered_by_who_is_awake_and_says_why() -> None:
    """S72: the same queue at 9:00 and at 17:00 in Lisbon."""
    channel = mailbox(policy=policy(first_response_amount=40))
    people = {
        "Kyoto": asker(timezone="Asia/Tokyo"),  # 18:00 and 02:00 there
        "Lisbon": asker(timezone="Europe/Lisbon"),
        "Denver": asker(timezone="America/Denver"),  # 02:00 and 10:00
        "Berlin": asker(utc_offset_minutes=60),  # 10:00 and 18:00
        "nowhere": asker(),  # taken to live where the installation is
    }
    morning = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
    for n, who in enumerate(people.values()):
        ticket(at=morning - (9 - n) * HOUR, channel=channel, who=who)
    rows = Ticket.objects.order_by("number")
    names = {row.subject: name for row, name in zip(rows, people, strict=True)}
    desk = client_of(agent("ana", timezone="Europe/Lisbon"))
    with time_machine.travel(morning, tick=False):
        first = [names[subject] for subject in subjects(desk)]
        page = desk.get("/queue/").content.decode()
    with time_machine.travel(morning + 8 * HOUR, tick=False):
        second = [names[subject] for subject in subjects(desk)]
    assert first == ["Berlin", "Lisbon", "nowhere", "Kyoto", "Denver"]
    assert second == ["Lisbon", "nowhere", "Denver", "Berlin", "Kyoto"]
    assert "People at work now come first." in page
    assert "asleep until 08:00" in page
    assert "at work for 8 h 00 more" in page


def test_urgent_groups_stay_above_who_is_awake() -> None:
    channel = mailbox(policy=policy(first_response_amount=1))
    with time_machine.travel(NOW, tick=False):
        late = ticket(at=NOW - 2 * HOUR, channel=channel, who=asker(timezone="America/Denver"))
        fresh = ticket(at=NOW, channel=channel, who=asker(timezone="Europe/Lisbon"))
        assert subjects(client_of(agent("ana"))) == [late.subject, fresh.subject]


def test_oncall_page_shows_the_week_and_whose_turn_it_is(rotation: Rotation) -> None:
    ana = agent("ana")
    Override.objects.create(
        rotation=rotation, user=ana, starts_at=NOW + DAY, ends_at=NOW + DAY + 3 * HOUR, made_at=NOW
    )
    Absence.objects.create(
        user=agent("cleo"), starts_at=NOW + DAY, ends_at=NOW + 3 * DAY, reason="vacation"
    )
    with time_machine.travel(NOW, tick=False):
        text = client_of(ana).get("/oncall/").content.decode()
    assert "Week 47, 16 to 22 November" in text
    assert text.count("is-now") == 1
    assert "Cleo, vacation" in text
    assert re.search(r"shift--over from-\d+ to-\d+ tone-\d", text)
    assert text.count("Nobody</span>") == 1  # Monday and Tuesday, before the rotation began


@pytest.mark.parametrize("members", [1, 9])
def test_oncall_page_costs_the_same_for_any_team(
    members: int, rotation: Rotation, django_assert_max_num_queries: Any
) -> None:
    for n in range(members):
        user = agent(f"more{n}")
        RotationMember.objects.create(rotation=rotation, user=user, position=10 + n)
        SwapRequest.objects.create(
            rotation=rotation,
            asked_by=user,
            starts_at=NOW + DAY,
            ends_at=NOW + 2 * DAY,
            asked_at=NOW,
        )
    desk = client_of(agent("ana"))
    with time_machine.travel(NOW, tick=False):
        desk.get("/oncall/")
        with django_assert_max_num_queries(13):
            desk.get("/oncall/")


def test_swap_is_asked_taken_and_withdrawn_from_the_page(rotation: Rotation) -> None:
    ana, ben = client_of(agent("ana")), client_of(agent("ben"))
    span = {"starts_at": "2026-11-21T09:00", "ends_at": "2026-11-22T09:00", "reason": "dentist"}
    with time_machine.travel(NOW, tick=False):
        ana.post("/oncall/do/ask/", {**span, "of": "ben"})
        row = SwapRequest.objects.get()
        page = ben.get("/oncall/").content.decode()
        assert "I take it" in page
        assert "I take it" not in ana.get("/oncall/").content.decode()
        answer = client_of(agent("cleo")).post("/oncall/do/take/", {"swap": row.pk}, follow=True)
        assert "Somebody else was asked." in answer.content.decode()
        ben.post("/oncall/do/take/", {"swap": row.pk})
    duty = oncall.on_duty(datetime(2026, 11, 21, 12, tzinfo=UTC))
    assert duty == agent("ben")
    viewer = client_of(agent("vera", role="viewer"))
    assert viewer.post("/oncall/do/ask/", span).status_code == 404


def test_sheet_hides_tickets_that_the_reader_may_not_see(rotation: Rotation) -> None:
    team = Team.objects.create(key="sec", name="Security")
    ben = agent("ben")
    ben.teams.add(team)
    secret = ticket(restricted_team=team)
    act(tickets.assign, secret, agent("ana"))
    act(handovers.make, rotation.pk, NOW + DAY, at=NOW + DAY)
    row = Handover.objects.get()
    address = f"/oncall/handover/{row.pk}/"
    assert f"#{secret.pk} " in client_of(ben).get(address).content.decode()
    assert f"#{secret.pk} " not in client_of(agent("cleo")).get(address).content.decode()


def test_feed_needs_its_signed_address(rotation: Rotation) -> None:
    ana = client_of(agent("ana"))
    address = re.search(r'href="(/oncall/feed/[^"]+)"', ana.get("/oncall/").content.decode())
    assert address is not None
    answer = Client().get(address[1])
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.content.startswith(b"BEGIN:VCALENDAR")
    assert Client().get("/oncall/feed/wrong/oncall.ics").status_code == 404
    User.objects.filter(username="ana").update(is_active=False)
    assert Client().get(address[1]).status_code == 404


def test_sweep_lists_the_unanswered_by_channel() -> None:
    ana = agent("ana")
    silent, answered = ticket(channel=mailbox("a")), ticket(channel=mailbox("b"))
    act(tickets.reply, answered, body="This.", user=ana, at=NOW + HOUR)
    text = client_of(ana).get("/sweep/").content.decode()
    assert re.findall(r'class="row__subject">([^<]+)<', text) == [silent.subject]
    assert "1 unanswered" in text


def test_notices_are_ones_own_and_read_away() -> None:
    ana, ben = agent("ana"), agent("ben")
    for user in (ana, ben):
        Notice.objects.create(
            key=user.username,
            user=user,
            kind="swap",
            text=f"for {user}",
            made_at=NOW,
            not_before=NOW,
        )
    desk = client_of(ana)
    page = desk.get("/notices/").content.decode()
    assert ("for ana" in page, "for ben" in page) == (True, False)
    theirs = Notice.objects.get(user=ben)
    desk.post("/notices/read/", {"notice": theirs.pk})
    desk.post("/notices/read/")
    assert Notice.objects.filter(read_at=None).get() == theirs


def test_words_that_promise_are_confirmed_with_one_click() -> None:
    """S76."""
    ana = agent("ana")
    desk = client_of(ana)
    row = ticket()
    desk.post(
        f"/tickets/{row.pk}/reply/", {"body": "I'll get back to you by Friday.", "then": "wait"}
    )
    page = desk.get(f"/tickets/{row.pk}/").content.decode()
    assert "Keep it as a promise" in page
    offer = row.offers.get()
    desk.post(f"/tickets/{row.pk}/promised/", {"offer": offer.pk, "answer": "yes"})
    page = desk.get(f"/tickets/{row.pk}/").content.decode()
    assert "Keep it as a promise" not in page
    assert 'clock__name">Promise<' in page
    other = client_of(agent("ben"))
    assert other.post(f"/tickets/{ticket().pk}/promised/", {"offer": offer.pk}).status_code == 404


def test_asking_the_team_and_handing_over_from_the_page(rotation: Rotation) -> None:
    """S77, S80."""
    desk = client_of(agent("zoe"))
    row = ticket()
    desk.post(f"/tickets/{row.pk}/ask-team/", {"body": "Who knows?", "tell": "I ask around."})
    assert row.messages.filter(visibility="internal").count() == 1
    with time_machine.travel(NOW, tick=False):
        answer = desk.post(f"/tickets/{row.pk}/handover/", {"note": ""})
        assert answer.status_code == 422
        desk.post(f"/tickets/{row.pk}/handover/", {"note": "Yours."})
    row.refresh_from_db()
    assert row.owner == agent("ana")
