"""Our hidden mark says that something is ours only where we have written it."""

from typing import Any

import pytest

from inbox.channels.models import Channel
from inbox.tickets.models import Message, Ticket
from integrations.github import outbound
from integrations.github.tests.conftest import connected, deliver
from integrations.github.tests.sending import NOW, REPO, config_of, message
from rig.github import FakeGitHub

pytestmark = pytest.mark.django_db
COPIED = "Look at this.\n\n<!-- desk:message:1 -->"


def owned_by(hub: FakeGitHub, login: str) -> None:
    """The token is a person's."""
    hub.owner = hub._user(login)


def as_app(hub: FakeGitHub) -> dict[str, str]:
    key = hub.door.install("12", "34")
    return {"token": "", "app_id": "12", "installation_id": "34", "private_key": key}


@pytest.mark.parametrize("app", [False, True], ids=["token", "app"])
def test_stranger_who_copies_a_mark_is_heard(hub: FakeGitHub, app: bool) -> None:
    owned_by(hub, "maya")
    connected(hub, **(as_app(hub) if app else {}))
    deliver(hub.open("kezia", REPO, "It hangs", COPIED))
    assert deliver(hub.comment("helper", REPO, 1, COPIED)) == "done"
    assert list(Message.objects.values_list("new_text", flat=True)) == [COPIED, COPIED]


@pytest.mark.parametrize("known", [True, False], ids=["owner known", "owner unknown"])
def test_words_of_the_tokens_owner_with_a_mark_are_ours(hub: FakeGitHub, known: bool) -> None:
    """What the desk wrote may come back before the vendor's answer to it was kept."""
    owned_by(hub, "maya")
    hub.fail("/user", times=0 if known else 1)
    connected(hub)
    assert Channel.objects.get().settings["user_id"] == (str(hub.owner["id"]) if known else "")
    deliver(hub.open("kezia", REPO, "It hangs"))
    assert deliver(hub.comment("maya", REPO, 1, COPIED)) == "ignored"
    assert deliver(hub.comment("maya", REPO, 1, "By hand.")) == "done"
    assert Message.objects.count() == 2


def test_issue_that_was_opened_from_here_by_a_persons_token_is_no_ticket(hub: FakeGitHub) -> None:
    owned_by(hub, "maya")
    connected(hub)
    assert deliver(hub.open("maya", REPO, "It hangs", COPIED)) == "ignored"
    assert not Ticket.objects.exists()
    assert deliver(hub.comment("kezia", REPO, 1, "here too")) == "done"
    assert deliver(hub.change("maya", REPO, 1, "closed", title="It stops")) == "done"
    assert Ticket.objects.get().subject == "It stops"


@pytest.mark.parametrize("app", [False, True], ids=["token", "app"])
@pytest.mark.parametrize("space", ["issue", "discussion"])
def test_mark_of_a_stranger_is_not_what_we_sent(hub: FakeGitHub, space: str, app: bool) -> None:
    config = config_of(hub, **(as_app(hub) if app else {}))
    opened: Any = hub.discussions.open if space == "discussion" else hub.open
    said: Any = hub.discussions.comment if space == "discussion" else hub.comment
    opened("kezia", REPO, "It hangs")
    hub.at = NOW
    said("kezia", REPO, 1, COPIED)
    wanted = message(f"1:{space}:1")
    assert outbound.find_sent(wanted, config) is None
    quoting = message(f"1:{space}:1", idempotency_key="message:2", text=f"> {COPIED}")
    outbound.send(quoting, config)
    assert outbound.find_sent(wanted, config) is None
    sent = outbound.send(wanted, config)
    assert outbound.find_sent(wanted, config) == sent
