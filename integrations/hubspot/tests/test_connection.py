"""Connecting: consent, tokens that end, what is checked, and what was missed meanwhile."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from inbox.channels.contract import ChannelConfig, ConfigError, DeliveryError, Polled
from inbox.channels.models import Channel, Delivery
from inbox.channels.ports import Consent
from inbox.operations import draining, polling
from inbox.tickets.models import Message, Ticket
from integrations.hubspot import client, connection, history, tokens
from integrations.hubspot.tests.conftest import by_consent, config_of, connected, deliver
from rig import hubspot
from rig.desk import by_page
from rig.hubspot import FakeHubSpot
from rig.vendor import Answer

# ------------------------------------------------------------------ consent and tokens


def test_consent_gives_a_refresh_token_once(portal: FakeHubSpot) -> None:
    config = by_consent(portal)
    visit = Consent(back="https://desk.example.org/back/", state="s t&", verifier="v")
    address = connection.OAUTH.authorize(config, visit)
    assert address.startswith("https://app.hubspot.com/oauth/authorize?client_id=hubspot-client&")
    assert "redirect_uri=https%3A%2F%2Fdesk.example.org%2Fback%2F" in address
    assert "state=s+t%26" in address
    assert all(scope.reason and scope.name in address for scope in connection.SCOPES)
    portal.consents.agree(address)
    (code,) = portal.consents.codes
    given = connection.OAUTH.exchange(config, visit, code)
    assert given["refresh_token"] in portal.refreshing
    with pytest.raises(DeliveryError, match="connect again"):
        connection.OAUTH.exchange(config, visit, code)


@pytest.mark.django_db
def test_page_connects_by_consent_in_place_of_a_pasted_token(portal: FakeHubSpot) -> None:
    connected(portal, token="pat-of-long-ago")
    app = {"client_id": hubspot.CLIENT, "client_secret": hubspot.SECRET, "api_url": portal.url}
    page = by_page("hubspot", app, portal.consents.agree)
    assert f"Connected. ok: account {hubspot.PORTAL}, inboxes Support, Sales" in page
    kept = Channel.objects.get().secrets
    assert (kept["refresh_token"] in portal.refreshing, "token" in kept) == (True, False)
    by_page("hubspot", app, portal.consents.agree)
    assert kept["refresh_token"] not in portal.refreshing  # another one has taken its place
    assert Channel.objects.get().secrets["refresh_token"] in portal.refreshing


def test_token_is_shared_and_renewed_before_it_ends(portal: FakeHubSpot) -> None:
    config = by_consent(portal)
    first = tokens.bearer(config)
    assert tokens.bearer(config) == first
    assert len(portal.called("/oauth/v1/token")) == 1
    assert first not in str(cache.get(tokens._token(config).name))
    portal.token_seconds = 30  # ends within the minute before which it is renewed
    cache.clear()
    assert tokens.bearer(config) != tokens.bearer(config)


def test_refused_token_is_renewed_once_and_the_request_repeated(portal: FakeHubSpot) -> None:
    config = by_consent(portal)
    client.call(config, "GET", f"{client.PREFIX}/inboxes")
    portal.access.clear()
    assert client.call(config, "GET", f"{client.PREFIX}/inboxes")["results"]
    assert len(portal.called("/oauth/v1/token")) == 2
    portal.fail("/inboxes", times=2, answer=Answer(401, {"category": "EXPIRED_AUTHENTICATION"}))
    with pytest.raises(DeliveryError, match="connect again") as caught:
        client.call(config, "GET", f"{client.PREFIX}/inboxes")
    assert caught.value.permanent
    assert caught.value.blocked
    assert len(portal.called("/oauth/v1/token")) == 3


def test_many_at_once_renew_once(portal: FakeHubSpot) -> None:
    config = by_consent(portal)
    found: list[str] = []
    stale = tokens.bearer(config)

    def renew() -> None:
        tokens.refused(config, stale)
        found.append(tokens.bearer(config))

    threads = [threading.Thread(target=renew) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert len(portal.called("/oauth/v1/token")) == 2


def test_revoking_ends_the_refresh_token(portal: FakeHubSpot) -> None:
    config = by_consent(portal)
    tokens.bearer(config)
    tokens.revoke(config)
    assert portal.refreshing == set()
    tokens.revoke(config)
    tokens.revoke(config_of(portal))  # a private app's token ends only in HubSpot's settings
    with pytest.raises(DeliveryError, match="connect again"):
        tokens.bearer(config)


def test_no_token_goes_into_words(portal: FakeHubSpot) -> None:
    config = by_consent(portal)
    portal.fail("/inboxes", answer=Answer(400, {"message": "x" * 500}))
    with pytest.raises(DeliveryError) as caught:
        client.call(config, "GET", f"{client.PREFIX}/inboxes")
    assert len(caught.value.text) <= 200
    portal.is_away = True
    said = connection.check(config)
    assert said == "HubSpot did not answer"


# ------------------------------------------------------------------ the check


@pytest.mark.django_db
def test_connecting_learns_who_we_are(portal: FakeHubSpot) -> None:
    channel = connected(portal)
    assert channel.settings["portal_id"] == str(hubspot.PORTAL)
    assert channel.settings["app_id"] == str(hubspot.APP)
    assert channel.settings["sender_actor"] == "A-77"
    assert channel.settings["inbox_names"] == "11=Support\n12=Sales"
    assert channel.address == "HubSpot 62515"


def test_check_says_what_is_wrong(portal: FakeHubSpot) -> None:
    assert connection.check(config_of(portal)) == "ok: account 62515, inboxes Support, Sales"
    assert connection.check(by_consent(portal)).startswith("ok: account 62515")
    assert (
        connection.check(config_of(portal, inboxes="11,13"))
        == "HubSpot has no inbox 13; it has 11, 12"
    )
    portal.scopes -= {"files", "oauth"}
    assert connection.check(config_of(portal)) == "the app lacks the scope files"
    assert connection.check(by_consent(portal)) == "the app lacks the scope oauth, files"
    portal.access.clear()
    assert connection.check(config_of(portal)) == "HubSpot refuses the token; connect again"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("api_url", "ftp://x"), ("legacy_signatures", "maybe"), ("sender_actor", "V-1"),
        ("inboxes", "11,Support"), ("history_days", "a week"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(name: str, value: str) -> None:
    with pytest.raises(ConfigError):
        connection.validate(ChannelConfig(kind="hubspot", key="main", settings={name: value}))


# ------------------------------------------------------------------ what was missed


def look(config: ChannelConfig, cursor: Mapping[str, Any]) -> tuple[list[Polled], dict[str, Any]]:
    found: list[Polled] = []
    state = history.backfill(config, cursor, found.append)
    return found, dict(state)


@pytest.mark.django_db
def test_what_was_missed_is_fetched_and_nothing_twice(portal: FakeHubSpot) -> None:
    channel = connected(portal)
    for n in range(130):
        portal.at = timezone.now() - timedelta(minutes=200 - n)
        thread = portal.inbox.start("V-501", f"question {n}", inbox=str(11 + n % 2))
    portal.inbox.say(thread, "A-77", "answered there")
    portal.inbox.stand(thread, "CLOSED")
    heard = portal.take()[:2]
    deliver(heard)
    assert Ticket.objects.count() == 1
    polling.poll(channel.pk, now=timezone.now())
    draining.drain(timeout_seconds=60)
    assert Ticket.objects.count() == 130
    assert Message.objects.count() == 131
    assert Ticket.objects.get(threads__thread_key=thread).status == "closed"
    assert set(Delivery.objects.values_list("state", flat=True)) <= {"done", "ignored"}
    stored = Delivery.objects.count()
    polling.poll_now("main", now=timezone.now(), since=timezone.now() - timedelta(days=1))
    assert Delivery.objects.count() == stored


def test_looks_are_rare_where_webhooks_come_and_frequent_where_none_do(portal: FakeHubSpot) -> None:
    config = config_of(portal)
    _, state = look(config, {})
    assert state["asked"]
    portal.calls.clear()
    _, state = look(config, state)
    assert (state["asked"], portal.calls) == (False, [])
    away = {**state, "seen_at": (datetime.now(UTC) - timedelta(minutes=11)).isoformat()}
    assert look(config, away)[1]["asked"]
    old = {**state, "passed_at": (datetime.now(UTC) - timedelta(minutes=61)).isoformat()}
    assert look(config, old)[1]["asked"]
    assert look(config, {**state, "since": "2026-11-01T00:00:00+00:00"})[1]["asked"]
    deaf = ChannelConfig(
        kind="hubspot", key="main", settings=config.settings, secrets={"token": hubspot.TOKEN}
    )
    assert look(deaf, state)[1]["asked"]


def test_limit_in_the_middle_keeps_how_far_it_came(portal: FakeHubSpot) -> None:
    config = config_of(portal)
    for n in range(6):
        portal.at = datetime.now(UTC) - timedelta(hours=2) + timedelta(minutes=10 * n)
        portal.inbox.start("V-501", f"question {n}")
    portal.at = None
    real, left = portal.answer, iter(range(4))

    def limited(call: Any) -> Answer:
        spent = call.path.endswith("/messages") and next(left, None) is None
        return Answer(429, hubspot.LIMIT) if spent else real(call)

    portal.answer = limited  # type: ignore[method-assign]  # four conversations, then the limit
    found, state = look(config, {})
    assert len(found) == 8
    assert look(config, state)[1]["asked"] is False
    portal.answer = real  # type: ignore[method-assign]  # the limit is over
    state["wait_until"] = datetime.now(UTC).isoformat()
    more, state = look(config, state)
    fresh = {p.dedupe_key for p in more} - {p.dedupe_key for p in found}
    assert len(fresh) == 4
    assert state["passed_at"]


@pytest.mark.django_db
def test_poll_that_is_refused_is_said_on_the_channel(portal: FakeHubSpot) -> None:
    channel = connected(portal)
    portal.access.clear()
    polling.poll(channel.pk, now=timezone.now())
    assert Channel.objects.get().health_text == "HubSpot refuses the token; connect again"
