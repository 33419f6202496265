"""Reports at a million tickets: how long the figures take to build, and what a page costs then.

`BENCH_TICKETS=20000` makes it short. Tickets lie in three years, with the events, clocks and
states of life; a page is measured for twelve weeks, a year and ten years, with and without a
filter, beside the sign-in page, which holds a form and nothing else.
"""

import os
import time

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
from inbox.reports import services  # noqa: E402 - after setup
from inbox.reports.models import ReportDay, ReportFact  # noqa: E402 - after setup

TICKETS = int(os.environ.get("BENCH_TICKETS", "1000000"))
PART = 50_000
ROUNDS = 40
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
AT = "now() - interval '1095 days' * (1 - n / %(all)s::float)"
SPENT = "interval '1 minute' * (5 + n * 7919 %% 2000)"
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
RANGES = {
    "twelve_weeks": "",
    "year": "period=year",
    "ten_years": "from={year}-01-01",
    "year_one_channel": "period=year&channel=bench0",
    "year_two_filters": "period=year&channel=bench0&priority=high",
    "year_per_person": "period=year&by=person",
}


def people(tickets: int) -> dict[str, int]:
    """Channels, agents, an asker, a calendar; the ids that rows begin at."""
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
    }


def grow(values: dict[str, int]) -> None:
    """Rows by the part, and what the database knows about them."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")  # the product's own is for pages
        for first in range(1, values["all"] + 1, PART):
            part = {**values, "first": first, "last": min(first + PART - 1, values["all"])}
            for statement in (TICKET, EVENT, CLOCK):
                cursor.execute(statement.format(at=AT, spent=SPENT), part)


def vacuum(*tables: str) -> None:
    """Let the database know its rows, as autovacuum does in life."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"VACUUM ANALYZE inbox_{table}")


def build() -> float:
    """Seconds until every figure is there."""
    begun = time.perf_counter()
    services.rebuild()
    while services.renew(now=timezone.now(), seconds=60):
        pass
    return time.perf_counter() - begun


def page_ms(client: Client, path: str) -> list[float]:
    """Wall times of one page."""
    client.get(path)
    return [figures.wall_ms(lambda: client.get(path)) for _ in range(ROUNDS)]


def main() -> None:
    """Grow, build, measure."""
    call_command("migrate", verbosity=0)
    grow(people(TICKETS))
    vacuum("ticket", "ticketevent", "clock")
    seconds = build()
    vacuum("reportfact", "reportday")
    figures.say(
        "reports_build",
        tickets=TICKETS,
        seconds=round(seconds, 1),
        tickets_per_second=round(TICKETS / seconds),
        facts=ReportFact.objects.count(),
        sums=ReportDay.objects.count(),
    )
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.create(username="ana", is_superuser=True))
    plain = figures.p95(page_ms(Client(HTTP_HOST="127.0.0.1"), "/login/"))
    for name, query in RANGES.items():
        asked = query.format(year=timezone.now().year - 9)
        times = page_ms(client, f"/reports/?{asked}")
        figures.say(
            f"reports_page_{name}",
            tickets=TICKETS,
            median_ms=round(figures.median(times), 1),
            p95_ms=round(figures.p95(times), 1),
            ratio_to_sign_in_page=round(figures.p95(times) / plain, 1),
        )


if __name__ == "__main__":
    main()
