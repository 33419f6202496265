"""What people did is counted from what is there: once, for whoever they are now, and anew."""

from datetime import timedelta

import pytest

from inbox.accounts.models import Team
from inbox.community import nominating, queries
from inbox.community.models import Deed, Engagement, Nomination
from inbox.community.tests.desk import credit, helped, look
from inbox.loop.models import Item
from inbox.operations import counting
from inbox.people import merging, standing, undoing
from inbox.people.models import Contact, Identity
from inbox.tickets import services as tickets
from inbox.tickets.models import Thread, Ticket
from rig.desk import NOW, act, agent, asker, ticket, writes

pytestmark = pytest.mark.django_db


def deeds(who: Identity) -> list[tuple[str, int]]:
    contact = Identity.objects.get(pk=who.pk).contact
    rows = Deed.objects.filter(identity__contact=contact).order_by("kind", "ticket")
    return list(rows.values_list("kind", "ticket"))


def standing_of(who: Identity) -> tuple[float, str] | None:
    contact = Identity.objects.get(pk=who.pk).contact
    row = Engagement.objects.filter(contact=contact).first()
    return (row.score, row.level) if row else None


def test_a_question_an_answer_and_a_solution_are_counted_once_each() -> None:
    mira, oskar = asker("mira"), asker("oskar")
    row = ticket(who=mira)
    for _ in range(3):
        writes(row, oskar, role="community", at=NOW)
    credit(row, oskar)
    look()
    look()
    assert deeds(mira) == [("asked", row.pk)]
    assert deeds(oskar) == [("answered", row.pk), ("credited", row.pk)]
    assert (standing_of(mira), standing_of(oskar)) == ((1, "asking"), (8, "helping"))


def test_an_answer_that_comes_later_counts_within_the_next_tick() -> None:
    mira, oskar = asker("mira"), asker("oskar")
    row = ticket(who=mira)
    look()
    assert counting.due_ids(NOW) == []
    writes(row, oskar, role="community", at=NOW)
    assert counting.due_ids(NOW) == [oskar.contact_id]


def test_what_was_here_before_is_counted_like_what_is_new() -> None:
    mira = asker("mira")
    row = ticket(who=mira)
    Deed.objects.all().delete()
    Contact.objects.update(counted_at=None)
    look()
    assert deeds(mira) == [("asked", row.pk)]


def test_a_merge_brings_both_together_and_its_undo_parts_them() -> None:
    mira, work = asker("mira"), asker("mira-at-work")
    first, second = ticket(who=mira), ticket(who=work)
    look()
    event = act(merging.merge, mira.contact, work.contact)
    look()
    assert deeds(mira) == [("asked", first.pk), ("asked", second.pk)]
    assert standing_of(mira) == (2, "asking")
    assert not Engagement.objects.filter(contact=work.contact_id).exists()
    act(merging.unmerge, event)
    look()
    assert (standing_of(mira), standing_of(work)) == ((1, "asking"), (1, "asking"))


@pytest.mark.parametrize("verb", [tickets.trash, tickets.mark_spam])
def test_what_is_thrown_away_counts_for_nobody(verb: object) -> None:
    mira, oskar = asker("mira"), asker("oskar")
    row = ticket(who=mira)
    writes(row, oskar, role="community", at=NOW)
    look()
    act(verb, row)  # type: ignore[arg-type]  # a verb of tickets
    look()
    assert (deeds(mira), deeds(oskar), standing_of(oskar)) == ([], [], None)


def test_an_answer_that_was_deleted_counts_no_more() -> None:
    mira, oskar = asker("mira"), asker("oskar")
    row = ticket(who=mira)
    message = writes(row, oskar, role="community", at=NOW)
    look()
    act(lambda: tickets.delete_message(message, at=NOW))
    look()
    assert deeds(oskar) == []


def test_the_team_is_not_counted() -> None:
    noor = asker("noor")
    Identity.objects.filter(pk=noor.pk).update(user=agent("noor"))
    ticket(who=noor)
    look()
    assert (deeds(noor), standing_of(noor)) == ([], None)


def test_restricted_tickets_add_nothing() -> None:
    mira = asker("mira")
    row = ticket(who=mira)
    Ticket.objects.filter(pk=row.pk).update(restricted_team=Team.objects.create(key="s", name="S"))
    look()
    assert standing_of(mira) is None


def test_issues_and_merged_pull_requests_count_instead_of_a_question() -> None:
    mira = asker("mira")
    issue, pull = ticket(who=mira), ticket(who=mira)
    for n, (row, kind, state) in enumerate([(issue, "issue", "open"), (pull, "pull", "merged")]):
        thread = Thread.objects.get(ticket=row)
        Item.objects.create(
            channel=thread.channel, key=thread.thread_key, kind=kind, place="a/b", number=n + 1,
            url=f"https://example.org/{n}", state=state, ended_at=NOW,
        )  # fmt: skip
    look()
    assert deeds(mira) == [
        ("merged", pull.pk), ("proposed", pull.pk), ("reported", issue.pk),
    ]  # fmt: skip
    assert standing_of(mira) == (15, "helping")


def test_with_a_year_everything_is_worth_nothing() -> None:
    mira = asker("mira")
    ticket(who=mira)
    look()
    later = NOW + timedelta(days=366)
    assert counting.due_ids(later) == [mira.contact_id]
    look(later)
    assert standing_of(mira) == (0, "new")
    assert counting.due_ids(later + timedelta(days=2)) == []


# ------------------------------------------------------------------ nominations


def test_enough_help_proposes_a_champion_once() -> None:
    oskar = asker("oskar")
    helped(oskar, 12)
    look()
    helped(oskar, 1)
    look()
    assert [row.reason for row in Nomination.objects.all()] == ["12 answers × 5 = 60"]


def test_a_declined_nomination_is_quiet_for_a_while_and_then_comes_again() -> None:
    oskar = asker("oskar")
    helped(oskar, 20)
    look()
    act(nominating.decline, Nomination.objects.get(), because="works for us soon")
    soon, later = NOW + timedelta(days=60), NOW + timedelta(days=121)
    helped(oskar, 1)
    look(soon)
    assert Nomination.objects.filter(state="waiting").count() == 0
    Contact.objects.update(counted_at=None)
    helped(oskar, 12, at=later)
    look(later)
    assert Nomination.objects.filter(state="waiting").count() == 1


def test_an_accepted_nomination_makes_a_champion_with_reason_and_link() -> None:
    oskar = asker("oskar")
    act(nominating.nominate, oskar.contact, reason="answers about WAL")
    row = Nomination.objects.get()
    act(nominating.accept, row, reason="answers about WAL", evidence_url="https://example.org/1")
    honour = standing.honours(Contact.objects.get(pk=oskar.contact_id)).get()
    assert (honour.reason, honour.evidence_url) == ("answers about WAL", "https://example.org/1")
    row.refresh_from_db()
    assert row.state == "accepted"


def test_who_is_named_without_a_decision_does_not_wait_for_one() -> None:
    oskar, ana = asker("oskar"), agent("ana")
    act(nominating.nominate, oskar.contact, reason="answers about WAL")
    assert [row.contact for row in queries.nominations(ana)] == [oskar.contact]
    act(nominating.name_champion, oskar.contact, reason="WAL")
    assert list(queries.nominations(ana)) == []
    row = Nomination.objects.get()
    assert (row.state, row.decided_at) == ("accepted", NOW)


def test_nobody_waits_whom_a_list_has_named_meanwhile() -> None:
    oskar, ana = asker("oskar"), agent("ana")
    act(nominating.nominate, oskar.contact, reason="answers about WAL")
    act(standing.name_champion, oskar.contact, reason="said a list")
    assert list(queries.nominations(ana)) == []


@pytest.mark.parametrize(("taken_back", "waiting"), [(False, 0), (True, 1)])
def test_figures_do_not_propose_again_whom_somebody_has_just_ended(
    taken_back: bool, waiting: int
) -> None:
    oskar = asker("oskar")
    contact = Contact.objects.get(pk=oskar.contact_id)
    step = act(nominating.name_champion, contact, reason="WAL")
    helped(oskar, 12)
    later = NOW + timedelta(days=1)
    if taken_back:
        act(undoing.undo, step, at=later)
    else:
        act(standing.end_champion, contact, at=later)
    look(later)
    assert Nomination.objects.filter(state="waiting").count() == waiting
