"""The page: looked at first, begun, stopped, gone on with and taken back, also without JavaScript."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from inbox.accounts.models import Role
from inbox.audit.models import AuditEntry
from inbox.channels.contract import DeliveryError
from inbox.channels.models import Channel
from inbox.history.models import ImportRun
from inbox.history.tests.toy import desk, old_ticket, paged
from inbox.operations import draining
from inbox.tickets.models import Ticket
from rig import desk as house

pytestmark = pytest.mark.django_db
PAGE = "/channels/toydesk/old/history/"


@pytest.fixture
def channel() -> Iterator[Channel]:
    with desk(paged([tuple(old_ticket(n) for n in range(3))], total=3)):
        yield Channel.objects.create(kind="toydesk", key="old")


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(house.agent("ada", role=Role.ADMIN, is_staff=True))
    return client


def text(client: Client, address: str = PAGE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def press(client: Client, verb: str) -> None:
    assert client.post(PAGE, {"do": verb}).status_code == 302
    draining.drain(timeout_seconds=20)


def test_the_first_page_is_shown_and_changes_nothing(admin: Client, channel: Channel) -> None:
    shown = text(admin, PAGE + "?preview=1")
    assert "3 tickets, and these are all, asked between 1 March 2024" in shown
    assert "nobody: noemi@example.com has no account here" in shown
    assert not Ticket.objects.exists()


def test_what_the_vendor_refuses_is_said(admin: Client, channel: Channel) -> None:
    def page(config: Any, cursor: Any) -> Any:
        raise DeliveryError("the token may not read exports", permanent=True)

    with desk(page):
        assert "the token may not read exports" in text(admin, PAGE + "?preview=1")


def test_it_is_begun_and_taken_back(admin: Client, channel: Channel) -> None:
    assert "Bring everything" in text(admin)
    press(admin, "start")
    assert "3 of 3 tickets, 9 messages" in text(admin)
    assert Ticket.objects.count() == 3
    press(admin, "undo")
    assert "What came is gone." in text(admin)
    assert not Ticket.objects.exists()
    did = AuditEntry.objects.filter(what__startswith="history.").order_by("pk")
    assert [row.what for row in did] == ["history.start", "history.undo"]


def test_a_run_that_goes_on_asks_for_its_progress(admin: Client, channel: Channel) -> None:
    admin.post(PAGE, {"do": "start"})
    headers = {"HX-Request": "true", "HX-Target": "bringing"}
    fragment = admin.get(PAGE, headers=headers).content.decode()
    assert fragment.strip().startswith("<section")
    assert 'hx-trigger="every 2s"' in fragment
    admin.post(PAGE, {"do": "stop"})
    assert 'hx-trigger="every 2s"' not in text(admin)
    press(admin, "go-on")
    assert ImportRun.objects.get().state == "done"


def test_the_setup_page_leads_there(admin: Client, channel: Channel) -> None:
    assert PAGE in text(admin, "/channels/toydesk/old/")


def test_kinds_without_a_history_have_no_page(admin: Client, channel: Channel) -> None:
    house.mailbox()
    assert admin.get("/channels/email/support/history/").status_code == 404


def test_only_who_manages_channels_may(client: Client, channel: Channel) -> None:
    client.force_login(house.agent("bea"))
    assert client.get(PAGE).status_code == 404
