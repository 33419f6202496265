"""People on the desk, without JavaScript: who sees what, what forms do, what pages cost."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from inbox.accounts.models import Role, Team, User
from inbox.operations import hearing
from inbox.people import merging, proposing, standing
from inbox.people.models import Contact, Identity, PersonEvent, Proposal
from inbox.people.tests.desk import person, shown
from inbox.tickets import services as tickets
from rig.desk import act, agent, asker, ticket, writes

pytestmark = pytest.mark.django_db


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def desk() -> Client:
    return client_of(agent("ana"))


def look() -> None:
    """What the sweep does behind the writes."""
    now = timezone.now()
    for number in hearing.due_ids(now):
        hearing.look(number, now)
    for pk in proposing.due_ids(now):
        act(proposing.look, pk, now)


def names(answer: Any) -> list[str]:
    return re.findall(r'<b><a href="/people/\d+/">([^<]+)</a>', answer.content.decode())


@pytest.mark.parametrize(
    "found", ["mira", "MIRA", "dutko", "@mdutko", "mira@solvane", "mirla", "dutok"]
)
def test_people_are_found_by_beginnings_and_with_typos(desk: Client, found: str) -> None:
    mira = asker("mira")
    Identity.objects.filter(pk=mira.pk).update(
        name="Mira Dutko", handle="mdutko", external_id="mira@solvane.example"
    )
    asker("oskar")
    Contact.objects.filter(pk=mira.contact_id).update(name="Mira Dutko")
    look()
    assert names(desk.get("/people/", {"q": found})) == ["Mira Dutko"]


def test_only_what_was_misspelt_is_said_to_be(desk: Client) -> None:
    mira = asker("mira")
    Contact.objects.filter(pk=mira.contact_id).update(name="Mira Dutko")
    look()
    answer = desk.get("/people/", {"q": "mirq dutk"})
    said = re.findall(r"“(\w+)” was read as “(\w+)”", answer.content.decode())
    assert (names(answer), said) == (["Mira Dutko"], [("mirq", "mira")])


def test_who_came_a_moment_ago_is_found_before_the_sweep(desk: Client) -> None:
    asker("mira")
    assert names(desk.get("/people/", {"q": "mir"})) == ["Mira"]


@pytest.mark.parametrize("count", [1, 60])
def test_the_list_costs_the_same_at_any_size(
    count: int, desk: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(count):
        ticket()
    look()
    desk.get("/people/")
    with django_assert_max_num_queries(10):
        answer = desk.get("/people/")
    assert len(names(answer)) == min(count, 50)


def test_pages_of_the_list_hold_everybody_once(desk: Client) -> None:
    for _ in range(70):
        asker()
    at = timezone.now()
    Contact.objects.update(last_heard_at=at)  # all at one moment: the order is still one
    first = desk.get("/people/")
    older = re.search(r'href="(\?before=[^"]+)">Older', first.content.decode())
    assert older is not None
    second = desk.get("/people/" + older[1].replace("&amp;", "&"))
    everybody = names(first) + names(second)
    assert (len(everybody), len(set(everybody))) == (70, 70)


def test_filters_show_champions_open_tickets_guesses_and_the_team(desk: Client) -> None:
    star, busy, team = person("star"), asker("busy"), asker("team")
    act(standing.name_champion, star, reason="helps")
    ticket(who=busy)
    act(tickets.close, ticket(who=asker("done")), resolution="answered")
    Identity.objects.filter(pk=team.pk).update(user=agent("ana"))
    one, two = asker("jo"), asker("jo2")
    Identity.objects.filter(pk__in=[one.pk, two.pk]).update(name="Jo Example")
    look()
    found = {
        show: names(desk.get("/people/", {"show": show})) for show in ("champions", "open", "team")
    }
    assert found == {"champions": ["Star"], "open": ["Busy"], "team": ["Team"]}
    assert sorted(names(desk.get("/people/", {"show": "same"}))) == ["Jo", "Jo2"]


def test_last_heard_follows_the_messages(desk: Client) -> None:
    first, second = asker("first"), asker("second")
    now = timezone.now()
    row = ticket(who=first, at=now - timedelta(days=9))
    ticket(who=second, at=now - timedelta(days=5))
    look()
    assert names(desk.get("/people/")) == ["Second", "First"]
    writes(row, first, at=now - timedelta(days=1))
    look()
    assert names(desk.get("/people/")) == ["First", "Second"]


@pytest.mark.parametrize("count", [1, 12])
def test_the_page_of_a_person_costs_the_same_at_any_length(
    count: int, desk: Client, django_assert_max_num_queries: Any
) -> None:
    mira = asker("mira", timezone="America/Halifax")
    for _ in range(count):
        row = ticket(who=mira)
    writes(row, mira, at=timezone.now())
    act(tickets.close, row, resolution="answered")
    act(standing.name_champion, mira.contact, reason="nine answers")
    act(standing.add_note, mira.contact, "Prefers short calls.")
    url = f"/people/{mira.contact_id}/"
    desk.get(url)
    with django_assert_max_num_queries(24):
        answer = desk.get(url)
    text = answer.content.decode()
    for words in ("Day in Halifax", "nine answers", "Prefers short calls.", "mira@example.org"):
        assert words in text
    assert "Closed: answered" in text


def test_viewers_read_without_addresses_and_change_nothing() -> None:
    mira = asker("mira")
    Contact.objects.filter(pk=mira.contact_id).update(name="mira@example.org")
    ticket(who=mira)
    look()
    eye = client_of(agent("eye", role=Role.VIEWER))
    for url in ("/people/", f"/people/{mira.contact_id}/"):
        text = eye.get(url).content.decode()
        assert ("mira@example.org" in text, "m…@e….org" in text) == (False, True)
    assert names(eye.get("/people/", {"q": "mira@example.org"})) == []
    assert eye.post(f"/people/{mira.contact_id}/do/note/", {"text": "x"}).status_code == 404
    assert eye.post("/people/export/").status_code == 404


def test_light_agents_write_notes_only() -> None:
    mira = person("mira")
    light = client_of(agent("light", role=Role.LIGHT))
    assert (
        light.post(f"/people/{mira.pk}/do/note/", {"text": "Met at a meetup."}).status_code == 302
    )
    assert light.post(f"/people/{mira.pk}/do/champion/", {"reason": "x"}).status_code == 404
    assert [note.text for note in mira.notes.all()] == ["Met at a meetup."]


def test_who_is_known_from_a_restricted_ticket_only_is_nowhere_for_others(desk: Client) -> None:
    team = Team.objects.create(key="security", name="Security", restricted=True)
    inside = agent("ben")
    inside.teams.add(team)
    secret = asker("whistle")
    ticket(who=secret, restricted_team=team)
    look()
    assert names(desk.get("/people/")) == []
    assert names(desk.get("/people/", {"q": "whis"})) == []
    assert desk.get(f"/people/{secret.contact_id}/").status_code == 404
    assert names(client_of(inside).get("/people/")) == ["Whistle"]
    open_too = ticket(who=secret)
    text = desk.get(f"/people/{secret.contact_id}/").content.decode()
    assert open_too.subject in text
    assert text.count("/tickets/") > 0
    assert "<dd>1</dd>" in text


def test_a_guess_is_compared_merged_and_taken_back(desk: Client) -> None:
    """L23: nothing is merged before somebody says so."""
    mail = asker("mira")
    slack = Identity.objects.create(
        contact=Contact.objects.create(name="Mira on Slack"),
        kind="slack",
        realm="T1",
        external_id="U1",
        email="mira@example.org",
        member_kind="full",
    )
    look()
    assert shown()[slack.pk] != mail.contact_id
    page = desk.get(f"/people/{mail.contact_id}/").content.decode()
    assert "the profile names mira@example.org" in page
    assert "Very likely" in page
    preview = desk.get(f"/people/{mail.contact_id}/merge/", {"with": slack.contact_id})
    assert "Yes, one person" in preview.content.decode()
    done = desk.post(f"/people/{mail.contact_id}/do/merge/", {"with": slack.contact_id})
    assert shown()[slack.pk] == mail.contact_id
    gone = desk.get(f"/people/{slack.contact_id}/")
    assert gone["Location"] == f"/people/{mail.contact_id}/"
    after = desk.get(done["Location"]).content.decode()
    assert "Two plugs, one person" in after
    event = PersonEvent.objects.get(kind="merged")
    assert f'action="/people/undo/{event.pk}/"' in after
    toast = {"hx-request": "true", "hx-target": "toasts"}
    back = desk.post(f"/people/undo/{event.pk}/", headers=toast)
    assert back["HX-Redirect"] == f"/people/{mail.contact_id}/"
    assert shown()[slack.pk] == slack.contact_id
    again = desk.post(f"/people/undo/{event.pk}/", headers=toast)
    assert (again.status_code, b"taken back already" in again.content) == (422, True)


def test_a_no_is_remembered_and_can_be_taken_back(desk: Client) -> None:
    one, two = asker("jo"), asker("jo2")
    Identity.objects.filter(pk__in=[one.pk, two.pk]).update(name="Jo Example")
    look()
    desk.post(f"/people/{one.contact_id}/do/apart/", {"with": two.contact_id})
    Identity.objects.update(looked_at=None)
    look()
    assert Proposal.objects.get().state == "apart"
    assert b"Keep apart" not in desk.get(f"/people/{one.contact_id}/").content
    desk.post(f"/people/undo/{PersonEvent.objects.get().pk}/")
    assert b"Keep apart" in desk.get(f"/people/{one.contact_id}/").content


def test_a_no_stands_on_both_pages_and_names_nobody_who_may_not_be_known(desk: Client) -> None:
    one, two = asker("jo"), asker("jo2")
    Identity.objects.filter(pk__in=[one.pk, two.pk]).update(name="Jo Example")
    ticket(who=one)
    look()
    desk.post(f"/people/{one.contact_id}/do/apart/", {"with": two.contact_id})
    pages = [(one.contact_id, two.contact_id, "Jo2"), (two.contact_id, one.contact_id, "Jo")]
    for pk, other, name in pages:
        text = desk.get(f"/people/{pk}/").content.decode()
        assert f'<a href="/people/{other}/">{name} is somebody else</a>' in text
    team = Team.objects.create(key="security", name="Security", restricted=True)
    ticket(who=two, restricted_team=team)
    text = desk.get(f"/people/{one.contact_id}/").content.decode()
    assert "<span>Somebody is somebody else</span>" in text
    assert "Jo2" not in text


def test_a_split_is_not_proposed_again(desk: Client) -> None:
    one, two = asker("jo"), asker("jo2")
    Identity.objects.filter(pk__in=[one.pk, two.pk]).update(name="Jo Example")
    act(merging.merge, one.contact, two.contact)
    desk.post(f"/people/{one.contact_id}/do/split/", {"identity": two.pk})
    look()
    assert list(proposing.waiting()) == []
    assert shown()[two.pk] not in (one.contact_id, two.contact_id)


@pytest.mark.parametrize(
    ("role", "verb", "data", "undo"),
    [
        (Role.AGENT, "note", {"text": "x"}, True),
        (Role.LIGHT, "note", {"text": "x"}, False),  # who may not take a step back
        (Role.AGENT, "nominate", {"why": "x"}, False),  # a step that the team answers instead
    ],
)
def test_the_way_back_is_offered_where_there_is_one(
    role: Role, verb: str, data: dict[str, str], *, undo: bool
) -> None:
    mira, desk = person("mira"), client_of(agent("ben", role=role))
    page = desk.post(f"/people/{mira.pk}/do/{verb}/", data, follow=True).content.decode()
    toast = page[page.index('class="toast"') :]
    event = PersonEvent.objects.get()
    assert (f'action="/people/undo/{event.pk}/"' in toast[: toast.index("</svg></div>")]) == undo


def test_mistakes_come_back_in_words(desk: Client) -> None:
    mira = person("mira")
    for verb, data, words in (
        ("champion", {"reason": ""}, "Say what for"),
        ("champion", {"reason": "x", "evidence_url": "javascript:1"}, "Give a whole link"),
        ("merge", {"with": mira.pk}, "the same person already"),
    ):
        answer = desk.post(f"/people/{mira.pk}/do/{verb}/", data)
        assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert desk.post(f"/people/{mira.pk}/do/merge/", {"with": "x'"}).status_code == 404


def test_the_feed_has_a_page_after_the_other(desk: Client) -> None:
    mira = asker("mira")
    for _ in range(40):
        ticket(who=mira)
    url = f"/people/{mira.contact_id}/"
    seen: list[str] = []
    while url and len(seen) <= 40:  # a link that leads back must not go on for ever
        text = desk.get(url).content.decode()
        feed = text[text.index('class="feed"') :]
        seen += re.findall(r'#message-(\d+)"', feed[: feed.index("</ol>")])
        older = re.search(r'href="([^"]*before=[^"]+)#feed"', text)
        url = older[1].replace("&amp;", "&") if older else ""
    assert (len(seen), len(set(seen))) == (40, 40)


@pytest.mark.parametrize(
    "odd", ["'\"%_\\", "x" * 2000, "((", "\x00", "1~", "~~", "2026-01-01T00:00:00~1~1"]
)
def test_odd_input_never_errs(desk: Client, odd: str) -> None:
    mira = person("mira")
    for url, data in (
        ("/people/", {"q": odd}),
        ("/people/", {"before": odd, "show": odd}),
        (f"/people/{mira.pk}/", {"before": odd}),
        (f"/people/{mira.pk}/merge/", {"q": odd, "with": odd}),
    ):
        assert desk.get(url, data).status_code == 200
