"""CPU, statements and commits per mail, from the stored delivery to the routed ticket.

Floor: the standard library's reading and one committed row. Measured at 1,000 and at 100,000
tickets (2 % of them live); the queue page likewise.
"""

from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - after setup
from django.db import connection  # noqa: E402 - after setup
from django.test import Client  # noqa: E402 - after setup
from django.test.utils import CaptureQueriesContext  # noqa: E402 - after setup
from django.utils import timezone  # noqa: E402 - after setup

from bench import figures  # noqa: E402 - after setup
from bench.mails import mail, read_by_the_library  # noqa: E402 - after setup
from inbox import pipeline  # noqa: E402 - after setup
from inbox.accounts.models import User  # noqa: E402 - after setup
from inbox.channels import inlet  # noqa: E402 - after setup
from inbox.channels.models import Channel, Lookup  # noqa: E402 - after setup
from inbox.handbook.services import load  # noqa: E402 - after setup

PRESET = Path("inbox/handbook/presets/devrel.yaml")
ROUNDS, PER_ROUND = 9, 60
GROW = """
INSERT INTO inbox_ticket (subject, kind, status, waiting_on, resolution, resolution_note,
    hold_reason, category, priority, channel_id, opener_role, opener_class, permalink,
    policy_reason, snooze_mode, cc, created_at, closed_at, last_message_at, message_count,
    episode, status_before, version, state_seconds, next_due_at, asker_id)
SELECT 'Ticket ' || n, 'help', CASE WHEN mod(n, 50) = 0 THEN 'open' ELSE 'closed' END, 'us',
    CASE WHEN mod(n, 50) = 0 THEN '' ELSE 'answered' END, '', '', 'Question', 'normal', %(channel)s,
    'asker', 'normal', '', '', '', '[]', now() - n * interval '1 minute',
    CASE WHEN mod(n, 50) = 0 THEN NULL ELSE now() END, now(), 1, 0, '', 1, '{}',
    CASE WHEN mod(n, 50) = 0 THEN now() + (mod(n, 5000) - 1000) * interval '1 minute' END,
    (SELECT min(id) FROM inbox_identity)
FROM generate_series(1, %(count)s) AS n
"""
COUNTS = """
INSERT INTO inbox_ticketcount (scope, key, n)
SELECT '', 'status:' || status, count(*) FROM inbox_ticket GROUP BY status
"""


def grow(channel: Channel, count: int) -> None:
    """Fill the table up to so many tickets."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM inbox_ticket")
        missing = max(count - cursor.fetchone()[0], 0)
        cursor.execute(GROW, {"channel": channel.pk, "count": missing})
        cursor.execute("DELETE FROM inbox_ticketcount")
        cursor.execute(COUNTS)
        cursor.execute("ANALYZE")


class Mails:
    """Stored deliveries to process, numbered through all rounds."""

    def __init__(self, channel: Channel) -> None:
        self.channel, self.next = channel, 0

    def store(self, count: int) -> list[int]:
        """Offer new mails to the inlet; their ids."""
        rows = []
        for n in range(self.next, self.next + count):
            row = inlet.receive(
                self.channel,
                dedupe_key=str(n),
                headers={"x-source": "pipe"},
                body=mail(n),
                now=timezone.now(),
            )
            assert row is not None
            rows.append(row.pk)
        self.next += count
        return rows


def floor(n: int) -> None:
    """Read with the standard library, commit one row."""
    read_by_the_library(mail(n))
    Lookup.objects.create(kind="bench", key=f"{n}", fetched_at=timezone.now())


def rounds(mails: Mails) -> tuple[float, float]:
    """(floor, product) in CPU milliseconds per mail, medians of interleaved rounds."""
    floors, products = [], []
    for _ in range(ROUNDS):
        first = mails.next
        stored = mails.store(PER_ROUND)
        floors.append(figures.per_call(floor, list(range(first, mails.next))))
        products.append(figures.per_call(pipeline.process_delivery, stored))
    return figures.median(floors), figures.median(products)


def statements(mails: Mails) -> None:
    """What one new mail says to the database after its delivery is stored."""
    (stored,) = mails.store(1)
    with CaptureQueriesContext(connection) as seen:
        pipeline.process_delivery(stored)
    texts = [q["sql"] for q in seen]
    said = [part for text in texts for part in text.split(";\n") if not part.startswith("BEGIN")]
    commits = sum(text == "COMMIT" for text in said) + 1  # the claim commits by itself
    figures.say("statements_per_new_mail", n=len(said) - commits + 1, goal=16)
    figures.say("commits_per_new_mail", n=commits, goal=2)


def queue_ms(client: Client) -> float:
    """Median time of the queue page."""
    return figures.median([figures.wall_ms(lambda: client.get("/queue/")) for _ in range(40)])


def main() -> None:
    """Print the figures."""
    call_command("migrate", verbosity=0)
    load(PRESET.read_text())
    mails = Mails(Channel.objects.get(kind="email", key="support"))
    for pk in mails.store(PER_ROUND):  # compiled patterns, prepared plans, the reading child
        pipeline.process_delivery(pk)
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.get(username="ana"))
    grow(mails.channel, 1000)
    base, small = rounds(mails)
    page_small = queue_ms(client)
    figures.say(
        "mail_cpu",
        floor_ms=round(base, 2),
        ms=round(small, 2),
        ratio=round(small / base, 2),
        goal=2,
    )
    grow(mails.channel, 100_000)
    base_large, large = rounds(mails)
    growth = (large / base_large) / (small / base)
    figures.say("mail_cpu_at_100000_tickets", ms=round(large, 2), ratio=round(growth, 2), goal=1.2)
    statements(mails)
    page_large = queue_ms(client)
    figures.say(
        "queue_page_at_100000_tickets",
        ms_at_1000=round(page_small, 1),
        ms=round(page_large, 1),
        ratio=round(page_large / page_small, 2),
        goal=1.5,
    )


if __name__ == "__main__":
    main()
