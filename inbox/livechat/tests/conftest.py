"""A site with a chat, and a visitor's browser as the API sees it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from inbox import pipeline
from inbox.channels.models import Channel, Delivery
from inbox.operations.connecting import connect
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from rig.desk import act, agent

SITE = "https://docs.example.com"
SECRET = "an identity secret of a site"


@dataclass
class Browser:
    """One tab: its origin, its token and the address it comes from."""

    key: str = "docs"
    origin: str = SITE
    token: str = ""
    address: str = "127.0.0.1"

    def call(self, method: str, path: str, data: Any = None, **headers: str) -> Any:
        """One call; the answer."""
        sent = {"origin": self.origin, **headers}
        if self.token:
            sent.setdefault("authorization", f"Bearer {self.token}")
        body = "" if data is None else json.dumps(data)
        return Client(REMOTE_ADDR=self.address).generic(
            method, f"/chat/{self.key}/{path}", body, "application/json", headers=sent
        )

    def raw(self, path: str, body: bytes, **headers: str) -> Any:
        """A post with a body as it is."""
        sent = {"origin": self.origin, "authorization": f"Bearer {self.token}", **headers}
        return Client(REMOTE_ADDR=self.address).generic(
            "POST", f"/chat/{self.key}/{path}", body, "application/json", headers=sent
        )

    def attach(self, *files: SimpleUploadedFile, client_id: str = "file-0001") -> Any:
        """A post of files, as the widget's form sends it."""
        sent = {"origin": self.origin, "authorization": f"Bearer {self.token}"}
        given = {"client_id": client_id, "file": list(files)}
        return Client(REMOTE_ADDR=self.address).post(
            f"/chat/{self.key}/files/", given, headers=sent
        )

    def begin(self, **claims: Any) -> Any:
        """Open the widget; keeps the token."""
        answer = self.call("POST", "sessions/", {"page": f"{SITE}/start?token=x", **claims})
        if answer.status_code == 200:
            self.token = answer.json()["token"]
        return answer

    def say(self, text: str, client_id: str = "line-0001") -> Any:
        """Write a line, and have it filed."""
        answer = self.call("POST", "messages/", {"client_id": client_id, "body": text})
        file_all()
        return answer

    def read(self, after: int = 0) -> list[dict[str, Any]]:
        """What the widget shows."""
        found: list[dict[str, Any]] = self.call("GET", f"messages/?after={after}").json()["results"]
        return found


@pytest.fixture
def window(settings: object) -> Iterator[None]:
    """The beginning of an hour, and counts that nobody else clears: a limit's window is whole."""
    memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    settings.CACHES = {"default": memory}  # type: ignore[attr-defined]  # pytest-django's wrapper
    hour = timezone.now().replace(minute=0, second=1) + timedelta(hours=1)
    with time_machine.travel(hour):
        yield


@pytest.fixture
def chat(db: None) -> Channel:
    """The channel of one site."""
    given = {"site_name": "Docs", "origins": SITE, "identity_secret": SECRET, "greeting": "Hello!"}
    connect("livechat", "docs", given)
    return Channel.objects.get(kind="livechat")


@pytest.fixture
def visitor(chat: Channel) -> Browser:
    """A visitor who has opened the widget."""
    browser = Browser()
    assert browser.begin().status_code == 200
    return browser


def file_all() -> None:
    """What visitors sent becomes messages."""
    pending = Delivery.objects.filter(state="pending").order_by("pk")
    for pk in pending.values_list("pk", flat=True):
        assert pipeline.process_delivery(pk) == "done"


def answer(ticket: Ticket, text: str, *, name: str = "ana", then: str = "none") -> Outgoing:
    """An agent answers, and the row leaves."""
    act(
        tickets.reply,
        ticket,
        body=text,
        user=agent(name),
        then=then,
        delay_seconds=10,
        at=timezone.now(),
    )
    row = Outgoing.objects.filter(ticket=ticket, kind="reply").order_by("-pk")[0]
    assert pipeline.deliver(row.pk) == "sent"
    return row
