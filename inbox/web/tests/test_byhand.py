"""New ticket: what somebody said on the telephone becomes a ticket like every other."""

import re

import pytest
from django.test import Client

from inbox.accounts.models import User
from inbox.outbox.models import Outgoing
from inbox.people.models import Identity
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Ticket
from rig.desk import act, agent, asker, mailbox, policy

pytestmark = pytest.mark.django_db
PAGE = "/tickets/new/"


@pytest.fixture
def ana() -> User:
    return agent("ana")


@pytest.fixture
def desk(ana: User) -> Client:
    client = Client()
    client.force_login(ana)
    return client


def form(desk: Client, **changed: str) -> dict[str, str]:
    """The page's form, filled in."""
    box, page = mailbox(), desk.get(PAGE).content.decode()
    key = re.findall(r'name="key" value="(\w+)"', page)[0]
    said = {"name": "Mira Voss", "reach": "Mira@Example.org", "text": "Which port?\nSince 2.3."}
    return {"key": key, "mailbox": str(box.pk), **said, **changed}


def test_what_was_said_is_a_ticket_of_theirs_and_is_answered_by_mail(
    desk: Client, ana: User
) -> None:
    policy()
    answer = desk.post(PAGE, form(desk, category="Docs gap", take="on"))
    row = Ticket.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/tickets/{row.pk}/")
    assert row.asker is not None
    assert (row.subject, row.category, row.owner, row.status) == (
        "Which port?", "Docs gap", ana, "open",
    )  # fmt: skip
    assert (row.asker.kind, row.asker.external_id, row.asker.name) == (
        "email", "mira@example.org", "Mira Voss",
    )  # fmt: skip
    assert "<b>Ana</b> wrote this down for them" in desk.get(f"/tickets/{row.pk}/").content.decode()
    desk.post(f"/tickets/{row.pk}/reply/", {"body": "5432", "then": "wait", "mode": "reply"})
    assert Outgoing.objects.get().payload["to"] == ["mira@example.org"]


def test_the_same_form_makes_one_ticket(desk: Client) -> None:
    given = form(desk)
    first, second = desk.post(PAGE, given), desk.post(PAGE, given)
    assert (Ticket.objects.count(), second["Location"]) == (1, first["Location"])


def test_who_left_no_address_is_told_otherwise(desk: Client, ana: User) -> None:
    for reach in ("+351 21 000", "+35121000", ""):
        desk.post(PAGE, form(desk, reach=reach))
    row = Ticket.objects.earliest("pk")
    kinds = Identity.objects.order_by("pk").values_list("kind", "handle")
    assert [*kinds] == [("by hand", "+35121000"), ("by hand", "")]
    page = desk.get(f"/tickets/{row.pk}/").content.decode()
    assert '<p class="who__sub">+35121000</p>' in page
    assert "By hand" in desk.get(f"/people/{row.asker.contact_id}/").content.decode()  # type: ignore[union-attr]  # just made
    assert ("They left no address" in page, "+35121000" in page) == (True, True)
    with pytest.raises(VerbError, match="no address"):
        act(tickets.reply, row, body="5432", user=ana)
    with pytest.raises(VerbError, match="no address"):
        act(tickets.reply, row, body="5432", user=ana, to=["+35121000"])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": " "}, "Say who asked."),
        ({"text": ""}, "Write down what they asked."),
        ({"reach": "mira@example"}, "This is no address"),
        ({"mailbox": "999"}, "Choose the mailbox"),
    ],
)
def test_what_is_missing_is_said_and_the_words_are_kept(
    desk: Client, changed: dict[str, str], said: str
) -> None:
    answer = desk.post(PAGE, form(desk, subject="Ports", **changed))
    page = answer.content.decode()
    assert (answer.status_code, said in page, 'value="Ports"' in page) == (422, True, True)
    assert not Ticket.objects.exists()


def test_it_is_one_key_and_one_word_away(desk: Client) -> None:
    mailbox()
    page = desk.get("/queue/").content.decode()
    assert 'data-press-for="shift+n" data-goes="/tickets/new/"' in page
    assert '<a class="btn" href="/tickets/new/"' in page
    assert 'href="/tickets/new/"' in desk.get("/jump/?q=new").content.decode()


def test_from_a_persons_page_they_stand_in_the_form_already(desk: Client) -> None:
    mailbox()
    mira = asker("mira")
    page = desk.get(f"/people/{mira.contact_id}/").content.decode()
    there = re.findall(r'href="(/tickets/new/[^"]*)"', page)[0].replace("&amp;", "&")
    filled = desk.get(there).content.decode()
    assert ('name="name" value="Mira"' in filled, 'value="mira@example.org"' in filled) == (
        True,
        True,
    )


def test_without_a_mailbox_the_page_says_what_to_do(desk: Client) -> None:
    assert "No mailbox to answer from" in desk.get(PAGE).content.decode()
