"""Presence on a ticket without a browser: who sees whom, what streams are told, what is written."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import pipeline
from inbox.accounts.models import Role, Team, User
from inbox.channels.models import Channel
from inbox.common.live import Heard, Signal
from inbox.livechat import passing
from inbox.livechat.models import Conversation
from inbox.livechat.tests.conftest import Browser, answer, chat, visitor
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Ticket
from rig.desk import act, agent, ticket

__all__ = ["chat", "visitor"]
pytestmark = pytest.mark.django_db
TAB, OTHER = "00aa00aa00aa00aa", "00bb00bb00bb00bb"
ANSWERS = Message.objects.filter(direction="out", visibility="public")


@pytest.fixture(autouse=True)
def _said(said: list[Heard]) -> None:
    """Everything of this file stays in this process."""
    del said


def desk(name: str, **fields: Any) -> Client:
    """Somebody's browser."""
    client = Client()
    client.force_login(agent(name, **fields))
    return client


def be(client: Client, row: Ticket, doing: str, tab: str = TAB, **more: object) -> int:
    """A tab says what is done in it."""
    data = {"tab": tab, "doing": doing, **more}
    return client.post(f"/tickets/{row.pk}/here/", data).status_code


def shown(client: Client, row: Ticket) -> str:
    """The fragment's words."""
    answer = client.get(f"/tickets/{row.pk}/here/", headers={"hx-request": "true"})
    assert answer.status_code == 200
    text = answer.content.decode()
    return " ".join(text.replace("<b>", "").replace("</b>", "").split())


def names(said: list[Heard]) -> list[tuple[str, dict[str, Any]]]:
    """The signals of a ticket, with what they say."""
    return [(one.name, one.data) for one in said if isinstance(one, Signal) and one.ticket]


def test_a_colleague_looks_writes_and_leaves(said: list[Heard]) -> None:
    row, ana, bo = ticket(), desk("ana"), desk("bo")
    said.clear()
    assert be(ana, row, "looking") == 204
    assert "Ana is looking at this" in shown(bo, row)
    assert "Ana" not in shown(ana, row)
    assert names(said) == [("presence", {})]
    be(ana, row, "looking")
    assert len(said) == 1  # still there is no news
    be(ana, row, "replying")
    assert "Ana is replying since" in shown(bo, row)
    assert "Ana is replying" in bo.get(f"/tickets/{row.pk}/").content.decode().replace(
        "<b>", ""
    ).replace("</b>", "")
    be(ana, row, "replying")
    be(ana, row, "noting")
    assert "Ana is writing a note since" in shown(bo, row)
    assert be(ana, row, "left") == 204
    assert "Ana" not in shown(bo, row)
    assert be(ana, row, "left") == 204
    # the visitor hears again and again who types an answer, of a note only that the answer ended
    assert names(said)[1:] == [
        ("typing", {"name": "Ana"}), ("presence", {}), ("typing_here", {}),
        ("typing", {"name": "Ana"}),
        ("typing", {"name": ""}), ("presence", {}), ("typing_here", {}),
        ("presence", {}),
    ]  # fmt: skip


def test_two_tabs_are_one_person_by_the_busier_one() -> None:
    row, ana, bo = ticket(), desk("ana"), desk("bo")
    be(ana, row, "looking")
    be(ana, row, "replying", OTHER)
    assert shown(bo, row).count("Ana is") == 1
    assert "Ana is replying" in shown(bo, row)
    be(ana, row, "left", OTHER)
    assert "Ana is looking at this" in shown(bo, row)


def test_who_answers_stands_in_the_queue(django_assert_max_num_queries: Any) -> None:
    rows, ana, bo = [ticket() for _ in range(3)], desk("ana"), desk("bo")
    be(ana, rows[1], "replying")
    be(ana, rows[2], "noting")
    bo.get("/queue/")
    with django_assert_max_num_queries(10):
        page = bo.get("/queue/").content.decode()
    assert page.count("Ana is replying") == 1
    assert "Ana is replying" not in ana.get("/queue/").content.decode()
    headers = {"hx-request": "true", "hx-target": f"on-{rows[1].pk}"}
    part = bo.get(f"/tickets/{rows[1].pk}/here/", headers=headers).content.decode()
    assert part.startswith(f'<span class="row__on" id="on-{rows[1].pk}"')
    assert "Ana is replying" in part


def test_only_who_may_answer_is_said_to_answer(said: list[Heard]) -> None:
    row, bo = ticket(), desk("bo")
    light, viewer = desk("lia", role=Role.LIGHT), desk("vic", role=Role.VIEWER)
    said.clear()
    for client in (light, viewer):
        assert be(client, row, "replying") == 204
    assert "Lia is looking at this" in shown(bo, row)
    assert "Vic is looking at this" in shown(bo, row)
    be(light, row, "noting")
    be(viewer, row, "noting")
    assert "Lia is writing a note" in shown(bo, row)
    assert "Vic is looking at this" in shown(bo, row)
    assert [name for name, _ in names(said)] == ["presence"] * 3


def test_a_restricted_ticket_is_not_there(said: list[Heard]) -> None:
    team = Team.objects.create(key="security", name="Security", restricted=True)
    row, ana, bo = ticket(), desk("ana"), desk("bo")
    User.objects.get(username="ana").teams.add(team)
    act(tickets.restrict, row, team)
    said.clear()
    be(ana, row, "replying")
    assert be(bo, row, "replying") == 404
    assert bo.get(f"/tickets/{row.pk}/here/").status_code == 404
    assert Client().get(f"/tickets/{row.pk}/here/").status_code == 302
    assert "Ana is replying" not in bo.get("/queue/").content.decode()
    assert {one.restricted_team for one in said} == {team.pk}
    assert len(said) == 3


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"tab": TAB},
        {"tab": TAB, "doing": "dancing"},
        {"tab": "<script>", "doing": "looking"},
        {"tab": "a" * 33, "doing": "looking"},
    ],
)
def test_nonsense_is_refused(data: dict[str, str]) -> None:
    row, ana = ticket(), desk("ana")
    assert ana.post(f"/tickets/{row.pk}/here/", data).status_code == 400
    assert ana.put(f"/tickets/{row.pk}/here/").status_code == 405
    assert "is looking" not in shown(desk("bo"), row)


# ------------------------------------------------------------------ a chat


def writes(sql: CaptureQueriesContext) -> list[str]:
    """The statements that changed something."""
    return [q["sql"] for q in sql if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


def test_the_desk_sees_the_visitor(visitor: Browser, said: list[Heard]) -> None:
    visitor.say("hello")
    row, ana = Ticket.objects.get(), desk("ana")
    visitor.call("GET", "messages/")
    assert "Here now" in shown(ana, row)
    assert "on https://docs.example.com/start" in shown(ana, row)
    said.clear()
    with CaptureQueriesContext(connection) as sql:
        assert visitor.call("POST", "typing/", {}).status_code == 204
        assert visitor.call("POST", "typing/", {}).status_code == 204
    assert writes(sql) == []
    assert names(said) == [("presence", {})]  # once, however often it is said
    assert "The visitor is typing" in shown(ana, row)
    visitor.call("POST", "sessions/", {"page": "https://docs.example.com/pricing?plan=x"})
    assert "The visitor is typing" in shown(ana, row)
    assert "on https://docs.example.com/pricing</span>" in shown(ana, row)
    visitor.call("POST", "leave/", {})
    assert "Left at <time" in shown(ana, row)
    assert "was on https://docs.example.com/pricing" in shown(ana, row)
    page = ana.get(f"/tickets/{row.pk}/").content.decode()
    assert "Left at" in page


def test_two_pages_of_a_visitor_are_left_one_by_one(visitor: Browser) -> None:
    visitor.say("hello")
    row, ana = Ticket.objects.get(), desk("ana")
    from_stream = Conversation.objects.get()
    passing.come(from_stream, "a stream", timezone.now())
    visitor.call("GET", "messages/")
    visitor.call("POST", "leave/", {})
    assert "Here now" in shown(ana, row)
    passing.go(from_stream.pk, "a stream", timezone.now())
    assert "Left at" in shown(ana, row)


def test_what_the_visitor_has_read_stands_at_the_message(visitor: Browser) -> None:
    visitor.say("hello")
    row, ana = Ticket.objects.get(), desk("ana")
    for text in ("first", "second"):
        answer(row, text)
    page = f"/tickets/{row.pk}/"
    assert "Seen" not in ana.get(page).content.decode()
    lines = [one for one in visitor.read() if not one["mine"]]
    visitor.call("POST", "read/", {"id": lines[0]["id"]})
    found = ana.get(page).content.decode()
    assert found.count('class="msg__seen"') == 1
    first = found.partition(f'id="message-{lines[0]["message"]}"')[2]
    assert "Seen" in first.partition('id="message-')[0]
    visitor.call("POST", "read/", {"id": lines[1]["id"]})
    second = ana.get(page).content.decode().partition(f'id="message-{lines[1]["message"]}"')[2]
    assert "Seen <time" in second


def test_the_visitor_learns_that_the_team_has_read(visitor: Browser, said: list[Heard]) -> None:
    visitor.say("hello")
    visitor.say("anybody?", "line-0002")
    row, ana, bo = Ticket.objects.get(), desk("ana"), desk("bo")
    conversation = Conversation.objects.get()
    first, second = conversation.entries.order_by("pk")
    said.clear()
    be(ana, row, "looking", seen=first.message_id)
    told = {"conversation": conversation.pk, "id": first.pk}
    assert names(said) == [("presence", {}), ("team_read", told)]
    assert visitor.call("GET", "messages/").json()["team_read"] == first.pk
    assert visitor.begin().json()["team_read"] == first.pk
    said.clear()
    # one tab writes at most every three seconds, and nothing that somebody else has seen
    with CaptureQueriesContext(connection) as sql:
        be(ana, row, "looking", seen=second.message_id)
        be(bo, row, "looking", seen=first.message_id)
    assert [sql for sql in writes(sql) if "team_read" in sql and "SET" in sql] == []
    be(bo, row, "looking", OTHER, seen=second.message_id)
    assert visitor.begin().json()["team_read"] == second.pk
    be(bo, row, "looking", OTHER, seen=first.message_id)
    for seen in ("x", "-1", "9" * 40, ""):
        assert be(bo, row, "looking", "00cc00cc00cc00cc", seen=seen) == 204
    assert visitor.begin().json()["team_read"] == second.pk


def test_without_a_stream_the_page_asks_who_types(visitor: Browser) -> None:
    visitor.say("hello")
    row, ana = Ticket.objects.get(), desk("ana")

    def asked() -> str:
        return str(visitor.call("GET", "messages/").json()["typing"])

    assert asked() == ""
    be(ana, row, "noting")
    assert asked() == ""
    be(ana, row, "replying")
    assert asked() == "Ana"
    be(ana, row, "looking")
    assert asked() == ""


def test_another_visitor_learns_nothing(chat: Channel, visitor: Browser) -> None:
    other = Browser()
    other.begin()
    visitor.say("hello")
    other.say("hi", "line-0009")
    mine, theirs = Ticket.objects.order_by("pk")
    row, ana = mine, desk("ana")
    be(ana, row, "replying", seen=Message.objects.latest("pk").pk)
    assert visitor.call("GET", "messages/").json()["typing"] == "Ana"
    found = other.call("GET", "messages/").json()
    assert (found["typing"], found["team_read"]) == ("", 0)
    visitor.call("POST", "typing/", {})
    assert "typing" not in shown(ana, theirs)
    assert "The visitor is typing" in shown(ana, mine)
    visitor.say("What was typed", "line-0007")
    assert "The visitor is typing" not in shown(ana, mine)


# ------------------------------------------------------------------ a send that is behind


def test_a_stale_answer_is_asked_about_with_what_came(said: list[Heard]) -> None:
    """L11: nothing is sent, nothing is lost, and the newer words are shown."""
    row, ana = ticket(), desk("ana")
    before = row.last_message_id
    act(tickets.add_note, row, body="I have this one", user=agent("bo"))
    form = {"body": "Mine", "then": "close", "mode": "reply", "last_seen_message": before}
    answer = ana.post(f"/tickets/{row.pk}/reply/", form)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Bo left a note" in page
    assert (
        "<p>I have this one</p>" in page.partition('id="words"')[0].partition("composer__stale")[2]
    )
    assert 'name="then" value="close">Add mine below</button>' in page
    assert 'name="as" value="note">Turn mine into a note</button>' in page
    assert "Mine</textarea>" in page
    assert f'hx-get="/tickets/{row.pk}/"' in page  # the page goes on living
    assert 'href="?' not in page  # links from the verb's address would lead nowhere
    row.refresh_from_db()
    assert (ANSWERS.count(), row.status) == (0, "open")
    newest = page.partition('name="last_seen_message" value="')[2].partition('"')[0]
    assert newest == str(row.last_message_id)
    assert (
        ana.post(f"/tickets/{row.pk}/reply/", {**form, "last_seen_message": newest}).status_code
        == 302
    )
    row.refresh_from_db()
    assert (ANSWERS.count(), row.status) == (1, "closed")


def test_two_who_answer_at_once_are_both_heard_once(visitor: Browser) -> None:
    visitor.say("hello")
    row = Ticket.objects.get()
    form = {"then": "none", "mode": "reply", "last_seen_message": row.last_message_id}
    ana, bo = desk("ana"), desk("bo")
    assert ana.post(f"/tickets/{row.pk}/reply/", {**form, "body": "From Ana"}).status_code == 302
    refused = bo.post(f"/tickets/{row.pk}/reply/", {**form, "body": "From Bo"})
    assert refused.status_code == 409
    newest = (
        refused.content.decode().partition('name="last_seen_message" value="')[2].partition('"')[0]
    )
    again = {**form, "body": "From Bo", "last_seen_message": newest}
    assert bo.post(f"/tickets/{row.pk}/reply/", again).status_code == 302
    for pk in Outgoing.objects.filter(kind="reply").values_list("pk", flat=True):
        assert pipeline.deliver(pk) == "sent"
    assert [one["text"] for one in visitor.read() if not one["mine"]] == ["From Ana", "From Bo"]
