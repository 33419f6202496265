"""Discussions: answered once, changed, closed, and listed as webhooks would show them."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from inbox.channels.contract import DeliveryError
from inbox.operations import draining
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from integrations.github import client, discussions, events, outbound
from integrations.github.tests.conftest import connected, deliver
from integrations.github.tests.sending import REPO, config_of, do, message
from rig import github
from rig.desk import act, agent
from rig.github import FakeGitHub
from rig.vendor import Answer

pytestmark = pytest.mark.django_db


def test_discussion_is_answered_once_changed_and_closed(hub: FakeGitHub) -> None:
    connected(hub)
    deliver(hub.discussions.open("kezia", REPO, "How?", "Please."))
    hub.fail("/graphql", answer=Answer(502, b""))
    act(tickets.reply, Ticket.objects.get(), body="So.", user=agent("ana"), at=timezone.now())
    assert draining.drain(timeout_seconds=60)[1]
    assert hub.discussions.said(REPO, 1) == ["So."]
    sent = Outgoing.objects.get(kind="reply")
    (row,) = hub.discussions.comments.values()
    assert sent.receipt["target"] == f"discussion_comment/{row['id']}"
    assert row["body"].endswith(f"<!-- desk:{sent.idempotency_key} -->")
    target = sent.receipt["target"]
    for n in range(130):
        hub.discussions.comment("helper", REPO, 1, f"{n}")
    do(hub, "edit", "discussion:1", target=target, text="Not so.")
    assert hub.discussions.said(REPO, 1) == ["Not so."]
    thing = hub.discussions.thing(REPO, 1)
    for reason in ("duplicate", "solved"):  # what is closed already stays as it is
        do(hub, "close", "discussion:1", reason=reason)
        assert (thing["state"], thing["state_reason"]) == ("closed", "duplicate")
    for _ in range(2):
        do(hub, "reopen", "discussion:1")
        assert thing["state"] == "open"
    for _ in range(2):
        do(hub, "delete", "discussion:1", target=target)
    assert hub.discussions.said(REPO, 1) == []


@pytest.mark.parametrize(
    ("drop", "said"), [("after", 1), ("before", 0)], ids=["after the write", "before it"]
)
def test_comment_on_a_discussion_is_found_by_its_mark(
    hub: FakeGitHub, drop: str, said: int
) -> None:
    config = config_of(hub)
    hub.discussions.open("kezia", REPO, "How?")
    wanted = message("1:discussion:1")
    node = hub.discussions.thing(REPO, 1)["node_id"]
    hub.fail("/graphql", drop=drop)
    with pytest.raises(DeliveryError) as caught:
        client.graphql(config, discussions.ADD, {"id": node, "body": outbound.body_of(wanted)})
    assert caught.value.uncertain
    found = outbound.find_sent(wanted, config)
    assert (found is not None, len(hub.discussions.said(REPO, 1))) == (bool(said), said)


@pytest.mark.parametrize(
    ("problem", "permanent", "uncertain"),
    [
        ({"type": "RATE_LIMITED", "message": "slow"}, False, False),
        ({"message": "Something went wrong while executing your query."}, False, True),
        ({"type": "FORBIDDEN", "message": "The discussion is locked."}, True, False),
    ],
)
def test_errors_of_graphql_are_told_apart(
    hub: FakeGitHub, problem: dict[str, str], permanent: bool, uncertain: bool
) -> None:
    config = config_of(hub)
    hub.fail("/graphql", answer=Answer(200, {"data": None, "errors": [problem]}))
    with pytest.raises(DeliveryError) as caught:
        client.graphql(config, discussions.ADD, {"id": "D_1", "body": "x"})
    assert (caught.value.permanent, caught.value.uncertain) == (permanent, uncertain)


def test_nothing_is_said_where_there_is_no_discussion(hub: FakeGitHub) -> None:
    config = config_of(hub)
    hub.repository(REPO)
    for place in (REPO, "example/none"):
        with pytest.raises(DeliveryError) as caught:
            outbound.send(replace(message("1:discussion:1"), place=place), config)
        assert (caught.value.permanent, caught.value.uncertain) == (True, False)


def test_what_is_listed_reads_like_what_was_delivered(hub: FakeGitHub) -> None:
    """Discussions, comments and replies, by people, bots and deleted accounts."""
    config = config_of(hub)
    hub.people["robo[bot]"] = {"login": "robo[bot]", "id": 77, "type": "Bot", "association": "NONE"}
    hub.discussions.open("kezia", REPO, "Old", "before")
    since = hub.at + timedelta(seconds=1)
    for n in range(30):
        hub.discussions.open("kezia", REPO, f"How {n}?", f"text {n}")
    top = hub.discussions.comment("maya", REPO, 5, "So.")["comment"]
    reply = hub.discussions.comment("kezia", REPO, 5, "Why?", parent=top["id"])["comment"]
    hub.discussions.comment("robo[bot]", REPO, 5, "beep")
    ghost = hub.discussions.comment("helper", REPO, 5, "gone")["comment"]
    hub.discussions.comments[ghost["id"]]["user"] = None
    hub.discussions.change("maya", REPO, 7, "closed", state="closed", state_reason="duplicate")
    hub.discussions.change("kezia", REPO, 8, "edited", title="Oh, how?", body="other words")
    listed = list(discussions.deliveries(config, REPO, since))
    assert Counter(name for name, _ in listed) == {"discussion": 30, "discussion_comment": 4}
    found = {
        (name, (body.get("comment") or body["discussion"])["id"]): events.READERS[name](
            body, config
        )
        for name, body in listed
    }
    for (_, number), thing in hub.discussions.things.items():
        if number > 1:
            action = "edited" if number == 8 else "created"
            body = hub.discussions.body("kezia", REPO, number, action)
            assert found["discussion", thing["id"]] == events.discussion(body, config)
    for key, row in hub.discussions.comments.items():
        login = (row["user"] or github.BOT)["login"]
        body = hub.discussions.body(login, REPO, 5, "created", comment=dict(row))
        assert found["discussion_comment", key] == events.discussion_comment(body, config)
    parents = {b["comment"]["id"]: b["comment"]["parent_id"] for _, b in listed if "comment" in b}
    assert (parents[top["id"]], parents[reply["id"]]) == (None, top["id"])


def test_long_discussion_is_listed_whole(hub: FakeGitHub) -> None:
    config = config_of(hub)
    since = hub.at
    hub.discussions.open("kezia", REPO, "How?")
    for n in range(230):
        hub.discussions.comment("helper", REPO, 1, f"{n}")
    texts = {
        body["comment"]["body"]
        for _, body in discussions.deliveries(config, REPO, since)
        if "comment" in body
    }
    assert texts == {f"{n}" for n in range(230)}
