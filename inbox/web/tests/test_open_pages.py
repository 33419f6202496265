"""Open pages of the desk: they cost the others nothing, and miss nothing."""

import asyncio
import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from inbox.common.live import RELOAD, Change, Heard, Signal, hub
from inbox.livechat import passing
from inbox.livechat.models import Conversation
from inbox.livechat.tests.conftest import Browser
from inbox.operations.connecting import connect
from inbox.tickets.models import TicketEvent
from inbox.web.live import MOST_MISSED, OVERLAP, _missed, _said
from rig.desk import agent, ticket
from rig.worker import Site

PAGES = 12  # three times the connections that a test's web server may have


def cookie(name: str) -> dict[str, str]:
    """What the browser of somebody signed in sends."""
    client = Client()
    client.force_login(agent(name, role="agent"))
    key = settings.SESSION_COOKIE_NAME
    return {"Cookie": f"{key}={client.cookies[key].value}"}


@pytest.mark.service
def test_many_open_pages_leave_connections_for_the_others(
    process_env: dict[str, str], live_site: Site
) -> None:
    headers = cookie("ana")
    with ExitStack() as stack:
        for _ in range(PAGES):
            line = http.client.HTTPConnection("127.0.0.1", live_site.port, timeout=20)
            stack.enter_context(closing(line))
            line.request("GET", "/live/?after=0", headers=headers)
            answer = line.getresponse()
            assert answer.status == 200
            assert answer.getheader("Content-Type") == "text/event-stream"
            assert answer.getheader("X-Content-Type-Options") == "nosniff"
            assert answer.readline().startswith(b"retry: ")
        other = http.client.HTTPConnection("127.0.0.1", live_site.port, timeout=20)
        stack.enter_context(closing(other))
        other.request("GET", "/queue/", headers=headers)
        assert other.getresponse().status == 200


@pytest.mark.service
def test_nobody_hears_anything_without_a_session(
    process_env: dict[str, str], live_site: Site
) -> None:
    agent("gone", is_active=False)
    inactive = {"Cookie": cookie("ana")["Cookie"]}
    for headers in ({}, {"Cookie": f"{settings.SESSION_COOKIE_NAME}=forged"}):
        assert status(live_site, headers) == 401
    assert status(live_site, inactive) == 200
    agent("ana").__class__.objects.filter(username="ana").update(is_active=False)
    assert status(live_site, inactive) == 401


def status(site: Site, headers: dict[str, str], host: str = "127.0.0.1") -> int:
    """What the stream answers."""
    line = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
    with closing(line):
        line.request("GET", "/live/", headers={**headers, "Host": host})
        return line.getresponse().status


@pytest.mark.service
def test_a_stream_under_a_foreign_name_is_refused(
    process_env: dict[str, str], live_site: Site
) -> None:
    assert status(live_site, cookie("ana"), host="evil.example") == 400


def test_what_was_missed_is_told_again_from_a_little_before(db: None) -> None:
    rows = [ticket(at=timezone.now()) for _ in range(3)]
    events = list(TicketEvent.objects.order_by("pk").values_list("pk", "ticket"))
    assert {row.pk for row in rows} == {number for _, number in events}
    last = events[-1][0]
    assert [(c.event_id, c.ticket) for c in _missed(last)] == events[-OVERLAP:]
    assert [c.event_id for c in _missed(last + OVERLAP)] == []


def test_what_happened_long_before_the_page_is_not_told_again(db: None) -> None:
    ticket()
    first, *_, last = TicketEvent.objects.order_by("pk").values_list("pk", flat=True)
    assert _missed(last) == []
    assert [change.event_id for change in _missed(first)] == list(range(first + 1, last + 1))


def test_who_was_away_for_long_loads_everything_again(db: None) -> None:
    row = ticket()
    rows = [
        TicketEvent(ticket=row, kind="status", at=timezone.now(), actor_kind="system")
        for _ in range(MOST_MISSED + 1)
    ]
    TicketEvent.objects.bulk_create(rows)
    newest = TicketEvent.objects.order_by("-pk")[0].pk
    [only] = _missed(0)
    assert only == Change(newest, 0, [RELOAD], None)
    assert _said(only) == (
        f"id: {newest}\nevent: queue\ndata: reload\n\nid: {newest}\nevent: reload\ndata: reload\n\n"
    )
    assert "id:" not in _said(Change(0, 0, [RELOAD], None))  # of no event: resumed as before


@contextmanager
def hearing() -> Iterator[list[Heard]]:
    """What the hub says meanwhile."""
    heard: list[Heard] = []
    ready = threading.Event()
    over: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = []

    async def listen() -> None:
        task = asyncio.current_task()
        assert task is not None
        over.append((asyncio.get_running_loop(), task))
        changes = hub().listen()
        while True:
            waiting = asyncio.ensure_future(anext(changes))
            await asyncio.sleep(0)
            ready.set()
            if (found := await waiting) is not None:
                heard.append(found)

    def run() -> None:
        try:
            asyncio.run(listen())
        except asyncio.CancelledError:
            return

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait(10)
    yield heard
    loop, task = over[0]
    loop.call_soon_threadsafe(task.cancel)
    thread.join(10)


def test_the_pages_of_a_chat_are_told_when_it_has_its_ticket(transactional_db: None) -> None:
    """By name: no other chat's page has to look."""
    connect("livechat", "docs", {"site_name": "Docs", "origins": Browser().origin})
    browsers = [Browser(), Browser()]
    for one in browsers:
        assert one.begin().status_code == 200
    quiet, spoken = Conversation.objects.order_by("pk")
    with hearing() as heard:
        browsers[1].say("first")
        browsers[1].say("second", client_id="line-0002")
        end = time.monotonic() + 20
        while sum(isinstance(one, Change) and "message_in" in one.kinds for one in heard) < 2:
            assert time.monotonic() < end, heard
            time.sleep(0.02)
    told = [one for one in heard if isinstance(one, Signal) and one.name == passing.BEGUN]
    assert [signal.data for signal in told] == [{"conversation": spoken.pk}]
    assert quiet.pk != spoken.pk
