"""A day's work at once: by two web servers on the same few tickets, and on two thousand in a step."""

import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings
from django.db import connection
from django.test import Client

from inbox.accounts.models import ApiToken, User
from inbox.bulk.models import BulkItem, BulkRun
from inbox.tickets.models import Message, Ticket, TicketEvent
from inbox.tickets.tests import test_together as together
from rig import desk, worker
from rig.worker import Site

pytestmark = [pytest.mark.service, pytest.mark.soak, pytest.mark.django_db(transaction=True)]
ROUNDS, MANY = 1_200, 2_000
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
HEADERS = {"Content-Type": "application/json"}


def deadlocks() -> int:
    """How often PostgreSQL had to end two that waited for each other, so far."""
    time.sleep(1.5)  # sessions tell their figures at most once a second
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(DEADLOCKS)
        return int(cursor.fetchone()[0])


@pytest.fixture
def sites(process_env: dict[str, str], tmp_path: Path) -> Iterator[list[Site]]:
    """Two web servers and two workers on one database."""
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    with (
        worker.web(process_env, folder=folders[0]) as first,
        worker.web(process_env, folder=folders[1]) as second,
        worker.workers(process_env, folder=tmp_path, count=2),
    ):
        yield [first, second]


class Browser:
    """Somebody at a desk, without a window: a session, its form token, and an API token."""

    def __init__(self, site: Site, user: User) -> None:
        client = Client()
        client.force_login(user)
        self.site, self.line = site, requests.Session()
        name = settings.SESSION_COOKIE_NAME
        self.line.cookies.set(name, client.cookies[name].value)
        self.line.get(f"{site.url}/queue/", timeout=60).raise_for_status()
        self.token = ApiToken.issue(user)[1]

    def press(self, path: str, **form: Any) -> requests.Response:
        """Send a form as the page does."""
        csrf = self.line.cookies[settings.CSRF_COOKIE_NAME]
        given = {"csrfmiddlewaretoken": csrf, **form}
        return self.line.post(self.site.url + path, data=given, timeout=60, allow_redirects=False)

    def ask(self, number: int, verb: str, **body: Any) -> requests.Response:
        """One verb of the API."""
        where = f"{self.site.url}/api/v1/tickets/{number}/{verb}/"
        mine = {"Authorization": f"Bearer {self.token}", **HEADERS}
        return self.line.post(where, data=json.dumps(body), headers=mine, timeout=60)


class HttpDay(together.Day):
    """The same day, every step of it by HTTP, with steps on many tickets beside."""

    def __init__(self, rounds: int, sites: list[Site]) -> None:
        super().__init__(rounds)
        self.bulk = 0
        self.browsers = [Browser(site, user) for user in self.users for site in sites]
        self.own = threading.local()

    def _work(self, n: int, share: int) -> None:
        self.own.browser = self.browsers[n % len(self.browsers)]
        super()._work(n, share)

    def _one(self, dice: random.Random, mark: str) -> None:
        browser: Browser = self.own.browser
        name = dice.choice(list(VERBS))
        one, two = dice.sample(self.numbers, 2)
        begun = time.monotonic()
        answer = VERBS[name](self, browser, one, two, mark, dice)
        spent = time.monotonic() - begun
        assert answer.status_code < 500, (name, answer.status_code, answer.text[:300])
        with self.mutex:
            self.waits.append(spent)
            self._note(name, mark, answer)

    def _note(self, name: str, mark: str, answer: requests.Response) -> None:
        """Count what was done; what was refused says why."""
        if answer.status_code in (400, 409):
            said = answer.json()
            assert said["detail"] or said["errors"], (name, said)
            self.refused[said["type"]] += 1
            return
        assert answer.status_code in (200, 302), (name, answer.status_code, answer.text[:300])
        self.done[name] += 1
        if name == "note":
            self.notes.append(mark)
        if name == "tag":
            self.tags.append(mark)


def _stale(browser: Browser, number: int, mark: str) -> requests.Response:
    last = Ticket.objects.values_list("last_message_id", flat=True).get(pk=number)
    return browser.ask(number, "reply", body=f"stale {mark}", last_seen_message=last or 0)


def _bulk(day: HttpDay, browser: Browser, do: str) -> requests.Response:
    """Every ticket in one step; and every second of these steps is taken back."""
    answer = browser.press("/tickets/bulk/", ticket=day.numbers, do=do)
    with day.mutex:
        day.bulk += 1
        back = day.bulk % 2
    return browser.press("/undo/") if back and answer.status_code == 302 else answer


VERBS: dict[str, Any] = {
    "note": lambda d, w, a, b, m, r: w.ask(a, "reply", body=f"note {m}", internal=True),
    "reply": lambda d, w, a, b, m, r: w.ask(
        a, "reply", body=f"reply {m}", then=r.choice(["none", "wait", "close"])
    ),
    "stale": lambda d, w, a, b, m, r: _stale(w, a, m),
    "assign": lambda d, w, a, b, m, r: w.ask(
        a, "assign", assignee=r.choice([*(u.username for u in d.users), None])
    ),
    "category": lambda d, w, a, b, m, r: w.ask(
        a, "fields", category=r.choice(together.CATEGORIES)
    ),
    "tag": lambda d, w, a, b, m, r: w.ask(a, "tags", add=[m], remove=[]),
    "close": lambda d, w, a, b, m, r: w.ask(a, "close", resolution="answered"),
    "reopen": lambda d, w, a, b, m, r: w.ask(a, "reopen"),
    "hold": lambda d, w, a, b, m, r: w.ask(a, "hold", reason=m),
    "merge": lambda d, w, a, b, m, r: w.ask(a, "merge", into=b),
    "merge-2": lambda d, w, a, b, m, r: w.ask(max(a, b), "merge", into=min(a, b)),
    "unmerge": lambda d, w, a, b, m, r: w.ask(a, "unmerge"),
    "unmerge-2": lambda d, w, a, b, m, r: w.ask(b, "unmerge"),
    "trash": lambda d, w, a, b, m, r: w.ask(a, "trash"),
    "restore": lambda d, w, a, b, m, r: w.ask(a, "restore"),
    "bulk-close": lambda d, w, a, b, m, r: _bulk(d, w, "close:answered"),
    "bulk-open": lambda d, w, a, b, m, r: _bulk(d, w, "status:open"),
}  # fmt: skip


def test_a_thousand_requests_at_once_through_two_servers_lose_nothing(sites: list[Site]) -> None:
    desk.policy()
    day = HttpDay(ROUNDS, sites)
    before = deadlocks()
    day.run()
    wait_for_runs()
    together.check(day)
    assert not BulkItem.objects.filter(state="waiting").exists()
    skipped = BulkItem.objects.filter(state__in=["skipped", "kept"])
    assert not skipped.filter(why="").exists()
    assert deadlocks() == before
    waits = sorted(day.waits)
    say(
        "together_http",
        done=sum(day.done.values()),
        refused=dict(day.refused),
        bulk_runs=BulkRun.objects.count(),
        bulk_items=dict(Counter(BulkItem.objects.values_list("state", flat=True))),
        merges=day.done["merge"] + day.done["merge-2"],
        unmerges=day.done["unmerge"] + day.done["unmerge-2"],
        events=TicketEvent.objects.count(),
        p50_ms=round(waits[len(waits) // 2] * 1000),
        p99_ms=round(waits[int(len(waits) * 0.99)] * 1000),
        worst_ms=round(waits[-1] * 1000),
    )
    assert sum(day.done.values()) > ROUNDS / 3


# ------------------------------------------------------------------ two thousand


def wait_for_runs() -> None:
    """Until every step is at rest."""
    end = time.monotonic() + 400
    while BulkRun.objects.filter(state__in=["working", "undoing"]).exists():
        assert time.monotonic() < end, "a step never came to rest"
        time.sleep(0.2)


def standing() -> list[tuple[Any, ...]]:
    """Every ticket as it stands."""
    names = ("pk", "status", "waiting_on", "resolution", "owner", "category", "priority")
    return list(Ticket.objects.order_by("pk").values_list(*names))


def followed(browser: Browser, run: BulkRun) -> list[int]:
    """How many were handled, each time that the page is asked, until it is over."""
    seen, end = [], time.monotonic() + 500
    while time.monotonic() < end:
        answer = browser.line.get(f"{browser.site.url}/tickets/bulk/{run.pk}/", timeout=60)
        assert answer.status_code == 200
        found = re.search(r"([\d,]+) of [\d,]+ tickets", answer.text)
        run.refresh_from_db()
        if found:
            seen.append(int(found[1].replace(",", "")))
        if run.state in ("done", "undone"):
            return seen
        time.sleep(0.3)
    raise AssertionError("the step never came to its end")


def test_two_thousand_are_closed_and_opened_again(sites: list[Site]) -> None:
    box, ana, bo = desk.mailbox(), desk.agent("ana"), desk.agent("bo")
    rows = [desk.ticket(channel=box) for _ in range(MANY)]
    browser, other = Browser(sites[0], ana), Browser(sites[1], bo)
    stood = standing()
    begun = time.monotonic()
    pressed = browser.press("/tickets/bulk/", all="1", filter="?", do="close:answered")
    answered = time.monotonic() - begun
    assert pressed.status_code == 302
    run = BulkRun.objects.get()
    # a colleague works on while it runs: what they do is theirs, and stays
    mine = [other.ask(rows[-n].pk, "fields", category="Docs") for n in (1, 2, 3)]
    assert [answer.status_code for answer in mine] == [200] * 3
    seen = followed(browser, run)
    closed = time.monotonic() - begun
    assert Counter(Ticket.objects.values_list("status", flat=True)) == {"closed": MANY}
    assert seen == sorted(seen)
    reopened = other.ask(rows[0].pk, "reopen")
    assert reopened.status_code == 200
    back = time.monotonic()
    assert browser.press(f"/undo/{run.pk}/").status_code == 302
    followed(browser, run)
    undone = time.monotonic() - back
    changed = {rows[-n].pk for n in (1, 2, 3)}
    now = {row[0]: row for row in standing()}
    assert [row for row in stood if row[0] not in changed and now[row[0]] != row] == []
    assert {now[pk][5] for pk in changed} == {"Docs"}
    states = Counter(run.items.values_list("state", flat=True))
    assert states == {"undone": MANY - 1, "kept": 1}
    assert run.items.get(state="kept").why == "Changed since."
    assert Message.objects.filter(direction="out").count() == 0
    together._counts_agree()
    say(
        "bulk_2000",
        tickets=MANY,
        press_ms=round(answered * 1000),
        close_s=round(closed, 1),
        undo_s=round(undone, 1),
        progress_asked=len(seen),
        items=dict(states),
    )


def say(name: str, **figures: Any) -> None:
    """The figures, as the benches print them."""
    print(json.dumps({"name": name, **figures}))  # noqa: T201 - what the run is for
