"""Who is on duty: a whole year against a table checked by hand, and the rules one by one."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.oncall import feed, rota, swaps
from inbox.oncall import services as oncall
from inbox.oncall.models import Rotation, RotationMember, SwapRequest
from inbox.oncall.rota import Away, Plan, Stand
from inbox.tickets.errors import NotAllowed, VerbError
from rig.desk import NOW, act, agent

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
# Four people take daily turns from 1 January, A first. B is away 6 to 19 July, D 13 and 14 July
# and from 21 December, A from 28 December. C stands in on 29 March and D from 1 to 3 May; A on
# 25 October, the two nights of daylight saving among them. B takes C's 9 September by a swap.
YEAR = """
Jan ABCDABCDABCDABCDABCDABCDABCDABC
Feb DABCDABCDABCDABCDABCDABCDABC
Mar DABCDABCDABCDABCDABCDABCDABCCAB
Apr CDABCDABCDABCDABCDABCDABCDABCD
May DDDDABCDABCDABCDABCDABCDABCDABC
Jun DABCDABCDABCDABCDABCDABCDABCDA
Jul BCDABCDACCDACCDACCDABCDABCDABCD
Aug ABCDABCDABCDABCDABCDABCDABCDABC
Sep DABCDABCBABCDABCDABCDABCDABCDA
Oct BCDABCDABCDABCDABCDABCDAACDABCD
Nov ABCDABCDABCDABCDABCDABCDABCDAB
Dec CDABCDABCDABCDABCDABCAABCAABCBB
"""


def begins(month: int, day: int, year: int = 2026) -> datetime:
    return datetime.combine(date(year, month, day), time(9), BERLIN)


@pytest.mark.django_db
def test_a_year_with_overrides_vacations_and_a_swap_equals_the_table() -> None:
    """S40, S41, S79."""
    rotation = Rotation.objects.create(
        key="daily", zone="Europe/Berlin", handover="09:00", starts_on=date(2026, 1, 1)
    )
    people = {letter: agent(letter.lower()) for letter in "ABCD"}
    for position, user in enumerate(people.values()):
        RotationMember.objects.create(rotation=rotation, user=user, position=position)
    boss = agent("boss", role="admin")
    first = begins(1, 1) - DAY
    for who, start, end in (
        ("B", begins(7, 6), begins(7, 20)),
        ("D", begins(7, 13), begins(7, 15)),
        ("D", begins(12, 21), begins(1, 4, 2027)),
        ("A", begins(12, 28), begins(1, 1, 2027)),
    ):
        act(swaps.add_absence, people[who], starts_at=start, ends_at=end, reason="", at=first)
    for who, start, end in (
        ("C", begins(3, 29), begins(3, 30)),
        ("D", begins(5, 1), begins(5, 4)),
        ("A", begins(10, 25), begins(10, 26)),
    ):
        span = {"starts_at": start, "ends_at": end, "reason": "", "by": boss}
        act(swaps.override, rotation, people[who], at=first, **span)
    asked = act(
        swaps.ask,
        rotation,
        by=people["A"],
        starts_at=begins(9, 9),
        ends_at=begins(9, 10),
        at=first,
    )
    act(swaps.take, asked, by=people["B"], at=first)
    letters = {user.pk: letter for letter, user in people.items()}
    spans = oncall.shifts(rotation, begins(1, 1), begins(1, 1, 2027))
    found: dict[str, str] = {}
    day = date(2026, 1, 1)
    while day.year == 2026:
        noon = datetime.combine(day, time(12), BERLIN)
        (on,) = [s.member for s in spans if s.starts_at <= noon < s.ends_at]
        found[f"{day:%b}"] = found.get(f"{day:%b}", "") + letters[on or 0]
        day += DAY
    assert [f"{month} {row}" for month, row in found.items()] == YEAR.split("\n")[1:-1]
    assert spans[0].starts_at == begins(1, 1)
    assert spans[-1].ends_at == begins(1, 1, 2027)


PLAN = Plan(members=(1, 2, 3), starts_on=date(2026, 1, 5), zone="Europe/Berlin", handover="09:00")


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def test_before_the_hand_over_it_is_still_yesterdays_person() -> None:
    spans = [rota.on_duty(PLAN, _at(t)) for t in ("2026-01-06T08:59", "2026-01-06T09:00")]
    assert [s.member for s in spans if s] == [1, 2]


def test_nights_of_daylight_saving_last_23_and_25_hours() -> None:
    lengths = []
    for day in ("2026-03-28", "2026-10-24", "2026-06-01"):
        span = rota.on_duty(PLAN, _at(f"{day}T12:00"))
        lengths.append((span.ends_at - span.starts_at) / timedelta(hours=1) if span else 0)
    assert lengths == [23, 25, 24]


def test_weekly_turn_is_one_span_and_the_next_week_is_the_next_ones() -> None:
    plan = Plan(
        members=(1, 2), starts_on=date(2026, 1, 5), zone="UTC", handover="09:00", turn_days=7
    )
    begin = datetime(2026, 1, 5, 9, tzinfo=UTC)
    spans = rota.spans(plan, begin, begin + 21 * DAY)
    assert [(s.member, (s.ends_at - s.starts_at).days) for s in spans] == [(1, 7), (2, 7), (1, 7)]


def test_hours_away_go_to_the_next_in_order_and_back() -> None:
    begin = _at("2026-01-05T09:00")
    away = Away(member=1, starts_at=begin + 4 * DAY / 24, ends_at=begin + 9 * DAY / 24)
    plan = Plan(**{**PLAN.__dict__, "absences": (away,)})
    spans = rota.spans(plan, begin, begin + DAY)
    assert [(s.member, s.instead_of) for s in spans] == [(1, None), (2, 1), (1, None)]


def test_everybody_away_leaves_nobody() -> None:
    begin = _at("2026-01-05T09:00")
    away = tuple(Away(member=m, starts_at=begin, ends_at=begin + DAY) for m in (1, 2, 3))
    plan = Plan(**{**PLAN.__dict__, "absences": away})
    assert [s.member for s in rota.spans(plan, begin, begin + DAY)] == [None]
    assert rota.on_duty(plan, begin) is None


def test_of_two_overrides_the_one_made_last_wins() -> None:
    begin = _at("2026-01-05T09:00")
    first = Stand(member=2, starts_at=begin, ends_at=begin + DAY, made_at=begin - 2 * DAY)
    second = Stand(member=3, starts_at=begin, ends_at=begin + DAY / 2, made_at=begin - DAY)
    plan = Plan(**{**PLAN.__dict__, "overrides": (second, first)})
    assert [s.member for s in rota.spans(plan, begin, begin + DAY)] == [3, 2]


def test_resting_days_are_nobodys_and_the_order_goes_on() -> None:
    begin = _at("2026-01-05T09:00")
    plan = Plan(**{**PLAN.__dict__, "resting": frozenset({date(2026, 1, 6)})})
    assert [s.member for s in rota.spans(plan, begin, begin + 3 * DAY)] == [1, None, 3]


@given(
    st.integers(1, 5),
    st.integers(1, 9),
    st.lists(st.tuples(st.integers(0, 9000), st.integers(1, 3000), st.integers(1, 5)), max_size=6),
    st.lists(st.tuples(st.integers(0, 9000), st.integers(1, 3000), st.integers(1, 5)), max_size=6),
)
def test_spans_have_no_gaps_no_overlaps_and_agree_with_the_question_of_a_moment(
    people: int, turn: int, over: list[tuple[int, int, int]], away: list[tuple[int, int, int]]
) -> None:
    begin = datetime(2026, 3, 25, 9, tzinfo=UTC)
    minute = timedelta(minutes=1)
    plan = Plan(
        members=tuple(range(1, people + 1)),
        starts_on=date(2026, 3, 1),
        zone="Europe/Berlin",
        handover="09:00",
        turn_days=turn,
        overrides=tuple(
            Stand(
                member=m,
                starts_at=begin + s * minute,
                ends_at=begin + (s + n) * minute,
                made_at=begin + k * minute,
            )
            for k, (s, n, m) in enumerate(over)
        ),
        absences=tuple(
            Away(member=m, starts_at=begin + s * minute, ends_at=begin + (s + n) * minute)
            for s, n, m in away
        ),
    )
    end = begin + 7 * DAY
    spans = rota.spans(plan, begin, end)
    assert (spans[0].starts_at, spans[-1].ends_at) == (begin, end)
    assert all(a.ends_at == b.starts_at for a, b in pairwise(spans))
    for span in spans:
        middle = span.starts_at + (span.ends_at - span.starts_at) / 2
        asked = rota.on_duty(plan, middle)
        assert (asked.member if asked else None) == span.member
        gone = {a.member for a in plan.absences if a.starts_at <= middle < a.ends_at}
        if span.turn is not None:
            assert span.member not in gone


# ------------------------------------------------------------------ swaps


@pytest.fixture
def rotation(db: None) -> Rotation:
    row = Rotation.objects.create(
        key="daily", starts_on=NOW.date() - DAY, approver=agent("dina"), handover="09:00"
    )
    for position, name in enumerate(("ana", "ben", "cleo")):
        RotationMember.objects.create(rotation=row, user=agent(name), position=position)
    return row


def _ask(rotation: Rotation, **fields: object) -> SwapRequest:
    span = {"starts_at": NOW + DAY, "ends_at": NOW + DAY + timedelta(hours=5)}
    return act(swaps.ask, rotation, **{"by": agent("cleo"), **span, **fields})  # type: ignore[arg-type]  # any


def test_nothing_changes_before_the_approver_says_yes(rotation: Rotation) -> None:
    """S79: request, approval, override."""
    row = _ask(rotation)
    moment = NOW + DAY + timedelta(hours=1)
    seen = [oncall.on_duty(moment)]
    row = act(swaps.take, row, by=agent("ana"))
    seen.append(oncall.on_duty(moment))
    with pytest.raises(NotAllowed):
        act(swaps.approve, row, by=agent("ben"))
    act(swaps.approve, row, by=agent("dina"))
    seen.append(oncall.on_duty(moment))
    assert [u.username for u in seen if u] == ["cleo", "cleo", "ana"]
    row.refresh_from_db()
    assert (row.state, row.override is not None) == ("approved", True)


def test_of_two_who_say_yes_one_has_it(rotation: Rotation) -> None:
    row = _ask(rotation)
    act(swaps.take, row, by=agent("ana"))
    with pytest.raises(NotAllowed):
        act(swaps.take, row, by=agent("ben"))


def test_cover_for_now_counts_at_once(rotation: Rotation) -> None:
    """S75."""
    on_now = oncall.on_duty(NOW)
    assert on_now == agent("ben")
    row = _ask(rotation, by=on_now, starts_at=NOW, ends_at=NOW + timedelta(hours=3), is_cover=True)
    asked = {n.user.username for n in agent("ana").notices.model.objects.all() if n.user}
    assert asked == {"ana", "cleo"}
    act(swaps.take, row, by=agent("cleo"))
    assert oncall.on_duty(NOW) == agent("cleo")
    assert oncall.on_duty(NOW + timedelta(hours=4)) == agent("ben")


def test_who_asked_can_take_it_back_and_nobody_else(rotation: Rotation) -> None:
    row = _ask(rotation, of=agent("ana"))
    for wrong in (agent("ben"),):
        with pytest.raises(NotAllowed):
            act(swaps.withdraw, row, by=wrong)
        with pytest.raises(NotAllowed):
            act(swaps.take, row, by=wrong)
    act(swaps.withdraw, row, by=agent("cleo"))
    with pytest.raises(NotAllowed):
        act(swaps.take, row, by=agent("ana"))


def test_impossible_times_are_refused_in_words(rotation: Rotation) -> None:
    with pytest.raises(VerbError, match="end must come after"):
        _ask(rotation, ends_at=NOW)
    with pytest.raises(VerbError, match="is over"):
        _ask(rotation, starts_at=NOW - 2 * DAY, ends_at=NOW - DAY)


def test_feed_is_a_calendar_with_every_shift(rotation: Rotation) -> None:
    text = feed.ical(NOW).decode()
    # the day before yesterday nobody was on duty yet
    assert text.count("BEGIN:VEVENT") == 182
    assert "SUMMARY:Ana: daily" in text
