"""The stream: resumed by its last id, exactly once and in order, while web and Redis restart."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from django.utils import timezone

from inbox import pipeline
from inbox.channels.models import Delivery
from inbox.common.config import change_setting
from inbox.livechat.models import Conversation
from inbox.livechat.tests.conftest import SECRET
from inbox.operations.connecting import connect
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from rig import worker
from rig.desk import act, agent
from rig.worker import Site

pytestmark = [pytest.mark.service]
ANSWERS = 12
SPACING_SECONDS = 0.1  # ten answers a second are a large team


class Listener(threading.Thread):
    """A widget that reads its stream and goes on where it was cut off."""

    def __init__(self, port: int, token: str) -> None:
        super().__init__(daemon=True)
        self.port, self.token = port, token
        self.seen: list[tuple[int, str, float]] = []
        self.over = threading.Event()

    def run(self) -> None:
        """Read until told to stop."""
        while not self.over.is_set():
            try:
                self._read()
            except (OSError, http.client.HTTPException):
                time.sleep(0.2)

    def _read(self) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        last = str(self.seen[-1][0]) if self.seen else "0"
        headers = {"Authorization": f"Bearer {self.token}", "Last-Event-ID": last}
        with closing(line):
            line.request("GET", "/chat/docs/stream/", headers=headers)
            answer = line.getresponse()
            if answer.status != 200:
                raise OSError(answer.status)
            numbered = False  # what only passes has no number and is not kept
            while not self.over.is_set() and (row := answer.readline()):
                numbered = row.startswith(b"id: ") or (numbered and row != b"\n")
                if numbered and row.startswith(b"data: "):
                    found = json.loads(row[6:])
                    self.seen.append((found["id"], found.get("text", ""), time.time()))


def post(port: int, path: str, data: object, token: str = "") -> tuple[int, dict[str, object]]:
    """One call of a widget in our frame."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Origin": f"http://127.0.0.1:{port}", "Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    with closing(line):
        line.request("POST", f"/chat/docs/{path}", json.dumps(data), headers)
        answer = line.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")


def begin(port: int) -> str:
    """A new visitor's token."""
    status, said = post(port, "sessions/", {"page": "https://docs.example.com/"})
    assert status == 200, said
    return str(said["token"])


@pytest.fixture
def chats(process_env: dict[str, str]) -> None:
    """The channel, with room for many visitors of one address."""
    given = {"site_name": "Docs", "identity_secret": SECRET, "proof": "off"}
    connect("livechat", "docs", given)
    change_setting("chat_visitors_per_address_hour", 100_000)
    agent("ana")


def wait(true: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Until a function says yes."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def file_lines(count: int) -> list[Ticket]:
    """What visitors wrote becomes tickets."""
    for delivery in list(Delivery.objects.filter(state="pending")):
        pipeline.process_delivery(delivery.pk)
    wait(lambda: Ticket.objects.count() == count, "every line is a ticket")
    return list(Ticket.objects.order_by("number"))


def answer(row: Ticket, number: int) -> tuple[str, float]:
    """An agent answers; the words, which no other answer has, and the moment."""
    begun, text = time.time(), f"answer {number} to {row.pk}"
    message = act(tickets.reply, row, body=text, user=agent("ana"), at=timezone.now())
    pipeline.deliver(Outgoing.objects.get(message=message).pk)
    return text, begun


def run_streams(site: Site, count: int, rounds: int, cut: Callable[[], object]) -> None:
    """Answers to open widgets: each is there once and in order. `cut` is called in the middle."""
    listeners = [Listener(site.port, begin(site.port)) for _ in range(count)]
    for one in listeners:
        status, _ = post(site.port, "messages/", {"client_id": "line-0001", "body": "q"}, one.token)
        assert status == 201
        one.start()
    rows = file_lines(count)
    wait(lambda: all(len(one.seen) == 1 for one in listeners), "everybody sees the question")
    for number in range(rounds):
        if number == rounds // 2:
            cut()
        for row in rows:
            _, at = answer(row, number)
            time.sleep(max(0, at + SPACING_SECONDS - time.time()))
    wait(lambda: all(len(one.seen) > rounds for one in listeners), "everybody has all", 60)
    wanted = ["q", *(f"answer {number}" for number in range(rounds))]
    for one in listeners:
        one.over.set()
        assert [text.partition(" to ")[0] for _, text, _ in one.seen] == wanted
        assert len({text.partition(" to ")[2] for _, text, _ in one.seen[1:]}) == 1


def test_exactly_once_and_in_order_across_a_restart(
    chats: None, process_env: dict[str, str], tmp_path: Path
) -> None:
    site = worker.start_web(process_env, log=tmp_path / "web.log")
    again: list[Site] = []

    def restart() -> None:
        site.process.stop()
        again.append(worker.start_web(process_env, log=tmp_path / "web2.log", port=site.port))

    try:
        run_streams(site, 5, ANSWERS, restart)
    finally:
        for one in again:
            one.process.stop()


def test_a_stream_wants_its_token_and_says_when_the_page_is_gone(
    chats: None, live_site: Site
) -> None:
    for token in ("", "forged", "é"):
        line = http.client.HTTPConnection("127.0.0.1", live_site.port, timeout=10)
        with closing(line):
            line.putrequest("GET", "/chat/docs/stream/")
            line.putheader("Authorization", f"Bearer {token}".encode())
            line.endheaders()
            assert line.getresponse().status == 401
    token = begin(live_site.port)
    raw = socket.create_connection(("127.0.0.1", live_site.port))
    raw.sendall(
        f"GET /chat/docs/stream/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    )
    raw.recv(1000)
    wait(lambda: Conversation.objects.get().seen_at is not None, "somebody is here")
    raw.close()
    wait(lambda: Conversation.objects.get().seen_at is None, "nobody is here")
