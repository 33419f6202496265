"""What a ticket says of another one, which the reader may not see: nothing, wherever one looks."""

import difflib
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from inbox.accounts.tests.test_canaries import answers, world_of
from inbox.accounts.tests.world import ALL, THEIRS, World
from inbox.api import webhookjob
from inbox.bulk.models import BulkRun
from inbox.loop import ties
from inbox.reports import services as reports
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket, TicketEvent
from inbox.webhooks.models import Webhook, WebhookEvent
from rig import desk

pytestmark = pytest.mark.django_db
Tell = Callable[[World, Ticket, Ticket], Any]


def merged(world: World, open_: Ticket, secret: Ticket) -> None:
    desk.act(tickets.merge, open_, into=secret)


def split(world: World, open_: Ticket, secret: Ticket) -> None:
    """Something of it became a ticket of its own, for few."""
    chosen = [open_.messages.order_by("pk").values_list("pk", flat=True)[0]]
    fresh = desk.act(tickets.split, open_, chosen, subject="apart")
    desk.act(tickets.restrict, fresh, secret.restricted_team)


def tied(world: World, open_: Ticket, secret: Ticket) -> None:
    desk.act(ties.tie, open_, secret)


def hinted(world: World, open_: Ticket, secret: Ticket) -> None:
    Ticket.objects.filter(pk=open_.pk).update(hint=secret)


def joined(world: World, open_: Ticket, secret: Ticket) -> None:
    """What was merged into it was restricted later, and it was opened by that."""
    other = desk.ticket()
    desk.act(tickets.close, open_)
    desk.act(tickets.merge, other, into=open_)
    desk.act(tickets.restrict, other, secret.restricted_team)


WAYS: dict[str, Tell] = {f.__name__: f for f in (merged, split, tied, hinted, joined)}


def told_of(world: World, who: str, number: int) -> dict[str, str]:
    """Every address of one ticket that an account can read: what comes."""
    client, token = world.clients[who], world.tokens[who]
    api = f"/api/v1/tickets/{number}/"
    paths = {f"/tickets/{number}/": client, f"/tickets/{number}/?was=open": client}
    paths |= dict.fromkeys((api, f"{api}events/", "/api/v1/tickets/"), token)
    found = {path: by.get(path) for path, by in paths.items()}
    assert {path: a.status_code for path, a in found.items()} == dict.fromkeys(paths, 200)
    return {path: answer.content.decode() for path, answer in found.items()}


def names(text: str, number: int) -> bool:
    """Whether a text holds the number as one: behind #, in an address, or as a value."""
    forms = (
        rf'#{number}\b|/tickets/{number}/|"(?:into|source|merged_into|may_belong_to)": ?{number}\b'
    )
    return re.search(forms, text) is not None


def hook_says(world: World, event: TicketEvent, team: Any = None) -> str:
    """What a subscriber is sent for an event."""
    hook = Webhook.objects.create(label="H", url="https://example.com/x", team=team)
    now = timezone.now()
    row = WebhookEvent(
        webhook=hook, name="n", event=event, not_before=now, queued_at=now, created_at=now
    )
    return json.dumps(webhookjob.body_of(hook, row))


@pytest.mark.parametrize("way", WAYS)
def test_an_open_ticket_does_not_name_a_restricted_one(way: str) -> None:
    world = world_of("")
    open_, secret = world.things[ALL].ticket, world.things[THEIRS].ticket
    before = set(Ticket.objects.values_list("pk", flat=True))
    WAYS[way](world, open_, secret)
    hidden = set(Ticket.objects.exclude(restricted_team=None).values_list("pk", flat=True))
    hidden -= before - {secret.pk}
    team = secret.restricted_team
    for number in hidden:
        outside = {
            p for p, text in told_of(world, "agent", open_.pk).items() if names(text, number)
        }
        assert outside == set()
        told = [hook_says(world, event) for event in open_.events.all()]
        assert not any(names(text, number) for text in told)
    inside = {
        p
        for p, text in told_of(world, "insider", open_.pk).items()
        for n in hidden
        if names(text, n)
    }
    assert (
        f"/api/v1/tickets/{open_.pk}/" in inside or f"/api/v1/tickets/{open_.pk}/events/" in inside
    )
    told = [hook_says(world, event, team) for event in open_.events.all()]
    assert any(names(text, number) for text in told for number in hidden)


def test_outsiders_do_not_take_out_what_was_said_inside() -> None:
    """Undoing a merge moves what came since; whoever may not read it there does not move it."""
    world = world_of("")
    open_, secret = world.things[ALL].ticket, world.things[THEIRS].ticket
    desk.act(tickets.merge, open_, into=secret)
    page = world.clients["agent"].get(f"/tickets/{open_.pk}/").content.decode()
    assert "Undo the merge" not in page
    said = world.clients["agent"].post(f"/tickets/{open_.pk}/unmerge/")
    assert (said.status_code, "few people may see" in said.content.decode()) == (422, True)
    for verb in ("unmerge", "reopen"):
        answer = world.tokens["agent"].post(
            f"/api/v1/tickets/{open_.pk}/{verb}/", {}, content_type="application/json"
        )
        assert answer.status_code == 409
    assert Ticket.objects.get(pk=open_.pk).status == "merged"
    world.clients["insider"].post(f"/tickets/{open_.pk}/unmerge/")
    assert Ticket.objects.get(pk=open_.pk).status == "open"


def test_a_run_of_many_says_no_more_of_hidden_ones_than_of_deleted_ones() -> None:
    world = world_of("")
    open_, secret = world.things[ALL].ticket, world.things[THEIRS].ticket
    agent: Client = world.clients["agent"]
    said: list[str] = []
    for other in (secret.pk, 99_999):
        form = {"ticket": [open_.pk, other], "do": "priority:high"}
        agent.post("/tickets/bulk/", form)
        run = BulkRun.objects.latest("pk")
        text = agent.get(f"/tickets/bulk/{run.pk}/").content.decode()
        said.append(re.sub(rf"(?:bulk/|undo/|run-){run.pk}\b", "", text))
        desk.act(tickets.set_priority, open_, "normal")
    assert VARIES.sub("", said[0]) == VARIES.sub("", said[1])
    assert Ticket.objects.get(pk=secret.pk).priority == "normal"


# ------------------------------------------------------------------ nothing follows from it

# what differs by nature: tokens of forms, ids of requests, tabs and events, file versions
VARIES = re.compile(
    r"\b[0-9a-f]{16}\b|\b[0-9a-f]{32}\b|\b[A-Za-z0-9]{64}\b"
    r'|(?:after=|data-after="|data-event=")\d+|request[_-]id[^ <]+'
)


def everything(world: World, who: str) -> dict[str, str]:
    """All that an account may read, without what differs by nature."""
    found = {path: VARIES.sub("", text) for path, _, text in answers(world, who)}
    return {path: text for path, text in found.items() if path not in OF_ALL}


def a_busy_day_in_secret(world: World) -> None:
    """Much happens on the ticket of one team, and it gets more of them."""
    secret, team = world.things[THEIRS].ticket, world.things[THEIRS].ticket.restricted_team
    now = timezone.now()
    rows = [desk.ticket(at=now, channel=world.channel) for _ in range(3)]
    for row in rows:
        desk.act(tickets.restrict, row, team, at=now)
        desk.act(tickets.set_category, row, "alpha only", at=now)
        desk.act(tickets.add_tags, row, ["deep-tag"], at=now)
        desk.act(tickets.reply, row, body="deep answer", user=world.users["insider"], at=now)
    desk.act(tickets.close, rows[0], at=now)
    desk.act(tickets.merge, rows[1], into=rows[2], at=now)
    desk.act(tickets.hold, secret, reason="deep reason", at=now)
    reports.renew(now=now)


# of the whole installation: how long its channels' own rows wait, without a word of them
OF_ALL = ("/health/", "/healthz", "/readyz")


def moved(before: str, after: str) -> list[str]:
    """The lines that differ, short enough to read."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line.strip()[:300] for line in lines][2:8]


@pytest.mark.parametrize("who", ["agent", "viewer"])
def test_what_happens_in_secret_changes_nothing_for_others(who: str) -> None:
    """No count, list, report, export, suggestion or figure moves by a single byte."""
    with time_machine.travel(timezone.now(), tick=False):
        world = world_of("")
        everything(world, who)  # pages that remember that they were opened
        before = everything(world, who)
        a_busy_day_in_secret(world)
        after = everything(world, who)
    changed = {
        path: moved(text, after[path]) for path, text in before.items() if after[path] != text
    }
    assert changed == {}, json.dumps(changed, indent=1)
    assert len(before) > 80
