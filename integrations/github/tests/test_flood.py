"""A busy organisation's deliveries in disorder, under kills: the fake's own truth remains."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from time import sleep
from typing import Any

import pytest
from django.db import connection

from inbox.channels.models import Channel, Delivery
from inbox.intake import aftermath
from inbox.operations.tests.test_delivery_guarantees import settle
from inbox.tickets.models import Message, Thread, Ticket
from integrations.github.tests.conftest import connected, deliver
from rig import github_lists as lists
from rig import worker
from rig.github import FakeGitHub

Body = dict[str, Any]
LABELS = ("bug", "Triage 👀", "docs", "A: wheels")
NAMES = ("example/core", "example/extra", "example/site")


class Story:
    """What happened, told by deliveries; the fake keeps how it ended."""

    def __init__(self, fake: FakeGitHub, dice: random.Random) -> None:
        self.fake, self.dice, self.told = fake, dice, list[Body]()
        self.people = [f"person{n}" for n in range(20)]
        for name in self.people:
            fake.person(name)

    def tell(self, count: int) -> list[Body]:
        """At least so many deliveries."""
        while len(self.told) < count:
            places = list(self.fake.things)[-30:]
            if not places or self.dice.random() < 0.15:
                self.open()
                continue
            key = self.dice.choice(places)
            row = self.fake.things[key]
            name = next(n for n, r in self.fake.repositories.items() if r["id"] == key[0])
            if row["state"] == "closed":
                self.settled(name, key[1], row)
            else:
                self.goes_on(name, key[1], row)
        return self.told

    def keep(self, body: Body) -> None:
        """A delivery as it is at this moment; the fake's rows change later."""
        self.told.append(json.loads(json.dumps(body)))

    def open(self) -> None:
        who, name = self.dice.choice(self.people), self.dice.choice(NAMES)
        n, kind = len(self.fake.things), self.dice.choice(("issue", "issue", "pull_request"))
        self.keep(self.fake.open(who, name, f"thing {n}", f"text {n}", kind=kind))

    def settled(self, name: str, number: int, row: Body) -> None:
        """On what is closed only states change: a word of the asker would open it here."""
        if self.dice.random() < 0.3:
            self.keep(
                self.fake.change("maya", name, number, "reopened", state="open", closed_at=None)
            )
        else:
            self.label(name, number)

    def goes_on(self, name: str, number: int, row: Body) -> None:
        chance = self.dice.random()
        if chance < 0.15:
            self.label(name, number)
        elif chance < 0.25:
            text = {"title": f"{row['title']}!", "body": f"{row['body']} more"}
            self.keep(self.fake.change(row["user"]["login"], name, number, "edited", **text))
        elif chance < 0.35:
            at = self.fake.now()
            self.keep(
                self.fake.change("maya", name, number, "closed", state="closed", closed_at=at)
            )
        elif chance < 0.5 and row["kind"] == "pull_request":
            self.review(name, number)
        else:
            self.comment(name, number)

    def label(self, name: str, number: int) -> None:
        chosen = self.dice.sample(LABELS, self.dice.randint(0, 3))
        rows = [{"name": label} for label in chosen]
        self.keep(self.fake.change("maya", name, number, "labeled", labels=rows))

    def review(self, name: str, number: int) -> None:
        who, n = self.dice.choice(self.people), len(self.told)
        if self.dice.random() < 0.5:
            self.keep(lists.review(self.fake, who, name, number, "COMMENTED", f"review {n}"))
        else:
            self.keep(lists.review_comment(self.fake, who, name, number, f"line {n}"))

    def comment(self, name: str, number: int) -> None:
        who = self.dice.choice([*self.people, "maya"])
        made = self.fake.comment(who, name, number, f"comment {len(self.told)}")
        self.keep(made)
        row = self.fake.comments[made["comment"]["id"]]
        for version in range(self.dice.choice((0, 0, 0, 1, 2))):
            row.update(body=f"{row['body']} v{version}", updated_at=self.fake.now())
            self.keep(self.fake.comment_body(who, name, number, row, "edited"))
        if self.dice.random() < 0.1:
            row.update(updated_at=self.fake.now())
            self.keep(self.fake.comment_body(who, name, number, row, "deleted"))
            row["gone"] = True


def assert_truth(fake: FakeGitHub) -> None:
    """Tickets, texts, deletions, titles, labels and states are what the fake says they are."""
    wanted = {}
    for (repository, number), row in fake.things.items():
        is_pull = row["kind"] == "pull_request"
        key = f"pull_request/{repository}.{number}" if is_pull else f"issue/{row['id']}"
        wanted[key] = (row["body"], False)
    for kind, rows in (
        ("issue_comment", fake.comments),
        ("review", fake.reviews),
        ("review_comment", fake.review_comments),
    ):
        for number, row in rows.items():
            gone = bool(row.get("gone"))
            wanted[f"{kind}/{number}"] = ("" if gone else row["body"], gone)
    rows_here = list(Message.objects.values_list("external_id", "new_text", "deleted_at"))
    found = {key: (text, deleted is not None) for key, text, deleted in rows_here}
    assert {k: (found.get(k), v) for k, v in wanted.items() if found.get(k) != v} == {}
    assert len(rows_here) == len(found) == len(wanted)
    threads = {t.thread_key: t for t in Thread.objects.select_related("ticket")}
    assert len(threads) == len({t.ticket_id for t in threads.values()}) == len(fake.things)
    assert Ticket.objects.count() == len(fake.things)
    for (repository, number), row in fake.things.items():
        ticket = threads[f"{repository}:issue:{number}"].ticket
        labels = sorted(label["name"] for label in row["labels"])
        here = (
            ticket.subject,
            ticket.status == "closed",
            sorted(t.name for t in ticket.tags.all()),
        )
        assert here == (row["title"], row["state"] == "closed", labels), number


def flood(env: dict[str, str], folder: Path, fake: FakeGitHub, *, count: int, kills: int) -> None:
    """Post everything shuffled, a fifth of it again by the same id, while workers are killed."""
    dice = random.Random(count)
    told = Story(fake, dice).tell(count)
    posts = [(body, f"guid-{n}") for n, body in enumerate(told)]
    posts += dice.sample(posts, len(posts) // 5)
    dice.shuffle(posts)
    connected(fake)
    site = worker.start_web(env, log=folder / "web.log")
    fake.hook = f"{site.url}/hooks/github/core/"
    running = [worker.start_worker(env, log=folder / f"w{n}.log", name=f"w{n}") for n in (0, 1)]
    try:
        cut = len(posts) // (kills + 1) + 1
        with ThreadPoolExecutor(8) as pool:
            for n in range(kills + 1):
                part = posts[n * cut : (n + 1) * cut]
                answers = list(pool.map(lambda post: fake.post(post[0], guid=post[1]), part))
                assert set(answers) == {200}
                if n < kills:
                    running[n % 2].kill()
                    log = folder / f"r{n}.log"
                    running[n % 2] = worker.start_worker(env, log=log, name=f"r{n}")
        settle(30 + count / 20)
    finally:
        fake.hook = ""
        for process in [*running, site.process]:
            process.stop()
    assert Delivery.objects.count() == len(told)
    assert set(Delivery.objects.values_list("state", flat=True)) <= {"done", "ignored"}
    assert_truth(fake)


@pytest.mark.django_db
def test_latest_title_counts_although_a_comment_opened_the_ticket(hub: FakeGitHub) -> None:
    connected(hub)
    hub.open("kezia", "example/core", "It hangs")
    first = json.loads(json.dumps(hub.comment("kezia", "example/core", 1, "at start")))
    deliver(first)
    deliver(hub.change("kezia", "example/core", 1, "edited", title="It hangs at start"))
    assert Ticket.objects.get().subject == "It hangs at start"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "order", [(0, 1, 2, 3, 4), (0, 1, 3, 4, 2), (0, 3, 1, 4, 2), (4, 3, 2, 1, 0)]
)
def test_closed_again_is_closed_in_any_order(hub: FakeGitHub, order: tuple[int, ...]) -> None:
    connected(hub)
    name, told = "example/core", []
    for n, step in enumerate(("", "closed", "reopened", "said", "closed")):
        if step == "closed":
            body = hub.change("maya", name, 1, step, state="closed", closed_at=hub.now())
        elif step == "reopened":
            body = hub.change("kezia", name, 1, step, state="open", closed_at=None)
        else:
            body = (
                hub.comment("helper", name, 1, "too") if n else hub.open("kezia", name, "It hangs")
            )
        told.append(json.loads(json.dumps(body)))
    for n in order:
        deliver(told[n], guid=f"g{n}")
    assert Ticket.objects.get().status == "closed"


@pytest.mark.service
@pytest.mark.usefixtures("process_env")
def test_deletion_waits_for_the_message_that_is_being_filed(
    hub: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected(hub)
    deliver(hub.open("kezia", "example/core", "It hangs"))
    made = json.loads(json.dumps(hub.comment("kezia", "example/core", 1, "a secret")))
    gone = {**made, "action": "deleted"}
    settles, settle_it = Event(), aftermath.settle

    def slowly(message: Message, channel: Channel) -> None:
        settle_it(message, channel)
        settles.set()
        sleep(0.5)

    def file(body: Body) -> str:
        try:
            return deliver(body, guid=str(body["action"]))
        finally:
            connection.close()

    monkeypatch.setattr(aftermath, "settle", slowly)
    with ThreadPoolExecutor(1) as pool:
        filing = pool.submit(file, made)
        assert settles.wait(10)
        assert (deliver(gone), filing.result()) == ("done", "done")
    row = Message.objects.get(external_id=f"issue_comment/{made['comment']['id']}")
    assert (row.new_text, row.deleted_at is not None) == ("", True)


@pytest.mark.service
@pytest.mark.usefixtures("process_env")
def test_closing_counts_for_an_older_word_that_waited_for_it(
    hub: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected(hub)
    deliver(hub.open("kezia", "example/core", "It hangs"))
    said = json.loads(json.dumps(hub.comment("kezia", "example/core", 1, "on start")))
    closed = hub.change("maya", "example/core", 1, "closed", state="closed")
    stands, stand = Event(), aftermath._stand

    def slowly(*given: Any) -> None:
        stand(*given)
        stands.set()
        sleep(0.5)

    def file(body: Body) -> str:
        try:
            return deliver(body, guid=str(body["action"]))
        finally:
            connection.close()

    monkeypatch.setattr(aftermath, "_stand", slowly)
    with ThreadPoolExecutor(1) as pool:
        filing = pool.submit(file, closed)
        assert stands.wait(10)
        assert (deliver(said), filing.result()) == ("done", "done")
    assert Ticket.objects.get().status == "closed"


@pytest.mark.service
@pytest.mark.slow
def test_disorder_and_kills_leave_the_truth(
    process_env: dict[str, str], tmp_path: Path, hub: FakeGitHub
) -> None:
    """The short form."""
    flood(process_env, tmp_path, hub, count=300, kills=1)


@pytest.mark.service
@pytest.mark.soak
def test_five_thousand_deliveries_in_disorder_under_three_kills(
    process_env: dict[str, str], tmp_path: Path, hub: FakeGitHub
) -> None:
    """The promised form."""
    flood(process_env, tmp_path, hub, count=5000, kills=3)
