"""Every page of the desk in a real browser: axe, wide and narrow, light and dark, and its weight.

The list is made from the URL table: whatever answers an administrator's GET with a whole page is
opened. An address with a part that nobody has filled in here fails.
"""

import gzip
import re
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from playwright.sync_api import Browser, Page, Request, expect

from inbox.accounts.models import Role, User
from inbox.channels.models import Channel
from inbox.followups.models import Handover
from inbox.guard.models import Secret
from inbox.oncall.models import Rotation
from inbox.people.models import Contact
from inbox.playbooks.models import Event, Playbook, Run, Series
from inbox.playbooks.services import finish_step, start
from inbox.tickets.models import Ticket
from inbox.webhooks.models import Webhook
from rig import chromium
from rig.desk import act
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]
REQUESTS, BYTES = 15, 120_000
PART = re.compile(r"\(\?P<\w+>.*?\)|<(?:\w+:)?\w+>")
BUSIEST = {"queue", "ticket", "people", "search"}  # these are looked at in all four ways
LOOKS: tuple[tuple[tuple[int, int], chromium.Scheme], ...] = (
    (chromium.DESKTOP, "light"),
    (chromium.PHONE, "dark"),
    (chromium.PHONE, "light"),
    (chromium.DESKTOP, "dark"),
)
# a page scrolls within the desk, where the document itself does not get wider
WIDTH = """Math.max(document.documentElement.scrollWidth, ...[...document.querySelectorAll(".page")]
  .map((page) => innerWidth + page.scrollWidth - page.clientWidth))"""
# what visitors, and people who are about to sign in, see has files of its own; so have files
ELSEWHERE = re.compile(
    r"^(script/|live/|chat/|csat/|oncall/feed|playbooks/events\.ics|confirm/|invite/|sign-in|\^password|attachments/|messages/|reports/<)"
    r"|^people/import/<|data/<|^search/errors/|^tickets/bulk/<|webauthn/keys/"
)


@pytest.fixture
def desk(process_env: dict[str, str]) -> Client:
    """Ana, an administrator of the sample community, who has just given her password."""
    del process_env
    call_command("load_handbook", "inbox/handbook/presets/devrel.yaml", verbosity=0)
    call_command("sample_data", verbosity=0)
    ana = User.objects.get(username="ana")
    ana.role, ana.is_staff = Role.ADMIN, True
    ana.save()
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(ana)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session.save()
    return client


def filled() -> dict[str, tuple[object, ...]]:
    """What stands in the parts of addresses, by their beginning; the longest that fits counts."""
    # one at rest: what has just changed is told again when the stream opens, and fetched again
    rows = Ticket.objects.filter(lane="us", owner__isnull=False, restricted_team=None)
    ticket = rows.earliest("events__pk")
    hook = Webhook.objects.create(label="Board", url="https://example.com/hook")
    rotation, now = Rotation.objects.earliest("pk"), timezone.now()
    Channel.objects.create(kind="zendesk", key="old", active=False)
    event = Event.objects.create(
        title="Office hours",
        starts_at=now,
        ends_at=now + timedelta(hours=1),
        stream_url="https://video.example.com/watch?v=abc",
        agenda=[{"title": "State", "minutes": 15, "people": ["Mira"]}],
        people=[{"name": "Mira", "alias": "", "role": "presents", "contact": None}],
    )
    run = running(event)
    sheet = Handover.objects.create(rotation=rotation, shift_at=now, made_at=now)
    secret = Secret.objects.create(
        ticket=ticket,
        message=ticket.messages.earliest("pk"),
        kind="github_token",
        place="text",
        fingerprint="f" * 32,
        original="sesame",
        found_at=now,
        expires_at=now + timedelta(days=7),
    )
    return {
        "tickets/<": (ticket.number,),
        "people/<": (Contact.objects.earliest("pk").pk,),
        "oncall/handover/": (sheet.pk,),
        "channels/": ("email", "support"),
        "channels/<slug:kind>/<slug:key>/history/": ("zendesk", "old"),
        "macros/edit/": ("use-case",),
        "webhooks/": (hook.pk,),
        "playbooks/<": (run.pk,),
        "playbooks/start/": (run.playbook.key,),
        "playbooks/events/<": (event.pk,),
        "playbooks/series/<": (Series.objects.create(key="hours", name="Hours").key,),
        "secrets/": (secret.pk,),
    }


def running(event: Event) -> Run:
    """A run with a step of each kind, one of them done."""
    data = {
        "key": "drill",
        "name": "Drill",
        "roles": ["host"],
        "fields": [{"key": "guests", "label": "Guests", "kind": "list"}],
        "cues": ["Please close credential files."],
        "known_errors": [{"text": "No privilege", "remedy": "Authorise again"}],
        "steps": [
            {"key": "first", "title": "First", "ack": {"after_minutes": 3, "escalate_to": "call"}},
            {"key": "call", "title": "Call them", "at": "when called"},
            {"key": "copy", "title": "Tell them", "action": {"kind": "copy", "text": "Hello"}},
            {"key": "last", "title": "Last", "at": "T+2d", "gate": "I have watched it"},
        ],
    }
    book = Playbook.objects.create(key="drill", name="Drill", definition=data)
    begin = {"anchor_at": timezone.now(), "roles": {}, "values": {}, "event": event}
    run = act(start, playbook=book, **begin, at=timezone.now())
    act(finish_step, run.steps.get(key="first"), at=timezone.now())
    return run


def pages(desk: Client) -> Iterator[tuple[str, str]]:
    """Name and address of each page."""
    parts = filled()
    for route, name in routes(get_resolver("inbox.web.urls")):
        begin = max((one for one in parts if route.startswith(one)), key=len, default="")
        address = "/" + route
        for value in (*parts.get(begin, ()), *"111"):
            address = PART.sub(str(value), address, count=1)
        if ELSEWHERE.search(route):
            continue
        answer = desk.get(address)
        assert answer.status_code != 404 or not PART.search(route), f"nobody has filled in {route}"
        is_page = answer.get("Content-Type", "").startswith("text/html") and not answer.streaming
        if answer.status_code == 200 and is_page and b"<!doctype html" in answer.content[:100]:
            yield name, address


def routes(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, str]]:
    """Every address of a table, and its name."""
    for one in resolver.url_patterns:
        if isinstance(one, URLPattern):
            yield before + str(one.pattern), one.name or ""
        else:
            yield from routes(one, before + str(one.pattern))


def weight(tab: Page, asked: list[Request], known: dict[str, int]) -> int:
    """The bytes of what a page fetches, gzipped as a server in front of the desk does."""
    total = 0
    for request in asked:
        path = request.url.partition("#")[0]
        if request.method != "GET" or "/live/" in path:
            continue
        if path not in known:
            known[path] = len(gzip.compress(tab.context.request.get(path).body()))
        total += known[path]
    return total


def flaws(tab: Page, *, size: tuple[int, int], scheme: chromium.Scheme) -> list[str]:
    """What axe finds in one look, and what sticks out."""
    tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    tab.set_viewport_size({"width": size[0], "height": size[1]})
    found = Axe().run(tab).response["violations"]
    said = [f"{size[0]} {scheme}: {v['id']} {n['html'][:200]}" for v in found for n in v["nodes"]]
    width = tab.evaluate(WIDTH)
    return said + ([f"{size[0]}: {width} px wide"] if width > size[0] else [])


def test_every_page_is_clean_and_light(
    desk: Client, live_site: Site, browser_process: Browser
) -> None:
    found: dict[str, list[str]] = {}
    known: dict[str, int] = {}
    with chromium.page(browser_process, base_url=live_site.url) as (tab, watch):
        for name in ("htmx:sendAbort", "htmx:afterRequest"):
            watch.allow(name)  # a page that is left gives up what it still fetches
        cookie = settings.SESSION_COOKIE_NAME
        tab.context.add_cookies(
            [{"name": cookie, "value": desk.cookies[cookie].value, "url": live_site.url}]
        )
        tab.set_default_timeout(60_000)
        asked: list[Request] = []
        tab.on("request", lambda request: asked.append(request))
        for name, address in pages(desk):
            asked.clear()
            tab.goto(address)
            expect(tab.locator(".htmx-request")).to_have_count(0)
            count, size = len(asked), weight(tab, list(asked), known)
            said = [f"{count} requests"] if count > REQUESTS else []
            said += [f"{size} bytes"] if size > BYTES else []
            for look in LOOKS[: 4 if name in BUSIEST else 2]:
                said += flaws(tab, size=look[0], scheme=look[1])
            tab.set_viewport_size({"width": 1440, "height": 900})
            said += watch.unexpected()
            watch.problems.clear()
            if said:
                found[address] = said
    assert found == {}
