"""Issues and pull requests as tickets: in, in any order, and answers out, once each."""

import base64
import json
import random
from itertools import count
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.test import Client
from django.utils import timezone

from inbox.channels.contract import BadSignature, ChannelConfig, DeliveryError, RawRequest
from inbox.channels.models import Delivery, Source, SourceGroup
from inbox.channels.testing import ChannelContract
from inbox.operations import draining
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Ticket
from integrations.github import client, inbound
from integrations.github.kind import GITHUB
from integrations.github.tests.conftest import connected, deliver
from rig import github
from rig.desk import act, agent, policy
from rig.github import FakeGitHub, signed
from rig.vendor import Answer

pytestmark = pytest.mark.django_db
REPO = "example/core"
_guids = count(1)
CONFIG = ChannelConfig(
    kind="github", key="core", secrets={"webhook_secret": github.SECRET, "token": github.TOKEN}
)


def raw_of(body: dict[str, Any], guid: str = "g1") -> RawRequest:
    content = json.dumps({k: v for k, v in body.items() if k != "event"}).encode()
    named = {
        "content-type": "application/json",
        "x-github-event": body["event"],
        "x-github-delivery": guid,
    }
    return RawRequest(headers={**named, **signed(content)}, body=content)


class TestContract(ChannelContract):
    """What every channel must do."""

    config = CONFIG
    signature_headers = ("x-hub-signature-256",)

    def samples(self) -> list[RawRequest]:
        """An issue and a comment."""
        row = {
            "id": 1, "number": 7, "title": "Broken", "body": None, "state": "open", "labels": [],
            "user": {"login": "kezia", "id": 5, "type": "User"}, "author_association": "NONE",
            "html_url": "https://github.com/example/core/issues/7",
            "created_at": "2026-11-18T09:00:00Z", "updated_at": "2026-11-18T09:00:00Z",
        }  # fmt: skip
        repository = {"id": 3, "full_name": REPO}
        comment = {**row, "id": 2, "body": "me too"}
        sender = row["user"]
        return [
            raw_of(
                {
                    "action": "opened",
                    "issue": row,
                    "repository": repository,
                    "sender": sender,
                    "event": "issues",
                }
            ),
            raw_of(
                {
                    "action": "created",
                    "issue": row,
                    "comment": comment,
                    "repository": repository,
                    "sender": sender,
                    "event": "issue_comment",
                },
                "g2",
            ),
        ]


def test_documented_signature_holds() -> None:
    """The vendor's own vector, and one that is not ASCII."""
    config = ChannelConfig(
        kind="github", key="x", secrets={"webhook_secret": "It's a Secret to Everybody"}
    )
    mark = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    headers = {"content-type": "application/json", "x-hub-signature-256": mark}
    inbound.verify(RawRequest(headers=headers, body=b"Hello, World!"), config)
    with pytest.raises(BadSignature):
        inbound.verify(RawRequest(headers=headers, body=b"Hello, World?"), config)


def test_issue_becomes_a_ticket_of_its_group_and_a_maintainers_word_stops_the_clock(
    hub: FakeGitHub,
) -> None:
    """S18, S20, S50."""
    channel = connected(hub)
    group = SourceGroup.objects.create(name="core", policy=policy(first_response_amount=8))
    Source.objects.create(channel=channel, external_key="example/*", group=group)
    assert (
        deliver(hub.open("kezia", REPO, "It hangs", "On *3.13*.", labels=("Triage 👀",))) == "done"
    )
    row = Ticket.objects.get()
    assert (row.subject, row.asker and row.asker.handle) == ("It hangs", "kezia")
    assert row.source is not None
    assert (row.source.label, row.source.group) == (REPO, group)
    assert [tag.name for tag in row.tags.all()] == ["Triage 👀"]
    clock = row.clocks.get(metric="first_response")
    deliver(hub.comment("helper", REPO, 1, "same here"))
    deliver(hub.comment("maya", REPO, 1, "Which version?"))
    clock.refresh_from_db()
    assert (clock.state, clock.answered_by) == ("met", "community")
    roles = list(row.messages.order_by("sent_at").values_list("role", "direction"))
    assert roles == [("asker", "in"), ("community", "in"), ("team", "out")]
    row.refresh_from_db()
    assert (row.status, row.waiting_on) == ("in_progress", "them")
    deliver(hub.comment("kezia", REPO, 1, "2.3.1"))
    row.refresh_from_db()
    assert row.status == "open"


def test_bots_and_our_own_comments_make_nothing(hub: FakeGitHub) -> None:
    connected(hub)
    hub.people["robo[bot]"] = {"login": "robo[bot]", "id": 77, "type": "Bot", "association": "NONE"}
    assert deliver(hub.open("robo[bot]", REPO, "Bump x")) == "ignored"
    assert not Ticket.objects.exists()


def test_community_that_speaks_on_what_a_bot_opened_is_heard(hub: FakeGitHub) -> None:
    """S50: maintainers among themselves and their robots make no ticket."""
    connected(hub)
    hub.people["robo[bot]"] = {"login": "robo[bot]", "id": 77, "type": "Bot", "association": "NONE"}
    deliver(hub.open("robo[bot]", REPO, "Bump x"))
    assert deliver(hub.comment("maya", REPO, 1, "@robo rebase")) == "ignored"
    assert deliver(hub.comment("kezia", REPO, 1, "This breaks my build.")) == "done"
    row = Ticket.objects.get()
    assert (row.subject, row.asker and row.asker.handle) == ("Bump x", "kezia")
    deliver(hub.change("maya", REPO, 1, "closed", state="closed", state_reason="completed"))
    row.refresh_from_db()
    assert row.status == "closed"


def test_closing_here_closes_there_when_asked_and_opens_again_with_us(hub: FakeGitHub) -> None:
    connected(hub)
    for n in (1, 2):
        deliver(hub.open("kezia", REPO, f"It hangs {n}"))
    browser = Client()
    browser.force_login(agent("ana"))
    first, second = Ticket.objects.order_by("number")
    assert "close it at GitHub as well" in browser.get(f"/tickets/{first.pk}/").content.decode()
    browser.post(f"/tickets/{first.pk}/close/", {"resolution": "duplicate", "there": "1"})
    browser.post(f"/tickets/{second.pk}/close/", {"resolution": "solved"})
    assert draining.drain(timeout_seconds=30)[1]
    stands = [(row["state"], row.get("state_reason")) for row in hub.things.values()]
    assert stands == [("closed", "duplicate"), ("open", None)]
    for row in (first, second):
        browser.post(f"/tickets/{row.pk}/status/", {"status": "open"})
    assert draining.drain(timeout_seconds=30)[1]
    assert [row["state"] for row in hub.things.values()] == ["open", "open"]
    assert [call.method for call in hub.called("/issues/2")] == []


def test_closing_and_opening_there_is_closing_and_opening_here(hub: FakeGitHub) -> None:
    connected(hub)
    deliver(hub.open("kezia", REPO, "It hangs"))
    row = Ticket.objects.get()
    deliver(
        hub.change(
            "maya",
            REPO,
            1,
            "closed",
            state="closed",
            state_reason="completed",
            labels=[{"name": "bug"}],
        )
    )
    row.refresh_from_db()
    assert (row.status, row.resolution) == ("closed", "solved")
    assert [tag.name for tag in row.tags.all()] == ["bug"]
    deliver(
        hub.change("kezia", REPO, 1, "reopened", state="open", title="It still hangs", labels=[])
    )
    row.refresh_from_db()
    assert (row.status, row.subject, row.tags.count()) == ("open", "It still hangs", 0)


def test_answer_is_one_comment_with_a_hidden_mark_and_is_found_again(hub: FakeGitHub) -> None:
    connected(hub)
    deliver(hub.open("kezia", REPO, "It hangs"))
    row = Ticket.objects.get()
    act(tickets.reply, row, body="Try **2.4**.", user=agent("ana"), at=timezone.now())
    assert draining.drain(timeout_seconds=30)[1]
    assert hub.said(REPO, 1) == ["Try **2.4**."]
    sent = Outgoing.objects.get(kind="reply")
    (comment,) = hub.comments.values()
    assert comment["body"].endswith(f"<!-- desk:{sent.idempotency_key} -->")
    message = Message.objects.get(direction="out")
    assert message.external_id == f"issue_comment/{comment['id']}"
    echo = hub.comment_body(
        "kezia",
        REPO,
        1,
        {**comment, "author_association": "NONE", "user": hub._user("maya")},
        "created",
    )
    assert deliver(echo) == "ignored"
    assert Message.objects.count() == 2


@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        (
            {"answer": Answer(403, {"message": "secondary rate limit"}, {"retry-after": "1"})},
            "sent",
        ),
        ({"answer": Answer(502, b"")}, "sent"),
        ({"drop": "after"}, "sent"),
        ({"drop": "before"}, "sent"),
        ({"answer": Answer(403, {"message": "issue is locked"})}, "failed"),
        ({"answer": Answer(410, {"message": "gone"})}, "failed"),
    ],
)
def test_comments_are_there_once_whatever_happens(
    hub: FakeGitHub, trouble: dict[str, Any], state: str
) -> None:
    connected(hub)
    deliver(hub.open("kezia", REPO, "It hangs"))
    hub.fail("/comments", **trouble)
    act(tickets.reply, Ticket.objects.get(), body="Yes.", user=agent("ana"), at=timezone.now())
    assert draining.drain(timeout_seconds=60)[1]
    assert Outgoing.objects.get(kind="reply").state == state
    assert hub.said(REPO, 1) == ["Yes."] * (state == "sent")


def test_any_order_and_repetition_end_in_the_same_state(hub: FakeGitHub) -> None:
    """Edits before creates, deletes before creates, comments before their issue."""
    connected(hub)
    hub.person("someone")
    bodies, dice = [], random.Random(5)
    for n in range(1, 9):
        kind = "pull_request" if n % 3 == 0 else "issue"
        bodies.append(
            json.loads(json.dumps(hub.open("kezia", REPO, f"thing {n}", f"text {n}", kind=kind)))
        )
        for m in range(3):
            made = hub.comment("someone", REPO, n, f"comment {n}.{m}")
            bodies.append(json.loads(json.dumps(made)))
            row = hub.comments[made["comment"]["id"]]
            if m == 1:
                row.update(body=f"edited {n}.{m}", updated_at=hub.now(), author_association="NONE")
                bodies.append(
                    json.loads(json.dumps(hub.comment_body("someone", REPO, n, row, "edited")))
                )
            if m == 2:
                row.update(updated_at=hub.now(), gone=True)
                bodies.append(
                    json.loads(json.dumps(hub.comment_body("someone", REPO, n, row, "deleted")))
                )
        if n % 2 == 0:
            bodies.append(
                json.loads(json.dumps(hub.change("maya", REPO, n, "closed", state="closed")))
            )
    twice = [*bodies, *dice.sample(bodies, 10)]
    dice.shuffle(twice)
    for body in twice:
        assert deliver(body, guid=f"g{next(_guids)}") in ("done", "ignored")
    found = {m.external_id: (m.new_text, m.deleted_at is not None) for m in Message.objects.all()}
    wanted = {
        f"issue_comment/{key}": ("" if row.get("gone") else row["body"], bool(row.get("gone")))
        for key, row in hub.comments.items()
    }
    assert {
        key: value for key, value in found.items() if key.startswith("issue_comment/")
    } == wanted
    assert len(found) == len(wanted) + 8
    assert Ticket.objects.count() == 8
    states = {row.subject: row.status for row in Ticket.objects.all()}
    assert states == {f"thing {n}": "closed" if n % 2 == 0 else "open" for n in range(1, 9)}


def test_the_door_answers_as_the_contract_says(hub: FakeGitHub) -> None:
    connected(hub)
    body = hub.open("kezia", REPO, "It hangs")
    raw = raw_of(body)
    door = Client()

    def post(content: bytes, **more: str) -> int:
        named = {**raw.headers, **signed(content), **more}
        kind = named.pop("content-type")
        return door.post(
            "/hooks/github/core/", content, content_type=kind, headers=named
        ).status_code

    assert [post(raw.body), post(raw.body)] == [200, 200]
    assert post(b"{", **{"x-github-delivery": "g2"}) == 200
    assert post(raw.body, **{"x-hub-signature-256": "sha256=0"}) == 401
    assert post(raw.body, **{"x-hub-signature-256": "é"}) == 401
    assert post(raw.body, **{"content-type": "text/plain"}) == 415
    assert Delivery.objects.count() == 2


def test_limits_links_and_app_tokens(hub: FakeGitHub) -> None:
    channel = connected(hub)
    deliver(hub.open("kezia", REPO, "It hangs"))
    for n in range(250):
        hub.comment("helper", REPO, 1, f"{n}")
    path = f"/repos/{REPO}/issues/1/comments"
    assert len(client.pages(channel.config, path, {"per_page": 100})) == 250
    hub.fail(
        "/rate_limit",
        answer=Answer(
            403,
            {"message": "API rate limit exceeded"},
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"},
        ),
    )
    with pytest.raises(DeliveryError) as caught:
        client.call(channel.config, "GET", "/rate_limit")
    assert caught.value.retry_after_seconds == 1.0
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    config = ChannelConfig(
        kind="github", key="a", settings={"app_id": "12"}, secrets={"private_key": pem.decode()}
    )
    head, claims, mark = client.app_jwt(config, now=1000).split(".")
    padded = [base64.urlsafe_b64decode(part + "==") for part in (head, claims, mark)]
    assert json.loads(padded[1]) == {"iat": 940, "exp": 1540, "iss": "12"}
    key.public_key().verify(
        padded[2], f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
    )
    assert GITHUB.realm(config) == "github.com"
