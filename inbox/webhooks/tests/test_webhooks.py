"""Outgoing webhooks against a real receiver that checks signatures and can fail."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from inbox import pipeline
from inbox.accounts.models import ApiToken, Team
from inbox.api import webhookjob
from inbox.common.work import Actor
from inbox.notify.models import Notice
from inbox.operations import sweep
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Ticket
from inbox.webhooks import sending, services
from inbox.webhooks.models import Webhook, WebhookAttempt, WebhookEvent
from inbox.webhooks.vocabulary import EVENTS
from rig.desk import NOW, act, agent, asker, ticket, writes
from rig.receiver import Receiver
from rig.vendor import Answer

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """A receiver that may be reached."""
    with Receiver() as made:
        settings.OUTBOUND_ALLOW = made.place
        yield made
        made.gate.set()


def subscribe(receiver: Receiver, *events: str, path: str = "/hook", **fields: Any) -> Webhook:
    """A subscription whose secret the receiver knows."""
    wanted = list(events or ("ticket.opened", "message.in"))
    hook = Webhook(label="Mirror", url=receiver.url + path, events=wanted, **fields)
    services.save(hook)
    receiver.secret = hook.secret
    return hook


def states(hook: Webhook) -> list[tuple[str, str, int]]:
    """(event, state, attempts) of its rows, oldest first."""
    rows = WebhookEvent.objects.filter(webhook=hook).order_by("pk")
    return list(rows.values_list("name", "state", "attempts"))


def test_what_happens_arrives_signed_in_the_shapes_of_the_api(receiver: Receiver) -> None:
    hook = subscribe(receiver)
    row = ticket()
    receiver.clock = NOW.timestamp()
    assert webhookjob.deliver(hook.pk, now=NOW) == 2
    opened, message = receiver.taken
    assert (opened["type"], opened["timestamp"]) == ("ticket.opened", "2026-11-18T10:00:00Z")
    _, text = ApiToken.issue(agent("ana"))
    api = Client(headers={"authorization": f"Bearer {text}"})
    assert opened["data"]["ticket"] == api.get(f"/api/v1/tickets/{row.pk}/").json()
    shown = api.get(f"/api/v1/tickets/{row.pk}/messages/").json()["results"]
    assert message["data"]["message"] == shown[0]
    events = api.get(f"/api/v1/tickets/{row.pk}/events/").json()["results"]
    assert opened["data"]["event"] == events[0]
    assert states(hook) == [("ticket.opened", "sent", 1), ("message.in", "sent", 1)]


def test_nothing_is_written_for_what_nobody_asked(receiver: Receiver) -> None:
    hook = subscribe(receiver, "ticket.closed")
    row = ticket()
    assert states(hook) == []
    act(tickets.close, row, resolution="answered")
    assert states(hook) == [("ticket.closed", "queued", 0)]


def test_a_change_that_fails_leaves_no_row(receiver: Receiver) -> None:
    """The rows stand in the change's own transaction."""
    hook = subscribe(receiver, "ticket.closed")
    row = ticket()

    def closed_and_then_broken() -> None:
        tickets.close(row, resolution="answered")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act(closed_and_then_broken)
    assert states(hook) == []


def test_every_event_of_the_vocabulary_can_be_subscribed(receiver: Receiver) -> None:
    hook = subscribe(receiver, *EVENTS)
    who = asker()
    row = ticket(who=who)
    other = ticket(who=who)
    act(tickets.add_tags, row, ["wal"])
    act(tickets.assign, row, agent("ana"))
    act(tickets.add_note, row, body="look", user=agent("ana"))
    act(tickets.hold, row, reason="wait")
    act(tickets.close, row, resolution="answered")
    act(tickets.merge, other, into=row)
    names = {name for name, _, _ in states(hook)}
    assert names == {
        "ticket.opened", "message.in", "message.note", "ticket.tags", "ticket.assigned",
        "ticket.status", "ticket.held", "ticket.closed", "ticket.merged", "ticket.reopened",
    }  # fmt: skip
    assert webhookjob.deliver(hook.pk, now=NOW) == len(states(hook)) == len(receiver.taken)


def test_a_failing_receiver_is_tried_again_later_under_the_same_id(receiver: Receiver) -> None:
    hook = subscribe(receiver, "ticket.opened")
    ticket()
    receiver.fail("/hook", times=2, answer=Answer(500, {"no": "way"}))
    assert webhookjob.deliver(hook.pk, now=NOW) == 1
    assert webhookjob.deliver(hook.pk, now=NOW + timedelta(seconds=59)) == 0
    assert webhookjob.deliver(hook.pk, now=NOW + timedelta(seconds=61)) == 1
    assert webhookjob.deliver(hook.pk, now=NOW + timedelta(minutes=5)) == 0
    assert webhookjob.deliver(hook.pk, now=NOW + timedelta(minutes=7)) == 1
    assert states(hook) == [("ticket.opened", "sent", 3)]
    calls = receiver.called("/hook")
    assert len({call.headers["webhook-id"] for call in calls}) == 1
    assert len({call.body for call in calls}) == 1
    tries = WebhookAttempt.objects.order_by("pk").values_list("status", "answer", "error")
    assert list(tries) == [
        (500, '{"no": "way"}', "answered 500"),
        (500, '{"no": "way"}', "answered 500"),
        (204, "", ""),
    ]


def test_it_is_given_up_after_three_days_and_can_be_sent_again(receiver: Receiver) -> None:
    hook = subscribe(receiver, "ticket.opened")
    ticket()
    receiver.is_away = True
    at = NOW
    while states(hook)[0][1] == "queued":
        row = WebhookEvent.objects.get()
        at = max(at, row.not_before) + timedelta(minutes=6)
        Webhook.objects.update(state="on")  # many failures would have paused it
        assert webhookjob.deliver(hook.pk, now=at) == 1
    assert timedelta(days=2) < at - NOW < timedelta(days=3)
    assert states(hook) == [("ticket.opened", "failed", 9)]
    receiver.is_away = False
    assert services.replay(hook, now=at, since=NOW - timedelta(days=1)) == 1
    assert webhookjob.deliver(hook.pk, now=at + timedelta(minutes=6)) == 1
    assert states(hook) == [("ticket.opened", "sent", 1)]


def test_a_row_that_arrived_can_be_sent_once_more(receiver: Receiver) -> None:
    hook = subscribe(receiver, "ticket.opened")
    ticket()
    webhookjob.deliver(hook.pk, now=NOW)
    row = WebhookEvent.objects.get()
    assert services.replay(hook, now=NOW, row=row.pk) == 1
    webhookjob.deliver(hook.pk, now=NOW)
    assert receiver.ids == [row.message_id] * 2


def test_410_switches_it_off_and_admins_are_told(receiver: Receiver) -> None:
    boss = agent("boss", role="admin")
    agent("ana")
    hook = subscribe(receiver, "ticket.opened")
    ticket()
    receiver.fail("/hook", answer=Answer(410))
    webhookjob.deliver(hook.pk, now=NOW)
    hook.refresh_from_db()
    assert (hook.state, hook.stopped_because) == ("off", "the receiver says that it is gone (410)")
    notice = Notice.objects.get()
    assert (notice.user, notice.url) == (boss, f"/webhooks/{hook.pk}/")
    ticket()
    assert len(states(hook)) == 1


def test_many_failures_pause_it_and_what_happens_is_kept(receiver: Receiver) -> None:
    agent("boss", role="admin")
    hook = subscribe(receiver, "ticket.opened")
    ticket()
    receiver.is_away = True
    at = NOW
    for _ in range(sending.MANY_FAILURES):
        WebhookEvent.objects.update(not_before=NOW, attempts=0)
        at += timedelta(minutes=6)
        assert webhookjob.deliver(hook.pk, now=at) == 1
    hook.refresh_from_db()
    assert (hook.state, Notice.objects.count()) == ("paused", 1)
    ticket()
    assert webhookjob.deliver(hook.pk, now=at + timedelta(days=1)) == 0
    receiver.is_away = False
    services.switch(hook, on=True)
    assert webhookjob.deliver(hook.pk, now=at + timedelta(days=1)) == 2
    assert len(receiver.taken) == 2


def test_a_slow_receiver_ends_with_its_time_out(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT", (0.2, 0.2))
    hook = subscribe(receiver, "ticket.opened", path="/slow")
    ticket()
    receiver.gate.clear()
    webhookjob.deliver(hook.pk, now=NOW)
    assert WebhookAttempt.objects.get().error == "no answer within ten seconds"
    assert states(hook) == [("ticket.opened", "queued", 1)]


def test_one_that_is_served_is_left_alone_and_delays_nobody(receiver: Receiver) -> None:
    slow = subscribe(receiver, "ticket.opened", path="/slow")
    other = subscribe(receiver, "ticket.opened")
    ticket()
    held = sending.claim(slow.pk, now=NOW)  # a worker that waits for its answer
    assert held is not None
    assert webhookjob.deliver(slow.pk, now=NOW) == 0
    assert sending.due_ids(NOW) == [other.pk]
    assert webhookjob.deliver(other.pk, now=NOW) == 1


def test_a_lost_worker_is_replaced_and_comes_too_late(receiver: Receiver) -> None:
    hook = subscribe(receiver, "ticket.opened")
    ticket()
    lost = sending.claim(hook.pk, now=NOW)
    assert lost is not None
    row = sending.next_row(lost, now=NOW)
    assert row is not None
    later = NOW + timedelta(seconds=61)
    assert webhookjob.deliver(hook.pk, now=later) == 1
    failed = sending.Outcome(hook=lost, row=row, error="no connection")
    assert sending.record(failed, now=later) is False
    assert states(hook) == [("ticket.opened", "sent", 1)]


def test_the_sweep_rings_for_what_nobody_serves(receiver: Receiver) -> None:
    hook = subscribe(receiver, "ticket.opened")
    ticket()
    assert sending.due_ids(NOW) == [hook.pk]
    assert sweep.ring_overdue(now=NOW) == 1


def test_restricted_tickets_are_told_to_their_team_alone(receiver: Receiver) -> None:
    team = Team.objects.create(key="security", name="Security", restricted=True)
    public = subscribe(receiver, "ticket.opened", "ticket.closed")
    theirs = subscribe(receiver, "ticket.opened", "ticket.closed", team=team)
    row = ticket()
    act(tickets.restrict, row, team)
    act(tickets.close, row, resolution="answered")
    assert [name for name, _, _ in states(public)] == ["ticket.opened"]
    assert [name for name, _, _ in states(theirs)] == ["ticket.opened", "ticket.closed"]
    webhookjob.deliver(public.pk, now=NOW)  # it was opened in public, but it is restricted now
    assert (states(public), receiver.calls) == ([("ticket.opened", "dropped", 0)], [])
    webhookjob.deliver(theirs.pk, now=NOW)
    assert [body["data"]["ticket"]["restricted"] for body in receiver.taken] == ["security"] * 2


def test_a_note_is_told_only_to_who_asked_for_notes(receiver: Receiver) -> None:
    without = subscribe(receiver, "message.edited")
    row = ticket()
    note = act(tickets.add_note, row, body="our secret", user=agent("ana"))
    event = row.events.create(
        kind="message_edited",
        at=NOW,
        actor_kind="user",
        actor_label="ana",
        data={"message": note.pk},
    )
    waiting = WebhookEvent(webhook=without, name="message.edited", event=event, ticket=row)
    body = webhookjob.body_of(without, waiting)
    assert body["data"]["message"] is None
    without.events = ["message.edited", "message.note"]
    assert webhookjob.body_of(without, waiting)["data"]["message"]["new_text"] == "our secret"


def test_both_secrets_sign_while_one_is_changed(receiver: Receiver) -> None:
    hook = subscribe(receiver, "ticket.opened")
    old = hook.secret
    new = services.renew_secret(hook)
    ticket()
    webhookjob.deliver(hook.pk)
    receiver.secret = new
    services.replay(hook, now=NOW, row=WebhookEvent.objects.get().pk)
    webhookjob.deliver(hook.pk)
    assert len(receiver.taken) == 2
    assert receiver.secret != old
    Webhook.objects.update(old_until=NOW)
    receiver.secret = old
    services.replay(hook, now=NOW, row=WebhookEvent.objects.get().pk)
    webhookjob.deliver(hook.pk)
    assert WebhookAttempt.objects.latest("pk").status == 401


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    hook = subscribe(receiver, "ticket.opened")
    ticket()
    receiver.fail("/hook", answer=Answer(302, headers={"location": f"{receiver.url}/else"}))
    webhookjob.deliver(hook.pk, now=NOW)
    assert WebhookAttempt.objects.get().error.startswith("answered with a redirect")
    assert receiver.called("/else") == []


def test_a_private_address_is_not_reached(receiver: Receiver, settings: Any) -> None:
    hook = subscribe(receiver, "ticket.opened")
    settings.OUTBOUND_ALLOW = ""
    ticket()
    webhookjob.deliver(hook.pk, now=NOW)
    assert WebhookAttempt.objects.get().error == "this address cannot be reached from here"
    assert receiver.calls == []


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x",
        "ftp://example.com/",
        "https://",
        "https://a:b@example.com/",
        "nonsense",
    ],
)
def test_addresses_that_cannot_be_are_refused(url: str) -> None:
    with pytest.raises(VerbError):
        services.save(Webhook(label="x", url=url, events=["ticket.opened"]))
    assert Webhook.objects.count() == 0


def test_a_receiver_says_when_to_come_back(receiver: Receiver) -> None:
    hook = subscribe(receiver, "ticket.opened")
    ticket()
    receiver.fail("/hook", answer=Answer(503, headers={"retry-after": "600"}))
    webhookjob.deliver(hook.pk, now=NOW)
    assert WebhookEvent.objects.get().not_before == NOW + timedelta(seconds=600)


def test_only_two_kilobytes_of_an_answer_are_kept(receiver: Receiver) -> None:
    hook = subscribe(receiver, "ticket.opened")
    ticket()
    receiver.fail("/hook", answer=Answer(500, b"x" * 1_000_000))
    webhookjob.deliver(hook.pk, now=NOW)
    assert 0 < len(WebhookAttempt.objects.get().answer) <= 2048


def test_drain_tells_subscribers_too(receiver: Receiver) -> None:
    hook = subscribe(receiver, "ticket.opened")
    ticket()
    call_command("drain", timeout=20, stdout=StringIO())
    assert states(hook) == [("ticket.opened", "sent", 1)]


def test_old_rows_leave_the_log(receiver: Receiver) -> None:
    subscribe(receiver, "ticket.opened")
    ticket()
    assert sending.stale_ids(NOW + timedelta(days=29)) == []
    (pk,) = sending.stale_ids(NOW + timedelta(days=31))
    assert sending.forget(pk, NOW + timedelta(days=31)) is True
    assert WebhookEvent.objects.count() == 0


def test_history_that_is_imported_is_no_news(receiver: Receiver) -> None:
    hook = subscribe(receiver, "ticket.closed")
    row = ticket()
    with pipeline.change(Actor.system("test"), now=NOW, historic=True):
        tickets.close(Ticket.objects.get(pk=row.pk), resolution="answered")
    assert states(hook) == []


def test_what_a_customer_writes_is_one_row(receiver: Receiver) -> None:
    """Once per subscription and event."""
    who = asker()
    row = ticket(who=who)
    hook = subscribe(receiver, "message.in")
    writes(row, who, at=NOW + timedelta(minutes=1))
    assert states(hook) == [("message.in", "queued", 0)]
