"""Outgoing webhooks on the desk and by the API: made, tested, watched, sent again."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from inbox.accounts.models import ApiToken
from inbox.api import webhookjob
from inbox.webhooks.models import Webhook, WebhookEvent
from rig.desk import agent, ticket
from rig.receiver import Receiver
from rig.vendor import Answer

pytestmark = pytest.mark.django_db
EVENTS = ["ticket.opened", "message.in"]


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """A receiver that may be reached."""
    with Receiver() as made:
        settings.OUTBOUND_ALLOW = made.place
        yield made


@pytest.fixture
def boss() -> Client:
    """An admin, signed in."""
    client = Client()
    client.force_login(agent("boss", role="admin"))
    return client


@pytest.fixture
def api() -> Client:
    """An admin's token."""
    _, text = ApiToken.issue(agent("boss", role="admin"))
    return Client(headers={"authorization": f"Bearer {text}"})


def test_made_on_the_desk_and_its_secret_is_shown_once(boss: Client, receiver: Receiver) -> None:
    form = {"url": f"{receiver.url}/hook", "label": "Mirror", "events": EVENTS}
    said = boss.post("/webhooks/new/", form).content.decode()
    hook = Webhook.objects.get()
    found = re.search(r"<code>(whsec_[^<]+)</code>", said)
    assert found is not None
    assert (found[1], hook.events, str(hook.made_by)) == (hook.secret, EVENTS, "boss")
    assert hook.secret not in boss.get(f"/webhooks/{hook.pk}/").content.decode()
    renewed = boss.post(f"/webhooks/{hook.pk}/secret/").content.decode()
    hook.refresh_from_db()
    assert hook.secret in renewed
    assert hook.old_secret == found[1]


def test_a_ping_shows_what_came_back(boss: Client, receiver: Receiver) -> None:
    boss.post("/webhooks/new/", {"url": f"{receiver.url}/hook", "events": EVENTS})
    hook = Webhook.objects.get()
    receiver.secret = hook.secret
    receiver.fail("/hook", answer=Answer(500, {"reason": "<b>not</b> today"}))
    boss.post(f"/webhooks/{hook.pk}/ping/")
    assert 'hx-trigger="every 2s"' in boss.get(f"/webhooks/{hook.pk}/").content.decode()
    webhookjob.deliver(hook.pk)
    page = boss.get(f"/webhooks/{hook.pk}/").content.decode()
    assert "&lt;b&gt;not&lt;/b&gt; today" in page
    assert 'hx-trigger="every 2s"' not in page
    boss.post(f"/webhooks/{hook.pk}/ping/")  # a new one does not wait for the old one's turn
    webhookjob.deliver(hook.pk)
    assert [body["type"] for body in receiver.taken] == ["ping"]
    row = WebhookEvent.objects.get(state="sent")
    boss.post(f"/webhooks/{hook.pk}/replay/", {"row": row.pk})
    webhookjob.deliver(hook.pk)
    assert receiver.ids == [row.message_id] * 2


def test_mistakes_come_back_with_what_was_written(boss: Client) -> None:
    form = {"url": "http://example.com/x", "events": EVENTS, "label": "Mirror"}
    answer = boss.post("/webhooks/new/", form)
    assert answer.status_code == 422
    assert "Use https" in answer.content.decode()
    assert 'value="Mirror"' in answer.content.decode()
    answer = boss.post("/webhooks/new/", {"url": "https://example.com/x", "events": ["nothing"]})
    assert (answer.status_code, Webhook.objects.count()) == (422, 0)


def test_switched_off_and_taken_away(boss: Client, receiver: Receiver) -> None:
    boss.post("/webhooks/new/", {"url": f"{receiver.url}/hook", "events": EVENTS})
    hook = Webhook.objects.get()
    boss.post(f"/webhooks/{hook.pk}/switch/")
    ticket()
    refused = boss.post(f"/webhooks/{hook.pk}/ping/", follow=True).content.decode()
    assert "Switch it on first" in refused
    assert WebhookEvent.objects.count() == 0
    boss.post(f"/webhooks/{hook.pk}/switch/", {"on": "1"})
    ticket()
    assert WebhookEvent.objects.count() == 2
    boss.post(f"/webhooks/{hook.pk}/delete/")
    assert (Webhook.objects.count(), WebhookEvent.objects.count()) == (0, 0)


@pytest.mark.parametrize("count", [1, 3])
def test_pages_cost_the_same_at_any_size(
    count: int, boss: Client, receiver: Receiver, django_assert_max_num_queries: Any
) -> None:
    for _ in range(count):
        boss.post("/webhooks/new/", {"url": f"{receiver.url}/hook", "events": EVENTS})
    hook = Webhook.objects.earliest("pk")
    for _ in range(count):
        ticket()
    webhookjob.deliver(hook.pk)
    with django_assert_max_num_queries(7):
        assert boss.get("/webhooks/").content.count(b'class="told__row"') == count
    with django_assert_max_num_queries(9):
        assert boss.get(f"/webhooks/{hook.pk}/").content.count(b'<th scope="row"') == 2 * count


@pytest.mark.parametrize("role", ["agent", "light", "viewer"])
def test_only_admins_see_webhooks(role: str, receiver: Receiver) -> None:
    hook = Webhook.objects.create(label="x", url=f"{receiver.url}/hook", events=EVENTS)
    client = Client()
    client.force_login(agent("ana", role=role))
    for path in ("/webhooks/", "/webhooks/new/", f"/webhooks/{hook.pk}/"):
        assert client.get(path).status_code == 404
    for verb in ("ping", "secret", "switch", "delete", "replay"):
        assert client.post(f"/webhooks/{hook.pk}/{verb}/").status_code == 404
    _, text = ApiToken.issue(agent("ana"))
    token = Client(headers={"authorization": f"Bearer {text}"})
    assert token.get("/api/v1/webhooks/").status_code == 403
    assert token.post(f"/api/v1/webhooks/{hook.pk}/ping/").status_code == 403


def test_made_changed_and_taken_away_by_the_api(api: Client, receiver: Receiver) -> None:
    kind = "application/json"
    body = {"url": f"{receiver.url}/hook", "label": "Mirror", "events": EVENTS}
    made = api.post("/api/v1/webhooks/", body, content_type=kind)
    assert made.status_code == 201
    pk, receiver.secret = made.json()["id"], made.json()["secret"]
    listed = api.get("/api/v1/webhooks/").json()["results"]
    assert [(row["id"], row["state"], "secret" in row) for row in listed] == [(pk, "on", False)]
    api.post(f"/api/v1/webhooks/{pk}/ping/", {}, content_type=kind)
    webhookjob.deliver(pk)
    (row,) = api.get(f"/api/v1/webhooks/{pk}/deliveries/?state=sent").json()["results"]
    assert (row["event"], row["message_id"]) == ("ping", receiver.ids[0])
    assert [tried["status"] for tried in row["attempts"]] == [204]
    again = api.post(f"/api/v1/webhooks/{pk}/replay/", {"id": row["id"]}, content_type=kind)
    assert again.json() == {"queued": 1}
    off = api.patch(f"/api/v1/webhooks/{pk}/", {"on": False}, content_type=kind)
    assert off.json()["state"] == "off"
    assert api.delete(f"/api/v1/webhooks/{pk}/").status_code == 204
    assert api.get(f"/api/v1/webhooks/{pk}/").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": "http://example.com/"},
        {"url": "https://example.com/"},
        {"url": "https://example.com/", "events": ["ticket.eaten"]},
        {"url": "https://example.com/", "events": EVENTS, "team": "nobody"},
        {"url": "https://example.com/", "events": EVENTS, "color": "red"},
    ],
)
def test_bodies_that_cannot_be_are_400(body: dict[str, Any], api: Client) -> None:
    answer = api.post("/api/v1/webhooks/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["type"]) == (400, "invalid")
    assert Webhook.objects.count() == 0
