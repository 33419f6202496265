"""The queue's first page with 1,000 open tickets and none closed, and with 20,000 and a million."""

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - after setup
from django.db import connection  # noqa: E402 - after setup
from django.test import Client  # noqa: E402 - after setup

from bench import figures  # noqa: E402 - after setup
from inbox.accounts.models import User  # noqa: E402 - after setup
from inbox.channels.models import Channel  # noqa: E402 - after setup
from inbox.people.models import Contact, Identity  # noqa: E402 - after setup
from inbox.tickets import counts  # noqa: E402 - after setup

ZONES = ("Europe/Lisbon", "America/Denver", "Asia/Tokyo", "Asia/Kolkata", "")
# open tickets are due from three days ago until three weeks from now, as they are in life
OPEN = """
INSERT INTO inbox_ticket (subject, kind, status, waiting_on, resolution, resolution_note,
    hold_reason, category, priority, channel_id, asker_id, opener_role, opener_class, permalink,
    policy_reason, next_due_at, snooze_mode, cc, created_at, message_count, episode,
    status_before, version, state_seconds)
SELECT 'Ticket ' || n, 'help', 'open', 'us', '', '', '', 'Question', 'normal', %(channel)s,
    %(asker)s + n %% 5, 'asker', 'normal', '', '',
    now() + (n %% 24 - 3) * interval '1 day' + n %% 1440 * interval '1 minute', '', '[]',
    now() - interval '4 days', 1, 0, '', 1, '{}'
FROM generate_series(%(first)s, %(last)s) n
"""
CLOSED = OPEN.replace("'open', 'us', ''", "'closed', '', 'answered'").replace(
    "now() + (n %% 24 - 3) * interval '1 day' + n %% 1440 * interval '1 minute'", "NULL"
)


def grow(sql: str, first: int, last: int) -> None:
    """Rows by the hundred thousand, and what the database knows about them."""
    channel = Channel.objects.get()
    asker = Identity.objects.order_by("pk").first()
    values = {"channel": channel.pk, "asker": asker.pk if asker else 0}
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")  # the product's own is for pages
        for begin in range(first, last + 1, 100_000):
            part = {"first": begin, "last": min(begin + 99_999, last)}
            cursor.execute(sql, {**values, **part})
        cursor.execute("VACUUM ANALYZE inbox_ticket")
    counts.fold()


def queue_ms(client: Client) -> float:
    """Median time of the first page."""
    return figures.median([figures.wall_ms(lambda: client.get("/queue/")) for _ in range(60)])


def main() -> None:
    """Measure small, grow, measure large."""
    call_command("migrate", verbosity=0)
    Channel.objects.create(kind="email", key="support", settings={"address": "s@example.com"})
    for n, zone in enumerate(ZONES):
        contact = Contact.objects.create(name=f"Asker {n}")
        Identity.objects.create(
            contact=contact,
            kind="email",
            realm="mail",
            external_id=f"a{n}@example.org",
            timezone=zone,
        )
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.create(username="ana", is_superuser=True))
    grow(OPEN, 1, 1_000)
    queue_ms(client)
    small = queue_ms(client)
    grow(OPEN, 1_001, 20_000)
    grow(CLOSED, 20_001, 1_020_000)
    queue_ms(client)
    large = queue_ms(client)
    figures.say(
        "queue_page_at_20000_open_and_1000000_closed",
        small_ms=round(small, 1),
        large_ms=round(large, 1),
        ratio=round(large / small, 2),
        goal=1.5,
    )


if __name__ == "__main__":
    main()
