"""What was missed is found by the export; the connection says how it is."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from inbox.channels.contract import Polled
from inbox.channels.models import Channel, Delivery
from inbox.operations import draining, polling
from inbox.tickets.models import Message, Ticket
from integrations.zendesk import connection, history
from integrations.zendesk.client import ZendeskError
from integrations.zendesk.kind import ZENDESK
from integrations.zendesk.tests.conftest import config_of, connected, deliver
from rig import zendesk
from rig.vendor import Answer
from rig.zendesk import FakeZendesk

EXPORT = "/incremental/tickets/cursor"


@pytest.fixture
def now(desk: FakeZendesk) -> FakeZendesk:
    """The fake's clock goes with ours: a few tickets of the last hour."""
    desk.at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    desk.clock = lambda: datetime.now(UTC)
    return desk


def look(
    desk: FakeZendesk, cursor: Mapping[str, Any], **more: str
) -> tuple[Mapping[str, Any], list[dict[str, Any]]]:
    """One poll: the new cursor and what was stored, each key once."""
    found: dict[str, Polled] = {}

    def store(one: Polled) -> None:
        found.setdefault(one.dedupe_key, one)

    after = history.backfill(config_of(desk, **more), cursor, store)
    return json.loads(json.dumps(after)), [json.loads(one.body) for one in found.values()]


def test_every_changed_ticket_is_a_hint_and_the_next_look_goes_on(now: FakeZendesk) -> None:
    now.page_size = 2
    for n in range(5):
        now.open("Mira", f"thing {n}")
    now.delete("Ana", 2)
    cursor, found = look(now, {})
    assert sorted((row["ticket_id"], row["type"]) for row in found) == [
        ("1", "export"), ("2", "soft_deleted"), ("3", "export"), ("4", "export"), ("5", "export"),
    ]  # fmt: skip
    asked = len(now.called(EXPORT))
    same, nothing = look(now, cursor)
    assert (nothing, same["asked"], len(now.called(EXPORT))) == ([], False, asked)
    now.change("Ana", 3, priority="high")
    hour_ago = datetime.now(UTC) - timedelta(hours=1, minutes=1)
    _, found = look(now, {**cursor, "passed_at": hour_ago.isoformat()})
    assert {row["ticket_id"] for row in found} == {"2", "3"}, "and the last one once more"


@pytest.mark.parametrize(("more", "due"), [({}, False), ({"webhook_secret": ""}, True)])
def test_without_a_webhook_it_is_looked_every_five_minutes(
    now: FakeZendesk, more: dict[str, str], due: bool
) -> None:
    passed = datetime.now(UTC) - timedelta(minutes=6)
    cursor, _ = look(now, {"passed_at": passed.isoformat()}, **more)
    assert cursor["asked"] == due


def test_limit_keeps_how_far_it_came_and_waits(now: FakeZendesk) -> None:
    now.page_size = 2
    now.door.export_pace = 1
    for n in range(4):
        now.open("Mira", f"thing {n}")
    cursor, found = look(now, {})
    assert (len(found), cursor["passing"]) == (2, True)
    assert cursor["wait_until"] > datetime.now(UTC).isoformat()
    again, nothing = look(now, cursor)
    assert (again["asked"], nothing) == (False, [])
    now.door.export_pace = 100
    now.page_size = 1000
    cursor, found = look(now, {**cursor, "wait_until": "2026-01-01T00:00:00+00:00"})
    assert {row["ticket_id"] for row in found} == {"2", "3", "4"}
    assert not cursor["passing"]


def test_fault_is_said_and_loses_no_page(now: FakeZendesk) -> None:
    now.open("Mira", "x")
    cursor, _ = look(now, {})
    now.fail("/cursor", answer=Answer(500, b""))
    with pytest.raises(ZendeskError, match="answered 500"):
        look(now, {**cursor, "passed_at": "2026-01-01T00:00:00+00:00"})


@pytest.mark.django_db
def test_missed_tickets_arrive_once_whatever_came_by_webhook(now: FakeZendesk) -> None:
    connected(now)
    now.open("Mira", "It hangs")
    now.open("Tom", "It crashes")
    now.comment("Tom", 2, "Again.")
    assert deliver(now.event("created", 1)) == "done"
    polling.poll_now("main", now=timezone.now())
    assert draining.drain(timeout_seconds=30)[1]
    assert sorted(Ticket.objects.values_list("subject", flat=True)) == ["It crashes", "It hangs"]
    assert Message.objects.count() == 3
    assert not Delivery.objects.exclude(state__in=["done", "ignored"]).exists()
    # asked for by hand: everything since then, and nothing of it twice
    since = timezone.now() - timedelta(days=2)
    polling.poll_now("main", now=timezone.now(), since=since)
    assert draining.drain(timeout_seconds=30)[1]
    assert Message.objects.count() == 3


# ------------------------------------------------------------------ the connection


@pytest.mark.django_db
def test_connecting_learns_who_we_are(desk: FakeZendesk) -> None:
    channel = connected(desk)
    assert channel.settings["user_id"] == str(desk.own["id"])
    assert channel.realm == "example"
    assert channel.address == desk.url.removeprefix("http://")
    assert Channel.objects.get().secrets["client_secret"] == zendesk.CLIENT_SECRET


def test_check_says_what_works_and_what_does_not(now: FakeZendesk) -> None:
    assert connection.check(config_of(now)) == "ok: Zendesk knows us as Switchboard, admin"
    token = {"client_id": "", "email": zendesk.EMAIL, "api_token": zendesk.API_TOKEN}
    assert "API tokens end in April 2027" in connection.check(config_of(now, **token))
    assert "every five minutes" in connection.check(config_of(now, webhook_secret=""))
    now.own["role"] = "agent"
    assert "the export is for admins" in connection.check(config_of(now))
    now.own["role"] = "end-user"
    assert connection.check(config_of(now)).startswith("Zendesk knows these credentials as no")
    assert "connect again" in connection.check(config_of(now, client_secret="x"))


def test_export_that_is_not_allowed_or_busy_is_no_fault(now: FakeZendesk) -> None:
    now.fail("/cursor", answer=Answer(403, {"error": "Forbidden"}))
    assert "the export is for admins" in connection.check(config_of(now))
    now.fail("/cursor", answer=Answer(429, b"", {"retry-after": "9"}))
    assert connection.check(config_of(now)) == "ok: Zendesk knows us as Switchboard, admin"


@pytest.mark.parametrize(
    ("today", "words"),
    [(date(2026, 11, 22), "in 159 days at most"), (date(2027, 5, 1), "ended in April 2027")],
)
def test_end_of_api_tokens_comes_nearer(today: date, words: str) -> None:
    assert words in connection._token_warning(today)


def test_setup_names_the_address_the_events_and_a_body_that_we_can_read(desk: FakeZendesk) -> None:
    assert ZENDESK.manifest is not None
    text = ZENDESK.manifest(config_of(desk))
    assert "https://desk.example.com/hooks/zendesk/main/" in text
    assert "zen:event-type:ticket.comment_added" in text
    filled = connection.TEMPLATE.replace("{{ticket.id}}", "35")
    assert json.loads(filled)["ticket_id"] == "35"
    assert filled in text.replace("{{ticket.id}}", "35")
