"""A community is read from its connection and goes the way of files: looked at, in, and back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inbox.channels import registry
from inbox.channels.models import Channel
from inbox.channels.peoplefiles import Piece
from inbox.channels.ports import PeoplePages
from inbox.common.queue import Job
from inbox.operations import peoplelists, sweep
from inbox.people import paging, staging, standing, taking
from inbox.people.models import (
    Activity,
    Contact,
    Identity,
    PeopleImport,
    PeopleImportRow,
    Proposal,
    Trait,
)
from integrations.commonroom import client as vendor_client
from rig import commonroom
from rig.commonroom import FakeCommonRoom, limited
from rig.desk import act, asker

MINUTE = timedelta(minutes=1)


class Killed(BaseException):
    """As nothing catches it, the process might as well be gone."""


def work(row: PeopleImport, **later: float) -> PeopleImport:
    peoplelists.work(row.pk, timezone.now() + timedelta(**later))
    row.refresh_from_db()
    return row


def begin(channel: Channel) -> PeopleImport:
    """Have a connection's people read and checked."""
    return work(act(paging.begin, channel))


def take(channel: Channel) -> PeopleImport:
    row = begin(channel)
    assert row.state == "checked"
    act(taking.run, row, skip_bad=True)
    return work(row)


def everything() -> list[Any]:
    """All that an import could leave behind."""
    return [
        sorted(Contact.objects.values_list("name", "champion")),
        sorted(Identity.objects.values_list("kind", "realm", "external_id", "handle")),
        sorted(Trait.objects.values_list("contact__name", "kind", "value")),
        sorted(Activity.objects.values_list("source_key", flat=True)),
        Proposal.objects.count(),
    ]


def fill(vendor: FakeCommonRoom, *, people: int = 3) -> None:
    champion = vendor.tag("Champion")
    for n in range(people):
        handle = [{"type": "github", "value": f"person-{n}"}]
        address = f"person{n}@example.org"
        who = vendor.contact(f"Person {n}", primaryEmail=address, profiles=handle, tags=[champion])
        vendor.activity(who)


def contacts_asked(vendor: FakeCommonRoom) -> list[str]:
    return [call.query.get("cursor", [""])[0] for call in vendor.called("/contacts")]


# ------------------------------------------------------------------ in, again, back


def test_members_are_looked_at_first_then_taken_in(
    vendor: FakeCommonRoom, channel: Channel
) -> None:
    fill(vendor)
    row = begin(channel)
    assert (row.state, row.filename, row.lines, row.doings) == ("checked", "Uncommon", 3, 3)
    assert row.counts == {"new": 3, "done_new": 3}
    assert Contact.objects.count() == 0
    act(taking.run, row, skip_bad=False)
    work(row)
    assert (row.state, row.counts) == ("done", {"new": 3, "done_new": 3})
    first = Contact.objects.get(name="Person 0")
    assert sorted(first.identities.values_list("kind", "realm", "external_id")) == [
        ("commonroom", "commonroom", "8p980hdo0:c_1"),
        ("email", "mail", "person0@example.org"),
        ("github", "login", "person-0"),
    ]
    assert not Identity.objects.filter(verified=True).exists()
    honour = standing.honours(first).get()
    assert honour.reason == "Tagged “champion” in Common Room"
    assert honour.evidence_url == "https://app.commonroom.io/community/uncommon/member/0"


def test_taken_again_changes_nothing_and_taken_back_leaves_nothing(
    vendor: FakeCommonRoom, channel: Channel
) -> None:
    asker("mira")
    before = everything()
    fill(vendor)
    row = take(channel)
    after = everything()
    again = take(channel)
    assert again.counts == {"same": 3, "done_same": 3}
    assert everything() == after
    for one in (again, row):
        act(taking.take_back, one, at=timezone.now())
        assert work(one).state == "undone"
    assert everything() == before


def test_who_is_two_people_here_is_a_question_not_a_merge(
    vendor: FakeCommonRoom, channel: Channel
) -> None:
    """L23."""
    mail, git = asker("person0"), Contact.objects.create(name="Git")
    Identity.objects.create(
        contact=git, kind="github", realm="github.com", external_id="7", handle="person-0"
    )
    fill(vendor, people=1)
    assert take(channel).counts["conflict"] == 1
    assert Contact.objects.count() == 2
    mine = Identity.objects.get(kind="commonroom")
    assert mine.contact_id == mail.contact_id
    assert Proposal.objects.count() == 1


# ------------------------------------------------------------------ killed, limited, refused


@pytest.mark.parametrize("when", ["before the page", "after its rows"])
def test_a_killed_reading_goes_on_where_it_was(
    vendor: FakeCommonRoom, channel: Channel, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    fill(vendor, people=450)
    row = act(paging.begin, channel)
    name = "keep" if when == "before the page" else "store"
    place = paging if name == "keep" else staging
    whole, seen = getattr(place, name), 0

    def killed(*given: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == 4:  # the second page of contacts
            if name == "store":
                whole(*given)
            raise Killed
        return whole(*given)

    with monkeypatch.context() as patched:
        patched.setattr(place, name, killed)
        with pytest.raises(Killed):
            work(row)
    kept = PeopleImportRow.objects.filter(of=row, kind="person").count()
    assert (kept, contacts_asked(vendor)) == (200, ["", "at-200"])
    work(row)  # another one may be at it still
    assert len(contacts_asked(vendor)) == 2
    assert paging.due_ids(timezone.now() + 3 * MINUTE) == [row.pk]
    work(row, minutes=3)
    assert (row.state, row.lines, row.doings) == ("checked", 450, 450)
    assert contacts_asked(vendor) == ["", "at-200", "at-200", "at-400"]
    assert row.counts == {"new": 450, "done_new": 450}


def test_two_workers_keep_a_page_once(vendor: FakeCommonRoom, channel: Channel) -> None:
    row = act(paging.begin, channel)
    first, second = paging.ask(row.pk), paging.ask(row.pk)
    assert act(taking.read_page, row.pk, first)
    row.refresh_from_db()
    before = row.cursor
    assert act(taking.read_page, row.pk, second)
    row.refresh_from_db()
    assert row.cursor == before
    assert act(paging.claim, row.pk, timezone.now() + 3 * MINUTE)
    assert not act(paging.claim, row.pk, timezone.now())
    work(row, minutes=3)
    assert row.state == "checked"
    assert not act(taking.read_page, row.pk, paging.ask(row.pk))  # who comes too late


def test_a_limit_is_waited_for(vendor: FakeCommonRoom, channel: Channel) -> None:
    fill(vendor)
    vendor.fail("/contacts", answer=limited(600))
    row = begin(channel)
    assert (row.state, row.cursor["trouble"]) == ("reading", "Common Room asks us to wait")
    asked = len(vendor.calls)
    assert paging.due_ids(timezone.now() + 9 * MINUTE) == []
    assert not peoplelists.work(row.pk, timezone.now() + 9 * MINUTE)
    assert len(vendor.calls) == asked
    work(row, minutes=10)
    assert (row.state, row.lines) == ("checked", 3)


def test_the_sweep_rings_for_it_and_the_clocks_never_wait_for_a_vendor(
    vendor: FakeCommonRoom, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[Any] = []
    monkeypatch.setattr(sweep, "enqueue", lambda *job: rung.append(job))
    row = act(paging.begin, channel)
    sweep.ring_overdue(now=timezone.now())
    assert (rung, taking.due_ids(timezone.now())) == ([(Job.PEOPLE_LIST, row.pk)], [])
    act(paging.claim, row.pk, timezone.now())
    sweep.ring_overdue(now=timezone.now())
    assert len(rung) == 1  # somebody is at it


def test_a_long_reading_lets_others_in_between(
    vendor: FakeCommonRoom, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(vendor, people=201)
    monkeypatch.setattr(peoplelists, "TURN_SECONDS", 0.0)
    row = act(paging.begin, channel)
    turns = 0
    while row.state == "reading":
        assert paging.due_ids(timezone.now()) == [row.pk]  # nobody holds it
        work(row)
        turns += 1
        assert len(vendor.calls) == turns
    assert (turns, row.state, row.lines) == (6, "checked", 201)


def test_a_vendor_that_stays_away_is_not_asked_for_ever(
    vendor: FakeCommonRoom, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_TRIES", 3)
    vendor.is_away = True
    row = begin(channel)
    for n in range(1, 3):
        assert row.state == "reading"
        work(row, minutes=2 * n)
    assert (row.state, row.lines) == ("checked", 0)
    assert row.errors[0][1].startswith("Uncommon: Common Room did not answer.")


def test_a_revoked_token_ends_the_reading_and_says_what_to_do(
    vendor: FakeCommonRoom, channel: Channel
) -> None:
    fill(vendor)
    row = act(paging.begin, channel)
    vendor.tokens.clear()
    work(row)
    assert (row.state, row.counts) == ("checked", {"bad": 1})
    said = f"Uncommon: {vendor_client.REFUSED}. What stands behind it was not read."
    assert row.errors[0][1] == said
    channel.refresh_from_db()
    assert (channel.health, channel.health_text) == ("error", vendor_client.REFUSED)
    vendor.tokens.add(commonroom.TOKEN)
    assert take(channel).lines == 3
    channel.refresh_from_db()
    assert channel.health == "ok"


@pytest.mark.parametrize(
    ("cursor", "counts"), [({}, {}), ({"page": 2}, {"bad": 1})], ids=["the only page", "a loop"]
)
def test_any_kind_may_read_pages_and_has_to_move_on(
    channel: Channel, monkeypatch: pytest.MonkeyPatch, cursor: Any, counts: Any
) -> None:
    pages = PeoplePages(page=lambda _, __: Piece(items=(), cursor=cursor))
    kinds = {"commonroom": replace(channel.type, people=pages)}
    monkeypatch.setattr(registry, "_kinds", {**registry.all_kinds(), **kinds})
    row = begin(channel)
    assert (row.state, row.counts) == ("checked", counts)


def test_a_connection_that_is_taken_away_meanwhile_ends_it(
    vendor: FakeCommonRoom, channel: Channel
) -> None:
    row = act(paging.begin, channel)
    Channel.objects.update(active=False)
    work(row)
    assert (row.state, row.counts) == ("checked", {"bad": 1})
    assert vendor.calls == []
    channel.refresh_from_db()
    assert channel.health == "ok"  # it is not ill, only away
