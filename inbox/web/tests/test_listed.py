"""The queue's rows are values from statements composed once: they show what models show."""

from typing import Any

import pytest
import time_machine
from django.template import Context, Template

from inbox.accounts.models import Team, User
from inbox.people.models import Contact
from inbox.sla.explain import bounds
from inbox.tickets import queries
from inbox.tickets import services as tickets
from inbox.tickets.counts import counts_for
from inbox.tickets.models import Ticket, TicketCount
from inbox.web import ordering
from inbox.web.listed import AT_ONCE, beside, listed
from inbox.web.queue import groups_for, row_of
from rig.desk import NOW, act, agent, asker, mailbox, policy, ticket

pytestmark = pytest.mark.django_db
ODD = """<b>"O'Neil"</b> & sons"""


@pytest.fixture(autouse=True)
def _wednesday() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def drawn(rows: list[Any]) -> str:
    """These rows as a page has them."""
    shown = Template('{% drawn "tickets/rows" %}').render(Context({"rows": rows, "acts": True}))
    return str(shown)


def every_kind_of_ticket() -> list[Ticket]:
    """With and without owner, asker, due moment, hold, team, priority, zone, honour."""
    owner = agent("ana", first_name="Ana", last_name=ODD)
    nameless = agent("bo", first_name="")
    champion = asker("mira", timezone="Asia/Tokyo")
    Contact.objects.filter(pk=champion.contact_id).update(champion=True)
    team = Team.objects.create(key="security", name="Security", restricted=True)
    rows = [ticket(), ticket(who=champion), ticket(channel=mailbox("jobs")), ticket(), ticket()]
    act(tickets.assign, rows[0], owner)
    act(tickets.assign, rows[1], nameless)
    act(tickets.set_policy, rows[1], policy(), reason="test")
    act(tickets.hold, rows[2], reason=ODD)
    act(tickets.restrict, rows[3], team)
    Ticket.objects.filter(pk=rows[3].pk).update(subject=ODD, category=ODD, priority="urgent")
    Ticket.objects.filter(pk=rows[4].pk).update(asker=None)
    return rows


def test_rows_of_values_are_drawn_like_rows_of_models() -> None:
    numbers = [row.pk for row in every_kind_of_ticket()]
    models = Ticket.objects.annotate(**beside()).in_bulk(numbers)
    values = listed(numbers)
    assert sorted(values) == sorted(numbers)
    for number in numbers:
        of_values = drawn([row_of(values[number], NOW, "UTC")])
        assert of_values == drawn([row_of(models[number], NOW, "UTC")])
        assert "<b>" not in of_values.replace("&lt;b&gt;", "")


def test_more_rows_than_the_statement_has_places_for_are_all_found() -> None:
    numbers = [ticket().pk for _ in range(AT_ONCE + 2)]
    assert sorted(listed(numbers)) == sorted(numbers)
    assert listed([]) == {}


def people() -> list[User]:
    """An admin, a member of the team that a ticket is kept for, and somebody else."""
    lead, member, other = agent("lead", role="admin"), agent("noor"), agent("tom")
    member.teams.add(Team.objects.get(key="security"))
    return [lead, member, other]


def test_the_whole_queue_is_what_its_filters_would_find() -> None:
    """Composed once for all: another person, another moment, another answer."""
    kept = every_kind_of_ticket()[3]
    edges = bounds(NOW, "UTC")
    seen = []
    for user in people():
        parts = ordering.by_sla(queries.visible_to(user), edges)
        found = ordering.candidates(ordering.with_newest(parts, user))
        assert ordering.usual(user, edges) == found
        seen.append(kept.pk in {row.ticket.pk for group in groups_for(user) for row in group.rows})
    assert seen == [True, True, False]
    late = bounds(NOW.replace(month=12), "UTC")
    lead = User.objects.get(username="lead")
    assert len(ordering.usual(lead, late)["breach"]) > len(ordering.usual(lead, edges)["breach"])


def test_counts_are_of_the_scopes_that_somebody_sees() -> None:
    every_kind_of_ticket()
    team = Team.objects.get(key="security")
    TicketCount.objects.all().delete()
    for scope, n in (("", 3), (str(team.pk), 2), (str(team.pk + 1), 7)):
        TicketCount.objects.create(scope=scope, key="status:open", n=n)
    assert [counts_for(user)["status:open"] for user in people()] == [12, 5, 3]
