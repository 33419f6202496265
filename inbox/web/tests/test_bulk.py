"""Many tickets at once, and the way back: from the browser's forms, without JavaScript."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from inbox.accounts.models import Team, User
from inbox.bulk.models import BulkItem, BulkRun
from inbox.macros.models import Macro
from inbox.macros.services import save as save_macro
from inbox.operations import bulkruns, draining
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket, TicketEvent
from rig.desk import NOW, act, agent, ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _wednesday() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ana() -> User:
    return agent("ana", timezone="UTC")


@pytest.fixture
def desk(ana: User) -> Client:
    client = Client()
    client.force_login(ana)
    return client


def press(desk: Client, rows: list[Ticket], do: str, **fields: str) -> BulkRun:
    """One button of the bar."""
    form = {"ticket": [row.pk for row in rows], "do": do, **fields}
    assert desk.post("/tickets/bulk/", form).status_code == 302
    return BulkRun.objects.latest("pk")


def fresh(*rows: Ticket) -> list[Ticket]:
    return [Ticket.objects.get(pk=row.pk) for row in rows]


def how(row: Ticket) -> tuple[Any, ...]:
    """Everything that the operations change."""
    now = Ticket.objects.get(pk=row.pk)
    tags = sorted(now.tags.values_list("name", flat=True))
    owner = now.owner.username if now.owner else None
    return (
        now.status, now.waiting_on, now.hold_reason, now.resolution, now.category, owner, tags,
        now.snoozed_until, now.priority,
    )  # fmt: skip


OPERATIONS = [
    ("assign:me", {}),
    ("category", {"category": "Deployment"}),
    ("tag", {"tags": "wal, slot"}),
    ("status:them", {}),
    ("priority:high", {}),
    ("close:solved", {}),
    ("hold", {"reason": "waits for the vendor"}),
    ("snooze:tomorrow", {"mode": "reply"}),
    ("trash", {}),
    ("spam", {}),
    ("macro:park", {}),
]


@pytest.mark.parametrize(("do", "fields"), OPERATIONS)
def test_every_operation_changes_all_and_one_undo_restores_each(
    do: str, fields: dict[str, str], ana: User, desk: Client
) -> None:
    """The former states differ, and each ticket gets its own back."""
    save_macro(Macro(name="Park", actions=[{"tag": "parked"}, {"hold": "parked"}]))
    rows = [ticket() for _ in range(4)]
    act(tickets.set_category, rows[0], "Billing")
    act(tickets.hold, rows[1], reason="asked legal")
    act(tickets.wait, rows[2])
    act(tickets.add_tags, rows[2], ["slot"])
    act(tickets.snooze, rows[3], until=NOW + timedelta(days=3), mode="time")
    act(tickets.assign, rows[3], agent("noor"))
    before = [how(row) for row in rows]
    run = press(desk, rows, do, **fields)
    after = [how(row) for row in rows]
    assert sum(was != now for was, now in zip(before, after, strict=True)) >= 3
    assert (run.state, run.items.filter(state="done").count()) == ("done", 4)
    desk.post(f"/undo/{run.pk}/")
    assert [how(row) for row in rows] == before
    run.refresh_from_db()
    assert (run.state, run.items.filter(state="undone").count()) == ("undone", 4)


def test_what_somebody_changed_since_is_kept_and_said(desk: Client) -> None:
    rows = [ticket() for _ in range(3)]
    run = press(desk, rows, "close:answered")
    act(tickets.reopen, rows[1], why="they wrote")
    act(tickets.add_tags, rows[2], ["mine"])  # another matter: the closing is still taken back
    desk.post(f"/undo/{run.pk}/")
    assert [row.status for row in fresh(*rows)] == ["open", "open", "open"]
    kept = run.items.get(state="kept")
    assert (kept.ticket_id, kept.why) == (rows[1].pk, "Changed since.")
    assert b"2 tickets, 1: Changed since." in desk.get("/queue/").content


def test_mistakes_are_said_at_the_press_and_change_nothing(desk: Client) -> None:
    row = ticket()
    for do, said in {
        "": "Choose what to do",
        "hold": "Say why this is on hold",
        "snooze:at": "Say until when",
        "assign:nobody-here": "no active account",
        "close:became_issue": "needs a link",
        "macro:none": "no macro of this name",
        "fly": "Choose what to do",
    }.items():
        desk.post("/tickets/bulk/", {"ticket": [row.pk], "do": do})
        assert said.encode() in desk.get("/queue/").content, do
    desk.post("/tickets/bulk/", {"do": "trash", "ticket": ["999999", "x", "-1"]})
    assert b"No ticket is selected" in desk.get("/queue/").content
    assert (BulkRun.objects.count(), fresh(row)[0].status) == (0, "open")


def test_tickets_that_refuse_are_skipped_with_their_reason(desk: Client) -> None:
    open_one, closed = ticket(), ticket()
    act(tickets.close, closed)
    run = press(desk, [open_one, closed], "hold", reason="legal")
    assert [row.status for row in fresh(open_one, closed)] == ["on_hold", "closed"]
    item = run.items.get(ticket=closed)
    assert (item.state, item.why) == ("skipped", "Reopen this ticket first.")


def test_restricted_tickets_are_not_there_for_others(ana: User, desk: Client) -> None:
    secret, plain = ticket(), ticket()
    team = Team.objects.create(key="security", name="Security", restricted=True)
    act(tickets.restrict, secret, team)
    run = press(desk, [secret, plain], "trash")
    assert [row.status for row in fresh(secret, plain)] == ["open", "trashed"]
    assert list(run.items.values_list("ticket", flat=True)) == [plain.pk]
    assert b"1: Not there any more." in desk.get("/queue/").content
    press(desk, [], "spam", all="1", filter="?")
    assert fresh(secret)[0].status == "open"
    assert b"all 0 that match" in desk.get("/queue/count/").content


@pytest.mark.parametrize("role", ["viewer", "light"])
def test_who_may_not_act_has_no_bar_and_no_boxes(role: str, desk: Client, ana: User) -> None:
    ana.role = role
    ana.save()
    row = ticket()
    assert desk.post("/tickets/bulk/", {"ticket": [row.pk], "do": "trash"}).status_code == 404
    assert desk.post("/undo/").status_code == 404
    page = desk.get("/queue/").content
    assert (b'form="bulk"' in page, b'class="bulk"' in page) == (False, False)


def test_all_that_match_are_chosen_at_the_press(desk: Client) -> None:
    """More than the page shows, nothing that comes later, nothing outside the filter."""
    rows = [ticket() for _ in range(55)]
    other = ticket()
    for row in rows:
        act(tickets.set_category, row, "Billing")
    assert b"all 55 that match" in desk.get("/queue/count/?q=category:Billing").content
    run = press(desk, [], "close:answered", all="1", filter="?q=category%3ABilling")
    late = ticket()
    act(tickets.set_category, late, "Billing")
    assert run.state == "working"  # fifty at once, the rest is a job
    assert draining.drain(timeout_seconds=60)[1]
    assert {row.status for row in fresh(*rows)} == {"closed"}
    assert [row.status for row in fresh(other, late)] == ["open", "open"]


def test_undo_while_it_runs_stops_and_takes_back(desk: Client) -> None:
    rows = [ticket() for _ in range(60)]
    run = press(desk, rows, "close:answered")
    assert Ticket.objects.filter(status="closed").count() == 50
    desk.post(f"/undo/{run.pk}/")
    assert draining.drain(timeout_seconds=60)[1]
    assert Ticket.objects.filter(status="open").count() == 60
    states = sorted(run.items.values_list("state", flat=True))
    assert states == ["skipped"] * 10 + ["undone"] * 50


def test_nobody_undoes_the_step_of_somebody_else_or_one_twice(desk: Client) -> None:
    rows = [ticket()]
    run = press(desk, rows, "trash")
    other = Client()
    other.force_login(agent("noor"))
    other.post(f"/undo/{run.pk}/")
    assert fresh(*rows)[0].status == "trashed"
    assert other.get(f"/tickets/bulk/{run.pk}/").status_code == 404
    desk.post(f"/undo/{run.pk}/")
    desk.post(f"/undo/{run.pk}/")
    assert b"This was undone already." in desk.get("/queue/").content
    assert fresh(*rows)[0].status == "open"


def test_single_steps_stand_on_the_same_stack(desk: Client) -> None:
    """Assign, category, tags, hold, snooze, close and trash: undo takes the newest first."""
    row = ticket()
    base, states = f"/tickets/{row.pk}", [how(row)]
    for verb, form in [
        ("assign", {"assignee": "me"}),
        ("fields", {"category": "Billing"}),
        ("tags", {"add": "wal"}),
        ("hold", {"reason": "legal"}),
        ("snooze", {"until": "tomorrow"}),
        ("close", {"resolution": "solved"}),
        ("trash", {}),
    ]:
        desk.post(f"{base}/{verb}/", form)
        states.append(how(row))
    assert len(set(map(str, states))) == 8
    while states[:-1]:
        states.pop()
        desk.post("/undo/")
        assert how(row) == states[-1]
    desk.post("/undo/")
    assert b"There is nothing to undo." in desk.get("/queue/").content


def test_the_last_step_is_out_of_reach_after_an_hour(desk: Client) -> None:
    row = ticket()
    press(desk, [row], "trash")
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        desk.post("/undo/")
    assert fresh(row)[0].status == "trashed"


def test_toast_of_a_row_comes_as_a_fragment_with_its_way_back(desk: Client) -> None:
    row = ticket()
    into = {"HX-Request": "true", "HX-Target": "toasts"}
    said = desk.post(f"/tickets/{row.pk}/close/", headers=into).content.decode()
    assert f"#{row.pk}: Closed." in said
    assert re.search(r'hx-post="/undo/\d+/"', said)
    bad = desk.post(f"/tickets/{row.pk}/hold/", {"reason": ""}, headers=into)
    assert (bad.status_code, b"toast--bad" in bad.content) == (422, True)


def test_whoever_lost_the_right_meanwhile_changes_no_more(ana: User, desk: Client) -> None:
    rows = [ticket() for _ in range(55)]
    run = press(desk, rows, "close:answered")
    ana.role = "viewer"
    ana.save()
    bulkruns.work_on(run.pk, now=timezone.now())
    assert Ticket.objects.filter(status="closed").count() == 50
    reasons = set(BulkItem.objects.filter(state="skipped").values_list("why", flat=True))
    assert reasons == {"Whoever asked for it may not do this any more."}


def test_a_worker_that_was_lost_is_replaced_and_nothing_is_done_twice(desk: Client) -> None:
    rows = [ticket() for _ in range(60)]
    run = press(desk, rows, "tag", tags="wal")
    BulkRun.objects.filter(pk=run.pk).update(lease_until=NOW + timedelta(seconds=30))  # it died
    assert not bulkruns.work_on(run.pk, now=NOW)
    assert bulkruns.work_on(run.pk, now=NOW + timedelta(minutes=1))
    run.refresh_from_db()
    assert (run.state, run.items.filter(state="done").count()) == ("done", 60)
    assert TicketEvent.objects.filter(kind="tagged").count() == 60


@pytest.mark.parametrize("size", [200, pytest.param(2000, marks=pytest.mark.soak)])
def test_thousands_are_closed_in_pieces_with_progress_and_taken_back(
    size: int, desk: Client
) -> None:
    """98 of the list of trouble: progress on the way, resumable, one undo for all."""
    like = Ticket.objects.get(pk=ticket().pk)
    fields = {f.attname: getattr(like, f.attname) for f in Ticket._meta.concrete_fields}
    for name in ("number", "lane", "next_due_at", "policy_id"):
        fields.pop(name)
    Ticket.objects.bulk_create(Ticket(**fields) for _ in range(size - 1))
    run = press(desk, [], "close:answered", all="1", filter="?")
    assert f"50 of {size} tickets" in desk.get(f"/tickets/bulk/{run.pk}/").content.decode()
    bulkruns.work_on(run.pk, now=timezone.now())
    assert f"150 of {size} tickets" in desk.get(f"/tickets/bulk/{run.pk}/").content.decode()
    assert draining.drain(timeout_seconds=600)[1]
    assert Ticket.objects.filter(status="closed").count() == size
    assert TicketEvent.objects.filter(kind="closed").count() == size
    desk.post(f"/undo/{run.pk}/")
    assert draining.drain(timeout_seconds=600)[1]
    assert Ticket.objects.filter(status="open").count() == size
