"""The way out of Zendesk: everything comes, in parts, whatever its limits say."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings

from inbox.channels.contract import ChannelConfig
from inbox.channels.models import Channel, Fetch
from inbox.channels.ports import ImportedTicket
from inbox.history.models import ImportRun
from inbox.operations import importing
from inbox.operations.connecting import connect
from inbox.tickets.models import Message, Ticket
from integrations.zendesk import export
from integrations.zendesk.client import ZendeskError
from integrations.zendesk.tests.conftest import config_of, deliver
from rig import desk as house
from rig import zendesk
from rig.vendor import Answer
from rig.zendesk import FakeZendesk


def aged(desk: FakeZendesk) -> None:
    """The last minute is left out by the export; nothing here is that young."""
    now = desk.at + timedelta(hours=1)
    desk.clock = lambda: now


def everything(config: ChannelConfig) -> list[ImportedTicket]:
    cursor: Mapping[str, Any] = {}
    found: list[ImportedTicket] = []
    for _ in range(100):
        page = export.page(config, cursor)
        found += page.tickets
        if page.is_last:
            return found
        assert page.cursor != cursor
        cursor = page.cursor
    raise AssertionError("the export does not end")


def small_world(desk: FakeZendesk) -> None:
    """Four tickets, each of which ended otherwise."""
    file = desk.file("log.txt", b"a log")
    first = desk.open("Mira", "Sync stops", "It stops at table 7")["id"]
    desk.comment("Noemi", first, "Seen before", public=False)
    desk.comment("Noemi", first, "Please update", attachments=[file])
    desk.change("Noemi", first, status="solved", assignee_id=desk.person("Noemi", "agent")["id"])
    second = desk.open("Ben", "Price?", tags=["pricing", "lead"], priority="high")["id"]
    desk.change("Noemi", second, status="hold")
    desk.open("Ben", "New one")
    gone = desk.open("Ben", "Spam")["id"]
    desk.delete("Noemi", gone)
    aged(desk)


def test_tickets_come_with_comments_people_and_state(desk: FakeZendesk) -> None:
    desk.person("Noemi", "agent")
    small_world(desk)
    solved, held, new = sorted(everything(config_of(desk)), key=lambda t: int(t.external_id[1:]))
    assert [t.status for t in (solved, held, new)] == ["closed", "on_hold", "open"]
    assert (solved.resolution, solved.assignee_email) == ("solved", "noemi@example.com")
    assert [m.is_internal for m in solved.batch.messages] == [False, True, False]
    assert solved.batch.messages[2].files[0].filename == "log.txt"
    assert (held.priority, set(held.tags)) == ("high", {"pricing", "lead"})
    assert held.hold_reason
    assert solved.asker is not None
    assert solved.asker.name == "Mira"
    assert all(t.batch.historic for t in (solved, held, new))


@pytest.mark.parametrize("size", [2, 7, 1000])
def test_every_ticket_comes_whatever_the_size_of_pages(desk: FakeZendesk, size: int) -> None:
    desk.page_size = size
    desk.door.export_pace = 1000
    numbers = {desk.open("Mira", f"Question {n}")["id"] for n in range(23)}
    aged(desk)
    found = everything(config_of(desk))
    assert sorted(t.external_id for t in found) == sorted(f"#{n}" for n in numbers)


def test_a_limit_ends_the_page_where_it_was_met(desk: FakeZendesk) -> None:
    for n in range(5):
        desk.open("Mira", f"Question {n}")
    aged(desk)
    wait = Answer(429, {"error": "TooManyRequests"}, {"retry-after": "7"})
    desk.fail("/tickets/3/comments", answer=wait)
    first = export.page(config_of(desk), {})
    assert [t.external_id for t in first.tickets] == ["#1", "#2"]
    assert not first.is_last
    second = export.page(config_of(desk), first.cursor)
    assert [t.external_id for t in second.tickets] == ["#3", "#4", "#5"]


def test_a_limit_before_anything_was_read_says_how_long(desk: FakeZendesk) -> None:
    desk.open("Mira", "Question")
    aged(desk)
    wait = Answer(429, {"error": "TooManyRequests"}, {"retry-after": "7"})
    desk.fail("/incremental/tickets/cursor", answer=wait)
    with pytest.raises(ZendeskError) as caught:
        export.page(config_of(desk), {})
    assert caught.value.retry_after_seconds == 7


def test_a_ticket_that_changes_meanwhile_comes_again(
    desk: FakeZendesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PART", 2)
    for n in range(5):
        desk.open("Mira", f"Question {n}")
    aged(desk)
    first = export.page(config_of(desk), {})
    desk.comment("Mira", 1, "Anybody?")
    desk.comment("Mira", 4, "Me too")
    aged(desk)
    cursor, later = first.cursor, []
    while True:
        page = export.page(config_of(desk), cursor)
        later += [t.external_id for t in page.tickets]
        if page.is_last:
            break
        cursor = page.cursor
    assert [t.external_id for t in first.tickets] == ["#1", "#2"]
    assert later == ["#3", "#5", "#1", "#4"]


def test_an_agent_who_may_not_export_is_told_so(desk: FakeZendesk) -> None:
    desk.fail("/incremental/tickets/cursor", answer=Answer(403, {"error": "Forbidden"}))
    with pytest.raises(ZendeskError, match="admin") as caught:
        export.page(config_of(desk), {})
    assert caught.value.permanent


@pytest.fixture
def channel(db: None, desk: FakeZendesk) -> Iterator[Channel]:
    given = {
        "subdomain": "example",
        "api_url": desk.url,
        "client_id": zendesk.CLIENT,
        "client_secret": zendesk.CLIENT_SECRET,
        "file_host": desk.url.removeprefix("http://"),
    }
    with override_settings(OUTBOUND_ALLOW=[desk.url.removeprefix("http://")]):
        connect("zendesk", "old", given)
        yield Channel.objects.get(kind="zendesk")


def test_the_whole_history_is_on_our_desk_and_files_follow(
    desk: FakeZendesk, channel: Channel
) -> None:
    house.agent("noemi")
    desk.person("Noemi", "agent")
    small_world(desk)
    desk.door.export_pace = 1000
    preview = importing.preview(channel)
    assert (preview.n, preview.is_all, preview.messages, preview.files) == (3, True, 5, 1)
    assert preview.assigned == [("Noemi", 1)]
    run = importing.bring("old")
    assert (run["state"], run["taken"], run["messages"]) == ("done", 3, 5)
    assert Fetch.objects.count() == 1
    ticket = Ticket.objects.get(subject="Sync stops")
    assert (ticket.status, ticket.owner and ticket.owner.username) == ("closed", "noemi")
    roles = ticket.messages.order_by("sent_at").values_list("role", "visibility")
    assert list(roles) == [("asker", "public"), ("team", "internal"), ("team", "public")]
    assert ticket.permalink.endswith(f"/agent/tickets/{1}")


def test_what_came_by_the_webhook_before_is_not_filed_twice(
    desk: FakeZendesk, channel: Channel
) -> None:
    number = desk.open("Mira", "Sync stops", "It stops")["id"]
    assert deliver(desk.triggered(number)) == "done"
    desk.comment("Ana", number, "Which version?")
    aged(desk)
    desk.door.export_pace = 1000
    run = importing.bring("old")
    assert (run["state"], run["messages"]) == ("done", 1)
    assert (Ticket.objects.count(), Message.objects.count()) == (1, 2)
    assert ImportRun.objects.get().items.count() == 0
