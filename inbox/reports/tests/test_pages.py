"""The page, the files and the API: who sees which figures, any range, what it costs."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from inbox import pipeline
from inbox.accounts.models import ApiToken, Role, Team, User
from inbox.common.cells import inert, meant
from inbox.common.work import Actor
from inbox.livechat.models import Conversation, Visitor
from inbox.loop import services as loop
from inbox.reports import services
from inbox.reports.exports import as_csv
from inbox.reports.models import ReportFact, ReportProgress
from inbox.reports.shapes import Column, Report
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from rig import desk

pytestmark = pytest.mark.django_db
REPORTS = 13
# sign-in, the frame of every page, then the figures; a zone that is not UTC adds its slivers
STATEMENTS = {"UTC": 22, "Asia/Kathmandu": 26}


@pytest.fixture
def ana() -> User:
    """An agent."""
    return desk.agent("ana")


@pytest.fixture
def client(ana: User) -> Client:
    """Ana, signed in."""
    client = Client()
    client.force_login(ana)
    return client


def api(user: User) -> Client:
    """A client with a token."""
    return Client(headers={"authorization": f"Bearer {ApiToken.issue(user)[1]}"})


def figures(user: User, query: str = "") -> dict[str, Any]:
    """Every report by its key, as the API gives it."""
    answer = api(user).get(f"/api/v1/reports/?{query}")
    assert answer.status_code == 200, answer.content
    return {report["key"]: report["rows"] for report in answer.json()["results"]}


def solved(user: User, *, at: datetime | None = None, **fields: Any) -> Ticket:
    """A ticket answered and solved within an hour."""
    at = at or timezone.now() - timedelta(hours=3)
    channel = desk.mailbox(policy=desk.policy(first_response_unit="hours"))
    row = desk.ticket(at=at, channel=channel, **fields)
    with pipeline.change(Actor.user(user), now=at + timedelta(minutes=30)):
        tickets.reply(row, body="Here.", user=user, then="wait")
    with pipeline.change(Actor.user(user), now=at + timedelta(minutes=60)):
        tickets.close(row, resolution="solved")
    return row


def renew() -> None:
    """What the job does each minute."""
    services.renew(now=timezone.now())


def summed(rows: list[list[Any]]) -> list[int]:
    """The columns of a table by days, over all: three hours ago may have been yesterday."""
    return [sum(column) for column in zip(*(row[1:] for row in rows), strict=True)]


def test_one_ticket_is_in_every_figure_that_it_belongs_to(ana: User) -> None:
    solved(ana)
    renew()
    found = figures(ana, "period=30d")
    assert len(found) == REPORTS
    assert found["first-response"] == [["support", 1, 30.0, 30.0, 480.0]] or found[
        "first-response"
    ] == [["email/support", 1, 30.0, 30.0, 480.0]]
    (name, n, half, slow) = found["resolution"][0]
    assert (n, half, slow) == (1, 60.0, 60.0)
    assert name
    assert summed(found["volume"]) == [1, 0, 1, 0]
    assert [row[:3] for row in found["community"]] == [
        ["The team", 1, 100],
        ["The community", 0, 0],
        ["Champions", 0, 0],
    ]
    assert [row[1:] for row in found["sla"] if row[3] is not None] == [[1, 0, 100, 0, 0, None]]
    assert {row[0]: row[1:3] for row in found["waiting"]}["Waiting on them"] == [1, 0.5]


def test_late_sorting_corrects_the_past(ana: User) -> None:
    row = solved(ana)
    renew()
    assert [r[:2] for r in figures(ana)["categories"]] == [["Not sorted", 1]]
    with pipeline.change(Actor.user(ana)):
        tickets.set_category(row, "Bug")
        tickets.reopen(row)
    renew()
    found = figures(ana)
    assert [r[:2] for r in found["categories"]] == [["Bug", 1]]
    assert found["resolution"] == []
    assert summed(found["volume"]) == [1, 1, 1, 1]


def test_figures_of_a_restricted_team_are_its_own(ana: User) -> None:
    """Three personas, before and after, in the page, the files and the API."""
    team = Team.objects.create(key="security", name="Security", restricted=True)
    member, admin = desk.agent("ben"), desk.agent("eve", role=Role.ADMIN)
    member.teams.add(team)
    row = solved(ana)
    held = desk.ticket(at=timezone.now() - timedelta(days=3))
    with pipeline.change(Actor.user(ana), now=timezone.now() - timedelta(days=2)):
        tickets.hold(held, reason="embargo until Friday")
    with pipeline.change(Actor.user(ana)):
        for ticket in (row, held):
            tickets.set_category(ticket, "Leak")
            tickets.restrict(ticket, team)
        loop.add_link(row, url="https://docs.example.com/leak")
        tickets.reopen(row)
        tickets.close(row, resolution="docs_gap")
    renew()
    for user, seen in ((ana, 0), (member, 2), (admin, 2)):
        found = figures(user)
        assert sum(r[1] for r in found["categories"]) == seen
        assert sum(r[1] for r in found["volume"]) == seen
        assert sum(sum(r[1:]) for r in found["hours"]) == seen
        assert len(found["on-hold"]) == seen // 2
        assert len(found["docs-gaps"]) == seen // 2
        assert sum(r[1] for r in found["first-response"]) == seen // 2
        assert sum(r[1] for r in figures(user, "category=Leak")["volume"]) == seen
        assert sum(r[1] for r in figures(user, "channel=support&by=team")["volume"]) == seen
        client = Client()
        client.force_login(user)
        pages = [client.get(path) for path in ("/reports/", "/reports/all.csv")]
        assert [b"embargo" in page.content for page in pages] == [bool(seen)] * 2


def test_ratings_count_by_what_the_chat_is_about(ana: User) -> None:
    row = solved(ana)
    visitor = Visitor.objects.create(
        channel=row.channel, external_key="v", created_at=row.created_at
    )
    for n, score in enumerate((5, 4, 1, None)):
        chat = Conversation.objects.create(
            channel=row.channel,
            visitor=visitor,
            key=f"c{n}",
            thread=row.threads.get() if n == 0 else None,
            created_at=row.created_at,
        )
        if score is not None:
            chat.ratings.create(closing=1, score=score, rated_at=row.created_at)
    admin = desk.agent("eve", role=Role.ADMIN)
    assert [r[1] for r in figures(admin)["ratings"]] == [1, 1, 0, 0, 1]
    assert [r[1] for r in figures(ana)["ratings"]] == [1, 0, 0, 0, 0]


def test_docs_gaps_count_people_once(ana: User) -> None:
    who = desk.asker()
    for asker in (who, who, desk.asker()):
        row = desk.ticket(at=timezone.now() - timedelta(hours=2), who=asker)
        with pipeline.change(Actor.user(ana)):
            loop.add_link(row, url="https://docs.example.com/state")
            tickets.close(row, resolution="docs_gap")
    renew()
    assert figures(ana)["docs-gaps"] == [["https://docs.example.com/state", 2, 3]]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=2026-11-02&to=2026-11-01", "The last day is before the first."),
        ("from=2016-01-01&to=2026-11-01", "Ten years at most"),
        ("from=0001-01-01", "Use a day from 2000 to 2199."),
        ("from=yesterday", "Write a day like"),
        ("channel=fax", "There is no channel “fax”."),
        ("by=colour", "Use one of channel"),
        ("period=ever", "Use one of 30d"),
    ],
)
def test_what_cannot_be_answered_is_said(client: Client, ana: User, query: str, words: str) -> None:
    page, file = client.get(f"/reports/?{query}"), client.get(f"/reports/sla.csv?{query}")
    assert (page.status_code, file.status_code) == (422, 422)
    assert words in page.content.decode()
    assert words in file.content.decode()
    answer = api(ana).get(f"/api/v1/reports/?{query}")
    assert (answer.status_code, words in answer.content.decode()) == (400, True)


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-10-25&to=2026-10-25",  # 25 hours in Lisbon
        "from=2026-03-29&to=2026-03-29",  # 23 hours
        "from=2016-11-25&to=2026-11-21",
        "period=year&by=person&team=none&priority=normal",
        "from=2030-01-01&to=2030-02-01",
        "category=none&person=ana&by=category",
    ],
)
def test_any_range_is_answered(client: Client, ana: User, query: str) -> None:
    ana.timezone = "Europe/Lisbon"
    ana.save()
    solved(ana, at=datetime(2026, 10, 24, 23, 30, tzinfo=UTC))  # the 25th there
    renew()
    page = client.get(f"/reports/?{query}")
    assert page.status_code == 200
    future, day = "2030" in query, "10-25" in query
    assert (b"still to come" in page.content) == future
    if day:
        assert figures(ana, query)["volume"] == [["Sun 25 Oct 2026", 1, 0, 1, 0]]


def test_days_are_days_of_the_reader(ana: User) -> None:
    solved(ana, at=datetime(2026, 11, 10, 11, 30, tzinfo=UTC))
    renew()
    for zone, day in (("Pacific/Kiritimati", 11), ("UTC", 10), ("Pacific/Midway", 10)):
        ana.timezone = zone
        ana.save()
        for n in (10, 11):
            rows = figures(ana, f"from=2026-11-{n}&to=2026-11-{n}")["volume"]
            assert rows[0][1] == int(n == day)


@pytest.mark.parametrize("zone", list(STATEMENTS))
@pytest.mark.parametrize("count", [1, 3])
def test_page_costs_the_same_at_any_number(
    count: int, zone: str, client: Client, ana: User, django_assert_num_queries: Any
) -> None:
    ana.timezone = zone
    ana.save()
    for n in range(count):
        row = solved(ana, at=timezone.now() - timedelta(days=2 * n, hours=5))
        with pipeline.change(Actor.user(ana)):
            tickets.set_category(row, f"Category {n}")
    renew()
    client.get("/reports/")
    with django_assert_num_queries(STATEMENTS[zone]):
        page = client.get("/reports/")
    assert page.content.count(b'<section class="card') >= 8


def test_nothing_yet_says_what_to_do(client: Client) -> None:
    page = client.get("/reports/").content.decode()
    assert "Nothing happened in these days" in page
    assert '<section class="card' not in page


def test_while_figures_are_built_the_page_says_so(client: Client, ana: User) -> None:
    solved(ana)
    renew()
    services.rebuild()
    assert ReportFact.objects.count() == 0
    assert "0 % are there" in client.get("/reports/").content.decode()
    renew()
    page = client.get("/reports/").content.decode()
    assert ("are there" in page, '<section class="card' in page) == (False, True)


def test_admin_has_everything_counted_anew(ana: User) -> None:
    solved(ana)
    renew()
    admin = desk.agent("eve", role=Role.ADMIN, is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(admin)
    row = ReportProgress.objects.get()
    client.post(
        "/admin/inbox/reportprogress/", {"action": "count_anew", "_selected_action": row.pk}
    )
    row.refresh_from_db()
    assert (row.is_building, row.built_to) == (True, 0)
    renew()
    row.refresh_from_db()
    assert (row.is_building, ReportFact.objects.filter(kind="in").count()) == (False, 1)


# ------------------------------------------------------------------ files


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("=1+1", "'=1+1"),
        ("+49", "'+49"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("  =cmd|' /C calc'!A0", "'  =cmd|' /C calc'!A0"),
        ("＝1", "'＝1"),
        ("%0A=1", "'%0A=1"),
        ("|calc", "'|calc"),
        ("\ufeff\u00a0=1", "'\ufeff\u00a0=1"),
        ("a=1", "a=1"),
        (-5, -5),
        (None, None),
    ],
)
def test_formulas_are_inert(cell: Any, wanted: Any) -> None:
    assert inert(cell) == wanted
    assert meant(wanted) == cell if isinstance(cell, str) else True


def test_no_text_of_any_file_is_a_formula(client: Client, ana: User) -> None:
    """Names that strangers choose: subjects, reasons, categories, people."""
    row = desk.ticket(at=timezone.now() - timedelta(days=2))
    with pipeline.change(Actor.user(ana), now=timezone.now() - timedelta(days=1)):
        tickets.set_subject(row, '=HYPERLINK("http://x.example")')
        tickets.set_category(row, "@cmd")
        tickets.hold(row, reason="+1")
    renew()
    answer = client.get("/reports/all.csv")
    text = answer.content.decode()
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert text.startswith("\ufeff")
    cells = [cell for line in csv.reader(io.StringIO(text[1:])) for cell in line]
    assert {'\'=HYPERLINK("http://x.example")', "'@cmd", "'+1"} <= set(cells)
    dangerous = [c for c in cells if c[:1] in "=+-@\t\r" and c and not c.lstrip("-").isdigit()]
    assert dangerous == []


def test_file_of_one_report_is_its_table() -> None:
    report = Report(
        key="k",
        title="T",
        lead="",
        finding="",
        advice="",
        columns=(Column("Name", is_number=False), Column("Median", "min")),
        rows=[("Tomás, Lind", 1.5), ("b", None)],
        chart="bars",
    )
    assert as_csv([report]) == '\ufeffName,Median (min)\r\n"Tomás, Lind",1.5\r\nb,\r\n'


def test_unknown_reports_are_not_there(client: Client, ana: User) -> None:
    assert client.get("/reports/money.csv").status_code == 404
    assert api(ana).get("/api/v1/reports/money/").status_code == 404
    assert api(ana).get("/api/v1/reports/sla/?colour=1").status_code == 400
    one = api(ana).get("/api/v1/reports/sla/?from=2026-11-01&to=2026-11-02").json()
    assert (one["key"], one["from"], one["to"], one["zone"], len(one["rows"])) == (
        "sla",
        "2026-11-01",
        "2026-11-02",
        "UTC",
        2,
    )
    assert date.fromisoformat(one["from"])


def test_broken_promises_are_not_hidden_behind_targets(client: Client, ana: User) -> None:
    """Two targets met and one promise broken: the line shows the targets, words tell of both."""
    now = timezone.now()
    soft = desk.mailbox("jobs", policy=desk.policy("t", soft=True, first_response_unit="hours"))
    hard = desk.mailbox(policy=desk.policy(first_response_unit="hours"))
    for channel in (soft, soft, hard):
        row = desk.ticket(at=now - timedelta(hours=20), channel=channel)
        late = timedelta(hours=10 if channel == hard else 1)
        with pipeline.change(Actor.user(ana), now=now - timedelta(hours=20) + late):
            tickets.reply(row, body="Here.", user=ana)
    renew()
    counted = [row[1:] for row in figures(ana)["sla"]]
    assert [sum(row[n] for row in counted) for n in (0, 1, 3, 4)] == [0, 1, 2, 0]
    page = client.get("/reports/").content.decode()
    assert "0 missed, 1 promise broken" in page
    assert "1 promise was broken: look at those first." in page
