"""A community moves in: read in any order, matched, never merged, and taken back as a whole."""

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from inbox.operations import peoplelists
from inbox.people import doings, merging, proposing, staging, standing, taking
from inbox.people.errors import PeopleError
from inbox.people.models import (
    Activity,
    Contact,
    ContactNote,
    Identity,
    PeopleImport,
    PeopleImportRow,
    Proposal,
    Trait,
)
from rig import orbit as dumps
from rig.desk import act, agent, asker, ticket


@pytest.fixture(autouse=True)
def _disk(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "data"


def begin(*contents: bytes) -> PeopleImport:
    """Upload files and have them read and checked."""
    files = [SimpleUploadedFile(f"dump-{n}.json", content) for n, content in enumerate(contents)]
    folder, source = staging.keep(files)
    row = act(taking.begin_files, names=[f.name or "" for f in files], folder=folder, source=source)
    return work(row)


def take(*contents: bytes) -> PeopleImport:
    """Upload, check and take in what is good."""
    row = begin(*contents)
    assert row.state == "checked"
    act(taking.run, row, skip_bad=True)
    return work(row)


def work(row: PeopleImport) -> PeopleImport:
    peoplelists.work(row.pk, timezone.now())
    row.refresh_from_db()
    return row


def back(row: PeopleImport) -> PeopleImport:
    act(taking.take_back, row, at=timezone.now())
    return work(row)


def document(data: Iterable[Any], included: Iterable[Any] = ()) -> bytes:
    return json.dumps({"data": list(data), "included": list(included)}).encode()


def everything() -> list[Any]:
    """All that an import could leave behind."""
    return [
        sorted(Contact.objects.values_list("name", "champion")),
        sorted(Identity.objects.values_list("kind", "realm", "external_id", "handle")),
        sorted(Trait.objects.values_list("contact__name", "kind", "value")),
        sorted(Activity.objects.values_list("source_key", flat=True)),
        sorted(ContactNote.objects.values_list("text", flat=True)),
        Proposal.objects.count(),
    ]


# ------------------------------------------------------------------ in


@pytest.mark.django_db
def test_activities_may_come_before_their_members_and_accounts() -> None:
    doing = document(dumps.activity(n, by=n % 2) for n in range(4))
    people = document((dumps.member(n) for n in range(2)), [])
    accounts = document([], [one for n in range(2) for one in dumps.identities(n)])
    row = begin(doing, people, accounts)
    assert (row.state, row.lines, row.doings) == ("checked", 2, 4)
    assert row.counts == {"new": 2, "done_new": 4}
    assert (Contact.objects.count(), Activity.objects.count()) == (0, 0)
    act(taking.run, row, skip_bad=False)
    work(row)
    assert (row.state, row.counts) == ("done", {"new": 2, "done_new": 4})
    first = Contact.objects.get(name="Person 0")
    assert sorted(first.identities.values_list("kind", "realm", "external_id", "handle")) == [
        ("discord", "discord", "900000", "person0"),
        ("email", "mail", "person0@example.org", ""),
        ("github", "github.com", "500000", "Person-0"),
        ("orbit", "orbit", "m0", ""),
    ]
    assert sorted(first.traits.values_list("kind", "value")) == [
        ("level", "1"),
        ("seen", "2024-03-01"),
        ("tag", "Champion"),
    ]
    assert Activity.objects.filter(identity__contact=first).count() == 2
    assert not Identity.objects.filter(verified=True).exists()


@pytest.mark.django_db
def test_a_champions_tag_becomes_reason_day_and_link() -> None:
    """S35."""
    take(document([dumps.member(0)]))
    honour = standing.honours(Contact.objects.get(name="Person 0")).get()
    assert honour.reason == "Tagged “champion” in Orbit"
    assert f"{honour.since:%F}" == "2024-02-03"  # when Orbit last changed what it says
    assert honour.evidence_url == "https://app.orbit.love/example/members/person-0"


@pytest.mark.django_db
def test_people_are_found_by_address_then_number_then_handle() -> None:
    by_mail = asker("person0")
    others = [Contact.objects.create(name=name) for name in ("Number", "Handle")]
    Identity.objects.create(
        contact=others[0], kind="github", realm="github.com", external_id="500001", handle="renamed"
    )
    Identity.objects.create(
        contact=others[1], kind="github", realm="login", external_id="person-2", handle="person-2"
    )
    before = set(Contact.objects.values_list("pk", flat=True))
    row = take(
        document(
            (dumps.member(n) for n in range(3)), (o for n in range(3) for o in dumps.identities(n))
        )
    )
    assert row.counts == {"filled": 3}
    assert set(Contact.objects.values_list("pk", flat=True)) == before
    mine = Identity.objects.filter(kind="orbit").order_by("external_id")
    assert [i.contact_id for i in mine] == [by_mail.contact_id, *(c.pk for c in others)]


@pytest.mark.django_db
def test_a_member_who_is_two_people_here_is_a_question_not_a_merge() -> None:
    """L23."""
    mail, github = asker("person0"), Contact.objects.create(name="Git")
    login = Identity.objects.create(
        contact=github, kind="github", realm="github.com", external_id="500000", handle="x"
    )
    row = begin(document([dumps.member(0)], dumps.identities(0)))
    assert row.counts == {"filled": 1, "conflict": 1}
    assert ["conflict", "Person 0"] in row.examples
    act(taking.run, row, skip_bad=False)
    work(row)
    login.refresh_from_db()
    assert login.contact == github
    asked = Proposal.objects.get(one=mail, other=login)
    assert (asked.state, asked.reasons) == ("open", [["list", "Orbit"]])
    back(row)
    assert Proposal.objects.count() == 0


@pytest.mark.django_db
def test_who_is_called_a_teammate_is_asked_about_and_nothing_more() -> None:
    ana = agent("ana")
    own = Identity.objects.create(
        contact=Contact.objects.create(name="Ana"),
        kind="slack",
        realm="T1",
        external_id="U1",
        user=ana,
    )
    row = take(document([dumps.member(1, email=ana.email, teammate=True)]))
    assert row.counts == {"new": 1, "teammate": 1}
    fresh = Identity.objects.filter(contact__name="Person 1")
    assert not fresh.exclude(user=None).exists()
    assert Proposal.objects.get().reasons == [["teammate", "Orbit"]]
    assert own.pk in (Proposal.objects.get().one_id, Proposal.objects.get().other_id)


@pytest.mark.django_db
def test_a_second_time_brings_nothing_and_news_bring_what_is_new() -> None:
    files = [
        document([dumps.member(0), dumps.member(1)], dumps.identities(0)),
        document([dumps.activity(1, by=0)]),
    ]
    take(*files)
    before = everything()
    again = take(*files)
    assert (again.counts, everything()) == ({"same": 2, "done_same": 1}, before)
    later = take(
        document([dumps.member(0, orbit_level=4, tag_list=["Author"])]),
        document([dumps.activity(1, by=0), dumps.activity(2, by=0)]),
    )
    assert later.counts == {"filled": 1, "done_same": 1, "done_new": 1}
    mine = Trait.objects.filter(contact__name="Person 0").order_by("kind", "value")
    assert [(t.kind, t.value) for t in mine] == [
        ("level", "4"),
        ("seen", "2024-03-01"),
        ("tag", "Author"),
        ("tag", "Champion"),
    ]


@pytest.mark.django_db
def test_what_cannot_be_taken_in_is_listed_and_nothing_happens_unasked() -> None:
    broken = document([dumps.member(2)])[:-40]
    row = begin(
        document([dumps.member(0), dumps.member(1, email="not an address")]),
        document([dumps.activity(1, by=1), dumps.activity(2, by=9), dumps.activity(3, by=0)]),
        broken,
        document([dumps.member(3, deleted_at="2024-01-01T00:00:00Z")]),
    )
    assert row.counts == {"new": 1, "done_new": 1, "bad": 4, "left": 1}
    said = " / ".join(words for _, words in row.errors)
    for words in (
        "Person 1: “not an address” is no mail address",
        "is by m1, who is not in these files",
        "is by m9, who is not in these files",
        "dump-2.json: At byte",
    ):
        assert words in said
    with pytest.raises(PeopleError, match="Some lines are bad"):
        act(taking.run, row, skip_bad=False)
    assert Contact.objects.count() == 0


# ------------------------------------------------------------------ back


@pytest.mark.django_db
def test_all_of_it_is_taken_back() -> None:
    asker("person0")
    before = everything()
    row = take(
        document((dumps.member(n) for n in range(6)), dumps.identities(0)),
        document(dumps.activity(n, by=n % 6) for n in range(20)),
    )
    assert everything() != before
    back(row)
    assert (row.state, row.counts["stayed"], everything()) == ("undone", 0, before)


@pytest.mark.django_db
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_lists_of_the_same_people_are_taken_back_in_any_order(order: tuple[int, int]) -> None:
    before = everything()
    one = (document([dumps.member(0)], dumps.identities(0)), document([dumps.activity(1, by=0)]))
    two = (document([dumps.member(0, orbit_level=4)]), document([dumps.activity(1, by=0)]))
    runs = [take(*one), take(*two)]
    both = everything()
    gone = back(runs[order[0]])
    assert gone.state == "undone"
    left = everything()
    assert [name for name, _ in left[0]] == ["Person 0"]  # the other list still says so
    assert left[3] == ["orbit:a1"]
    levels = Trait.objects.filter(kind="level").values_list("value", flat=True)
    assert list(levels) == ["4" if order[0] == 0 else "1"]
    assert both != before
    back(runs[order[1]])
    assert everything() == before


@pytest.mark.django_db
def test_who_was_merged_or_has_written_since_stays() -> None:
    row = take(document([dumps.member(n) for n in range(3)]))
    wrote = Identity.objects.get(external_id="person0@example.org")
    ticket(who=wrote)
    kept = Contact.objects.get(name="Person 1")
    act(merging.merge, kept, Contact.objects.get(name="Person 2"))
    back(row)
    assert row.state == "undone"
    assert Contact.objects.filter(name="Person 0").exists()
    assert Identity.objects.filter(pk=wrote.pk).exists()
    assert not Trait.objects.exists()


@pytest.mark.django_db
def test_activities_follow_merges_and_splits() -> None:
    take(document([dumps.member(1), dumps.member(2)]), document([dumps.activity(1, by=2)]))
    one, two = (Contact.objects.get(name=f"Person {n}") for n in (1, 2))
    step = act(merging.merge, one, two)
    assert Activity.objects.filter(identity__contact=one).count() == 1
    act(merging.unmerge, step)
    assert Activity.objects.filter(identity__contact=two).count() == 1


# ------------------------------------------------------------------ kills


@pytest.mark.django_db
def test_work_goes_on_where_it_was_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every chunk is one transaction with its cursor; a kill in one leaves the one before."""
    for module in (staging, taking, doings):
        monkeypatch.setattr(module, "AT_ONCE", 7)
    monkeypatch.setattr("inbox.people.takingback.AT_ONCE", 7)
    monkeypatch.setattr("inbox.people.takingback.ACTIVITIES_AT_ONCE", 7)
    before = everything()
    files = [
        SimpleUploadedFile(
            "d.json",
            document(
                [
                    *(dumps.member(n) for n in range(20)),
                    *(dumps.activity(n, by=n % 20) for n in range(50)),
                ]
            ),
        )
    ]
    folder, source = staging.keep(files)
    row = act(taking.begin_files, names=["d.json"], folder=folder, source=source)
    _killed_over_and_over(row, monkeypatch)
    assert (row.state, row.counts) == ("checked", {"new": 20, "done_new": 50})
    act(taking.run, row, skip_bad=False)
    _killed_over_and_over(row, monkeypatch)
    assert (row.state, row.counts) == ("done", {"new": 20, "done_new": 50})
    assert (Contact.objects.count(), Activity.objects.count()) == (20, 50)
    act(taking.take_back, row, at=timezone.now())
    _killed_over_and_over(row, monkeypatch)
    assert (row.state, everything()) == ("undone", before)


class Killed(BaseException):
    """The process ends here."""


def _killed_over_and_over(row: PeopleImport, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each chunk is done twice: once to its end and lost, once for good."""
    more = True
    while more:
        with pytest.raises(Killed), monkeypatch.context():
            act(_and_die, row.pk)
        more = act(taking.step, row.pk, at=timezone.now())
    row.refresh_from_db()


def _and_die(pk: int) -> None:
    taking.step(pk)
    raise Killed


@pytest.mark.django_db
def test_files_that_are_gone_are_said_and_not_waited_for() -> None:
    folder, source = staging.keep([SimpleUploadedFile("d.json", document([dumps.member(0)]))])
    row = act(taking.begin_files, names=["d.json"], folder=folder, source=source)
    staging.drop(folder)
    work(row)
    assert (row.state, row.counts) == ("checked", {"bad": 1})
    assert "not here any more" in row.errors[0][1]


# ------------------------------------------------------------------ pages


@pytest.mark.django_db
def test_a_community_moves_in_by_the_pages() -> None:
    desk = Client()
    desk.force_login(agent("ana"))
    files = [
        SimpleUploadedFile(
            "activities.json", document([dumps.activity(1, by=0, custom_title="Gave a talk")])
        ),
        SimpleUploadedFile(
            "members.json", document([dumps.member(0), dumps.member(1, email="=cmd()")])
        ),
    ]
    answer = desk.post("/people/import/", {"file": files})
    row = PeopleImport.objects.get()
    place = f"/people/import/{row.pk}/"
    assert answer["Location"] == place
    assert "Being read" in desk.get(place).content.decode()
    work(row)
    text = desk.get(place).content.decode()
    for words in ("<b>1</b> new<", "<b>1</b> new activities", "Person 0", "bad entry"):
        assert words in text
    answer = desk.get(f"{place}left-out.csv")
    content = answer.content.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(content)))
    assert lines[0] == ["Line", "What is wrong"]
    assert lines[1][1] == "Person 1: “=cmd()” is no mail address"
    desk.post(place, {"do": "run", "skip": "1"})
    work(row)
    person = Contact.objects.get(name="Person 0")
    text = desk.get(f"/people/{person.pk}/").content.decode()
    for words in (
        "Gave a talk",
        "Orbit · pull requests opened",
        "Orbit level 1",
        "a list says so",
        "Champion</b> since",
    ):
        assert words in text, words
    assert "last active 1 March 2024" in text
    desk.post(place, {"do": "undo"})
    assert work(row).state == "undone"
    assert Contact.objects.count() == 0
    assert PeopleImportRow.objects.exclude(kind__in=["bad", "left"]).count() == 0


@pytest.mark.django_db
def test_formulas_are_inert_in_what_is_given_back() -> None:
    text = 'Name,Email,Note\n=1+1,nobody,"=HYPERLINK(""http://x"")"\nA,a@example.org,@x\n'
    row = act(taking.begin, filename="a.csv", content=text.encode())
    act(taking.check, row, row.mapping)
    work(row)
    desk = Client()
    desk.force_login(agent("ana"))
    answer = desk.get(f"/people/import/{row.pk}/left-out.csv")
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert lines == [
        ["Line", "What is wrong", "Name", "Email", "Note"],
        ["2", "“nobody” is no mail address", "'=1+1", "nobody", '\'=HYPERLINK("http://x")'],
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("files", "words"),
    [
        (
            [b'{"data": [{"type": "ticket"}]}'],
            "nobody here reads this JSON. Known are files of Orbit",
        ),
        ([b"Name,Email\nA,a@example.org\n"] * 2, "one table after the other"),
        ([document([dumps.member(1)]), b"Name,Email\n"], "nobody here reads this JSON"),
    ],
)
def test_files_that_nobody_reads_are_refused_in_words(files: list[bytes], words: str) -> None:
    desk = Client()
    desk.force_login(agent("ana"))
    given = [SimpleUploadedFile(f"{n}.json", content) for n, content in enumerate(files)]
    answer = desk.post("/people/import/", {"file": given})
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert not PeopleImport.objects.exists()
    assert not list(staging._path("").glob("*"))


@pytest.mark.django_db
def test_proposals_of_lists_outlive_the_next_look() -> None:
    mail, other = asker("person0"), asker("zed")
    Identity.objects.filter(pk=other.pk).update(
        kind="github", realm="github.com", external_id="500000"
    )
    take(document([dumps.member(0)], dumps.identities(0)))
    for _ in range(2):
        Identity.objects.update(looked_at=None)
        act(proposing.look, 0, timezone.now())
    asked = Proposal.objects.get(one=mail, other=other)
    assert ["list", "Orbit"] in asked.reasons
