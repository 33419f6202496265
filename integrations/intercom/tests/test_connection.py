"""Connecting: consent, what is learned, what a check says, and the end of it."""

import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from inbox.channels.contract import ChannelConfig, ConfigError, DeliveryError
from inbox.channels.models import Channel
from inbox.channels.ports import Consent
from integrations.intercom import connection
from integrations.intercom.inspecting import inspect
from integrations.intercom.kind import INTERCOM
from integrations.intercom.payloads import permalink
from integrations.intercom.tests.conftest import ADA, ANA, config_of, connected, given
from rig import intercom
from rig.desk import by_page
from rig.intercom import FakeIntercom

BACK = "https://desk.example.com/channels/intercom/main/back/"


def test_consent_gives_a_token(workspace: FakeIntercom) -> None:
    config = replace(config_of(workspace), secrets={"client_secret": intercom.CLIENT_SECRET})
    oauth = INTERCOM.oauth
    assert oauth is not None
    visit = Consent(back=BACK, state="state-1", verifier="v")
    parts = urlsplit(address := oauth.authorize(config, visit))
    assert (parts.netloc, parts.path) == ("app.intercom.com", "/oauth")
    assert parse_qs(parts.query) == {
        "client_id": [intercom.CLIENT_ID],
        "state": ["state-1"],
        "redirect_uri": [BACK],
    }
    workspace.consents.agree(address)
    (code,) = workspace.consents.codes
    assert oauth.exchange(config, visit, code) == {"access_token": intercom.TOKEN}
    with pytest.raises(DeliveryError) as caught:  # a code is good once
        oauth.exchange(config, visit, code)
    assert caught.value.permanent
    assert all("authorization" not in call.headers for call in workspace.calls)


@pytest.mark.django_db
def test_page_connects_by_consent(workspace: FakeIntercom) -> None:
    app = {name: v for name, v in given(workspace).items() if name != "access_token"}
    page = by_page("intercom", app, workspace.consents.agree)
    assert "Connected. ok: Example, Desk speaks for the desk" in page
    assert Channel.objects.get().secrets["access_token"] == intercom.TOKEN
    by_page("intercom", app, workspace.consents.agree)
    assert workspace.called("/auth/uninstall") == []  # the workspace's only app would be gone


def test_only_the_app_of_another_workspace_is_uninstalled(workspace: FakeIntercom) -> None:
    here, there = config_of(workspace), config_of(workspace, app_id="other")
    assert connection.ends_alone(here, there)
    assert not connection.ends_alone(here, config_of(workspace, access_token="another"))
    assert not connection.ends_alone(config_of(workspace, app_id=""), there)


def test_revoking_ends_the_token_and_may_be_repeated(workspace: FakeIntercom) -> None:
    config = config_of(workspace)
    connection.revoke(config)
    assert connection.check(config).startswith("Intercom refuses the token")
    connection.revoke(config)
    connection.revoke(replace(config, secrets={}))


@pytest.mark.django_db
def test_connecting_learns_the_workspace_and_who_speaks(workspace: FakeIntercom) -> None:
    channel = connected(workspace)
    learned = {name: channel.settings[name] for name in ("app_id", "app_name", "token_admin_id")}
    assert learned == {"app_id": "abc123", "app_name": "Example", "token_admin_id": "77"}
    assert channel.address == "Example"
    assert "intercom-test-token" not in str(channel.settings)
    assert Channel.objects.get().realm == "intercom:main"


def test_a_check_says_what_is_missing(workspace: FakeIntercom) -> None:
    config = config_of(workspace)
    assert connection.check(config) == "ok: Example, Desk speaks for the desk"
    other = replace(config, settings={**config.settings, "admin_id": "999"})
    assert "no teammate 999" in connection.check(other)
    bare = replace(config, secrets={"access_token": intercom.TOKEN})
    assert connection.check(bare).startswith("nothing comes in yet")
    assert connection.check(replace(config, secrets={})).startswith("there is no access token")
    workspace.is_away = True
    assert connection.check(config) == "Intercom did not answer"
    assert connection.discover(config) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("purpose", "fun"), ("speak_as", "me"), ("api_url", "api.intercom.io"),
        ("invite_url", "javascript:x"), ("history_days", "-1"), ("admin_id", "ana"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(name: str, value: str) -> None:
    with pytest.raises(ConfigError):
        INTERCOM.validate(ChannelConfig(kind="intercom", key="x", settings={name: value}))


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        ({}, "https://app.intercom.com"),
        ({"api_url": "https://api.eu.intercom.io"}, "https://app.eu.intercom.com"),
        ({"api_url": "https://api.au.intercom.io"}, "https://app.au.intercom.com"),
        ({"app_url": "https://x.example/"}, "https://x.example"),
    ],
)
def test_links_lead_to_the_region(settings: dict[str, str], host: str) -> None:
    config = ChannelConfig(kind="intercom", key="x", settings={"app_id": "a1", **settings})
    assert permalink("5", config) == f"{host}/a/inbox/a1/inbox/conversation/5"


def test_inspect_shows_what_is_read(workspace: FakeIntercom) -> None:
    key = workspace.begin(ADA, "It hangs")
    workspace.say(ANA, key, "Which version?")
    told = json.dumps(workspace.sent[-1]).encode()
    shown = inspect("a.json", told, {})
    assert shown["error"] is None
    assert [m["text"] for m in shown["messages"]] == ["It hangs", "Which version?"]
    whole = json.dumps(workspace.shown(workspace.conversations[key])).encode()
    assert len(inspect("b.json", whole, {})["messages"]) == 2
    assert str(inspect("c.json", b"[", {})["error"]).startswith("MalformedBody")
