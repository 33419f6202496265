"""Server time of the desk's pages at 100,000 tickets, beside an empty Django page in the same run.

The empty page has our middleware, the session and the sign-in, and a template of one line. All are
asked in turn, so that a busy machine slows all of them. The fragment is what open queues fetch
again and again. `cpu_ms` is this process's own time: the database's is not in it.
"""

import time

import django

django.setup()

from django.conf import settings  # noqa: E402 - after setup
from django.core.management import call_command  # noqa: E402 - after setup
from django.db import connection  # noqa: E402 - after setup
from django.test import Client  # noqa: E402 - after setup

from bench import figures  # noqa: E402 - after setup
from bench.mail import PRESET, grow  # noqa: E402 - after setup
from inbox.accounts.models import User  # noqa: E402 - after setup
from inbox.channels.models import Channel  # noqa: E402 - after setup
from inbox.handbook.services import load  # noqa: E402 - after setup
from inbox.tickets import counts  # noqa: E402 - after setup
from inbox.tickets.models import Ticket  # noqa: E402 - after setup

TICKETS, ROUNDS, WARM = 100_000, 80, 10
GOAL_MS, GOAL_RATIO = 60, 8
WITH_GOAL = ("queue", "queue_fragment", "ticket")
Asked = tuple[str, dict[str, str]]


def pages() -> dict[str, Asked]:
    """Name to address and headers; the ticket is the one with the most messages of the sample."""
    longest = Ticket.objects.filter(status="open").order_by("-message_count", "number").first()
    assert longest is not None
    return {
        "empty": ("/empty/", {}),
        "queue": ("/queue/", {}),
        "queue_fragment": ("/queue/", {"HX-Request": "true", "HX-Target": "queue"}),
        "ticket": (longest.get_absolute_url(), {}),
        "people": ("/people/", {}),
        "search": ("/search/?q=connection+refused", {}),
        "reports": ("/reports/", {}),
    }


def measured(client: Client) -> dict[str, list[tuple[float, float]]]:
    """(wall, CPU) milliseconds of each page, all in turn."""
    asked = pages()
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in asked}
    for turn in range(ROUNDS + WARM):
        for name, (address, headers) in asked.items():
            begun, worked = time.perf_counter(), time.process_time()
            answer = client.get(address, headers=headers)
            spent = time.perf_counter() - begun, time.process_time() - worked
            assert answer.status_code == 200, (name, answer.status_code)
            if turn >= WARM:
                took[name].append((spent[0] * 1000, spent[1] * 1000))
    return took


def main() -> None:
    """Fill, ask, print."""
    settings.ROOT_URLCONF = "bench.bare.pages"
    call_command("migrate", verbosity=0)
    load(PRESET.read_text())
    call_command("sample_data", verbosity=0)
    grow(Channel.objects.get(kind="email", key="support"), TICKETS)
    counts.fold()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.get(username="ana"))
    took = measured(client)
    floor, least = (figures.median(list(one)) for one in zip(*took["empty"], strict=True))
    for name, times in took.items():
        walls, works = (list(one) for one in zip(*times, strict=True))
        figures.say(
            f"page_{name}",
            median_ms=round(figures.median(walls), 1),
            p95_ms=round(figures.p95(walls), 1),
            cpu_ms=round(figures.median(works), 1),
            ratio=round(figures.median(walls) / floor, 1),
            cpu_ratio=round(figures.median(works) / least, 1),
            **({"goal_p95_ms": GOAL_MS, "goal": GOAL_RATIO} if name in WITH_GOAL else {}),
        )


if __name__ == "__main__":
    main()
