"""Reports at a million tickets: how fast the figures are built, and what a page costs then.

`BENCH_TICKETS=20000` makes it short. Tickets lie in ten years. The newest have the events, clocks
and states of life, and the job builds their figures; the others' facts are made by the database
and summed as the job sums them. A page is measured for twelve weeks, a year and ten years, with
and without a filter, in UTC and in a zone half an hour away, beside the sign-in page; of each the
time that the database took is told apart.
"""

import os
import time
from datetime import timedelta
from itertools import starmap
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - after setup
from django.db import connection  # noqa: E402 - after setup
from django.test import Client  # noqa: E402 - after setup
from django.utils import timezone  # noqa: E402 - after setup

from bench import figures  # noqa: E402 - after setup
from inbox.accounts.models import User  # noqa: E402 - after setup
from inbox.calendars.services import save_calendar  # noqa: E402 - after setup
from inbox.channels.models import Channel  # noqa: E402 - after setup
from inbox.people.models import Contact, Identity  # noqa: E402 - after setup
from inbox.reports import services, spans, summing  # noqa: E402 - after setup
from inbox.reports.models import (  # noqa: E402 - after setup
    ReportFact,
    ReportProgress,
    ReportSum,
)
from inbox.reports.story import Made  # noqa: E402 - after setup

TICKETS = int(os.environ.get("BENCH_TICKETS", "1000000"))
BUILT = min(20_000, TICKETS)  # through their events
PART = 50_000
DAYS = 3640
ROUNDS = 20
GOAL_DATABASE_MS = 100
ZONES = ("UTC", "Asia/Kolkata")
# `n` spreads everything: nine in ten are closed, one in ten of those by a rule
TICKET = """
INSERT INTO inbox_ticket (number, subject, kind, status, waiting_on, resolution, resolution_note,
    hold_reason, category, priority, channel_id, owner_id, asker_id, opener_role, opener_class,
    permalink, policy_reason, snooze_mode, cc, created_at, closed_at, waiting_since,
    message_count, episode, status_before, version, state_seconds)
SELECT n, 'Ticket ' || n, 'help', CASE WHEN n %% 10 = 0 THEN 'open' ELSE 'closed' END,
    CASE WHEN n %% 10 = 0 THEN 'us' ELSE '' END,
    CASE WHEN n %% 10 = 0 THEN '' ELSE 'solved' END, '', '', 'Category ' || n %% 12,
    (ARRAY['low', 'normal', 'high', 'urgent'])[1 + n %% 4], %(channel)s + n %% 6,
    %(user)s + n %% 10, %(asker)s, 'asker', 'normal', '', '', '', '[]', at, NULL, at, 1, 0, '', 1,
    CASE WHEN n %% 10 = 0 THEN '{{}}' ELSE '{{"us": 5400, "them": 90000}}' END::jsonb
FROM (SELECT n, {at} AS at FROM generate_series(%(first)s, %(last)s) n) made
"""
AT = "now() - interval '1 day' * %(days)s * (1 - n / %(all)s::float)"
SPENT = "interval '1 minute' * (5 + n::bigint * 7919 %% 2000)"
EVENT = """
INSERT INTO inbox_ticketevent (ticket_id, kind, at, actor_kind, actor_label, actor_user_id,
    rule_key, echo, data)
SELECT n, kind, at + {spent} * part, CASE WHEN n %% 100 = 1 AND part > 1 THEN 'rule' ELSE 'user'
    END, 'bench', CASE WHEN part > 0 THEN %(user)s + n %% 10 END, '', false, data::jsonb
FROM (SELECT n, {at} AS at FROM generate_series(%(first)s, %(last)s) n) made
CROSS JOIN (VALUES
    ('opened', 0, '{{}}'),
    ('message_in', 0, '{{"role": "asker", "first": true, "quiet": false}}'),
    ('message_out', 1, '{{"role": "team", "automatic": false}}'),
    ('status', 1, '{{"from": "open", "to": "in_progress", "waiting_on": "them"}}'),
    ('status', 2, '{{"from": "in_progress", "to": "closed", "waiting_on": ""}}')
) AS told (kind, part, data)
WHERE part < 2 OR n %% 10 <> 0
ORDER BY n, part
"""
CLOCK = """
INSERT INTO inbox_clock (ticket_id, metric, policy_key, soft, amount, unit, warn_minutes, state,
    started_at, resumed_at, consumed_seconds, due_at, met_at, pause_reason, answered_by, words,
    pauses, calendar_version_id)
SELECT n, 'first_response', 'p', n %% 3 = 0, 24, 'business_hours', 60, 'met', at, at, 0,
    at + interval '1500 minutes', at + {spent}, '', 'team', '', '[]', %(version)s
FROM (SELECT n, {at} AS at FROM generate_series(%(first)s, %(last)s) n) made
"""
# what the job would make of the same life
FACT = """
INSERT INTO inbox_reportfact (ticket_id, kind, label, at, seconds, bucket, channel, category,
    person, team, priority, scope)
SELECT n, kind, label, at + {spent} * part, CASE kind WHEN 'state' THEN secs ELSE took END,
    CASE WHEN kind IN ('first', 'solved') THEN LEAST(350, CASE WHEN took <= 3600
        THEN round(took / 60.0) ELSE 60 + round(ln(took / 3600.0) / ln(1.05)) END) ELSE 0 END,
    %(channel)s + n %% 6, 'Category ' || n %% 12,
    CASE WHEN kind = 'in' THEN 0 ELSE %(user)s + n %% 10 END, 0,
    (ARRAY['low', 'normal', 'high', 'urgent'])[1 + n %% 4], 0
FROM (SELECT n, {at} AS at, 60 * (5 + n::bigint * 7919 %% 2000) AS took
    FROM generate_series(%(first)s, %(last)s) n) made
CROSS JOIN (VALUES ('in', 'people', 0, 0), ('first', 'team', 1, 0), ('kept', 'hard', 1, 0),
    ('out', 'closed', 2, 0), ('solved', 'solved', 2, 0), ('state', 'us', 2, 5400),
    ('state', 'them', 2, 90000)
) AS told (kind, label, part, secs)
WHERE part < 2 OR n %% 10 <> 0
"""
RANGES = {
    "twelve_weeks": "",
    "year": "period=year",
    "ten_years": "from={year}-01-01",
    "year_one_channel": "period=year&channel=bench0",
    "year_two_filters": "period=year&channel=bench0&priority=high",
    "year_per_person": "period=year&by=person",
}


def people(tickets: int, days: int = DAYS) -> dict[str, int]:
    """Channels, agents, an asker, a calendar; the ids that rows begin at, and how they lie."""
    week = {day: ["09:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
    calendar = save_calendar(
        key="team", name="", zone="Europe/Lisbon", week=week, holidays=[], closed=[]
    )
    channels = [Channel.objects.create(kind="email", key=f"bench{n}") for n in range(6)]
    users = [User.objects.create(username=f"agent{n}") for n in range(10)]
    contact = Contact.objects.create(name="Asker")
    asker = Identity.objects.create(
        contact=contact, kind="email", realm="mail", external_id="a@example.org"
    )
    version = calendar.versions.get()
    return {
        "channel": channels[0].pk,
        "user": users[0].pk,
        "asker": asker.pk,
        "version": version.pk,
        "all": tickets,
        "days": days,
    }


def grow(values: dict[str, int], built: int) -> None:
    """Rows by the part, and what the database knows about them."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")  # the product's own is for pages
        for first in range(1, values["all"] + 1, PART):
            part = {**values, "first": first, "last": min(first + PART - 1, values["all"])}
            cursor.execute(TICKET.format(at=AT, spent=SPENT), part)
        newest = {**values, "first": values["all"] - built + 1, "last": values["all"]}
        older = {**values, "first": 1, "last": values["all"] - built}
        for statement, part in ((EVENT, newest), (CLOCK, newest), (FACT, older)):
            cursor.execute(statement.format(at=AT, spent=SPENT), part)


def vacuum(*tables: str) -> None:
    """Let the database know its rows, as autovacuum does in life."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"VACUUM ANALYZE inbox_{table}")


def build(older: int) -> float:
    """Seconds until every figure of the newest tickets is there; a rebuild that came to them."""
    ReportProgress.objects.update_or_create(pk=1, defaults={"built_to": older})
    begun = time.perf_counter()
    while services.renew(now=timezone.now(), seconds=60):
        pass
    return time.perf_counter() - begun


def add_up() -> float:
    """Seconds until the facts that the database made are summed, by the month."""
    begun = time.perf_counter()
    first = timezone.now().date() - timedelta(days=DAYS)
    for month in spans.each(
        spans.Run("month", spans.begin_of(first, "month"), timezone.now().date())
    ):
        moves = summing.Moves(summing.Sum)
        rows = ReportFact.objects.filter(
            at__gte=spans.moment(month, "UTC"),
            at__lt=spans.moment(spans.next_of(month, "month"), "UTC"),
        )
        summing.count(moves, starmap(Made, rows.values_list(*Made._fields).iterator()), 1)
        summing.write(moves)
    return time.perf_counter() - begun


def page_ms(client: Client, path: str) -> tuple[list[float], list[float]]:
    """Wall times of one page, and what of each was spent waiting for the database."""
    client.get(path)
    spent: list[float] = []

    def watch(execute: Any, *args: Any) -> Any:
        begun = time.perf_counter()
        try:
            return execute(*args)
        finally:
            spent[-1] += (time.perf_counter() - begun) * 1000

    def once() -> None:
        spent.append(0)
        with connection.execute_wrapper(watch):
            assert client.get(path).status_code == 200, path

    return [figures.wall_ms(once) for _ in range(ROUNDS)], spent


def main() -> None:
    """Grow, build, measure."""
    call_command("migrate", verbosity=0)
    begun = time.perf_counter()
    grow(people(TICKETS), BUILT)
    summed = add_up()
    filled = time.perf_counter() - begun
    vacuum("ticket", "ticketevent", "clock")
    seconds = build(TICKETS - BUILT)
    vacuum("reportfact", "reportsum")
    figures.say(
        "reports_build",
        tickets=TICKETS,
        filling_seconds=round(filled, 1),
        of_them_summing_seconds=round(summed, 1),
        tickets_per_second=round(BUILT / seconds),
        facts=ReportFact.objects.count(),
        sums=ReportSum.objects.count(),
    )
    user = User.objects.create(username="ana", is_superuser=True)
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(user)
    plain = figures.median(page_ms(Client(HTTP_HOST="127.0.0.1"), "/login/")[0])
    for zone in ZONES:
        user.timezone = zone
        user.save()
        for name, query in RANGES.items():
            asked = query.format(year=timezone.now().year - 9)
            times, database = page_ms(client, f"/reports/?{asked}")
            figures.say(
                f"reports_page_{name}",
                zone=zone,
                median_ms=round(figures.median(times), 1),
                p95_ms=round(figures.p95(times), 1),
                database_median_ms=round(figures.median(database), 1),
                database_p95_ms=round(figures.p95(database), 1),
                goal_database_ms=GOAL_DATABASE_MS,
                ratio_to_sign_in_page=round(figures.median(times) / plain, 1),
            )


if __name__ == "__main__":
    main()
