"""Requests carry the right credentials, wait as told, and never go to another host."""

import socket
from datetime import timedelta

import pytest

from integrations.zendesk import client
from integrations.zendesk.client import ZendeskError
from integrations.zendesk.tests.conftest import config_of
from rig import zendesk
from rig.vendor import Answer
from rig.zendesk import FakeZendesk


def me(desk: FakeZendesk, **more: str) -> str:
    found = client.call(config_of(desk, **more), "GET", "/users/me")
    return str(found["user"]["email"])


def test_client_gets_one_token_and_renews_it_when_it_ends(desk: FakeZendesk) -> None:
    assert [me(desk), me(desk)] == [zendesk.EMAIL] * 2
    assert len(desk.called("/oauth/tokens")) == 1
    desk.door.expire()
    assert me(desk) == zendesk.EMAIL
    assert len(desk.called("/oauth/tokens")) == 2
    desk.door.token_seconds = 30  # it ends within a minute: the next request brings another
    desk.door.expire()
    assert [me(desk), me(desk)] == [zendesk.EMAIL] * 2
    assert len(desk.called("/oauth/tokens")) == 4


def test_api_token_still_opens(desk: FakeZendesk) -> None:
    more = {"client_id": "", "email": zendesk.EMAIL, "api_token": zendesk.API_TOKEN}
    assert me(desk, **more) == zendesk.EMAIL
    assert desk.called("/oauth/tokens") == []
    desk.door.api_tokens = False
    with pytest.raises(ZendeskError) as caught:
        me(desk, **more)
    assert (caught.value.status, caught.value.permanent, caught.value.blocked) == (401, True, True)


@pytest.mark.parametrize("more", [{"client_id": ""}, {"client_secret": "wrong"}])
def test_without_a_working_client_nothing_is_asked(desk: FakeZendesk, more: dict[str, str]) -> None:
    with pytest.raises(ZendeskError) as caught:
        me(desk, **more)
    assert caught.value.blocked
    assert desk.called("/users/me") == []


def test_revoked_client_is_said_so(desk: FakeZendesk) -> None:
    me(desk)
    desk.door.revoked = True
    desk.door.expire()
    with pytest.raises(ZendeskError, match="connect again"):
        me(desk)


def test_disconnecting_revokes_the_token(desk: FakeZendesk) -> None:
    me(desk)
    client.revoke(config_of(desk))
    assert desk.door.tokens == {}
    assert len(desk.called("/oauth/tokens")) == 1  # the one that all processes share
    desk.door.revoked = True
    client.revoke(config_of(desk))  # the client is gone, and its tokens with it


@pytest.mark.parametrize(
    ("answer", "wait", "uncertain"),
    [
        (Answer(429, {"error": "x"}, {"retry-after": "7"}), 7.0, False),
        (Answer(429, b"", {"ratelimit-reset": "9"}), 9.0, False),
        (Answer(429, b""), 60.0, False),
        (Answer(429, b"", {"retry-after": "99999"}), 3600.0, False),
        (Answer(503, b"", {"retry-after": "5"}), 5.0, False),
        (Answer(502, b""), None, True),
        (Answer(200, b"<html>"), None, True),
    ],
)
def test_limits_and_faults_have_their_meaning(
    desk: FakeZendesk, answer: Answer, wait: float | None, uncertain: bool
) -> None:
    desk.fail("/tickets", answer=answer)
    with pytest.raises(ZendeskError) as caught:
        client.call(config_of(desk), "POST", "/tickets", {"ticket": {}})
    found = caught.value
    assert (found.retry_after_seconds, found.uncertain) == (wait, uncertain)
    assert not found.permanent


def test_lost_answer_is_uncertain_only_when_something_was_written(desk: FakeZendesk) -> None:
    desk.open("Mira", "It hangs")
    for method, path, unclear in (("GET", "/tickets/1", False), ("PUT", "/tickets/1", True)):
        desk.fail(path, drop="before")
        with pytest.raises(ZendeskError) as caught:
            client.call(config_of(desk), method, path, {"ticket": {}} if unclear else None)
        assert caught.value.uncertain == unclear
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]  # not allowed: refused before anything leaves
        with pytest.raises(ZendeskError) as caught:
            client.call(
                config_of(desk, api_url=f"http://127.0.0.1:{port}"), "PUT", "/tickets/1", {}
            )
    assert not caught.value.uncertain


def test_refusals_are_told_in_zendesks_words(desk: FakeZendesk) -> None:
    desk.open("Mira", "It hangs")
    with pytest.raises(ZendeskError, match="Assignee: is required when solving") as caught:
        client.call(config_of(desk), "PUT", "/tickets/1", {"ticket": {"status": "solved"}})
    assert (caught.value.status, caught.value.code) == (422, "RecordInvalid")
    titled = {"error": {"title": "Forbidden thing", "message": "Not with this plan"}}
    desk.fail("/tickets/1", answer=Answer(400, titled))
    with pytest.raises(ZendeskError, match="Not with this plan"):
        client.call(config_of(desk), "GET", "/tickets/1")


def test_lists_are_read_by_their_cursors(desk: FakeZendesk) -> None:
    desk.open("Mira", "It hangs")
    for n in range(230):
        desk.comment("Mira", 1, f"and {n}")
    found = [
        row["body"]
        for page in client.pages(config_of(desk), "/tickets/1/comments", "comments")
        for row in page["comments"]
    ]
    assert found == ["It hangs", *(f"and {n}" for n in range(230))]
    assert len(desk.called("/tickets/1/comments")) == 3


def test_export_goes_on_by_cursor_and_leaves_the_last_minute_out(desk: FakeZendesk) -> None:
    begin = int(desk.at.timestamp())
    desk.page_size = 3
    for n in range(7):
        desk.open("Mira", f"thing {n}")
    desk.at += timedelta(minutes=2)
    desk.open("Mira", "too new")
    seen: list[int] = []
    found = client.export(config_of(desk), start_at=begin)
    seen += [row["id"] for row in found["tickets"]]
    while not found["end_of_stream"]:
        found = client.export(config_of(desk), cursor=found["after_cursor"])
        seen += [row["id"] for row in found["tickets"]]
    assert sorted(set(seen)) == [1, 2, 3, 4, 5, 6, 7]
    assert len(seen) > 7, "tickets may come twice"
    assert {user["name"] for user in found["users"]} == {"Mira"}


def test_eleventh_export_in_a_minute_has_to_wait(desk: FakeZendesk) -> None:
    config, begin = config_of(desk), int(desk.at.timestamp()) - 600
    for _ in range(10):
        client.export(config, start_at=begin)
    with pytest.raises(ZendeskError) as caught:
        client.export(config, start_at=begin)
    assert caught.value.retry_after_seconds
    assert 1 <= caught.value.retry_after_seconds <= 61


def test_file_comes_from_the_account_and_its_file_host_alone(desk: FakeZendesk) -> None:
    row = desk.file("crash.log", b"it broke")
    config = config_of(desk)
    assert client.fetch(row["content_url"], config) == b"it broke"
    place = row["content_url"].removeprefix(desk.url).partition("?")[0]
    with FakeZendesk() as files:
        there = files.file("crash.log", b"from elsewhere")["content_url"]
        desk.fail(place, times=2, answer=Answer(302, b"", {"location": there}))
        with pytest.raises(ZendeskError, match="host that is not Zendesk's"):
            client.fetch(row["content_url"], config)
        assert files.calls == []
    for url in ("http://169.254.169.254/x", "https://example.zendesk.com.evil.example/x"):
        with pytest.raises(ZendeskError, match="host that is not Zendesk's"):
            client.fetch(url, config)


def test_credentials_stay_behind_when_a_file_lies_elsewhere(
    desk: FakeZendesk, settings: object
) -> None:
    row = desk.file("crash.log", b"x")
    with FakeZendesk() as files:
        both = [desk.url.removeprefix("http://"), files.url.removeprefix("http://")]
        settings.OUTBOUND_ALLOW = both  # type: ignore[attr-defined]  # pytest-django's wrapper
        there = files.file("crash.log", b"from elsewhere")["content_url"]
        desk.fail(
            row["content_url"].removeprefix(desk.url).partition("?")[0],
            answer=Answer(302, b"", {"location": there}),
        )
        found = client.fetch(row["content_url"], config_of(desk, file_host=files.url))
        assert found == b"from elsewhere"
        assert all("authorization" not in asked.headers for asked in files.calls)
