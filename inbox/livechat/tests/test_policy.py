"""The shipped handbook for live chat: minutes in team hours, who gets which chat, what is said."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from hypothesis import given
from hypothesis import strategies as st

from inbox import pipeline
from inbox.accounts.models import Team, User
from inbox.calendars.clock import BusinessCalendar, business_seconds, is_open
from inbox.channels import directory
from inbox.channels.models import Channel
from inbox.common import presence
from inbox.common.work import Actor
from inbox.handbook.services import load
from inbox.intake.tests.test_mail import PRESET
from inbox.livechat import office
from inbox.livechat.models import Conversation
from inbox.livechat.tests.conftest import Browser, answer
from inbox.notify.models import Notice
from inbox.oncall import assigning, swaps
from inbox.oncall.services import on_duty
from inbox.operations.connecting import connect
from inbox.sla import arithmetic
from inbox.sla.models import Clock
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Message, Ticket
from rig.desk import agent

pytestmark = pytest.mark.django_db
SITE = "https://www.example.com"
MORNING = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)  # a Wednesday; Lisbon has the same time


@pytest.fixture
def at(settings: Any) -> Iterator[Any]:
    """Wednesday morning; `shift` and `move_to` go on."""
    # Redis forgets by its own clock, not by ours
    memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    settings.CACHES = {"default": memory}
    with time_machine.travel(MORNING, tick=False) as clock:
        yield clock


@pytest.fixture
def shop(at: Any) -> Channel:
    """The shipped handbook, and the site that shows its chat."""
    load(PRESET.read_text())
    connect("livechat", "website", {"origins": SITE})
    return Channel.objects.get(kind="livechat")


@pytest.fixture
def tab(shop: Channel) -> Browser:
    """A visitor of the site."""
    return visit()


_addresses = itertools.count(1)


def visit() -> Browser:
    """Another visitor."""
    # each from another place: one address may not send that many
    browser = Browser(key="website", origin=SITE, address=f"10.1.0.{next(_addresses)}")
    assert browser.begin(name="Mira").status_code == 200
    return browser


def user(name: str) -> User:
    """One of the preset's people."""
    return User.objects.get(username=name)


def owner_of(row: Ticket) -> str:
    """Who has the ticket now."""
    row.refresh_from_db()
    return row.owner.username if row.owner else ""


# ------------------------------------------------------------------ who gets it (S16, S17)


def test_a_chat_goes_to_the_named_person(tab: Browser) -> None:
    tab.say("How do I drop a replication slot?")
    row = Ticket.objects.get()
    assert (owner_of(row), row.category, row.kind) == ("noor", "Question", "help")


def test_while_she_is_away_it_goes_to_who_is_on_duty(tab: Browser) -> None:
    noor, day = user("noor"), timedelta(days=1)
    with pipeline.change(Actor.system("test")):
        swaps.add_absence(noor, starts_at=MORNING - day, ends_at=MORNING + day, reason="")
    duty = on_duty(MORNING)
    assert duty is not None
    assert duty != noor
    tab.say("How do I drop a replication slot?")
    assert owner_of(Ticket.objects.get()) == duty.username


@pytest.mark.parametrize(
    "text",
    [
        "We have an RFP for you",
        "Who can fill in our security questionnaire?",
        "What is the pricing for 40 seats?",
        "Is there an enterprise plan",
    ],
)
def test_what_is_pre_sales_goes_to_another_person(tab: Browser, text: str) -> None:
    tab.say(text)
    row = Ticket.objects.get()
    assert (owner_of(row), row.category, row.kind) == ("tomas", "Pre-sales", "lead")


def test_the_word_may_fall_in_a_later_line(tab: Browser) -> None:
    tab.say("Hi")
    row = Ticket.objects.get()
    assert owner_of(row) == "noor"
    tab.say("We are writing a request for proposal", "line-0002")
    assert (owner_of(row), row.category) == ("tomas", "Pre-sales")


def test_who_has_begun_to_answer_keeps_the_chat(tab: Browser) -> None:
    tab.say("Hi")
    row = Ticket.objects.get()
    answer(row, "Hello, what can I do for you?", name="noor")
    tab.say("What about volume pricing?", "line-0002")
    assert (owner_of(row), row.category) == ("noor", "Question")


def test_a_chat_that_is_connected_later_has_minutes_and_goes_to_who_is_on_duty(
    shop: Channel,
) -> None:
    connect("livechat", "docs", {"origins": "https://docs.example.com"})
    other = Channel.objects.get(key="docs")
    assert other.policy is not None
    assert (other.policy.key, other.owner_on_duty) == ("live-chat", True)
    connect("email", "other", {"address": "other@example.com"})
    mail = Channel.objects.get(key="other")
    assert mail.policy is not None
    assert (mail.policy.key, mail.owner_on_duty) == ("community", False)


# ------------------------------------------------------------------ in minutes, in team hours


@pytest.mark.parametrize(
    ("came", "due"),
    [
        ("2026-11-18T10:00", "2026-11-18T10:05"),
        ("2026-11-18T12:58", "2026-11-18T14:03"),  # over lunch
        ("2026-11-18T17:59", "2026-11-19T09:04"),  # over night
        ("2026-11-20T20:00", "2026-11-23T09:05"),  # over the weekend
        ("2026-11-30T17:58", "2026-12-02T09:03"),  # over a holiday
    ],
)
def test_first_answers_are_due_in_minutes_of_the_team(
    came: str, due: str, tab: Browser, at: Any
) -> None:
    at.move_to(datetime.fromisoformat(came).replace(tzinfo=UTC), tick=False)
    tab.say("Hello?")
    clock = Clock.objects.get()
    assert (clock.policy_key, clock.soft, clock.metric) == ("live-chat", True, "first_response")
    assert clock.due_at == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_the_next_answer_has_a_quarter_of_an_hour(tab: Browser, at: Any) -> None:
    tab.say("Hello?")
    answer(Ticket.objects.get(), "Hello!", name="noor", then="wait")
    at.shift(timedelta(hours=1))
    tab.say("One more thing", "line-0002")
    clock = Clock.objects.get(metric="next_response")
    assert (clock.amount, clock.unit) == (15, "business_minutes")
    assert clock.due_at == MORNING + timedelta(hours=1, minutes=15)


WEEK = {day: ["09:00-13:00", "14:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
SOME_TIME = st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001 - the strategy puts the zone on
    max_value=datetime(2026, 12, 31),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
)


@given(came=SOME_TIME, minutes=st.integers(1, 2000), zone=st.sampled_from(["Europe/Lisbon", "Asia/Kolkata", "America/New_York"]))  # fmt: skip
def test_minutes_are_counted_in_open_hours_only(came: datetime, minutes: int, zone: str) -> None:
    calendar = BusinessCalendar.from_week(zone, WEEK)
    due = arithmetic.due_at(
        amount=minutes,
        unit="business_minutes",
        resumed_at=came,
        consumed=0,
        calendar=calendar,
    )
    assert business_seconds(calendar, came, due) == pytest.approx(minutes * 60)
    assert is_open(calendar, due - timedelta(milliseconds=1))


# ------------------------------------------------------------------ what the visitor is told


def told() -> dict[str, Any]:
    """What `sessions/` says of the hours to a new visitor, when what it kept is too old."""
    cache.clear()  # Redis does not know of the time that a test has moved
    found: dict[str, Any] = visit().begin().json()["hours"]
    return found


def answered_after(minutes: float, at: Any) -> None:
    """A chat, and its first answer."""
    browser = visit()
    browser.say("Hello?")
    row = Ticket.objects.order_by("-number")[0]
    at.shift(timedelta(minutes=minutes))
    answer(row, "Hello!", name="noor")


def test_nothing_is_said_of_what_is_not_known(shop: Channel, at: Any) -> None:
    for _ in range(4):
        answered_after(3, at)
    assert told() == {
        "open": True,
        "text": "The team is at work",
        "zone": "Europe/Lisbon",
        "minutes": None,
        "until": "18:00",
    }


def test_what_is_usual_is_the_median_rounded_up(shop: Channel, at: Any) -> None:
    for minutes in (1, 12, 12.5, 3, 55):
        answered_after(minutes, at)
    assert told()["text"] == "The team is at work, usually answers in 15 min"
    assert told()["minutes"] == 15


def test_a_night_is_no_waiting_time(shop: Channel, at: Any) -> None:
    at.move_to(MORNING.replace(hour=17, minute=59), tick=False)
    browsers = [visit() for _ in range(5)]
    for browser in browsers:
        browser.say("Hello?")
    at.move_to(MORNING.replace(day=19, hour=9, minute=3), tick=False)
    for row in Ticket.objects.all():
        answer(row, "Good morning!", name="noor")
    assert told()["minutes"] == 5  # one minute on the day before, three in the morning


def test_old_answers_and_other_sites_do_not_count(shop: Channel, at: Any) -> None:
    for _ in range(5):
        answered_after(2, at)
    connect("livechat", "docs", {"origins": SITE})
    docs = Browser(key="docs", origin=SITE)
    assert docs.begin().json()["hours"]["minutes"] is None
    at.shift(timedelta(minutes=6))  # the figure is kept for five
    assert told()["minutes"] == 2
    at.move_to(datetime(2026, 12, 21, 11, 0, tzinfo=UTC), tick=False)
    assert told()["minutes"] is None


def test_very_slow_is_not_put_into_minutes(shop: Channel, at: Any) -> None:
    at.move_to(MORNING.replace(hour=9), tick=False)
    browsers = [visit() for _ in range(5)]
    for browser in browsers:
        browser.say("Hello?")
    at.move_to(MORNING.replace(hour=17), tick=False)
    for row in Ticket.objects.all():
        answer(row, "Hello!", name="noor")
    assert told()["text"] == "The team is at work"


def test_the_figure_is_kept_and_costs_one_statement(
    shop: Channel, at: Any, django_assert_num_queries: Any
) -> None:
    for _ in range(6):
        answered_after(2, at)
    directory.forget()
    cache.clear()  # as above
    channel = Channel.objects.select_related("policy").get(pk=shop.pk)
    now = MORNING + timedelta(hours=1)
    with django_assert_num_queries(1):
        assert office.usual_minutes(channel, now) == 2
    with django_assert_num_queries(0):
        assert office.usual_minutes(channel, now) == 2


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2026-11-18T13:30", "Back at 14:00"),
        ("2026-11-18T19:00", "Back Thursday at 09:00"),
        ("2026-11-21T12:00", "Back Monday at 09:00"),
    ],
)
def test_closed_says_when_it_opens(moment: str, text: str, shop: Channel, at: Any) -> None:
    at.move_to(datetime.fromisoformat(moment).replace(tzinfo=UTC), tick=False)
    said = told()
    assert (said["open"], said["text"], "until" in said) == (False, text, False)


def test_leads_are_spoken_to_as_leads(shop: Channel, at: Any) -> None:
    connect("livechat", "website", {"purpose": "leads"})
    assert told()["text"] == "Talk to us now"
    at.move_to(MORNING.replace(hour=20), tick=False)
    assert told()["text"] == "Back Thursday at 09:00. Leave your question, we come back to you"


# ------------------------------------------------------------------ who answers, and handing over


def test_the_visitor_knows_who_answers(tab: Browser) -> None:
    noor = {"name": "Noor Haddad", "initials": "NH", "here": False}
    assert tab.begin().json()["person"] == noor
    tab.say("What about pricing?")
    assert tab.begin().json()["person"]["name"] == "Tomás Lind"
    conversation = Conversation.objects.get()
    presence.come(user("tomas").pk, "a tab", "Tomás Lind")
    shown = office.person(conversation, MORNING)
    assert shown == {"name": "Tomás Lind", "initials": "TL", "here": True}


def test_nobody_is_named_where_nobody_has_it(shop: Channel) -> None:
    shop.owner = None
    shop.save()
    directory.forget()
    assert visit().begin().json()["person"] is None


def hand_over(row: Ticket, to: Team | User, *, by: str = "noor") -> None:
    """As the dialog does it."""
    with pipeline.change(Actor.user(user(by))):
        if isinstance(to, Team):
            assigning.hand_over_to_team(row, team=to, note="wants an invoice", by=user(by))
        else:
            assigning.hand_over(row, to=to, note="wants an invoice", by=user(by))


def test_a_chat_is_handed_over_with_a_note_in_one_step(tab: Browser) -> None:
    tab.say("Hello?")
    row = Ticket.objects.get()
    hand_over(row, user("ilse"))
    assert owner_of(row) == "ilse"
    assert tab.begin().json()["person"]["name"] == "Ilse Okafor"
    assert [line["text"] for line in tab.read()] == ["Hello?"]  # the note stays inside
    assert Message.objects.get(visibility="internal").new_text == "wants an invoice"
    assert [
        notice.user.username for notice in Notice.objects.filter(kind="handover") if notice.user
    ] == ["ilse"]


def test_a_team_is_told_and_nobody_has_it_until_one_takes_it(tab: Browser) -> None:
    tab.say("Hello?")
    row = Ticket.objects.get()
    finance = Team.objects.get(key="finance")
    hand_over(row, finance)
    assert (owner_of(row), row.team) == ("", finance)
    assert tab.begin().json()["person"] is None
    told_ones = Notice.objects.filter(kind="handover").values_list("user__username", flat=True)
    assert list(told_ones) == ["finn"]
    with pipeline.change(Actor.user(user("finn"))):
        tickets.assign(row, user("finn"))
    assert tab.begin().json()["person"]["name"] == "Finn Aalto"


def test_a_team_that_may_not_see_it_or_is_away_gets_nothing(tab: Browser) -> None:
    tab.say("Hello?")
    row = Ticket.objects.get()
    empty = Team.objects.create(key="empty", name="Nobody")
    with pytest.raises(VerbError, match="Nobody else of Nobody is here"):
        hand_over(row, empty)
    with pipeline.change(Actor.system("test")):
        tickets.restrict(row, Team.objects.get(key="security"))
    with pytest.raises(VerbError, match="may not see"):
        hand_over(row, Team.objects.get(key="finance"), by="ilse")
    assert agent("ilse").teams.filter(key="security").exists()
