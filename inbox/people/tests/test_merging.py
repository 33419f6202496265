"""Merging people and taking it back: exactly, in any order, whatever came in between (L23)."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from inbox.people import merging, standing, undoing
from inbox.people.errors import PeopleError
from inbox.people.models import Championship, Contact, ContactNote, Identity, PersonEvent
from inbox.people.tests.desk import person, shown
from inbox.tickets.models import Ticket
from rig.desk import act, agent, asker, ticket


def everything() -> dict[str, list[Any]]:
    """Every fact about people but the log of steps, and when somebody has to look again."""
    for contact in Contact.objects.filter(merged_into=None):
        standing.freshen(
            contact
        )  # nobody was heard: they stand where they came, to the microsecond
    return {
        "contacts": list(
            Contact.objects.order_by("pk").values_list(
                "pk", "name", "champion", "merged_into", "root", "last_heard_at"
            )
        ),
        "identities": list(Identity.objects.order_by("pk").values_list("pk", "contact", "home")),
        "honours": list(
            Championship.objects.order_by("pk").values_list("pk", "contact", "ended_at")
        ),
        "notes": list(
            ContactNote.objects.order_by("pk").values_list("pk", "contact", "removed_at")
        ),
    }


@pytest.mark.django_db
def test_tickets_notes_and_the_star_of_both_show_on_the_kept_contact_and_come_back() -> None:
    mira, work = asker("mira"), asker("mira-at-work")
    first, second = ticket(who=mira), ticket(who=work)
    act(standing.name_champion, work.contact, reason="answers about WAL")
    act(standing.add_note, work.contact, "Prefers short calls.")
    before = everything()
    event = act(merging.merge, mira.contact, work.contact, why="she said so")
    kept = Contact.objects.get(pk=mira.contact_id)
    theirs = Ticket.objects.filter(asker__contact=kept).order_by("number")
    assert list(theirs) == [first, second]
    assert kept.champion
    assert [note.text for note in ContactNote.objects.filter(standing.parts_of(kept))] == [
        "Prefers short calls."
    ]
    act(undoing.undo, event)
    assert everything() == before


@pytest.mark.django_db
def test_a_merge_below_another_is_taken_back_and_what_came_since_stays_where_it_belongs() -> None:
    one, two, three = asker("one"), asker("two"), asker("three")
    first = act(merging.merge, one.contact, two.contact)
    act(merging.merge, three.contact, Contact.objects.get(pk=one.contact_id))
    late = ticket(who=Identity.objects.get(pk=two.pk))
    act(standing.add_note, Contact.objects.get(pk=three.contact_id), "About all three.")
    act(undoing.undo, first)
    assert shown() == {one.pk: three.contact_id, two.pk: two.contact_id, three.pk: three.contact_id}
    assert Ticket.objects.get(asker__contact=two.contact_id) == late
    assert ContactNote.objects.get().contact_id == three.contact_id


@pytest.mark.django_db
def test_one_identity_is_split_off_and_put_back() -> None:
    mira, work = asker("mira"), asker("mira-at-work")
    act(merging.merge, mira.contact, work.contact)
    before = everything()
    event = act(merging.split, Identity.objects.get(pk=mira.pk))
    alone = Identity.objects.get(pk=mira.pk).contact
    assert (alone.pk != mira.contact_id, alone.name) == (True, "Mira")
    act(undoing.undo, event)
    after = everything()
    assert after["identities"] == before["identities"]
    visible = [row for row in after["contacts"] if row[3] is None]
    assert visible == [row for row in before["contacts"] if row[3] is None]


@pytest.mark.django_db
def test_what_cannot_be_is_refused_in_words() -> None:
    mira, other = person("mira"), person("other")
    event = act(merging.merge, mira, other)
    again = Contact.objects.get(pk=other.pk)
    refused: list[tuple[str, Callable[[], object]]] = [
        ("the same person already", lambda: act(merging.merge, mira, mira)),
        ("merged meanwhile", lambda: act(merging.merge, mira, again)),
        ("what for", lambda: act(standing.name_champion, mira, reason=" ")),
        ("no champion", lambda: act(standing.end_champion, mira)),
    ]
    for words, verb in refused:
        with pytest.raises(PeopleError, match=words):
            verb()
    act(undoing.undo, event)
    with pytest.raises(PeopleError, match="taken back already"):
        act(undoing.undo, event)
    with pytest.raises(PeopleError, match="the only one"):
        act(merging.split, mira.identities.get())


@pytest.mark.django_db
def test_a_champion_has_a_reason_a_date_and_a_way_back() -> None:
    """S35."""
    mira = person("mira")
    agent("noor")
    event = act(
        standing.name_champion, mira, reason="9 answers", evidence_url="https://example.org/a"
    )
    off = act(standing.end_champion, mira)
    assert not Contact.objects.get(pk=mira.pk).champion
    act(undoing.undo, off)
    honour = standing.honours(mira).get()
    assert (honour.reason, honour.evidence_url) == ("9 answers", "https://example.org/a")
    assert Contact.objects.get(pk=mira.pk).champion
    act(undoing.undo, event)
    assert not Contact.objects.get(pk=mira.pk).champion
    assert PersonEvent.objects.filter(undone_at=None).count() == 0


class Model:
    """The same in a few lines of Python: who lives in whom."""

    def __init__(self, people: list[int]) -> None:
        self.above: dict[int, int | None] = dict.fromkeys(people)

    def root(self, pk: int) -> int:
        while (up := self.above[pk]) is not None:
            pk = up
        return pk


PEOPLE = 5
STEP = st.tuples(
    st.sampled_from(["merge", "merge", "undo", "ticket", "note"]),
    st.integers(0, PEOPLE - 1),
    st.integers(0, 50),
)


class AnyOrder(TestCase):
    """Random merges, merges of merges, undos in any order, with tickets and notes in between."""

    @settings(max_examples=25)
    @given(steps=st.lists(STEP, min_size=3, max_size=14))
    def test_undos_restore_exactly(self, steps: list[tuple[str, int, int]]) -> None:
        identities = [asker() for _ in range(PEOPLE)]
        homes = {identity.pk: identity.contact_id for identity in identities}
        model, live = Model(list(homes.values())), []
        before = everything()
        written: dict[int, int] = {}
        for verb, n, m in steps:
            contact = Identity.objects.get(pk=identities[n].pk).contact
            if verb == "merge":
                other = Identity.objects.get(pk=identities[m % PEOPLE].pk).contact
                if other.pk != contact.pk:
                    live.append(act(merging.merge, contact, other))
                    model.above[other.pk] = contact.pk
            elif verb == "undo" and live:
                self._undo(live.pop(m % len(live)), model)
            elif verb == "ticket" and len(written) < 3:
                written[ticket(who=identities[n]).pk] = identities[n].pk
            elif verb == "note":
                act(standing.add_note, contact, f"note {n} {m}")
            assert shown() == {pk: model.root(home) for pk, home in homes.items()}
        while live:
            self._undo(live.pop(len(live) // 2), model)
        after = everything()
        assert {**after, "notes": []} == {**before, "notes": []}
        assert dict(Ticket.objects.values_list("pk", "asker")) == written
        assert not PersonEvent.objects.filter(kind="merged", undone_at=None).exists()

    def _undo(self, event: PersonEvent, model: Model) -> None:
        act(undoing.undo, event)
        model.above[event.other_id or 0] = None
