"""Who gets a ticket by itself."""

from datetime import timedelta

import pytest

from inbox.accounts.models import Team
from inbox.oncall import assigning, swaps
from inbox.oncall.models import Rotation, RotationMember
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Ticket
from rig.desk import NOW, act, agent, asker, mailbox, ticket, writes

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def rotation() -> Rotation:
    row = Rotation.objects.create(key="daily", starts_on=NOW.date())
    RotationMember.objects.create(rotation=row, user=agent("dora"), position=0)
    return row


def owner(row: Ticket) -> str | None:
    row.refresh_from_db()
    return row.owner.username if row.owner else None


def test_who_is_on_duty_is_the_default_owner_of_a_channel_that_says_so() -> None:
    """S16, S41."""
    assert owner(ticket(channel=mailbox("a", owner_on_duty=True))) == "dora"
    assert owner(ticket(channel=mailbox("b", owner=agent("ana"), owner_on_duty=True))) == "ana"
    assert owner(ticket(channel=mailbox("c"))) is None


def test_absent_default_owner_is_replaced_by_who_is_on_duty() -> None:
    ana = agent("ana")
    act(swaps.add_absence, ana, starts_at=NOW - DAY, ends_at=NOW + DAY, reason="")
    assert owner(ticket(channel=mailbox("b", owner=ana))) == "dora"


def test_reopened_ticket_of_an_absent_owner_goes_to_who_is_on_duty() -> None:
    """L20."""
    ana, mira = agent("ana"), asker()
    rows = [ticket(who=mira) for _ in range(2)]
    for row in rows:
        act(tickets.assign, row, ana)
        act(tickets.close, row)
    writes(rows[0], mira, at=NOW + DAY)
    act(swaps.add_absence, ana, starts_at=NOW, ends_at=NOW + 9 * DAY, reason="")
    writes(rows[1], mira, at=NOW + DAY)
    assert [owner(row) for row in rows] == ["ana", "dora"]


def test_round_robin_is_fair_and_keeps_to_caps_absences_and_availability() -> None:
    """L20."""
    team = Team.objects.create(key="docs", name="Docs")
    people = [
        agent("ana", most_tickets=1),
        agent("ben"),
        agent("cleo"),
        agent("dan", available=False),
    ]
    team.members.set(people)  # type: ignore[attr-defined]  # the reverse of User.teams
    act(swaps.add_absence, people[2], starts_at=NOW + DAY, ends_at=NOW + 2 * DAY, reason="")
    given = []
    for n in range(5):
        row = ticket(at=NOW + n * DAY / 2)
        act(assigning.assign_round_robin, row, team, at=NOW + n * DAY / 2)
        given.append(owner(row))
    assert given == ["ana", "ben", "ben", "ben", "cleo"]  # cleo is away for the third and fourth


def test_nobody_free_leaves_the_ticket_to_the_team() -> None:
    team = Team.objects.create(key="docs", name="Docs")
    team.members.set([agent("ana", most_tickets=0)])  # type: ignore[attr-defined]  # the reverse of User.teams
    row = ticket()
    assert act(assigning.assign_round_robin, row, team) is None
    row.refresh_from_db()
    assert (row.owner_id, row.team_id) == (None, team.pk)


def test_hand_over_carries_a_note_and_tells_who_gets_it() -> None:
    """S80."""
    ana = agent("ana")
    row = ticket()
    act(tickets.assign, row, ana)
    with pytest.raises(VerbError):
        act(assigning.hand_over, row, to=None, note=" ", by=ana)
    act(assigning.hand_over, row, to=None, note="Waits for a trace.", by=ana)
    assert owner(row) == "dora"
    assert row.messages.get(visibility="internal").new_text == "Waits for a trace."
    notice = agent("dora").notices.get()
    assert notice.text == f"Ana handed #{row.pk} over to you: Waits for a trace."


def test_restricted_ticket_is_never_given_to_an_outsider() -> None:
    row = ticket(
        channel=mailbox("security", owner_on_duty=True),
        restricted_team=Team.objects.create(key="sec", name="Sec"),
    )
    assert owner(row) is None
    with pytest.raises(VerbError, match="may not see"):
        act(assigning.hand_over, row, to=agent("dora"), note="x", by=agent("ana"))
