"""A site with a chat, and a visitor's browser as the API sees it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
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
    """One tab: its origin and its token."""

    key: str = "docs"
    origin: str = SITE
    token: str = ""

    def call(self, method: str, path: str, data: Any = None, **headers: str) -> Any:
        """One call; the answer."""
        sent = {"origin": self.origin, **headers}
        if self.token:
            sent.setdefault("authorization", f"Bearer {self.token}")
        body = "" if data is None else json.dumps(data)
        kind = "application/json"
        return Client().generic(method, f"/chat/{self.key}/{path}", body, kind, headers=sent)

    def begin(self, **claims: str) -> Any:
        """Open the widget; keeps the token."""
        answer = self.call("POST", "sessions/", {"page": f"{SITE}/start?token=x", **claims})
        if answer.status_code == 200:
            self.token = answer.json()["token"]
        return answer

    def say(self, text: str, client_id: str = "line-0001") -> Any:
        """Write a line, and have it filed."""
        answer = self.call("POST", "messages/", {"client_id": client_id, "body": text})
        for pk in (
            Delivery.objects.filter(state="pending").order_by("pk").values_list("pk", flat=True)
        ):
            assert pipeline.process_delivery(pk) == "done"
        return answer

    def read(self, after: int = 0) -> list[dict[str, Any]]:
        """What the widget shows."""
        found: list[dict[str, Any]] = self.call("GET", f"messages/?after={after}").json()["results"]
        return found


Open = Callable[..., Browser]


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
