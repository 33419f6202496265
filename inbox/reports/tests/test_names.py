"""Reports: whose names somebody reads, and what they may ask for."""

import pytest
from django.test import Client
from django.utils import timezone

from inbox.accounts.models import Role, Team, User
from inbox.people.models import Contact, Identity
from inbox.reports import services
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from rig import desk

pytestmark = pytest.mark.django_db


def page(user: User, path: str = "/reports/", **query: str) -> str:
    client = Client()
    client.force_login(user)
    return client.get(path, query).content.decode()


@pytest.fixture
def zircon() -> Team:
    """A restricted team that has taken a ticket everybody may see."""
    team = Team.objects.create(key="zircon-key", name="Zirconium", restricted=True)
    desk.agent("insider").teams.add(team)
    row = desk.ticket(at=timezone.now())
    desk.act(tickets.set_team, row, team)
    desk.act(tickets.close, row, resolution="solved")
    services.renew(now=timezone.now())
    return team


def test_a_restricted_team_is_named_to_its_members_only(zircon: Team) -> None:
    outsider, insider = desk.agent("ana"), desk.agent("insider")
    for path in ("/reports/", "/reports/all.csv"):
        for query in ({}, {"by": "team"}, {"by": "team", "team": "zircon-key"}):
            said = (
                page(outsider, path, **query).replace("zircon-key”", "").replace("zircon-key&", "")
            )
            assert "Zirconium" not in said, (path, query)
    assert '<option value="zircon-key">' not in page(outsider)
    assert "There is no team" in page(outsider, team="zircon-key")
    assert '<option value="zircon-key">' in page(insider)
    assert "Another team" in page(outsider, by="team")
    assert "Zirconium" in page(insider, by="team")
    assert "Zirconium" in page(desk.agent("boss", is_superuser=True), by="team")


def helped(by: Identity) -> Ticket:
    row = desk.ticket(at=timezone.now())
    desk.writes(row, by, role="community", at=timezone.now(), new_text="try this")
    services.renew(now=timezone.now())
    return row


def test_viewers_read_no_address_of_who_helped() -> None:
    contact = Contact.objects.create()
    helped(
        Identity.objects.create(
            contact=contact, kind="email", realm="mail", handle="mira@example.org", external_id="m1"
        )
    )
    address, viewer = "mira@example.org", desk.agent("vera", role=Role.VIEWER)
    for path in ("/reports/", "/reports/champions.csv"):
        assert address in page(desk.agent("ana"), path)
        assert address not in page(viewer, path)
        assert "m…@e….org" in page(viewer, path)
