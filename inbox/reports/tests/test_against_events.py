"""Reports equal an independent recomputation from the events: on the sample and on any history."""

import io
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import cycle
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inbox import pipeline
from inbox.accounts.models import Team, User
from inbox.common.work import Actor
from inbox.operations import sweep
from inbox.people.models import Contact
from inbox.reports import checking, queries, services
from inbox.reports.hours import hours
from inbox.reports.models import ReportFact, ReportSum
from inbox.reports.queries import Tally
from inbox.reports.scale import bucket_of
from inbox.reports.sources import Asked, scopes_of
from inbox.reports.spans import periods
from inbox.reports.tests import naive
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Ticket, Touched
from rig import desk

pytestmark = pytest.mark.django_db
KINDS = ("in", "out", "back", "first", "solved", "kept", "missed", "state")
ZONES = ("UTC", "Europe/Lisbon", "America/St_Johns", "Asia/Kathmandu", "Pacific/Kiritimati")
DAYS = (0, 1, 6, 20, 40, 400)


def compare(asked: Asked, rows: list[Ticket]) -> None:
    """Every figure of a range against the walk over the events."""
    known = naive.recompute(*asked.span, rows)
    for by in ("", "channel", "person"):
        tally = queries.tally(asked, KINDS, by)
        assert (tally.count("in"), tally.count("out"), tally.count("back")) == (
            len(known.opened),
            len(known.ended),
            len(known.back),
        )
        _compare_times(tally, known)
    by_category = queries.tally(asked, ("in",), "category")
    opened = Counter(ticket.category for _, ticket in known.opened)
    assert {v: by_category.count("in", value=v) for v in by_category.values("in")} == opened
    assert queries.standing(asked) == known.left_at_begin
    _compare_series(asked, known)


def _compare_times(tally: Tally, known: naive.Naive) -> None:
    whose = Counter(who for _, who, _, _ in known.first)
    assert {w: tally.count("first", label=w) for w in whose} == whose
    for kind, seconds in (
        ("first", [spent for _, _, spent, _ in known.first]),
        ("solved", [spent for _, spent, _ in known.settled]),
    ):
        assert tally.spread(kind) == Counter(bucket_of(value) for value in seconds)
    for kind, counted in (("kept", known.kept), ("missed", known.missed)):
        assert {w: tally.count(kind, label=w) for w in ("hard", "soft")} == {
            "hard": counted["hard"],
            "soft": counted["soft"],
        }
    spent = Counter[str]()
    for cell, seconds_ in tally.seconds.items():
        if cell.kind == "state":
            spent[cell.label] += seconds_
    assert spent == +known.states


def _compare_series(asked: Asked, known: naive.Naive) -> None:
    cut = periods(asked.first, asked.last)
    series = queries.series(asked, ("in",), cut)
    zone = asked.zone
    by_hand = Counter[int]()
    for at, _ in known.opened:
        local = at.astimezone(ZoneInfo(zone))
        by_hand[next(n for n, p in enumerate(cut) if p.first <= local.date() < p.end)] += 1
    found = Counter[int]()
    for (n, _, _), count in series.items():
        found[n] += count
    assert found == by_hand
    by_hour = Counter(
        (local.weekday(), local.hour)
        for local in (at.astimezone(ZoneInfo(zone)) for at, _ in known.opened)
    )
    assert hours(asked) == by_hour


@pytest.mark.slow
def test_reports_of_the_sample_equal_the_events() -> None:
    call_command("load_handbook", "inbox/handbook/presets/devrel.yaml", verbosity=0)
    call_command("sample_data")
    services.renew(now=timezone.now())
    today = timezone.now().date()
    rows = list(Ticket.objects.all())
    # any zone with any range is the next test's
    for days, zone in zip(DAYS, cycle(ZONES), strict=False):
        begin = today - timedelta(days=days)
        compare(Asked(first=begin, last=today, zone=zone, scopes=None), rows)
    outsider = User.objects.get(username="finn")
    seen = [row for row in rows if row.restricted_team_id is None]
    assert len(seen) < len(rows)
    asked = Asked(
        first=today - timedelta(days=40),
        last=today,
        zone="UTC",
        scopes=scopes_of(outsider),
    )
    compare(asked, seen)


# ------------------------------------------------------------------ any history

NOW = datetime(2026, 10, 23, 9, 0, tzinfo=UTC)  # the Friday before clocks go back in Lisbon
Step = Callable[["Desk"], object]


class Desk:
    """A few tickets to which anything happens, at rising times."""

    def __init__(self) -> None:
        self.now = NOW
        self.ana, self.ben = desk.agent("ana"), desk.agent("ben")
        channel = desk.mailbox(policy=desk.policy())
        soft = desk.policy("target", soft=True, first_response_amount=2)
        other = desk.mailbox("jobs", policy=soft)
        self.team = Team.objects.get_or_create(key="security", name="Security", restricted=True)[0]
        self.rows = [desk.ticket(at=NOW, channel=c) for c in (channel, other, channel)]

    def act(self, n: int, verb: Callable[[Ticket], object]) -> None:
        """One verb on one ticket; what is refused changes nothing."""
        actor = Actor.rule("r", "a rule") if n % 4 == 3 else Actor.user(self.ana)
        try:
            with pipeline.change(actor, now=self.now):
                verb(Ticket.objects.get(pk=self.rows[n % len(self.rows)].pk))
        except VerbError:
            pass

    def message(self, n: int, role: str) -> None:
        """Somebody writes; champions are half of the community."""
        row = self.rows[n % len(self.rows)]
        who = desk.asker()
        Contact.objects.filter(pk=who.contact_id).update(champion=n % 2 == 0)
        with pipeline.change(Actor.contact(who.pk, "somebody"), now=self.now):
            ticket = tickets.lock(row.pk)
            tickets.add_message(
                ticket,
                ticket.threads.first() or self.rows[-1].threads.get(),
                direction="in",
                visibility="public",
                role=role,
                external_id=f"<{self.now.timestamp()}.{row.pk}>",
                sent_at=self.now,
                author=who,
                new_text="more",
                quiet=n % 5 == 0,
            )
            if role == "asker" and ticket.status != "merged":
                tickets.reopen(ticket)


VERBS: dict[str, Callable[[Desk], Callable[[Ticket], object]]] = {
    "reply": lambda d: partial(_reply, d, "none"),
    "reply_wait": lambda d: partial(_reply, d, "wait"),
    "reply_close": lambda d: partial(_reply, d, "close"),
    "close": lambda d: partial(tickets.close, resolution="solved"),
    "no_reply": lambda d: partial(tickets.close, resolution="no_reply"),
    "reopen": lambda d: tickets.reopen,
    "hold": lambda d: partial(tickets.hold, reason="legal reads it"),
    "research": lambda d: partial(tickets.wait, on="research"),
    "trash": lambda d: tickets.trash,
    "spam": lambda d: tickets.mark_spam,
    "restore": lambda d: tickets.restore,
    "category": lambda d: lambda t: tickets.set_category(t, f"C{d.now.minute % 3}"),
    "assign": lambda d: lambda t: tickets.assign(t, d.ben),
    "restrict": lambda d: lambda t: tickets.restrict(t, d.team),
    "merge": lambda d: lambda t: tickets.merge(t, into=d.rows[0]),
    "unmerge": lambda d: tickets.unmerge,
}


def _reply(there: Desk, then: str, ticket: Ticket) -> None:
    tickets.reply(ticket, body="Here.", user=there.ana, then=then)


# mostly within one business day, so that waiting, holding and answering meet open hours
MINUTES = st.one_of(st.integers(1, 150), st.integers(1, 3000))
OFTEN = ["hold", "research", "reply", "reply_wait", "asker", "community", "renew", "unmerge"]
STEPS = st.lists(
    st.tuples(MINUTES, st.integers(0, 11), st.sampled_from([*VERBS, *OFTEN])),
    min_size=4,
    max_size=16,
)
PAUSED_FIRST = [(60, 0, "hold"), (120, 0, "reopen"), (30, 0, "reply"), (10, 0, "close")]
BROKEN_TWICE = [(3000, 0, "close"), (60, 0, "reopen"), (30, 0, "reply"), (10, 0, "close")]
HELPED_LATE = [(900, 1, "community"), (60, 1, "asker"), (3000, 1, "reply_close"), (9, 1, "reopen")]


@pytest.mark.slow
@given(steps=STEPS, zone=st.sampled_from(ZONES), back=st.integers(0, 9), before=st.integers(-1, 4))
@example(steps=PAUSED_FIRST, zone="Asia/Kathmandu", back=3, before=0)
@example(steps=BROKEN_TWICE, zone="UTC", back=9, before=-1)
@example(steps=HELPED_LATE, zone="America/St_Johns", back=2, before=1)
@settings(max_examples=settings().max_examples // 6)  # a history has many steps
def test_any_history_equals_the_events(
    steps: list[tuple[int, int, str]], zone: str, back: int, before: int
) -> None:
    """Ranges begin and end amid what happened, so that slivers hold something."""
    with transaction.atomic():
        there = Desk()
        for minutes, n, what in steps:
            there.now += timedelta(minutes=minutes)
            if what == "renew":
                services.renew(now=there.now)
            elif what in ("asker", "community"):
                there.message(n, what)
            else:
                there.act(n, VERBS[what](there))
            sweep.tick(now=there.now)
        services.renew(now=there.now)
        rows = list(Ticket.objects.all())
        last = there.now.date() - timedelta(days=before)
        asked = Asked(first=last - timedelta(days=back), last=last, zone=zone, scopes=None)
        compare(asked, rows)
        compare_public = [row for row in rows if row.restricted_team_id is None]
        compare(
            Asked(first=date(2026, 9, 1), last=max(last, NOW.date()), zone=zone), compare_public
        )
        _same_after_rebuilding(there.now)
        transaction.set_rollback(True)


def _same_after_rebuilding(now: datetime) -> None:
    """Derived is derived: thrown away and built anew, it is the same."""
    before = _everything()
    assert Touched.objects.count() == 0
    services.rebuild()
    services.renew(now=now)
    assert _everything() == before
    assert services.renew(now=now) == 0
    assert _wrong() == []


def _wrong() -> list[str]:
    return [one for _, found in checking.check() for one in found]


def test_what_drifted_is_found_and_counted_anew() -> None:
    """A sum that is off by one, and a fact that no event tells of."""
    there = Desk()
    there.act(0, lambda t: tickets.reply(t, body="Here.", user=there.ana, then="wait"))
    services.renew(now=there.now)
    assert _wrong() == []
    month = ReportSum.objects.get(span="month", dim="", kind="first")
    ReportSum.objects.filter(pk=month.pk).update(n=2)
    # the month is not its days; no year begins in it
    assert _wrong() == [f" first month 2026-10-01  team {month.scope}"]
    ReportFact.objects.filter(ticket=there.rows[0].pk, kind="first").delete()
    assert f"facts of #{there.rows[0].pk}" in _wrong()
    with pytest.raises(SystemExit) as end:
        call_command("figures", "--check", stdout=io.StringIO())
    assert end.value.code == 1
    out = io.StringIO()
    call_command("figures", "--again", "--check", stdout=out)
    assert out.getvalue().endswith("every figure is as the events say\n")


def _everything() -> tuple[list[Any], list[Any]]:
    facts = ReportFact.objects.values_list("ticket", "kind", "label", "at", "bucket", "seconds")
    sums = ReportSum.objects.exclude(n=0, seconds=0).values_list(
        "dim", "kind", "span", "first", "value", "label", "scope", "n", "seconds"
    )
    return sorted(facts), sorted(sums)
