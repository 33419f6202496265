"""Connecting a channel from the desk, and changing what was said there."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from inbox.accounts.models import User
from inbox.channels.models import Channel
from inbox.common.config import change_setting
from inbox.operations import draining
from inbox.tickets import services as tickets
from inbox.tickets.models import Message
from integrations.slack.tests.conftest import asked, connected
from rig import slack
from rig.desk import NOW, act, agent, asker, ticket, writes
from rig.slack import FakeSlack

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace(settings: object) -> Iterator[FakeSlack]:
    """A fake workspace."""
    with FakeSlack() as fake:
        settings.OUTBOUND_ALLOW = fake.url.removeprefix("http://")  # type: ignore[attr-defined]  # pytest-django's wrapper
        fake.person("U0ADA", "ada")
        yield fake


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_slack_is_connected_step_by_step(workspace: FakeSlack) -> None:
    desk = client_of(agent("boss", role="admin"))
    workspace.room("help")
    workspace.room("random", is_member=False)
    page = desk.get("/channels/slack/main/").content.decode()
    assert "&quot;app_mentions:read&quot;" in page
    assert "http://127.0.0.1:8000/hooks/slack/main/" in page
    refused = desk.post("/channels/slack/main/", {"team_id": "nonsense!"})
    assert refused.status_code == 422
    assert "is no workspace id" in refused.content.decode()
    given = {
        "team_id": slack.TEAM,
        "signing_secret": slack.SECRET,
        "bot_token": slack.TOKEN,
        "api_url": f"{workspace.url}/api/",
    }
    said = desk.post("/channels/slack/main/", given, follow=True).content.decode()
    assert "Kept. ok: desk in Millrace" in said
    assert slack.TOKEN not in said
    assert "#random (invite the bot)" in said
    desk.post("/channels/slack/main/", {"places": ["", "#help"]})
    channel = Channel.objects.get(kind="slack")
    assert channel.settings["watch"] == "#help"
    assert channel.secrets["bot_token"] == slack.TOKEN
    tried = desk.post("/channels/slack/main/try/", {"place": "#help"}, follow=True).content.decode()
    assert "A test message was posted in #help." in tried
    assert workspace.posted(workspace.room("help").id)[0].text == "Switchboard is here"


def test_only_admins_connect(workspace: FakeSlack) -> None:
    desk = client_of(agent("ana"))
    for path in ("/channels/", "/channels/slack/main/"):
        assert desk.get(path).status_code == 404
    assert desk.post("/channels/slack/main/", {"team_id": "T1"}).status_code == 404


def test_answer_is_changed_and_deleted_where_it_stands(workspace: FakeSlack) -> None:
    connected(workspace)
    row = asked(workspace, "help")
    act(tickets.reply, row, body="With drop.", user=agent("ana"), at=timezone.now())
    draining.drain(timeout_seconds=20)
    message = Message.objects.get(direction="out")
    desk = client_of(agent("ana"))
    assert "Change it there" in desk.get(f"/tickets/{row.pk}/").content.decode()
    desk.post(f"/tickets/{row.pk}/amend/", {"message": message.pk, "body": "With **pg_drop**."})
    draining.drain(timeout_seconds=20)
    (post,) = workspace.posted(workspace.room("help").id)
    assert post.text == "With *pg_drop*."
    desk.post(f"/tickets/{row.pk}/withdraw/", {"message": message.pk})
    draining.drain(timeout_seconds=20)
    assert post.deleted
    message.refresh_from_db()
    assert (message.new_text, message.deleted_at is not None) == ("", True)
    assert "This message was deleted" in desk.get(f"/tickets/{row.pk}/").content.decode()


def test_mail_is_invited_to_the_chat_and_it_is_counted(workspace: FakeSlack) -> None:
    """S2."""
    connected(workspace, invite_url="https://join.example.org/slack")
    row = ticket()
    desk = client_of(agent("ana"))
    desk.post(f"/tickets/{row.pk}/invite/")
    said = Message.objects.get(direction="out")
    assert said.new_text.endswith("Come over: https://join.example.org/slack")
    assert row.events.get(kind="redirected").data == {"to": "slack/main"}


def test_a_long_conversation_offers_a_call(workspace: FakeSlack) -> None:
    """S70."""
    change_setting("call_link", "https://cal.example.org/ana")
    change_setting("call_after_messages", 3)
    who = asker()
    row = ticket(who=who)
    desk = client_of(agent("ana"))
    assert "Offer a call?" not in desk.get(f"/tickets/{row.pk}/").content.decode()
    for minutes in (1, 2):
        writes(row, who, at=NOW + timedelta(minutes=minutes))
    page = desk.get(f"/tickets/{row.pk}/").content.decode()
    assert "Offer a call?" in page
    assert "https://cal.example.org/ana" in page
