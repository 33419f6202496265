"""Search among 100,000 messages: is the right ticket among the first five, and how long it takes.

`SEARCH_MESSAGES=1000000` for the long form.
"""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice

import django

django.setup()

from django.conf import settings  # noqa: E402 - after setup
from django.core.management import call_command  # noqa: E402 - after setup
from django.db import connection  # noqa: E402 - after setup
from django.test import Client  # noqa: E402 - after setup
from django.test.utils import override_settings  # noqa: E402 - after setup

from bench import figures  # noqa: E402 - after setup
from bench.searchtexts import Talk, Target, targets  # noqa: E402 - after setup
from inbox.accounts.models import User  # noqa: E402 - after setup
from inbox.channels.models import Channel  # noqa: E402 - after setup
from inbox.people.models import Contact, Identity  # noqa: E402 - after setup
from inbox.search import indexing  # noqa: E402 - after setup
from inbox.search.filters import Scope  # noqa: E402 - after setup
from inbox.search.language import parse  # noqa: E402 - after setup
from inbox.search.services import find  # noqa: E402 - after setup
from inbox.tickets.models import Message, Thread, Ticket  # noqa: E402 - after setup

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
AT_ONCE = 2_000


def fill(messages: int, wanted: list[Target]) -> dict[int, Target]:
    """Tickets and messages by the thousand; the wanted ones stand evenly among them."""
    talk = Talk()
    channel = Channel.objects.get_or_create(kind="email", key="support", defaults={"settings": {}})[
        0
    ]
    asker = Identity.objects.create(
        contact=Contact.objects.create(name="Somebody"),
        kind="email",
        realm="mail",
        external_id="somebody@example.org",
    )
    around = list(talk.tickets(messages - 2 * len(wanted)))
    step = max(len(around) // max(len(wanted), 1), 1)
    mixed: list[tuple[str, list[str], Target | None]] = []
    for n, (subject, said) in enumerate(around):
        if n % step == 0 and n // step < len(wanted):
            target = wanted[n // step]
            mixed.append((target.subject, [target.question, target.answer], target))
        mixed.append((subject, said, None))
    places: dict[int, Target] = {}
    rest = iter(mixed)
    while part := list(islice(rest, AT_ONCE)):
        places |= _store(part, channel, asker, talk)
    return places


def _store(
    part: list[tuple[str, list[str], Target | None]], channel: Channel, asker: Identity, talk: Talk
) -> dict[int, Target]:
    tickets = Ticket.objects.bulk_create(
        [
            Ticket(
                subject=subject,
                channel=channel,
                asker=asker,
                status="closed" if n % 10 else "open",
                waiting_on="" if n % 10 else "us",
                resolution="answered" if n % 10 else "",
                category="Question",
                created_at=NOW - timedelta(minutes=n),
                message_count=len(said),
            )
            for n, (subject, said, _) in enumerate(part)
        ]
    )
    threads = Thread.objects.bulk_create(
        [Thread(realm="mail", thread_key=f"<{t.pk}@x>", ticket=t, channel=channel) for t in tickets]
    )
    Message.objects.bulk_create(_messages(part, tickets, threads, talk))
    return {t.pk: p[2] for t, p in zip(tickets, part, strict=True) if p[2] is not None}


def _messages(
    part: list[tuple[str, list[str], Target | None]],
    tickets: list[Ticket],
    threads: list[Thread],
    talk: Talk,
) -> Iterator[Message]:
    for ticket, thread, (_, said, _target) in zip(tickets, threads, part, strict=True):
        for n, text in enumerate(said):
            yield Message(
                ticket=ticket,
                thread=thread,
                direction="out" if n else "in",
                visibility="public",
                realm="mail",
                external_id=f"<{ticket.pk}.{n}@x>",
                author_label=talk.name(),
                role="team" if n % 2 else "asker",
                body_text=text,
                new_text=text,
                sent_at=ticket.created_at,
                filed_at=ticket.created_at,
            )


def index() -> float:
    """Index everything; documents a second."""
    begun, done = time.perf_counter(), 0
    while some := indexing.catch_up(AT_ONCE):
        done += some
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("VACUUM ANALYZE")
    return done / 2 / (time.perf_counter() - begun)


def recall(places: dict[int, Target], user: User, field: str) -> tuple[list[bool], list[str]]:
    """For each wanted ticket whether it is among the first five; the queries that missed."""
    scope = Scope(user=user, bounds=(NOW, NOW, NOW), zone="UTC")
    hits, missed = [], []
    for number, target in places.items():
        query = str(getattr(target, field))
        found = find(parse(query), scope).numbers[:5]
        hits.append(number in found)
        if number not in found:
            missed.append(query)
    return hits, missed


def share(hits: list[bool]) -> float:
    """The part that was found."""
    return round(sum(hits) / max(len(hits), 1), 3)


def main() -> None:
    """Fill, index, ask, measure."""
    call_command("migrate", verbosity=0)
    user = User.objects.create(username="ana", is_superuser=True)
    messages = int(os.environ.get("SEARCH_MESSAGES", "100000"))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET statement_timeout = 0")  # the product's own is for pages
    wanted = targets()
    places = fill(messages, wanted)
    speed = index()
    exact, _ = recall(places, user, "exact")
    other, missed = recall(places, user, "paraphrase")
    if os.environ.get("SEARCH_SHOW"):
        tuned = {target.paraphrase for target in wanted[::2]}
        print([query for query in missed if query in tuned])
    times = measure(user, [q for t in wanted for q in (t.exact, t.paraphrase)])
    figures.say(
        "search_at_100000_messages" if messages == 100_000 else f"search_at_{messages}_messages",
        vendor=connection.vendor,
        recall5_exact=share(exact),
        recall5_paraphrase=share(other),
        recall5_paraphrase_tuned_half=share(other[::2]),
        recall5_paraphrase_held_out_half=share(other[1::2]),
        documents_indexed_per_second=round(speed),
        **times,
        goal_exact=0.98,
        goal_paraphrase=0.75,
        goal_p95_ms=60,
    )


def _find(text: str, scope: Scope) -> object:
    return find(parse(text), scope)


def measure(user: User, queries: list[str]) -> dict[str, float]:
    """The whole page, the search alone, and an empty Django page in the same run."""
    scope = Scope(user=user, bounds=(NOW, NOW, NOW), zone="UTC")
    # a client loads its middleware with its first request: each has its own
    bare, client = Client(HTTP_HOST="127.0.0.1"), Client(HTTP_HOST="127.0.0.1")
    client.force_login(user)
    client.get("/search/")
    empty: list[float] = []
    pages: list[float] = []
    alone: list[float] = []
    for query in queries * 2:
        with override_settings(ROOT_URLCONF="bench.bare.empty", MIDDLEWARE=[]):
            empty.append(figures.wall_ms(lambda: bare.get("/")))
        pages.append(figures.wall_ms(partial(client.get, "/search/", {"q": query})))
        alone.append(figures.wall_ms(partial(_find, query, scope)))
    half = len(queries)  # the first round warms
    return {
        "p50_ms": round(figures.median(alone[half:]), 1),
        "p95_ms": round(figures.p95(alone[half:]), 1),
        "page_p50_ms": round(figures.median(pages[half:]), 1),
        "page_p95_ms": round(figures.p95(pages[half:]), 1),
        "empty_page_ms": round(figures.median(empty[half:]), 2),
        "page_ratio": round(figures.median(pages[half:]) / figures.median(empty[half:]), 1),
    }


if __name__ == "__main__":
    assert settings.configured
    main()
