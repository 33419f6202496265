"""What somebody may not see is nowhere: every page, the API, files, the stream, as each role."""

import secrets
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import Resolver404, resolve
from django.utils import timezone

from inbox.accounts.doors import ADMIN, DESK, FACTORS, door_of
from inbox.accounts.models import Team
from inbox.accounts.permissions import Right, can
from inbox.accounts.tests.places import places
from inbox.accounts.tests.test_matrix import STREAMS, VENDORS, routes
from inbox.accounts.tests.world import ALL, OURS, THEIRS, World, build
from inbox.common.veiling import ADDRESS
from inbox.notify import services as notify
from inbox.notify.models import Notice
from inbox.outbox.models import Outgoing
from inbox.reports import services as reports
from inbox.tickets import services as tickets
from inbox.tickets.errors import NotAllowed
from inbox.tickets.models import Attachment
from inbox.web.live import _missed, scope_of
from rig import desk

pytestmark = pytest.mark.django_db
# what the pages are asked for, so that lists show what they have
ASKED = {
    "search/": ("?q=subject", "?q=answer", "?q=Error broken line", "?q=file", "?q=is:open"),
    "search/values/": ("?key=from&q=", "?key=tag&q=", "?key=team&q=", "?key=category&q="),
    "people/": ("", "?q=asker"),
    "people/<int:pk>/merge/": ("", "?q=asker"),
    "jump/": ("?q=subject", "?q=%40asker", "?q=answer", "?recent=1,2,3,4,5", "?q=%23"),
    "queue/count/": ("?q=subject",),
    "tickets/<int:number>/merge/": ("", "?q=subject", "?into=1", "?into=2", "?into=3"),
    "tickets/<int:number>/mentions/": ("?q=", "?q=s"),
    "queue/": ("", "?q=subject", "?lane=later", "?lane=none", "?owner=admin"),
    "triage/": ("", "?tab=owed", "?tab=community"),
    "reports/": ("", "?by=person", "?by=team"),
    "api/v1/tickets/": ("", "?q=subject", "?page_size=1"),
    "api/v1/people/": ("", "?q=asker"),
}


def world_of(canary: str) -> World:
    world = build(canary)
    reports.renew(now=timezone.now())
    return world


def answers(world: World, who: str) -> Iterator[tuple[str, Client, str]]:
    """Every address that an account may read: (path, its client, what came)."""
    for route in routes():
        door = door_of(route)
        if door is None or not isinstance(door.get, Right) or route in (*STREAMS, *VENDORS):
            continue
        client = (world.tokens if route.startswith("api/") else world.clients)[who]
        for place in places(world, route) if not route.startswith((ADMIN, FACTORS)) else ():
            for asked in ASKED.get(route, ("",)):
                answer = client.get(place.path + asked)
                yield place.path + asked, client, bytes(answer.content).decode(errors="replace")


@pytest.mark.parametrize("who", ["agent", "light", "viewer"])
def test_nothing_of_a_restricted_ticket_is_found_by_outsiders(who: str) -> None:
    canary = "c" + secrets.token_hex(16)[1:]
    world = world_of(canary)
    found = [path for path, _, text in answers(world, who) if canary in text.lower()]
    assert found == []
    hidden = world.things[THEIRS].ticket.pk
    scope = scope_of(world.users[who])
    told = [c.ticket for c in _missed(0) if scope.holds(c.restricted_team)]
    assert world.things[ALL].ticket.pk in told
    assert hidden not in told


def test_its_team_finds_it_everywhere() -> None:
    """Else the crawl above would find nothing anywhere."""
    canary = "c" + secrets.token_hex(16)[1:]
    world = world_of(canary)
    found = {path for path, _, text in answers(world, "insider") if canary in text.lower()}
    number = world.things[THEIRS].ticket.pk
    wanted = {
        "/queue/", "/people/", f"/tickets/{number}/", "/loop/", "/search/?q=answer",
        "/search/values/?key=from&q=", "/search/values/?key=tag&q=", "/review/", "/dead-letters/",
        "/jump/?q=subject", "/api/v1/tickets/", f"/api/v1/tickets/{number}/messages/", "/api/v1/people/",
    }  # fmt: skip
    assert wanted - found == set()


def test_a_viewer_finds_no_address_in_full() -> None:
    world = world_of("")
    found: dict[str, set[str]] = {}
    masked = 0
    for path, _, text in answers(world, "viewer"):
        masked += "…@e….org" in text
        own = world.users["viewer"].email
        shown = {hit[0] for hit in ADDRESS.finditer(text)} - {own}
        if shown:
            found[path] = shown
    assert found == {}
    assert masked > 10
    full = {path for path, _, text in answers(world, "light") if "alpha-asker@example.org" in text}
    assert len(full) > 5


def test_a_viewer_cannot_spell_an_address_out() -> None:
    world = world_of("")
    viewer, agent = world.clients["viewer"], world.clients["agent"]
    name = b"Alpha-asker</a>"
    for path in ("/people/?q=asker@example", "/search/?q=from:alpha-asker@exam"):
        assert name not in viewer.get(path).content, path
    assert name in agent.get("/people/?q=asker@example").content


def test_what_was_restricted_since_is_told_to_nobody_else() -> None:
    row, agent = desk.ticket(), desk.agent("ana", told={"other": ["browser", "mail"]})
    desk.act(notify.tell, agent, key="k", kind="alert", text="A secret of Mira", ticket=row)
    assert [notice.text for notice in notify.unread(agent)] == ["A secret of Mira"]
    team = Team.objects.create(key="security", name="Security", restricted=True)
    desk.act(tickets.restrict, row, team)
    assert notify.unread(agent) == []
    desk.act(notify.send, Notice.objects.get().pk, desk.NOW)
    assert not Outgoing.objects.exists()


def test_a_viewer_is_told_without_addresses() -> None:
    viewer = desk.agent("vera", role="viewer")
    text, body = "ada@example.org has written", "- #1 Hello (ada@example.org, 3 h)"
    desk.act(notify.tell, viewer, key="k", kind="digest", text=text, body=body)
    told = Notice.objects.get()
    assert (told.text, told.body) == ("a…@e….org has written", "- #1 Hello (a…@e….org, 3 h)")


def test_an_open_ticket_says_nothing_of_the_restricted_one_it_was_merged_into() -> None:
    world = world_of("")
    secret, open_ = world.things[THEIRS].ticket, world.things[ALL].ticket
    desk.act(tickets.merge, open_, into=secret)
    page = world.clients["agent"].get(f"/tickets/{open_.pk}/").content.decode()
    assert "Merged into a ticket that few people may see" in page
    assert "beta" not in page
    inside = world.clients["insider"].get(f"/tickets/{open_.pk}/").content.decode()
    assert f'href="/tickets/{secret.pk}/"' in inside
    with pytest.raises(NotAllowed, match="for one team only"):
        desk.act(tickets.merge, secret, into=world.things[OURS].ticket)


def test_a_viewer_gets_files_without_addresses_and_no_mails() -> None:
    world = world_of("")
    file = world.things[ALL].file
    path = f"/attachments/{file.pk}/"
    assert b"of alpha-asker@example.org" in world.clients["light"].get(path).content
    assert world.clients["viewer"].get(path).content.decode() == "alpha file of a…@e….org"
    Attachment.objects.filter(pk=file.pk).update(filename="their mail.eml")
    assert world.clients["viewer"].get(path).status_code == 404
    assert world.clients["light"].get(path).status_code == 200


# ------------------------------------------------------------------ controls


class Controls(HTMLParser):
    """Where the buttons and links of a page lead."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: list[tuple[str, str]] = []
        self.links: list[str] = []
        self._action: str | None = None
        self._modes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember the form that a button stands in."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method") == "post":
            self._action, self._modes = given.get("action"), []
        elif tag == "input" and given.get("name") == "mode" and given.get("type") == "radio":
            self._modes.append(given["value"])
        elif (
            tag == "button" and given.get("type", "submit") == "submit" and "disabled" not in given
        ):
            where = given.get("formaction") or self._action
            if where:
                modes = self._modes or [""]
                self.posts += [(where, mode) for mode in modes]
        elif tag == "a" and given.get("href", "").startswith("/"):
            self.links.append(given["href"])

    def handle_endtag(self, tag: str) -> None:
        """A form ends."""
        if tag == "form":
            self._action = None


@pytest.mark.parametrize("who", ["viewer", "light", "agent"])
def test_no_page_offers_what_would_be_refused(who: str) -> None:
    world = world_of("")
    user = world.users[who]
    wrong = set()
    for path, _, text in answers(world, who):
        if path.startswith("/api/") or "<html" not in text:
            continue
        page = Controls()
        page.feed(text)
        offered = [("GET", link, "") for link in page.links]
        offered += [("POST", where, mode) for where, mode in page.posts]
        for method, where, mode in offered:
            try:
                match = resolve(urlsplit(where).path)
            except Resolver404:
                continue
            door = door_of(match.route)
            need = door.need(method, match.kwargs.get("verb", ""), mode) if door else None
            if isinstance(need, Right) and not can(user, need):
                wrong.add((path, method, where, mode))
    assert wrong == set()
    assert len(DESK) > 40
