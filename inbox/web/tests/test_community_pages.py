"""The community's pages: who stands on which list, what forms do, what pages cost."""

import csv
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from inbox.accounts.models import Role, Team
from inbox.channels.models import Channel
from inbox.community import nominating, referring
from inbox.community.models import LiveTopic, Nomination, Referral
from inbox.community.tests.desk import credit, helped, look
from inbox.loop.models import Item, Link
from inbox.people import standing
from inbox.people.models import (
    EVENT,
    Activity,
    Championship,
    Contact,
    Identity,
    PeopleExport,
    PersonEvent,
)
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Ticket
from rig.desk import act, agent, asker, ticket, writes

pytestmark = pytest.mark.django_db
PAGE = "/people/community/"


def client_of(name: str, **fields: Any) -> Client:
    client = Client()
    client.force_login(agent(name, **fields))
    return client


@pytest.fixture
def desk() -> Client:
    return client_of("ana")


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def names(answer: Any) -> list[str]:
    return re.findall(r'<b><a href="/people/\d+/">([^<]+)</a>', answer.content.decode())


def on(desk: Client, tab: str, **asked: str) -> list[str]:
    return names(desk.get(PAGE, {"tab": tab, **asked}))


def table(answer: Any) -> list[list[str]]:
    """The lines of a file, without its headings."""
    return list(csv.reader(answer.content.decode().splitlines()))[1:]


def feed_of(text: str) -> str:
    return text.partition('<ol class="feed"')[2].partition("</ol>")[0]


def restrict(row: Ticket) -> None:
    team = Team.objects.get_or_create(key="security", name="Security", restricted=True)[0]
    Ticket.objects.filter(pk=row.pk).update(restricted_team=team)


# ------------------------------------------------------------------ lists


def test_who_helps_stands_by_points_in_the_days_asked_for(desk: Client, now: datetime) -> None:
    oskar, jo, old = asker("oskar"), asker("jo"), asker("old")
    helped(oskar, 2, now)
    credit(helped(jo, 2, now)[0], jo, now)
    helped(old, 9, now - timedelta(days=100))
    look(now)
    assert on(desk, "helpers", days="30") == ["Jo", "Oskar"]
    assert on(desk, "helpers", days="365") == ["Old", "Jo", "Oskar"]
    assert b"2 answers, 1 solution" in desk.get(PAGE).content


def test_help_on_restricted_tickets_is_on_no_list(desk: Client, now: datetime) -> None:
    oskar = asker("oskar")
    (row,) = helped(oskar, 1, now)
    look(now)
    restrict(row)
    assert on(desk, "helpers") == []
    assert on(client_of("root", role=Role.ADMIN), "helpers") == []


def test_first_timers_are_of_this_week(desk: Client, now: datetime) -> None:
    ticket(who=asker("new"), at=now - timedelta(days=2))
    late = asker("late")
    ticket(who=late, at=now - timedelta(days=20))
    ticket(who=late, at=now - timedelta(days=1))
    look(now)
    assert on(desk, "first") == ["New"]


def gone_silent(name: str, now: datetime, *, days: int, questions: int) -> Identity:
    """Asks so many questions, the last is answered and closed, and that was it."""
    who, ana, at = asker(name), agent("ana"), now - timedelta(days=days)
    for _ in range(questions):
        row = ticket(who=who, at=at)
        act(tickets.add_message, row, row.threads.get(), direction="out", visibility="public",
            role="team", external_id=f"<{row.pk}>", sent_at=at, author_user=ana, at=at)  # fmt: skip
        act(tickets.close, row, resolution="answered", at=at + timedelta(minutes=1))
    Contact.objects.filter(pk=who.contact_id).update(last_heard_at=at)
    return who


def test_who_was_active_and_fell_silent_after_a_close_is_listed(
    desk: Client, now: datetime
) -> None:
    gone_silent("gone", now, days=40, questions=3)
    gone_silent("once", now, days=40, questions=1)
    gone_silent("lately", now, days=5, questions=3)
    gone_silent("longago", now, days=300, questions=3)
    waits = gone_silent("waits", now, days=40, questions=3)
    ticket(who=waits, at=now - timedelta(days=40))
    Contact.objects.filter(pk=waits.contact_id).update(last_heard_at=now - timedelta(days=40))
    look(now)
    assert on(desk, "silent") == ["Gone"]


def test_only_who_got_no_word_from_anyone_else_for_a_day_is_unanswered(
    desk: Client, now: datetime
) -> None:
    day = now - timedelta(days=2)
    lonely, lucky, fresh, secret = (asker(n) for n in ("lonely", "lucky", "fresh", "secret"))
    row = ticket(who=lonely, at=day)
    writes(row, lonely, at=day)
    writes(ticket(who=lucky, at=day), asker("oskar"), role="community", at=day)
    ticket(who=fresh, at=now)
    restrict(ticket(who=secret, at=day))
    assert on(desk, "unanswered") == ["Lonely"]


@pytest.mark.parametrize("tab", ["helpers", "nominations", "champions", "first", "unanswered"])
@pytest.mark.parametrize("count", [1, 12])
def test_lists_cost_the_same_at_any_length(
    tab: str, count: int, desk: Client, now: datetime, django_assert_max_num_queries: Any
) -> None:
    for _ in range(count):
        who = asker()
        helped(who, 1, now - timedelta(days=2))
        if tab == "nominations":
            act(nominating.nominate, who.contact, reason="helps")
        if tab == "champions":
            act(standing.name_champion, who.contact, reason="helps")
    look(now)
    desk.get(PAGE, {"tab": tab})
    with django_assert_max_num_queries(12):
        answer = desk.get(PAGE, {"tab": tab})
    assert len(names(answer)) >= (count if tab != "unanswered" else 0)


def test_viewers_see_no_address_and_no_button(now: datetime) -> None:
    mira = asker("mira")
    Contact.objects.filter(pk=mira.contact_id).update(name="mira.dutko@example.org")
    helped(mira, 1, now)
    look(now)
    text = client_of("vi", role=Role.VIEWER).get(PAGE).content.decode()
    assert "mira.dutko@example.org" not in text
    assert "community.csv" not in text


def test_the_table_of_helpers_is_written_down(desk: Client, now: datetime) -> None:
    helped(asker("oskar"), 2, now)
    look(now)
    lines = table(desk.post("/people/community.csv", {"days": "90"}))
    assert lines == [["Oskar", "", "", "2", "0", "0", "10.0", f"{now:%F}"]]
    assert PeopleExport.objects.get().about == "Who helped in 90 days"


# ------------------------------------------------------------------ nominations


def test_a_nomination_shows_its_evidence_and_becomes_a_championship(
    desk: Client, now: datetime
) -> None:
    oskar = asker("oskar")
    helped(oskar, 12, now)
    look(now)
    text = desk.get(PAGE, {"tab": "nominations"}).content.decode()
    answers = set(Message.objects.filter(author=oskar).values_list("pk", flat=True))
    linked = {int(pk) for pk in re.findall(r"#message-(\d+)", text)}
    assert (len(linked), linked - answers) == (8, set())
    pk = Nomination.objects.get().pk
    desk.post(f"{PAGE}{pk}/accept/", {"reason": "WAL", "evidence_url": "https://example.org/1"})
    honour = Championship.objects.get()
    assert (honour.reason, honour.evidence_url) == ("WAL", "https://example.org/1")
    assert on(desk, "nominations") == []
    assert on(desk, "champions") == ["Oskar"]
    assert b'href="https://example.org/1"' in desk.get(PAGE, {"tab": "champions"}).content


def test_whoever_writes_notes_may_nominate(db: None) -> None:
    oskar, light = asker("oskar"), Client()
    light.force_login(agent("lia", role="light"))
    light.post(f"/people/{oskar.contact_id}/do/nominate/", {"why": "helps"})
    assert [(row.contact_id, row.reason) for row in Nomination.objects.all()] == [
        (oskar.contact_id, "helps")
    ]


def test_a_decline_needs_its_reason_and_keeps_it(desk: Client) -> None:
    oskar = asker("oskar")
    desk.post(f"/people/{oskar.contact_id}/do/nominate/", {"why": "helps"})
    pk = Nomination.objects.get().pk
    assert desk.post(f"{PAGE}{pk}/decline/", {"because": " "}).status_code == 422
    desk.post(f"{PAGE}{pk}/decline/", {"because": "works for us soon"})
    row = Nomination.objects.get()
    assert (row.state, row.declined_because) == ("declined", "works for us soon")
    assert desk.post(f"{PAGE}{pk}/accept/", {"reason": "x"}).status_code == 404


# ------------------------------------------------------------------ the person


def test_the_page_of_a_person_shows_the_sum_with_its_parts(desk: Client, now: datetime) -> None:
    oskar = asker("oskar")
    helped(oskar, 3, now)
    ticket(who=oskar, at=now)
    look(now)
    text = desk.get(f"/people/{oskar.contact_id}/").content.decode()
    rows = re.findall(r'<tr><th scope="row">([^<]+)</th><td class="num">([^<]+)</td></tr>', text)
    assert rows == [("3 answers × 5", "15"), ("1 question × 1", "1"), ("Together", "16")]


def test_an_event_is_a_part_of_the_sum_and_stands_in_the_feed_but_was_not_built(
    desk: Client, now: datetime
) -> None:
    oskar = asker("oskar")
    helped(oskar, 1, now)
    Activity.objects.create(identity=oskar, source=EVENT, title="Office hours", at=now)
    look(now)
    path = f"/people/{oskar.contact_id}/"
    text = desk.get(path).content.decode()
    parts = re.findall(r'<tr><th scope="row">([^<]+)</th><td class="num">([^<]+)</td></tr>', text)
    assert parts == [("1 answer × 5", "5"), ("1 event × 2", "2"), ("Together", "7")]
    assert "<span>Office hours</span>" in feed_of(text)
    assert "Office hours" not in feed_of(desk.get(path, {"show": "built"}).content.decode())


def test_the_alias_is_kept_and_taken_back(desk: Client) -> None:
    mira = asker("mira")
    path = f"/people/{mira.contact_id}/"
    desk.post(f"{path}do/alias/", {"alias": "  WAL  whisperer "})
    assert "to be called WAL whisperer" in desk.get(path).content.decode()
    desk.post(f"/people/undo/{PersonEvent.objects.get().pk}/")
    assert Contact.objects.get(pk=mira.contact_id).alias == ""


@pytest.mark.parametrize(
    ("show", "titles"), [("asked", {"mine"}), ("helped", {"theirs"}), ("built", set())]
)
def test_the_feed_shows_one_kind_of_activity(
    show: str, titles: set[str], desk: Client, now: datetime
) -> None:
    oskar = asker("oskar")
    mine, theirs = ticket(who=oskar, at=now), helped(oskar, 1, now)[0]
    Ticket.objects.filter(pk=mine.pk).update(subject="mine")
    Ticket.objects.filter(pk=theirs.pk).update(subject="theirs")
    look(now)
    feed = feed_of(desk.get(f"/people/{oskar.contact_id}/", {"show": show}).content.decode())
    assert {word for word in ("mine", "theirs") if f">{word}</a>" in feed} == titles


# ------------------------------------------------------------------ product, office hours, docs


def test_a_referral_is_listed_answered_and_noted_inside(desk: Client) -> None:
    row = ticket()
    desk.post(f"/triage/{row.pk}/refer/", {"body": "Third company.", "area": "Connectors"})
    found = Referral.objects.get()
    assert (found.reason, found.area, found.state) == ("Third company.", "Connectors", "new")
    assert b"Third company." in desk.get("/people/referrals/").content
    desk.post(f"/people/referrals/{found.pk}/", {"state": "planned", "note": "next quarter"})
    assert b"Third company." not in desk.get("/people/referrals/").content
    assert b"Third company." in desk.get("/people/referrals/", {"state": "planned"}).content
    note = Message.objects.filter(ticket=row).order_by("-pk")[0]
    assert (note.body_text, note.visibility) == ("Product, planned: next quarter", "internal")


def test_a_state_that_does_not_exist_changes_nothing(desk: Client) -> None:
    row = ticket()
    act(referring.refer, row, why="look")
    pk = Referral.objects.get().pk
    assert desk.post(f"/people/referrals/{pk}/", {"state": "never"}).status_code == 422
    assert Referral.objects.get().state == "new"


def test_a_topic_is_kept_for_the_office_hours_with_the_name_in_public(desk: Client) -> None:
    mira = asker("mira")
    act(standing.set_alias, mira.contact, "WAL whisperer")
    row = ticket(who=mira)
    desk.post(f"/triage/{row.pk}/talk/", {"body": "Replication live"})
    text = desk.get("/people/topics/").content.decode()
    assert ">Replication live</a>" in text
    assert "to be called WAL whisperer" in text
    desk.post(f"/people/topics/{LiveTopic.objects.get().pk}/done/")
    assert ">Replication live</a>" not in desk.get("/people/topics/").content.decode()
    assert LiveTopic.objects.get().state == "done"


def test_lists_of_tickets_hide_what_is_restricted(desk: Client) -> None:
    row = ticket()
    act(referring.refer, row, why="secret words")
    act(referring.talk_about, row, topic="secret words")
    restrict(row)
    for path in ("/people/referrals/", "/people/topics/"):
        assert b"secret words" not in desk.get(path).content
    assert desk.post(f"/people/referrals/{Referral.objects.get().pk}/").status_code == 404


@pytest.mark.parametrize("verb", [tickets.trash, tickets.mark_spam])
def test_lists_of_tickets_have_nothing_that_was_thrown_away(verb: Any, desk: Client) -> None:
    row = ticket()
    act(referring.refer, row, why="some words")
    act(referring.talk_about, row, topic="some words")
    act(verb, row)
    for path in ("/people/referrals/", "/people/topics/"):
        assert b"some words" not in desk.get(path).content


def gap(who: Identity, url: str) -> Ticket:
    row = ticket(who=who)
    Link.objects.create(ticket=row, kind="page", url=url, created_at=row.created_at)
    act(tickets.close, row, resolution="docs_gap")
    return row


def test_docs_gaps_count_people_and_not_tickets(desk: Client) -> None:
    mira, oskar, jo = asker("mira"), asker("oskar"), asker("jo")
    for who in (mira, mira, mira):
        gap(who, "https://docs.example.com/one")
    for who in (oskar, jo):
        newest = gap(who, "https://docs.example.com/two")
    restrict(gap(jo, "https://docs.example.com/secret"))
    shown = [line[1:6] for line in table(desk.get("/people/docs-gaps.csv"))]
    assert [(url, people, n) for url, _, people, n, _ in shown] == [
        ("https://docs.example.com/two", "2", "2"),
        ("https://docs.example.com/one", "1", "3"),
    ]
    assert shown[0][4] == f"{newest.pk}"
    assert b"docs.example.com/two" in desk.get("/people/docs-gaps/").content


def test_one_gap_is_one_line_however_it_was_linked_and_another_ticket_closes_none(
    desk: Client,
) -> None:
    url = "https://github.com/example/core/issues/7"
    channel = Channel.objects.create(kind="github", key="core")
    item = Item.objects.create(
        channel=channel, kind="issue", place="example/core", number=7, url=url, title="Say it"
    )
    for who in (asker("mira"), asker("oskar")):
        row = gap(who, url)
        tie = f"https://desk.example.com/tickets/{row.pk - 1}/"
        Link.objects.create(ticket=row, kind="related", url=tie, created_at=row.created_at)
    Link.objects.filter(ticket=row, url=url).update(item=item)  # the other was linked before
    act(tickets.trash, gap(asker("jo"), url))
    lines = table(desk.get("/people/docs-gaps.csv"))
    assert [line[:5] for line in lines] == [["Say it", url, "Open", "2", "2"]]


@pytest.mark.parametrize("path", ["/people/referrals/", "/people/topics/", "/people/docs-gaps/"])
@pytest.mark.parametrize("count", [1, 12])
def test_lists_of_tickets_cost_the_same_at_any_length(
    path: str, count: int, desk: Client, django_assert_max_num_queries: Any
) -> None:
    for n in range(count):
        row = gap(asker(), f"https://docs.example.com/{n}")
        act(referring.refer, row, why="look")
        act(referring.talk_about, row, topic="live")
    desk.get(path)
    with django_assert_max_num_queries(8):
        desk.get(path)
