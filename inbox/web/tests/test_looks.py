"""What the design draws: glyphs of categories, what is unread, channels on the rail, the rota's now."""

import re
from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from inbox.channels.models import Channel
from inbox.routing.sentences import sentence
from inbox.sla.explain import due_fuse
from inbox.tickets import services as tickets
from inbox.tickets.messages import Reaction
from inbox.web.oncall import _now_at
from inbox.web.tags import category_icon, city
from rig.desk import NOW, act, agent, asker, mailbox, policy, ticket


@pytest.fixture
def desk(db: None) -> Client:
    del db
    client = Client()
    client.force_login(agent("ana"))
    return client


@pytest.mark.parametrize(
    ("name", "glyph"),
    [("Security Issue", "shield"), ("Docs gap", "pen"), ("Deployment", "box"), ("Odd", "tag")],
)
def test_a_category_has_the_glyph_of_its_name(name: str, glyph: str) -> None:
    assert re.findall(r"#i-([a-z-]+)", category_icon(name)) == [glyph]


def test_what_nobody_has_looked_at_since_they_wrote_is_unread(desk: Client) -> None:
    fresh, noted = ticket(), ticket()
    act(tickets.add_note, noted, body="I look into it.", user=agent("noor"))
    page = desk.get("/queue/").content.decode()
    found = dict(re.findall(r'<li class="row" id="t-(\d+)"([^>]*)>', page))
    assert {int(n): "data-unread" in rest for n, rest in found.items()} == {
        fresh.pk: True,
        noted.pk: False,
    }


def test_the_rail_leads_to_the_tickets_of_each_kind_of_channel(desk: Client) -> None:
    page = desk.get("/queue/?q=channel:slack").content.decode()
    lines = re.findall(r'href="/queue/\?q=channel%3A(\w+)" title="[^"]*"( aria-current)?', page)
    assert lines == [("slack", " aria-current"), ("github", ""), ("email", ""), ("livechat", "")]


def test_the_rail_counts_what_is_live_in_each_channel_and_what_is_snoozed(desk: Client) -> None:
    one, two = ticket(), ticket()
    act(tickets.snooze, one, until=timezone.now() + timedelta(hours=2))
    act(tickets.close, two, resolution="solved")
    for address in ("/people/", "/counts/"):
        page = desk.get(address).content.decode()
        found = dict(re.findall(r'id="n-(snoozed|slack|email)"[^>]*>(\d*)<', page))
        assert found == {"snoozed": "1", "email": "1", "slack": "0"}


def test_light_or_dark_turns_with_one_press_and_stays(desk: Client) -> None:
    for data, theme in (({}, "dark"), ({}, "light"), ({"theme": "dark"}, "dark")):
        answer = desk.post("/account/theme/", {**data, "next": "/people/"})
        assert answer["Location"] == "/people/"
        assert f'data-theme="{theme}"' in desk.get("/people/").content.decode()


def test_reactions_stand_under_their_message_and_the_place_it_came_from_is_a_press_away(
    desk: Client,
) -> None:
    forum = Channel.objects.create(kind="slack", key="main", settings={"team_id": "T1"})
    row = ticket(channel=forum, permalink="https://forum.example/archives/C1/p2")
    said = row.messages.get()
    for name, emoji in (("ilse", "eyes"), ("mira", "+1"), ("oskar", "+1::skin-tone-2")):
        Reaction.objects.create(
            realm=said.realm, message_key=said.external_id, emoji=emoji, active=True,
            author=asker(name), at=timezone.now(),
        )  # fmt: skip
    page = desk.get(f"/tickets/{row.pk}/").content.decode()
    found = re.findall(r'class="reaction" title="([^"]*)">([^<]*)<', page)
    assert found == [("Ilse", "👀 Ilse"), ("Mira, Oskar", "👍 2")]
    assert 'href="https://forum.example/archives/C1/p2" rel="noopener noreferrer"' in page


def test_a_kept_clock_says_how_much_of_it_was_used(desk: Client) -> None:
    row = ticket(channel=mailbox(policy=policy()))
    act(tickets.reply, row, body="Hello", user=agent("ana"), at=NOW + timedelta(minutes=38))
    page = desk.get(f"/tickets/{row.pk}/").content.decode()
    assert "kept, 38 min of 8 h" in page


def test_a_line_is_longer_the_more_is_left_or_over() -> None:
    now = timezone.now().replace(hour=9, minute=0)
    minutes = (-3000, -300, -5, 10, 50, 90, 500)
    drawn = [
        due_fuse(now + timedelta(minutes=n), waiting=False, now=now, zone="UTC").left_percent
        for n in minutes
    ]
    over, left = drawn[:3], drawn[3:]
    assert over == sorted(over, reverse=True)
    assert left == sorted(left)
    assert all(0 < percent <= 100 for percent in drawn)


def test_now_is_a_line_in_this_week_alone() -> None:
    monday, noon = date(2026, 11, 16), datetime(2026, 11, 19, 12)  # noqa: DTZ001 - a wall clock's time
    assert _now_at(noon, monday, rests=False) == "50.00"
    assert _now_at(noon, monday, rests=True) == "59.93"
    assert _now_at(noon, monday - timedelta(days=7), rests=False) == ""


def test_a_brief_sentence_shortens_lists_and_patterns() -> None:
    asked = {"any": [{"subject": {"words": ["a", "b", "c", "d"]}}, {"subject": {"matches": "x.*"}}]}
    said = sentence("opened", asked, [{"promise": "1 business_days"}], brief=True)
    assert "“a”, “b” or 2 more" in said
    assert "fits “a pattern”" in said
    assert "“1 business days”" in said
    assert "“a” or “b” or “c” or “d”" in sentence("opened", asked, [])


def test_a_zone_is_named_by_its_city() -> None:
    assert [city(z) for z in ("America/Halifax", "America/New_York", "")] == [
        "Halifax",
        "New York",
        "",
    ]
