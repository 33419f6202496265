"""A bridged chat over HTTP, with web, worker, PostgreSQL, Redis and the fake Slack's own events."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from inbox.livechat.tests.conftest import SECRET, SITE
from inbox.operations import draining
from inbox.operations.connecting import connect
from inbox.tickets.models import Ticket
from integrations.slack.tests.conftest import connected, workspace
from rig import worker
from rig.desk import agent
from rig.slack import FakeSlack
from rig.slack_api import Post

__all__ = ["workspace"]
pytestmark = [pytest.mark.service, pytest.mark.slow]


class Visitor:
    """A browser on the site, as the network sees it."""

    def __init__(self, url: str) -> None:
        self.url, self.headers = f"{url}/chat/docs", {"Origin": SITE}
        begun = self.post("sessions/", json={"page": f"{SITE}/start", "name": "Mira"})
        self.headers["Authorization"] = f"Bearer {begun['token']}"
        self.lines = 0

    def post(self, path: str, **more: Any) -> Any:
        """One call; its answer."""
        answer = requests.post(f"{self.url}/{path}", headers=self.headers, timeout=20, **more)
        assert answer.ok, answer.text
        return answer.json() if answer.content else {}

    def say(self, text: str) -> None:
        """Write a line."""
        self.lines += 1
        self.post("messages/", json={"client_id": f"line-{self.lines:04d}", "body": text})

    def sees(self) -> dict[int, dict[str, Any]]:
        """The lines as they stand."""
        answer = requests.get(f"{self.url}/messages/?after=0", headers=self.headers, timeout=20)
        return {row["message"]: row for row in answer.json()["results"] if "message" in row}

    def texts(self) -> list[str]:
        """Their words; "" where one was deleted."""
        return ["" if row["deleted"] else row["text"] for row in self.sees().values()]

    def files(self) -> list[dict[str, Any]]:
        """What can be downloaded."""
        return [file for row in self.sees().values() for file in row["files"]]


@pytest.fixture
def site(
    process_env: dict[str, str], workspace: FakeSlack, tmp_path: Path
) -> Iterator[worker.Site]:
    """Web and worker; the support channel is a help channel as well."""
    env = {**process_env, "OUTBOUND_ALLOW": workspace.url.removeprefix("http://")}
    agent("ana")
    given = {"site_name": "Docs", "origins": SITE, "identity_secret": SECRET}
    connect("livechat", "docs", given)
    connected(workspace, watch="#support", bridge_channel="#support")
    workspace.room("support")
    with worker.web(env, folder=tmp_path) as web, worker.workers(env, folder=tmp_path):
        workspace.hook = f"{web.url}/hooks/slack/main/"
        yield web
        workspace.hook = ""


def until(true: Callable[[], object], what: str, *, seconds: float = 60) -> None:
    """Wait for something."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def test_a_bridged_chat(site: worker.Site, workspace: FakeSlack) -> None:
    """S15, H 5, H 7."""
    room, visitor = workspace.room("support"), Visitor(site.url)

    def cards() -> list[Post]:
        return [post for post in workspace.posted(room.id) if not post.thread_ts]

    def under() -> list[str]:
        return [post.text for post in workspace.posted(room.id, cards()[0].ts)] if cards() else []

    visitor.say("How do I drop a slot?")
    until(lambda: under() == ["How do I drop a slot?"], "the line is in the thread")
    ticket, card = Ticket.objects.get(), cards()[0]
    until(lambda: ticket.threads.filter(role="bridge").exists(), "the card's thread is known")

    ts = workspace.say("U0ANA", room.id, "With *pg_drop*.", thread=card.ts)
    workspace.say("U0HELP", room.id, "or not", thread=card.ts)
    workspace.say("U0ANA", room.id, "note: a big customer", thread=card.ts)
    until(lambda: ticket.messages.count() == 4, "all are filed")
    assert visitor.texts() == ["How do I drop a slot?", "With *pg_drop*."]
    assert [row["author"] for row in visitor.sees().values()] == ["", "Ana"]

    workspace.share("U0ANA", room.id, "trace.log", b"a trace", text="look", thread=card.ts)
    until(visitor.files, "the file is fetched, and shown by itself")
    (file,) = visitor.files()
    given = requests.get(f"{visitor.url}/files/{file['id']}/", headers=visitor.headers, timeout=20)
    assert given.content == b"a trace"
    visitor.post("files/", data={"client_id": "file-0001"}, files={"file": ("a.txt", b"mine")})
    until(lambda: b"mine" in workspace.files.values(), "the visitor's file is in Slack")

    workspace.edit(room.id, ts, "note: With *pg_drop*.")
    until(lambda: "" in visitor.texts(), "it is taken back")
    until(lambda: len(workspace.whispers) == 2, "the two who need to know are told")

    workspace.is_away = True
    visitor.say("one")
    visitor.say("two")
    until(lambda: ticket.messages.filter(new_text="two").exists(), "the chat goes on")
    tried = ticket.outgoing.filter(kind="bridge", attempts__gt=0).exclude(state="sent")
    until(tried.exists, "it was tried")
    workspace.is_away = False
    assert draining.drain(timeout_seconds=120)[1]
    until(lambda: under()[-2:] == ["one", "two"], "it catches up, in order")

    line = workspace.posted(room.id, card.ts)[0]
    workspace.react("U0ANA", room.id, line.ts, "white_check_mark")
    until(lambda: Ticket.objects.get().status == "closed", "✅ on a line of ours closes")
    until(lambda: "Closed since" in str(cards()[0].extra["blocks"]), "the card says so")
    assert draining.drain(timeout_seconds=60)[1]
    assert len(cards()) == 1
    assert Ticket.objects.count() == 1
