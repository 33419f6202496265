"""Lists of people come in by line, all or what is good, once, and go again as a whole."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from inbox.operations import peoplelists
from inbox.people import lists, proposing, standing, taking
from inbox.people.errors import PeopleError
from inbox.people.models import (
    Contact,
    Identity,
    PeopleExport,
    PeopleImport,
    Proposal,
    TakenLine,
)
from rig.desk import act, agent, asker, ticket

GOOD = (
    "Name,E-mail,GitHub,Time zone,Champion,Notes\n"
    "Mira Dutko,mira@example.org,mdutko,America/Halifax,answers about WAL,Prefers calls\n"
    "Oskar Amadi,oskar@example.org,,Europe/Lisbon,,\n"
)


def take(
    text: str | bytes, *, skip_bad: bool = False, mapping: list[str] | None = None
) -> PeopleImport:
    """Upload, check and take in."""
    content = text if isinstance(text, bytes) else text.encode()
    row = act(taking.begin, filename="people.csv", content=content)
    act(taking.check, row, mapping or row.mapping)
    work(row)
    act(taking.run, row, skip_bad=skip_bad)
    return work(row)


def work(row: PeopleImport) -> PeopleImport:
    peoplelists.work(row.pk, timezone.now())
    row.refresh_from_db()
    return row


def people() -> list[tuple[str, list[str]]]:
    found = Contact.objects.filter(merged_into=None).order_by("pk").prefetch_related("identities")
    return [(c.name, sorted(i.external_id for i in c.identities.all())) for c in found]


# ------------------------------------------------------------------ pure


@pytest.mark.parametrize(
    ("content", "encoding", "sign"),
    [
        ("Name,Mail\nTomás,t@example.org\n".encode(), "utf-8", ","),
        ("Name;Mail\nTomás;t@example.org\n".encode("utf-8-sig"), "utf-8", ";"),
        ("Name\tMail\nTomás\tt@example.org\n".encode("cp1252"), "cp1252", "\t"),
        ("Name;Mail\nTomás, MSc;t@example.org\n".encode("utf-16"), "utf-16", ";"),
    ],
)
def test_encodings_and_delimiters_are_recognised(content: bytes, encoding: str, sign: str) -> None:
    text, found = lists.decode(content)
    assert (found, lists.delimiter_of(text)) == (encoding, sign)
    (_, header, _), (_, cells, _) = lists.rows(text, sign)
    assert header[0].lstrip("\ufeff") == "Name"
    assert cells[0].startswith("Tomás")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x00\x01\x02", "no text file"),
        (b"x" * (10 * 1024 * 1024 + 1), "10.0 MB; 10 MB is the most"),
    ],
)
def test_what_is_no_list_is_said_in_words(content: bytes, words: str) -> None:
    with pytest.raises(PeopleError, match=words):
        lists.decode(content)


@pytest.mark.parametrize(
    ("header", "mapping"),
    [
        (["Full name", "E-Mail Address", "GitHub login"], ["name", "email", "github"]),
        (["Work e-mail", "T-shirt"], ["email", ""]),
        (["Person", "Work mail", "Slack ID", "tz"], ["name", "", "slack", "timezone"]),
        (["email", "email", "Name", "Display name"], ["email", "email", "name", ""]),
    ],
)
def test_columns_are_guessed(header: list[str], mapping: list[str]) -> None:
    assert lists.guess(header) == mapping


COMMUNITY = (
    "Full name,E-mail,github_username,Twitter,LinkedIn URL,Discord,Tags,Orbit level,Last Activity,Size"
).split(",")
KNOWN = "name email github twitter linkedin discord tags level seen".split()


def test_a_community_systems_columns_are_recognised_and_read() -> None:
    """S32: Orbit's, Dots' or anybody's table."""
    mapping = lists.guess(COMMUNITY)
    assert mapping == [*KNOWN, ""]
    cells = [
        "Mira", "MIRA@example.org", "https://github.com/Mira-D", "@mira_d",
        "https://www.linkedin.com/in/mira-d/", "mira.d", "Champion; Workshop, Champion", "2",
        "2024-03-01 10:00:00 UTC", "L",
    ]  # fmt: skip
    line = lists.read(2, cells, mapping)
    assert (line.problems, line.tags, line.level) == ([], ["Champion", "Workshop"], "2")
    assert [(a.kind, a.handle) for a in line.accounts] == [
        ("github", "mira-d"),
        ("twitter", "mira_d"),
        ("linkedin", "mira-d"),
        ("discord", "mira.d"),
    ]
    assert f"{line.seen:%F}" == "2024-03-01"


@pytest.mark.parametrize("text", ["03/04/2024", "soon", "9999999999"])
def test_a_day_that_could_be_two_is_asked_about(text: str) -> None:
    line = lists.read(2, ["a@example.org", text], ["email", "seen"])
    assert "is no day such as 2024-05-31" in line.problems[0]


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        (["Mira", "mira at example.org"], "is no mail address"),
        (["Mira", "", "", "Nowhere/City"], "is no time zone such as Europe/Lisbon"),
        (["Mira", ""], "names no address and no account"),
        (["Mira", "a@example.org", "-x-"], "is no GitHub login"),
        (["a", "a@example.org", "", "", "too", "many"], "has more columns than the heading"),
    ],
)
def test_each_mistake_is_named(cells: list[str], problem: str) -> None:
    line = lists.read(7, cells, ["name", "email", "github", "timezone"])
    assert [text for text in line.problems if problem in text]


def test_our_own_inert_cells_are_read_as_they_were_meant() -> None:
    line = lists.read(2, ["'=HYPERLINK(1)", "a@example.org"], ["name", "email"])
    assert (line.name, line.problems) == ("=HYPERLINK(1)", [])


# ------------------------------------------------------------------ in and back


@pytest.mark.django_db
def test_a_list_comes_in_once_and_claims_stay_claims() -> None:
    row = take(GOOD)
    assert (row.state, row.counts) == ("done", {"new": 2})
    assert people() == [
        ("Mira Dutko", ["mdutko", "mira@example.org"]),
        ("Oskar Amadi", ["oskar@example.org"]),
    ]
    assert not Identity.objects.filter(verified=True).exists()
    mira = Contact.objects.get(name="Mira Dutko")
    assert (mira.champion, standing.honours(mira).get().reason) == (True, "answers about WAL")
    assert [note.text for note in mira.notes.all()] == ["Prefers calls"]
    again = take(GOOD)
    made = [line.identity_ids for line in again.taken.all()]
    assert (again.counts, made) == ({"same": 2}, [[], []])


@pytest.mark.django_db
def test_tags_levels_and_a_champion_come_with_a_table_and_go_with_it() -> None:
    text = "Name,Email,Tags,Level,Last active\nMira,m@example.org,Champion; Speaker,2,2024-03-01\n"
    row = take(text)
    mira = Contact.objects.get(name="Mira")
    assert sorted(mira.traits.values_list("kind", "value")) == [
        ("level", "2"),
        ("seen", "2024-03-01"),
        ("tag", "Champion"),
        ("tag", "Speaker"),
    ]
    assert standing.honours(mira).get().reason == "Tagged “champion” in the list people.csv"
    assert take(text).counts == {"same": 1}
    act(taking.take_back, row)
    assert work(row).state == "undone"
    assert mira.traits.count() == 4  # the second list says so too


@pytest.mark.django_db
def test_nothing_that_is_known_is_overwritten() -> None:
    mira = asker("mira", timezone="Europe/Lisbon")
    row = take(GOOD)
    assert row.counts == {"filled": 1, "new": 1}
    mira.refresh_from_db()
    assert (mira.contact.name, mira.timezone) == ("Mira", "Europe/Lisbon")
    assert sorted(mira.contact.identities.values_list("external_id", flat=True)) == [
        "mdutko",
        "mira@example.org",
    ]


@pytest.mark.django_db
def test_one_bad_line_changes_nothing_unless_it_is_skipped_on_purpose() -> None:
    text = GOOD + "Nobody,not an address,,,,\n"
    row = act(taking.begin, filename="people.csv", content=text.encode())
    act(taking.check, row, row.mapping)
    work(row)
    assert (row.state, row.counts) == ("checked", {"new": 2, "bad": 1})
    assert row.errors[0][0] == 4
    assert "“not” is no mail address" in row.errors[0][1]
    with pytest.raises(PeopleError, match="Some lines are bad"):
        act(taking.run, row, skip_bad=False)
    assert people() == []
    act(taking.run, row, skip_bad=True)
    work(row)
    assert (len(people()), row.counts) == (2, {"new": 2, "bad": 1})


@pytest.mark.django_db
def test_two_people_in_one_line_are_never_merged_by_it() -> None:
    """L23."""
    mira, oskar = asker("mira"), asker("oskar")
    before = people()
    row = take("Name,Email,Email\nBoth,mira@example.org,oskar@example.org\n")
    assert (row.counts, people()) == ({"same": 1, "conflict": 1}, before)
    asked = Proposal.objects.get()
    assert (asked.one, asked.other) == (mira, oskar)
    assert asked.reasons == [["list", "the list people.csv"]]
    proposing.look(mira.pk, timezone.now())
    assert Proposal.objects.get().state == "open"  # what a list says cannot be seen in them
    act(taking.take_back, row)
    work(row)
    assert not Proposal.objects.exists()


@pytest.mark.django_db
def test_a_list_is_taken_back_but_not_who_has_written_since() -> None:
    known = asker("known")
    Contact.objects.filter(pk=known.contact_id).update(name="")
    before = people()
    row = take(GOOD + "Known Well,known@example.org,,Asia/Tokyo,helps,hello\n")
    wrote = Identity.objects.get(external_id="oskar@example.org")
    ticket(who=wrote)
    act(taking.take_back, row)
    work(row)
    assert (row.state, row.counts["stayed"]) == ("undone", 1)
    assert people() == [*before, ("Oskar Amadi", ["oskar@example.org"])]
    known.refresh_from_db()
    assert (known.timezone, known.contact.champion, known.contact.notes.count()) == ("", False, 0)
    assert TakenLine.objects.count() == 0


@pytest.mark.django_db
def test_after_seven_days_the_way_back_is_closed_and_its_traces_go() -> None:
    row = take(GOOD)
    PeopleImport.objects.update(finished_at=timezone.now() - timedelta(days=8))
    with pytest.raises(PeopleError, match="seven days"):
        taking_back(row)
    assert taking.due_ids(timezone.now()) == [row.pk]
    work(row)
    assert (taking.due_ids(timezone.now()), TakenLine.objects.count(), len(people())) == ([], 0, 2)


def taking_back(row: PeopleImport) -> None:
    act(taking.take_back, PeopleImport.objects.get(pk=row.pk), at=timezone.now())


@pytest.mark.django_db
def test_work_goes_on_where_it_was_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "AT_ONCE", 3)
    lines = "".join(f"P{n},p{n}@example.org\n" for n in range(10))
    row = act(taking.begin, filename="p.csv", content=f"Name,Email\n{lines}".encode())
    act(taking.check, row, row.mapping)
    work(row)
    act(taking.run, row, skip_bad=False)
    act(taking.step, row.pk)
    act(taking.step, row.pk)
    row.refresh_from_db()
    assert (row.position, Contact.objects.count()) == (6, 6)
    work(row)
    assert (row.state, row.counts, Contact.objects.count()) == ("done", {"new": 10}, 10)


@pytest.mark.django_db
def test_one_line_after_another_about_one_person_meets_in_any_chunk() -> None:
    text = "Name,Email,GitHub\nMira,a@example.org,\nMira,a@example.org,mira-d\nMira,,mira-d\n"
    row = take(text)
    assert (row.counts, people()) == (
        {"new": 1, "filled": 1, "same": 1},
        [("Mira", ["a@example.org", "mira-d"])],
    )


# ------------------------------------------------------------------ pages


@pytest.mark.django_db
def test_a_list_goes_through_the_pages(django_capture_on_commit_callbacks: Any) -> None:
    desk = Client()
    desk.force_login(agent("ana"))
    file = SimpleUploadedFile("people.csv", GOOD.encode(), content_type="text/csv")
    answer = desk.post("/people/import/", {"file": file})
    row = PeopleImport.objects.get()
    assert answer["Location"] == f"/people/import/{row.pk}/"
    text = desk.get(answer["Location"]).content.decode()
    assert "mira@example.org" in text
    desk.post(answer["Location"], {"do": "check", "column": row.mapping})
    assert "Being checked" in desk.get(answer["Location"]).content.decode()
    work(row)
    assert "<b>2</b> new<" in desk.get(answer["Location"]).content.decode()
    desk.post(answer["Location"], {"do": "run"})
    work(row)
    assert "Take it all back" in desk.get(answer["Location"]).content.decode()
    twice = desk.post(answer["Location"], {"do": "run"})
    assert (twice.status_code, "taken in" in twice.content.decode()) == (422, True)
    desk.post(answer["Location"], {"do": "undo"})
    work(row)
    assert people() == []


@pytest.mark.django_db
def test_what_goes_out_is_inert_written_down_and_comes_in_again_unchanged() -> None:
    evil = asker("evil")
    Contact.objects.filter(pk=evil.contact_id).update(name='=HYPERLINK("http://x")')
    asker("+plus", timezone="Asia/Tokyo")
    desk = Client()
    ana = agent("ana")
    desk.force_login(ana)
    answer = desk.post("/people/export/", {"q": "", "show": ""})
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [line[0] for line in lines[1:]] == ['\'=HYPERLINK("http://x")', "'+plus"]
    assert lines[2][1] == "'+plus@example.org"
    assert [(e.by, e.people, e.about) for e in PeopleExport.objects.all()] == [
        (ana, 2, "Everybody")
    ]
    before = people()
    row = take(answer.content)
    assert (row.counts, people()) == ({"same": 2}, before)


@pytest.mark.django_db
def test_too_large_a_file_is_refused_in_words() -> None:
    desk = Client()
    desk.force_login(agent("ana"))
    file = SimpleUploadedFile("people.csv", b"x" * (10 * 1024 * 1024 + 1))
    answer = desk.post("/people/import/", {"file": file})
    assert answer.status_code == 422
    assert "10 MB is the most" in answer.content.decode()
