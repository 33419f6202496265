"""What we ask of GitHub is legal, follows renamed repositories, and keeps to the limits."""

from pathlib import Path
from typing import Any

import pytest
import requests
from django.utils import timezone

from inbox.channels.contract import ChannelConfig, DeliveryError
from integrations.github import client, outbound
from integrations.github.tests.sending import REPO, config_of, message
from rig import descriptions, github, openapi, tools
from rig.descriptions import MissingDescription
from rig.github import FakeGitHub
from rig.vendor import Answer

pytestmark = pytest.mark.django_db

LEGAL = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
    "User-Agent": "switchboard",
    "Authorization": f"Bearer {github.TOKEN}",
}


@pytest.mark.skipif(not openapi.GITHUB.is_there(), reason="fetched by `make test`")
@pytest.mark.parametrize(
    ("method", "path", "body", "problem"),
    [
        ("GET", "/repos/o/n/issues/1/comment", None, "GitHub has no GET"),
        ("GET", "/repositories/7/issues/1/comments", None, "GitHub has no GET"),
        ("PUT", "/repos/o/n/issues/1/comments", {"body": "x"}, "GitHub has no PUT"),
        ("GET", "/repos/o/n/issues/one", None, "GitHub has no GET"),
        ("GET", "/repos/o/n/issues?order=asc", None, "no query parameter “order”"),
        ("GET", "/repos/o/n/issues?state=any", None, "parameter “state” cannot be"),
        ("GET", "/repos/o/n/issues?since=2026-11-18", None, "parameter “since” cannot be"),
        ("GET", "/repos/o/n/issues?page=1&page=2", None, "parameter “page” cannot be"),
        ("GET", "/repos/o/n/issues?per_page=all", None, "parameter “per_page” cannot be"),
        ("GET", "/search/issues", None, "parameter “q” is missing"),
        ("POST", "/repos/o/n/issues/1/comments", None, "the body is missing"),
        ("POST", "/repos/o/n/issues/1/comments", {"text": "x"}, "body: $"),
        ("POST", "/repos/o/n/issues/1/comments", {"body": "x", "mark": "y"}, "'mark'"),
        ("POST", "/repos/o/n/issues", {"title": None}, "body: $.title"),
        ("PATCH", "/repos/o/n/issues/1", {"state_reason": "solved"}, "body: $.state_reason"),
        ("POST", "/repos/o/n/issues/1/labels", {"labels": []}, "body: $"),
        ("DELETE", "/repos/o/n/issues/1/labels/a", {"name": "a"}, "it takes no body"),
    ],
)
def test_requests_that_github_would_not_understand_are_refused_and_remembered(
    hub: FakeGitHub, method: str, path: str, body: Any, problem: str
) -> None:
    answer = requests.request(method, hub.url + path, json=body, headers=LEGAL, timeout=10)
    assert answer.status_code == 400
    (remembered,) = hub.illegal
    hub.illegal.clear()  # what the end of the fixture asserts
    assert problem in remembered
    assert answer.json() == {"message": remembered}


@pytest.mark.skipif(not openapi.GITHUB.is_there(), reason="fetched by `make test`")
@pytest.mark.parametrize("missing", ["Accept", "X-GitHub-Api-Version", "User-Agent"])
def test_headers_that_github_wants_are_needed(hub: FakeGitHub, missing: str) -> None:
    headers = {**LEGAL, missing: ""}
    answer = requests.get(hub.url + "/rate_limit", headers=headers, timeout=10)
    assert (answer.status_code, len(hub.illegal)) == (400, 1)
    hub.illegal.clear()


@pytest.mark.skipif(not openapi.GITHUB.is_there(), reason="fetched by `make test`")
def test_nobody_leaves_with_an_illegal_request() -> None:
    fake = FakeGitHub()
    with pytest.raises(AssertionError, match="GitHub has no GET /nothing"), fake:
        requests.get(fake.url + "/nothing", timeout=10)


def test_a_description_that_cannot_be_had_is_an_error_in_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An npm that has no network, and one that brings something else."""
    npm = tmp_path / "npm"
    monkeypatch.setattr(descriptions, "PLACE", tmp_path / "var")
    monkeypatch.setattr(tools, "require", lambda name: npm)
    npm.write_text("#!/bin/sh\necho 'npm error network' >&2\nexit 1\n")
    npm.chmod(0o755)
    with pytest.raises(MissingDescription, match=r"@octokit/openapi.*npm error network"):
        descriptions.install()
    npm.write_text(
        "#!/bin/sh\nmkdir -p package/generated && echo {} > package/generated/api.github.com.json"
        " && tar czf a.tgz package\n"
    )
    with pytest.raises(MissingDescription, match="another hash"):
        descriptions.install()
    assert not openapi.GITHUB.is_there()


# ------------------------------------------------------------------ who asks, and where


@pytest.mark.parametrize("status", [301, 302, 307])
def test_renamed_repository_is_followed_with_method_and_body(hub: FakeGitHub, status: int) -> None:
    config = config_of(hub)
    hub.open("kezia", REPO, "It hangs")
    hub.rename(REPO, "example/engine", status=status)
    sent = outbound.send(message("1:issue:1"), config)
    assert hub.said("example/engine", 1) == ["Try **2.4**."]
    assert outbound.find_sent(message("1:issue:1"), config) == sent
    assert [c.method for c in hub.called("/repos/example/engine/issues/1/comments")] == [
        "POST",
        "GET",
    ]
    assert hub.called("/repos/example/engine/issues/1/comments")[1].query["per_page"] == ["100"]


def test_redirects_in_a_circle_or_to_somebody_else_end(hub: FakeGitHub) -> None:
    config = config_of(hub)
    hub.moved = {"a/b": ("a/c", 301), "a/c": ("a/b", 301)}
    with pytest.raises(DeliveryError, match="one address to the next") as caught:
        client.call(config, "GET", "/repos/a/b")
    assert (caught.value.permanent, len(hub.calls)) == (True, 4)
    elsewhere = {"location": "http://127.0.0.1:1/repos/a/b"}
    hub.fail("/repos/a/b", answer=Answer(301, {}, elsewhere))
    with pytest.raises(DeliveryError, match="another host"):
        client.call(config, "GET", "/repos/a/b")


def app(hub: FakeGitHub, **more: str) -> ChannelConfig:
    pem = hub.door.install("12", "34")
    given = {"token": "", "app_id": "12", "installation_id": "34", "private_key": pem}
    return config_of(hub, **{**given, **more})


def test_app_asks_for_a_token_once_and_again_when_it_is_refused(hub: FakeGitHub) -> None:
    config = app(hub)
    for _ in range(3):
        client.call(config, "GET", "/rate_limit")
    assert hub.called("/access_tokens") == []  # asked for when it was connected
    hub.door.expire()
    client.call(config, "GET", "/rate_limit")
    assert len(hub.called("/access_tokens")) == 1
    hub.fail("/rate_limit", times=2, answer=Answer(401, {"message": "Bad credentials"}))
    with pytest.raises(DeliveryError, match="refuses the token"):
        client.call(config, "GET", "/rate_limit")
    assert len(hub.called("/access_tokens")) == 2


def test_token_is_renewed_before_it_ends_as_github_says(hub: FakeGitHub) -> None:
    hub.door.token_seconds = 290.0
    config = app(hub)
    hub.door.token_seconds = 320.0
    for _ in range(3):
        client.call(config, "GET", "/rate_limit")
    assert len(hub.called("/access_tokens")) == 1


@pytest.mark.parametrize("wrong", [{"app_id": "13"}, {"installation_id": "35"}])
def test_app_that_github_does_not_know_is_told(hub: FakeGitHub, wrong: dict[str, str]) -> None:
    config = app(hub, **wrong)
    with pytest.raises(DeliveryError, match="refuses the token"):
        client.call(config, "GET", "/rate_limit")


def test_what_has_not_changed_costs_nothing(hub: FakeGitHub) -> None:
    config = config_of(hub)
    hub.open("kezia", REPO, "It hangs")
    path = f"/repos/{REPO}/issues/1"
    found, headers = client.call(config, "GET", path)
    left = hub.door.requests_left
    again, kept = client.call(config, "GET", path, etag=headers["etag"])
    assert (found["title"], again, kept["etag"]) == ("It hangs", None, headers["etag"])
    assert hub.door.requests_left == left
    hub.change("kezia", REPO, 1, "edited", title="It still hangs")
    found, headers = client.call(config, "GET", path, etag=headers["etag"])
    assert (found["title"], hub.door.requests_left) == ("It still hangs", left - 1)


def test_limits_say_how_long_to_wait(hub: FakeGitHub) -> None:
    config = config_of(hub)
    hub.open("kezia", REPO, "It hangs")
    hub.door.pace = (2, 30.0)
    for _ in range(2):
        outbound.send(message("1:issue:1"), config)
    with pytest.raises(DeliveryError) as caught:
        outbound.send(message("1:issue:1"), config)
    assert 25 <= (caught.value.retry_after_seconds or 0) <= 31
    assert not caught.value.permanent
    assert len(hub.said(REPO, 1)) == 2
    hub.door.requests_left = 0
    hub.door.reset_at = int(timezone.now().timestamp()) + 1800
    with pytest.raises(DeliveryError) as caught:
        client.call(config, "GET", f"/repos/{REPO}/issues/1")
    assert 1790 <= (caught.value.retry_after_seconds or 0) <= 1800
