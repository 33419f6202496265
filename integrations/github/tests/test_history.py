"""What was missed while the desk was away, the log of webhook deliveries, and the live check."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from inbox.channels.models import Channel, Delivery, Source
from inbox.operations import draining, polling
from inbox.sla.models import Clock
from inbox.tickets.models import Message, Ticket
from integrations.github import connection, history
from integrations.github.client import GitHubError
from integrations.github.tests.conftest import connected, deliver
from rig import github_lists as lists
from rig.desk import agent, policy
from rig.github import FakeGitHub
from rig.vendor import Answer

pytestmark = pytest.mark.django_db
REPO, OTHER = "example/core", "example/extra"


@pytest.fixture
def hub(hub: FakeGitHub) -> FakeGitHub:
    """The fake, whose day was yesterday."""
    hub.at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    hub.repository(REPO)
    return hub


def poll(*, between: Callable[[], None] = lambda: None, **cursor: Any) -> Channel:
    """One poll, and everything that it found filed."""
    channel = Channel.objects.get(kind="github")
    if cursor:
        Channel.objects.filter(pk=channel.pk).update(poll_cursor={**channel.poll_cursor, **cursor})
    assert polling.poll(channel.pk, now=timezone.now()) is not None
    between()
    assert draining.drain(timeout_seconds=600)[1]
    channel.refresh_from_db()
    return channel


def again() -> Channel:
    """One poll, as if the desk had been away for a while."""
    away = timezone.now() - timedelta(minutes=11)
    return poll(seen_at=away.isoformat(), wait_until=None)


def truth(fake: FakeGitHub) -> dict[str, str]:
    """Every message by its key, as the fake has it."""
    talks = fake.discussions.things.values()
    found = {f"discussion/{row['id']}": str(row["body"]) for row in talks}
    for (repository, number), row in fake.things.items():
        is_pull = row["kind"] == "pull_request"
        key = f"pull_request/{repository}.{number}" if is_pull else f"issue/{row['id']}"
        found[key] = str(row["body"])
    for name, rows in (
        ("issue_comment", fake.comments),
        ("review_comment", fake.review_comments),
        ("review", fake.reviews),
        ("discussion_comment", fake.discussions.comments),
    ):
        found |= {f"{name}/{key}": str(row["body"]) for key, row in rows.items()}
    return found


def filed() -> dict[str, str]:
    return dict(Message.objects.values_list("external_id", "new_text"))


def story(fake: FakeGitHub, name: str, n: int) -> list[dict[str, Any]]:
    """A thing with an answer or two; now and then a review."""
    if n % 5 == 0:
        return discussed(fake, name, n)
    kind = "pull_request" if n % 4 == 0 else "issue"
    bodies = [fake.open("kezia", name, f"thing {n}", f"text {n}", kind=kind)]
    number = bodies[0][kind]["number"]
    bodies.append(fake.comment("helper", name, number, f"answer {n}"))
    if kind == "pull_request":
        bodies.append(lists.review(fake, "helper", name, number, "APPROVED", f"fine {n}"))
        bodies.append(lists.review_comment(fake, "helper", name, number, f"a line {n}"))
    if n % 3 == 0:
        bodies.append(fake.change("maya", name, number, "closed", state="closed"))
    return json.loads(json.dumps(bodies))  # type: ignore[no-any-return]  # JSON has no types


def discussed(fake: FakeGitHub, name: str, n: int) -> list[dict[str, Any]]:
    """A discussion with a comment and a reply to it."""
    talk = fake.discussions
    bodies = [talk.open("kezia", name, f"thing {n}", f"text {n}")]
    number = bodies[0]["discussion"]["number"]
    bodies.append(talk.comment("helper", name, number, f"answer {n}"))
    parent = bodies[-1]["comment"]["id"]
    bodies.append(talk.comment("kezia", name, number, f"reply {n}", parent=parent))
    if n % 3 == 0:
        at = fake.now()
        bodies.append(talk.change("maya", name, number, "closed", state="closed", closed_at=at))
    return json.loads(json.dumps(bodies))  # type: ignore[no-any-return]  # JSON has no types


def test_everything_missed_is_found_and_clocks_start_at_githubs_times(hub: FakeGitHub) -> None:
    channel = connected(hub, repos=f"{REPO}, {OTHER}")
    channel.policy = policy(first_response_amount=4, first_response_unit="hours")
    channel.save()
    for n in range(1, 25):
        story(hub, (REPO, OTHER)[n % 2], n)
    channel = poll()
    assert (channel.health, channel.health_text) == ("ok", "")
    assert filed() == truth(hub)
    states = {row.subject: row.status for row in Ticket.objects.all()}
    assert states == {f"thing {n}": "closed" if n % 3 == 0 else "open" for n in range(1, 25)}
    for clock in Clock.objects.filter(metric="first_response"):
        first = clock.ticket.messages.order_by("sent_at")[0]
        assert clock.started_at == first.sent_at
        assert clock.due_at == first.sent_at + timedelta(hours=4)


def downtime(fake: FakeGitHub, *, places: int, count: int, quota: int) -> int:
    """A day's things in some repositories, looked up under limits and failures; the polls."""
    names = [f"example/r{n}" for n in range(places)]
    channel = connected(fake, repos=",".join(names), history_days="1")
    channel.policy = policy(first_response_amount=4, first_response_unit="hours")
    channel.save()
    fake.at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=23)
    for n in range(1, count + 1):
        story(fake, names[n % places], n)
        fake.at += timedelta(seconds=int(22 * 3600 / count))
    kept, polls, dice = lists.of(fake), 0, random.Random(count)

    def rested() -> None:
        assert kept.refused <= 1  # after a refusal nothing more is asked
        kept.quota = 10**6  # what is asked while things are filed is not the poll's

    while polls == 0 or "done" in channel.poll_cursor:
        polls, kept.quota, kept.refused = polls + 1, quota, 0
        for path in dice.sample(["/issues", "/comments", "/reviews", "/releases", "/pulls/4"], 2):
            fake.fail(path, answer=Answer(502, b""))
        fake.fail("/issues/comments", drop="before")
        channel = poll(wait_until=None, between=rested)
        assert polls < 100
    assert filed() == truth(fake)
    assert Ticket.objects.count() == count
    states = {row.subject: row.status for row in Ticket.objects.all()}
    assert states == {f"thing {n}": "closed" if n % 3 == 0 else "open" for n in range(1, count + 1)}
    for clock in Clock.objects.filter(metric="first_response"):
        first = clock.ticket.messages.order_by("sent_at")[0]
        assert clock.started_at == first.sent_at
        assert clock.due_at == first.sent_at + timedelta(hours=4)
    return polls


def test_downtime_under_limits_and_failures(hub: FakeGitHub) -> None:
    """The short form."""
    assert downtime(hub, places=2, count=16, quota=10) > 2


@pytest.mark.soak
def test_a_day_away_is_found_whole_inside_the_limits(hub: FakeGitHub) -> None:
    """400 things with a thousand words on them in six repositories."""
    assert downtime(hub, places=6, count=400, quota=40) > 2


def test_what_came_by_webhook_changes_nothing_and_nothing_is_found_twice(hub: FakeGitHub) -> None:
    """Vendor digest 17, contract test 4."""
    connected(hub, repos=REPO)
    for n in range(1, 13):
        for body in story(hub, REPO, n):
            assert deliver(body, guid=f"g{Delivery.objects.count()}") == "done"
    before = list(Ticket.objects.order_by("pk").values("status", "subject", "waiting_on"))
    events = {row.pk: row.events.count() for row in Ticket.objects.all()}
    poll()
    assert list(Ticket.objects.order_by("pk").values("status", "subject", "waiting_on")) == before
    assert {row.pk: row.events.count() for row in Ticket.objects.all()} == events
    assert filed() == truth(hub)
    stored = Delivery.objects.count()
    poll(since=(timezone.now() - timedelta(days=2)).isoformat(), lists={})
    assert Delivery.objects.count() == stored


def test_nothing_new_costs_no_quota_and_what_is_new_comes(hub: FakeGitHub) -> None:
    connected(hub, repos=REPO)
    story(hub, REPO, 1)
    for _ in range(2):
        again()
    hub.calls.clear()
    with time_machine.travel(timezone.now() + timedelta(minutes=20)):
        again()  # a list that is empty begins where it did
    walked = [c for c in hub.calls if "since" in c.query]
    assert len(walked) == 3
    assert all(c.headers.get("if-none-match") for c in walked)
    hub.comment("kezia", REPO, 1, "and now?")
    again()
    assert "and now?" in filed().values()


def test_polls_ask_only_after_a_pause_daily_or_on_demand(hub: FakeGitHub) -> None:
    connected(hub, repos=REPO)
    lists.of(hub).hooks[REPO] = Channel.objects.get().config.webhook_url
    poll()
    hub.calls.clear()
    Channel.objects.update(health="error", health_text="example/core is private now")
    channel = poll()
    assert hub.calls == []
    assert channel.health_text == "example/core is private now"
    poll(passed_at=(timezone.now() - timedelta(hours=25)).isoformat())
    assert hub.called("/issues")
    assert Channel.objects.get().health == "ok"


def test_pages_do_not_lose_what_changes_meanwhile(hub: FakeGitHub) -> None:
    connected(hub, repos=REPO)
    for n in range(230):
        hub.open("kezia", REPO, f"thing {n}", f"text {n}")
    hub.at += timedelta(seconds=1)
    same = f"{hub.at:%Y-%m-%dT%H:%M:%SZ}"
    for row in list(hub.things.values())[100:]:
        row["updated_at"] = same  # one label, put on a hundred at once
    poll()
    assert filed() == truth(hub)


def test_limit_keeps_the_place_and_the_next_poll_goes_on(hub: FakeGitHub) -> None:
    connected(hub, repos=f"{REPO},{OTHER}")
    for n in range(1, 17):
        story(hub, (REPO, OTHER)[n % 2], n)
    lists.of(hub).quota, rounds = 8, 0
    poll()
    while "done" in Channel.objects.get().poll_cursor:
        rounds += 1
        assert rounds < 60
        lists.of(hub).quota = 8
        poll(wait_until=None)
    assert rounds > 1
    assert filed() == truth(hub)


def test_one_place_that_is_gone_does_not_stop_the_others(hub: FakeGitHub) -> None:
    channel = connected(hub, repos=f"example/gone,{REPO}")
    story(hub, REPO, 1)
    hub.fail("/comments", times=3, answer=Answer(502, b""))
    channel = poll()
    assert channel.health == "error"
    assert channel.health_text.startswith("example/gone: GitHub knows nothing there")
    assert filed() == truth(hub)


def test_refused_token_is_an_error_of_the_connection(hub: FakeGitHub) -> None:
    channel = connected(hub, repos=REPO, token="wrong")
    with pytest.raises(GitHubError):
        history.backfill(channel.config, {}, lambda _: None)
    assert poll().health_text == "GitHub refuses the token; connect a new one"


# ------------------------------------------------------------------ the log of deliveries


def kept_posts(fake: FakeGitHub) -> list[tuple[dict[str, Any], str]]:
    """What the fake posts, kept for a delivery by hand: there is no web server here."""
    posts: list[tuple[dict[str, Any], str]] = []

    def post(body: dict[str, Any], *, guid: str = "") -> int:
        posts.append((body, guid))
        return 200

    fake.hook, fake.post = "here", post  # type: ignore[method-assign]  # the door is not what is tested
    return posts


def test_lost_deliveries_are_repeated_once_and_only_what_never_arrived(hub: FakeGitHub) -> None:
    connected(hub, repos=REPO)
    lists.of(hub).hooks[REPO] = Channel.objects.get().config.webhook_url
    poll()
    posts = kept_posts(hub)
    body = hub.open("kezia", REPO, "It hangs", "long ago")
    gone = hub.comment("helper", REPO, 1, "was deleted since")
    del hub.comments[gone["comment"]["id"]]
    lists.failed(hub, body, "guid-1")
    lists.failed(hub, body, "guid-1", status=504)
    lists.failed(hub, gone, "guid-2")
    lists.failed(hub, gone, "guid-3", status=200)
    for _ in range(3):
        poll(log_at=(timezone.now() - timedelta(minutes=61)).isoformat())
    repeated = [row["guid"] for row in lists.of(hub).deliveries if row["redelivery"]]
    assert repeated == [guid for _, guid in posts] == ["guid-1", "guid-2"]
    for lost, guid in posts:
        assert deliver(lost, guid=guid) == "done"
    assert set(filed().values()) == {"long ago", "was deleted since"}
    assert len(hub.called("/attempts")) == 2


def test_delivery_that_fails_again_and_again_is_let_go(hub: FakeGitHub) -> None:
    connected(hub, repos=REPO)
    lists.of(hub).hooks[REPO] = Channel.objects.get().config.webhook_url
    lists.failed(hub, hub.open("kezia", REPO, "It hangs"), "guid-1")
    for _ in range(6):
        poll(log_at=None)
    assert len(hub.called("/attempts")) == 3


def test_log_over_many_pages_is_read_up_to_its_window(hub: FakeGitHub) -> None:
    connected(hub, repos=REPO)
    lists.of(hub).hooks[REPO] = Channel.objects.get().config.webhook_url
    body = hub.open("kezia", REPO, "It hangs")
    lists.failed(hub, body, "lost")
    for n in range(250):
        lists.failed(hub, body, f"ok-{n}", status=200)
    poll()
    assert len(hub.called("/attempts")) == 1
    old = lists.of(hub).deliveries
    for row in old:
        row["delivered_at"] = "2026-01-01T00:00:00Z"
    hub.calls.clear()
    poll(log_at=None)
    assert len(hub.called("/deliveries")) == 1


def test_log_without_rights_is_no_error_and_history_is_read_more_often(hub: FakeGitHub) -> None:
    connected(hub, repos=REPO)
    channel = poll()
    assert channel.health == "ok"
    assert "cannot be read" in channel.poll_cursor["log"]
    lists.of(hub).hooks[REPO] = "https://elsewhere.example.org/"
    assert poll(log_at=None).poll_cursor["log"] == "no repository has a webhook to here"
    hub.calls.clear()
    poll(passed_at=(timezone.now() - timedelta(minutes=61)).isoformat())
    assert hub.called("/issues")


# ------------------------------------------------------------------ places and the check


def test_check_says_what_works_and_what_does_not(hub: FakeGitHub) -> None:
    channel = connected(hub, repos=REPO)
    hooks, url = lists.of(hub).hooks, channel.config.webhook_url
    assert connection.check(channel.config) == (
        f"ok: {hub.door.requests_left + 2} requests left this hour, 1 repository can be read, "
        "the webhook cannot be looked at with these rights"
    )
    hooks[REPO] = ""
    assert connection.check(channel.config).startswith(f"{REPO} has no webhook to {url} (unless")
    hooks[REPO] = url
    assert connection.check(channel.config).endswith(
        "1 repository can be read, the webhook arrives"
    )
    lists.failed(hub, hub.open("kezia", REPO, "It hangs"), "guid-1", status=502)
    said = connection.check(channel.config)
    assert said.startswith(f"the webhook of {REPO} was last answered with 502")
    both = connected(hub, repos=f"{REPO},example/gone")
    assert connection.check(both.config).startswith("example/gone: GitHub knows nothing there")
    hub.is_away = True
    assert connection.check(both.config) == "GitHub did not answer"


def test_places_are_listed_for_the_set_up(hub: FakeGitHub) -> None:
    channel = connected(hub)
    hub.repository(OTHER)["archived"] = True
    assert connection.places(channel.config) == [(REPO, REPO), (OTHER, f"{OTHER} (archived)")]


# ------------------------------------------------------------------ what happens to places


def about(fake: FakeGitHub, event: str, action: str, **more: Any) -> dict[str, Any]:
    place = dict(fake.repository(REPO))
    return {"event": event, "action": action, "repository": place, **more}


@pytest.mark.parametrize(
    ("event", "action", "more", "said", "active"),
    [
        ("installation", "suspend", {}, "the GitHub App was removed or suspended", False),
        ("meta", "deleted", {"hook_id": 1}, "the webhook was deleted at GitHub", True),
        ("repository", "archived", {}, f"{REPO} was archived", True),
        ("repository", "privatized", {}, f"{REPO} is private now", True),
        (
            "installation_repositories",
            "removed",
            {"repositories_removed": [{"full_name": OTHER}]},
            f"the GitHub App may no longer see {OTHER}",
            True,
        ),
    ],
)
def test_trouble_is_told_and_pauses_only_when_nothing_works(
    hub: FakeGitHub, event: str, action: str, more: dict[str, Any], said: str, *, active: bool
) -> None:
    connected(hub, repos=REPO)
    assert deliver(about(hub, event, action, **more)) == "done"
    channel = Channel.objects.get()
    assert (channel.health, channel.active) == ("error", active)
    assert channel.health_text.startswith(said)


@pytest.mark.parametrize("action", ["deleted", "suspend"])
def test_only_our_own_installation_pauses_the_channel(hub: FakeGitHub, action: str) -> None:
    key = hub.door.install("12", "34")
    given = {"token": "", "app_id": "12", "installation_id": "34", "private_key": key}
    connected(hub, **given)
    told = [about(hub, "installation", action, installation={"id": n}) for n in (99, 34)]
    assert deliver(told[0]) == "ignored"
    assert Channel.objects.get().active
    assert deliver(told[1]) == "done"
    assert not Channel.objects.get().active


def test_renamed_repository_keeps_its_tickets(hub: FakeGitHub) -> None:
    """Trust 55."""
    connected(hub, repos=REPO)
    deliver(hub.open("kezia", REPO, "It hangs"))
    place = hub.repositories.pop(REPO)
    place["full_name"] = "sample/engine"
    hub.repositories["sample/engine"] = place
    changes = {
        "repository": {"name": {"from": "core"}},
        "owner": {"from": {"organization": {"login": "example"}}},
    }
    body = {"event": "repository", "action": "renamed", "repository": place, "changes": changes}
    assert deliver(body) == "done"
    source = Source.objects.get()
    assert (source.external_key, source.label) == ("sample/engine", "sample/engine")
    deliver(hub.comment("kezia", "sample/engine", 1, "still"))
    assert Ticket.objects.get().messages.count() == 2
    assert Source.objects.count() == 1


@pytest.mark.parametrize("ends", ["told", "arrives", "told arrives", "arrives told", "late told"])
def test_transferred_issue_is_followed(hub: FakeGitHub, ends: str) -> None:
    """Trust 50: whichever end is told first."""
    connected(hub, repos=REPO)
    before = json.loads(json.dumps(hub.open("kezia", REPO, "It hangs", "text")))
    deliver(before)
    row, old = Ticket.objects.get(), before["issue"]
    new = {**old, "id": old["id"] + 5000, "number": 77, "html_url": "https://github.com/e/x/77"}
    there = hub.repository(OTHER)
    hub.things[there["id"], 77] = {**new, "kind": "issue"}
    told = {
        **before, "action": "transferred",
        "changes": {"new_issue": new, "new_repository": there},
    }  # fmt: skip
    arrives = {
        **before, "repository": there, "issue": new,
        "changes": {"old_issue": old, "old_repository": before["repository"]},
    }  # fmt: skip
    late = hub.comment("kezia", OTHER, 77, "a word first")
    for end in ends.split():
        deliver({"told": told, "arrives": arrives, "late": late}[end], guid=end)
    deliver(hub.comment("kezia", OTHER, 77, "moved"))
    row.refresh_from_db()
    live = Ticket.objects.exclude(status="merged")
    assert live.get() == row
    texts = list(row.messages.order_by("sent_at").values_list("new_text", flat=True))
    if ends != "late told":
        assert texts == ["text", "moved"]
        assert (str(row.source), row.permalink) == (OTHER, new["html_url"])
        edited = {**arrives, "action": "edited", "changes": {"body": {"from": "text"}}}
        edited["issue"] = {**new, "body": "better", "updated_at": hub.now()}
        deliver(edited)
        assert row.messages.order_by("sent_at")[0].new_text == "better"
    else:
        assert {"a word first", "moved"} < set(texts)


def test_what_comes_late_from_before_a_transfer_joins_its_ticket(hub: FakeGitHub) -> None:
    """A delivery that failed is repeated hours later."""
    connected(hub, repos=REPO)
    opened = json.loads(json.dumps(hub.open("kezia", REPO, "It hangs", "text")))
    labelled = json.loads(json.dumps(hub.change("maya", REPO, 1, "labeled")))
    comment = hub.comment("kezia", REPO, 1, "late")
    deliver(opened)
    key, issue = hub.repository(REPO)["id"], opened["issue"]
    for n, place in enumerate((OTHER, "example/third"), 2):
        new = {
            **issue,
            "id": issue["id"] + 5000,
            "number": n,
            "html_url": f"https://github.com/{n}",
        }
        there = hub.repository(place)
        changes = {"new_issue": new, "new_repository": there}
        from_here = {
            **opened,
            "issue": issue,
            "repository": hub.repository(REPO if n == 2 else OTHER),
        }
        assert deliver({**from_here, "action": "transferred", "changes": changes}) == "done"
        issue = new
    assert deliver(labelled) == "ignored"
    assert deliver(comment) == "done"
    row = Ticket.objects.get()
    assert list(row.messages.order_by("sent_at").values_list("new_text", flat=True)) == [
        "text",
        "late",
    ]
    assert row.threads.get().thread_key != f"{key}:issue:1"
    assert str(row.source) == "example/third"


def test_words_of_a_review_can_be_edited_and_stay_when_it_is_dismissed(hub: FakeGitHub) -> None:
    """GitHub shows them too: only the verdict counts no more."""
    connected(hub, repos=REPO)
    deliver(hub.open("kezia", REPO, "Fix it", kind="pull_request"))
    said = lists.review(hub, "helper", REPO, 1, "CHANGES_REQUESTED", "Not like that.")
    assert deliver(said) == "done"
    row = {**said["review"], "state": "DISMISSED", "body": "Not like this."}
    deliver({**said, "action": "edited", "review": row})
    deliver({**said, "action": "dismissed", "review": row})
    last = Ticket.objects.get().messages.latest("sent_at")
    assert (last.new_text, last.deleted_at) == ("Not like this.", None)


# ------------------------------------------------------------------ connected as an App


def test_app_looks_through_its_repositories_and_its_own_log(hub: FakeGitHub) -> None:
    key = hub.door.install("12", "34")
    given = {"token": "", "app_id": "12", "installation_id": "34", "private_key": key}
    channel = connected(hub, **given)
    for n in range(120):
        hub.repository(f"example/r{n:03d}")
    story(hub, "example/r119", 1)
    kept, posts = lists.of(hub), kept_posts(hub)
    kept.hooks[""] = "https://elsewhere.example.org/"
    lists.failed(hub, hub.open("kezia", "example/r001", "It hangs"), "guid-1")
    assert connection.check(channel.config).startswith("the App posts to https://elsewhere")
    kept.hooks[""] = channel.config.webhook_url
    assert "the App's last delivery was answered with 502" in connection.check(channel.config)
    assert poll().health == "ok"
    assert [guid for _, guid in posts] == ["guid-1"]
    assert filed() == truth(hub)
    assert connection.check(channel.config).endswith(
        "121 repositories can be read, the webhook arrives"
    )


def test_one_repository_is_looked_through_again(hub: FakeGitHub) -> None:
    """`backfill core --since … --place …`, and the button on the connection's page."""
    connected(hub, repos=f"{REPO}, {OTHER}", history_days="1")
    poll()
    hub.at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=20)
    hub.open("kezia", REPO, "long ago")
    hub.open("kezia", OTHER, "long ago, elsewhere")
    again()
    assert not Ticket.objects.exists()
    browser = Client()
    browser.force_login(agent("boss", role="admin"))
    page = browser.get("/channels/github/core/").content.decode()
    assert "Look up what was missed" in page
    since = f"{hub.at - timedelta(days=1):%Y-%m-%d}"
    browser.post("/channels/github/core/look/", {"since": since, "place": REPO})
    poll()
    assert [row.subject for row in Ticket.objects.all()] == ["long ago"]
    cursor = poll().poll_cursor
    assert not {"only", "anew", "since", "done"} & set(cursor)
