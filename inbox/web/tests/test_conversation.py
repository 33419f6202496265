"""A conversation of any length: pages, addresses of messages, days, what is folded and marked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from inbox import pipeline
from inbox.accounts.models import User
from inbox.common.work import Actor
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Ticket
from inbox.tickets.tests.test_verbs import act, make
from rig.desk import agent, ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Client:
    """Ana, signed in."""
    client = Client()
    client.force_login(agent("ana"))
    return client


def long_one(count: int) -> Ticket:
    """A ticket of so many messages, the later ones written without ceremony."""
    row = make(1)
    first = row.messages.get()
    Message.objects.bulk_create(
        Message(
            ticket=row,
            thread=first.thread,
            direction="in",
            visibility="public",
            realm=first.realm,
            external_id=f"<long.{n}>",
            author=first.author,
            author_label=first.author_label,
            role="asker",
            new_text=f"line {n}",
            sent_at=first.sent_at + timedelta(minutes=n),
            filed_at=first.sent_at,
        )
        for n in range(1, count)
    )
    newest = row.messages.latest("pk").pk
    Ticket.objects.filter(pk=row.pk).update(message_count=count, last_message_id=newest)
    return row


def shown(page: bytes) -> list[int]:
    """The keys of the messages on a page, in their order."""
    parts = page.decode().split('id="message-')[1:]
    return [int(part.partition('"')[0]) for part in parts]


def test_five_thousand_messages_cost_as_much_as_fifty(
    desk: Client, django_assert_max_num_queries: Any
) -> None:
    row = long_one(5000)
    keys = list(row.messages.order_by("sent_at", "pk").values_list("pk", flat=True))
    address = f"/tickets/{row.pk}/"
    desk.get(address)
    with django_assert_max_num_queries(14):
        page = desk.get(address).content
    assert shown(page) == keys[-40:]
    assert len(page) < 150_000
    with django_assert_max_num_queries(9):
        page = desk.get(f"{address}older/?before={keys[-40]}").content
    assert shown(page) == keys[-80:-40]
    assert f"before={keys[-80]}".encode() in page
    assert shown(desk.get(f"{address}older/?before={keys[3]}").content) == keys[:3]


def test_the_address_of_a_message_opens_the_page_that_holds_it(desk: Client) -> None:
    row = long_one(120)
    keys = list(row.messages.order_by("sent_at", "pk").values_list("pk", flat=True))
    page = desk.get(f"/tickets/{row.pk}/?at={keys[50]}").content
    assert shown(page) == keys[40:90]
    assert b"Show 40 older" in page
    assert b"Show the newest messages" in page
    assert shown(desk.get(f"/tickets/{row.pk}/?at={keys[118]}").content) == keys[108:]
    other = make(2)
    assert shown(desk.get(f"/tickets/{other.pk}/?at={keys[0]}").content) == [
        other.messages.get().pk
    ]
    assert desk.get(f"/tickets/{row.pk}/?at=nonsense&since=-1&before=%00").status_code == 200


def test_an_open_page_keeps_its_beginning_while_messages_come(desk: Client) -> None:
    row = long_one(60)
    headers = {"hx-request": "true", "hx-target": "thread"}
    address = f"/tickets/{row.pk}/"
    began = shown(desk.get(address).content)
    act(tickets.add_note, row, body="one more", user=agent("bo"), now=timezone.now())
    newest = row.messages.latest("pk").pk
    page = desk.get(f"{address}?since={began[0]}&was=open", headers=headers).content
    assert shown(page) == [*began, newest]
    assert b"meanwhile" in page
    assert b"This is" not in page


def test_what_happened_while_the_page_was_open_is_said(desk: Client) -> None:
    row, into = ticket(), ticket()
    headers = {"hx-request": "true", "hx-target": "thread"}
    first = row.messages.get().pk
    fragment = f"/tickets/{row.pk}/?since={first}&was=open"
    act(tickets.close, row, resolution="solved")
    assert "closed meanwhile</b> as solved" in desk.get(fragment, headers=headers).content.decode()
    act(tickets.reopen, row)
    act(tickets.merge, row, into=into)
    said = desk.get(fragment, headers=headers).content.decode()
    assert "This was merged meanwhile</b>" in said
    assert f'href="/tickets/{into.pk}/#words"' in said


def test_a_merged_ticket_takes_no_answer_and_says_where_it_went(desk: Client) -> None:
    row, into = ticket(), ticket()
    act(tickets.merge, row, into=into)
    page = desk.get(f"/tickets/{row.pk}/").content.decode()
    there = f'href="/tickets/{into.pk}/#words" data-key="r"'
    found = [words in page for words in (there, "Undo the merge", 'id="words"', 'id="menu-close"')]
    assert found == [True, True, False, False]
    assert "Write on #" not in desk.get(f"/tickets/{into.pk}/").content.decode()


def test_a_closed_ticket_is_opened_again_with_one_press(desk: Client) -> None:
    row = ticket()
    opens = 'name="status" value="open" title="Open again'
    assert opens not in desk.get(f"/tickets/{row.pk}/").content.decode()
    act(tickets.close, row, resolution="solved")
    page = desk.get(f"/tickets/{row.pk}/").content.decode()
    assert (opens in page, 'title="Snooze (Z)"' in page) == (True, False)
    desk.post(f"/tickets/{row.pk}/status/", {"status": "open"})
    row.refresh_from_db()
    assert row.status == "open"


def test_colleagues_are_called_by_their_names(desk: Client) -> None:
    row, noor = ticket(), agent("noor", last_name="Haddad")
    with pipeline.change(Actor.user(agent("bo"))):
        tickets.assign(row, noor)
    with pipeline.change(Actor.system("intake")):
        tickets.set_category(row, "Bug")
    page = desk.get(f"/tickets/{row.pk}/").content.decode()
    assert "<b>Bo</b> gave this to Noor Haddad" in page
    assert "<b>Switchboard</b> set the category Bug" in page


def test_plain_changes_in_a_row_are_one_line_and_days_are_named(desk: Client) -> None:
    row = ticket()
    for name in ("ana", "bo", "cleo"):
        act(tickets.assign, row, agent(name), now=timezone.now())
    page = desk.get(f"/tickets/{row.pk}/").content.decode()
    assert page.count('class="event event--many"') == 1
    assert "3 changes" in page
    assert page.count('<h2 class="thread__day">') == 2
    assert '<h2 class="thread__day">Today</h2>' in page


def test_moments_are_said_in_the_readers_zone(desk: Client) -> None:
    row, until = ticket(), datetime(2027, 1, 15, 8, 30, tzinfo=UTC)
    act(tickets.snooze, row, until=until)
    User.objects.update(timezone="Europe/Lisbon")
    assert "snoozed this until Fri 15 Jan 08:30" in desk.get(f"/tickets/{row.pk}/").content.decode()
    User.objects.update(timezone="Asia/Tokyo")
    assert "until Fri 15 Jan 17:30" in desk.get(f"/tickets/{row.pk}/").content.decode()


def test_a_deleted_message_and_an_edit_are_marked(desk: Client) -> None:
    row = ticket()
    message = row.messages.get()
    at = timezone.now()
    act(tickets.edit_message, message, text="new", new_text="new", html="", version="2", at=at)
    assert "edited <time" in desk.get(f"/tickets/{row.pk}/").content.decode()
    message.refresh_from_db()
    act(tickets.delete_message, message, at=at)
    page = desk.get(f"/tickets/{row.pk}/").content.decode()
    assert "This message was deleted" in page
