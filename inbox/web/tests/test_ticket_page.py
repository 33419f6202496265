"""The ticket's page: what it costs, whom it names, who may see it, that every word is escaped."""

from typing import Any

import pytest
from django.test import Client

from inbox import pipeline
from inbox.accounts.models import Team, User
from inbox.common.versions import bump
from inbox.common.work import Actor
from inbox.people.models import Identity
from inbox.tickets import services as tickets
from inbox.tickets.models import Attachment, Tag, Ticket
from rig.desk import NOW, agent, asker, ticket, writes

pytestmark = pytest.mark.django_db
BAD = """<b x='1' y="2">&"""
GOOD = "&lt;b x=&#39;1&#39; y=&#34;2&#34;&gt;&amp;"


def desk(user: User) -> Client:
    """Somebody signed in."""
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("count", [1, 3])
def test_other_tickets_of_the_same_person_cost_nothing_more(
    count: int, django_assert_max_num_queries: Any
) -> None:
    who = asker()
    row = ticket(who=who)
    others = [ticket(who=who) for _ in range(count)]
    client, address = desk(agent("ana")), row.get_absolute_url()
    client.get(address)
    with django_assert_max_num_queries(14):
        page = client.get(address).content.decode()
    assert [other.pk for other in others if f"#{other.pk} · Open" in page] == [
        other.pk for other in others
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_other_names_of_the_same_person_cost_nothing_more(
    count: int, django_assert_max_num_queries: Any
) -> None:
    who = asker()
    row = ticket(who=who)
    for n in range(count):
        Identity.objects.create(
            contact=who.contact, kind="slack", realm="T1", external_id=f"U{n}", name="Mira"
        )
    client, address = desk(agent("ana")), row.get_absolute_url()
    client.get(address)
    with django_assert_max_num_queries(15):
        client.get(address)


def test_what_they_asked_elsewhere_is_named_unless_it_is_restricted() -> None:
    who = asker()
    row = ticket(who=who)
    elsewhere = Identity.objects.create(
        contact=who.contact, kind="slack", realm="T1", external_id="U1", name="Mira"
    )
    open_one, hidden = ticket(who=elsewhere), ticket(who=elsewhere)
    team = Team.objects.create(key="security", name="Security")
    Ticket.objects.filter(pk=hidden.pk).update(restricted_team=team)
    page = desk(agent("ana")).get(row.get_absolute_url()).content.decode()
    assert f"{open_one.subject}<small>#{open_one.pk}" in page
    assert hidden.subject not in page


def test_a_restricted_ticket_is_for_its_team_and_admins() -> None:
    row, team = ticket(), Team.objects.create(key="security", name="Security")
    Ticket.objects.filter(pk=row.pk).update(restricted_team=team)
    member, other, boss = agent("ana"), agent("ben"), agent("root", role="admin")
    member.teams.add(team)
    address = row.get_absolute_url()
    assert [desk(user).get(address).status_code for user in (member, other, boss)] == [
        200,
        404,
        200,
    ]
    assert "Only Security sees this" in desk(member).get(address).content.decode()
    for number in (999_999, 2**63 - 1, 2**63):
        assert desk(boss).get(f"/tickets/{number}/").status_code == 404


@pytest.mark.parametrize("is_active", [True, False])
def test_the_owner_is_named_even_when_the_account_is_closed(is_active: bool) -> None:
    row, ben = ticket(), agent("ben", last_name="Okafor")
    team = Team.objects.create(key="docs", name="Documentation")
    Ticket.objects.filter(pk=row.pk).update(owner=ben, team=team)
    User.objects.filter(pk=ben.pk).update(is_active=is_active)
    bump("agents")
    bump("teams")
    page = desk(agent("ana")).get(row.get_absolute_url()).content.decode()
    assert "With <b>Ben Okafor</b>" in page
    assert '<input type="hidden" form="menu-assign" name="was_owner" value="ben">' in page
    assert '<input type="hidden" form="menu-team" name="was_team" value="docs">' in page
    assert ('name="assignee" value="ben"' in page) == is_active


def test_every_word_from_outside_is_escaped() -> None:
    who = asker()
    row = ticket(who=who)
    message = writes(row, who, at=NOW)
    message.author_label, message.new_text = f"label {BAD}", f"words {BAD}"
    message.save()
    Attachment.objects.create(message=message, filename=f"file {BAD}", size=1, sha256="0" * 64)
    row.tags.add(Tag.objects.create(name=f"tag {BAD}"))
    fields = {"subject": f"subject {BAD}", "category": f"category {BAD}"}
    Ticket.objects.filter(pk=row.pk).update(status="on_hold", hold_reason=f"why {BAD}", **fields)
    Identity.objects.filter(pk=who.pk).update(name=f"name {BAD}")
    with pipeline.change(Actor.system(f"rule {BAD}"), now=NOW):
        tickets.close(Ticket.objects.get(pk=row.pk), resolution="answered")
    Ticket.objects.filter(pk=row.pk).update(status="on_hold", hold_reason=f"why {BAD}")
    page = desk(agent("ana")).get(row.get_absolute_url()).content.decode()
    for word in ("label", "file", "tag", "subject", "category", "why", "name", "rule"):
        assert f"{word} {GOOD}" in page, word
    assert "words &lt;b x=" in page
    assert "<b x=" not in page


def test_a_form_that_is_shown_again_keeps_and_escapes_its_words() -> None:
    row = ticket()
    client = desk(agent("ana"))
    said = {"body": f"words {BAD}", "mode": "note"}
    page = client.post(f"{row.get_absolute_url()}preview/", said).content.decode()
    assert f">words {GOOD}</textarea>" in page
    assert "<b x=" not in page.replace("<b>", "")
