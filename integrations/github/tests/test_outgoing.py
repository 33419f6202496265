"""Comments, issues, labels and ends reach GitHub, each exactly once whatever happens."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.utils import timezone

from inbox.channels.contract import DeliveryError
from inbox.loop import triage
from inbox.operations import draining
from inbox.outbox import effects
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from integrations.github import outbound
from integrations.github.tests.conftest import connected, deliver
from integrations.github.tests.sending import REPO, config_of, do, message
from rig import github, worker
from rig.desk import act, agent
from rig.github import FakeGitHub
from rig.vendor import Answer

pytestmark = pytest.mark.django_db

# ------------------------------------------------------------------ issues


def test_issue_is_opened_with_labels_and_found_again(hub: FakeGitHub) -> None:
    config = config_of(hub)
    key = hub.repository(REPO)["id"]
    for n in range(120):
        hub.open("kezia", REPO, f"thing {n}")
    wanted = message(
        "", subject="It hangs", labels=("Triage 👀", "bug"), quote_text="by @maya\n\nx"
    )
    assert outbound.find_sent(wanted, config) is None
    assert wanted.created_at is not None
    hub.at = wanted.created_at
    sent = outbound.send(wanted, config)
    row = hub.things[key, 121]
    assert (row["title"], row["user"]) == ("It hangs", github.BOT)
    assert [label["name"] for label in row["labels"]] == ["Triage 👀", "bug"]
    quoted = "Try **2.4**.\n\n> by @\u200dmaya\n>\n> x"
    assert row["body"] == f"{quoted}\n\n<!-- desk:message:1 -->"
    assert sent.external_id == f"issue/{row['id']}"
    assert sent.data == {
        "url": row["html_url"],
        "number": 121,
        "thread_key": f"{key}:issue:121",
    }
    for n in range(120):
        hub.open("kezia", REPO, f"later thing {n}")
    assert outbound.find_sent(wanted, config) == sent
    asked = hub.called(f"/repos/{REPO}/issues")[-1].query
    assert (asked["since"], asked["state"]) == (["2026-11-18T09:59:30Z"], ["all"])


def test_nothing_is_opened_where_the_repository_cannot_be_read(hub: FakeGitHub) -> None:
    config = config_of(hub)
    for place in (REPO, "", "example", "example/..", "../x", "a/b/c", "a/b?c"):
        with pytest.raises(DeliveryError) as caught:
            outbound.send(replace(message("", subject="x"), place=place), config)
        assert caught.value.permanent
    assert [call.path for call in hub.calls] == [f"/repos/{REPO}"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("@maya, see @a/b", "@\u200dmaya, see @\u200da/b"),
        ("mail a@example.org", "mail a@example.org"),
        ("(@maya) @ 5 @@x", "(@\u200dmaya) @ 5 @@\u200dx"),
    ],
)
def test_words_of_others_call_nobody(text: str, wanted: str) -> None:
    assert outbound.neutral(text) == wanted


def test_labels_are_put_on_and_taken_off_by_their_exact_names(hub: FakeGitHub) -> None:
    hub.open("kezia", REPO, "It hangs", labels=("Triage 👀", "a/b", "50%"))
    do(hub, "label", "issue:1", add=["✅ done", "bug"], remove=["Triage 👀", "a/b", "50%", "nope"])
    do(hub, "label", "issue:1", add=[], remove=["..", "."])
    row = hub.things[hub.repository(REPO)["id"], 1]
    assert [label["name"] for label in row["labels"]] == ["✅ done", "bug"]


@pytest.mark.parametrize(
    ("reason", "there"),
    [("solved", "completed"), ("answered", "completed"), ("duplicate", "duplicate"),
     ("no_reply", "not_planned"), ("", "completed")],
)  # fmt: skip
def test_closing_and_opening_again_reaches_the_issue(
    hub: FakeGitHub, reason: str, there: str
) -> None:
    hub.open("kezia", REPO, "It hangs")
    row = hub.things[hub.repository(REPO)["id"], 1]
    do(hub, "close", "issue:1", reason=reason)
    assert (row["state"], row["state_reason"]) == ("closed", there)
    do(hub, "reopen", "issue:1")
    assert (row["state"], row["state_reason"]) == ("open", "reopened")


@pytest.mark.parametrize(
    ("target", "table"),
    [
        ("issue_comment/5", "comments"),
        ("review_comment/5", "review_comments"),
        ("review/5", "reviews"),
    ],
)
def test_what_was_said_is_changed_and_deleted_where_github_lets_us(
    hub: FakeGitHub, target: str, table: str
) -> None:
    hub.open("kezia", REPO, "Fix it", kind="pull_request")
    getattr(hub, table)[5] = {"id": 5, "body": "old", "where": []}
    do(hub, "edit", "issue:1", target=target, text="new")
    # the mark stays, so that the echo is still known as ours
    assert getattr(hub, table)[5]["body"] == "new\n\n<!-- desk:edit:1 -->"
    if table == "reviews":
        with pytest.raises(DeliveryError):
            do(hub, "delete", "issue:1", target=target)
        return
    for _ in range(2):
        do(hub, "delete", "issue:1", target=target)
    assert getattr(hub, table) == {}


def test_what_cannot_be_done_is_said_for_good(hub: FakeGitHub) -> None:
    for kind, data in (
        ("sing", {}),
        ("edit", {"target": "card/1", "text": "x"}),
        ("label", {"thread_key": "1:discussion:1", "add": ["bug"]}),
    ):
        with pytest.raises(DeliveryError) as caught:
            do(hub, kind, "issue:1", **data)
        assert caught.value.permanent
    assert hub.calls == []


def test_changes_take_their_turn_among_the_answers(hub: FakeGitHub) -> None:
    """GitHub asks for a second between writes, whatever they are."""
    connected(hub)
    ana = agent("ana")
    deliver(hub.open("kezia", REPO, "It hangs"))
    row = Ticket.objects.get()
    said = act(tickets.reply, row, body="Yes.", user=ana, at=timezone.now())
    assert draining.drain(timeout_seconds=30)[1]
    act(tickets.reply, row, body="And no.", user=ana, at=timezone.now())
    said.refresh_from_db()
    act(effects.amend, said, text="Yes!", at=timezone.now())
    act(triage.relabel, row, ["bug"], [], at=timezone.now())
    assert draining.drain(timeout_seconds=30)[1]
    assert hub.said(REPO, 1) == ["Yes!", "And no."]
    times = [row.sent_at for row in Outgoing.objects.order_by("pk") if row.sent_at]
    assert len(times) == 4
    assert all(b - a >= timedelta(seconds=1) for a, b in pairwise(times[1:]))


# ------------------------------------------------------------------ many


def storm(env: dict[str, str], folder: Path, hub: FakeGitHub, *, count: int, kills: int) -> None:
    """Many comments under both kinds of limits and every kind of trouble, with workers killed."""
    connected(hub)
    ana = agent("ana")
    for n in range(5):
        deliver(hub.open("kezia", REPO, f"thing {n + 1}"))
    rows = {row.subject: row for row in Ticket.objects.all()}
    for n in range(count):
        row = rows[f"thing {n % 5 + 1}"]
        act(tickets.reply, row, body=f"answer {n}", user=ana, at=timezone.now())
    few = max(count // 20, 1)
    hub.door.pace = (40, 60.0) if count > 40 else (5, 8.0)
    limit = Answer(
        403, {"message": "You have exceeded a secondary rate limit"}, {"retry-after": "1"}
    )
    hub.fail("/comments", times=few, answer=limit)
    hub.fail("/comments", times=few, drop="after", answer=Answer(502, b""))
    hub.fail("/comments", times=few, drop="after")
    hub.fail("/comments", times=few // 4, drop="before")
    hub.fail("/comments", times=few // 4, answer=Answer(500, b""))
    allowed = {**env, "OUTBOUND_ALLOW": hub.url.removeprefix("http://")}
    for n in range(kills):
        process = worker.manage(allowed, "drain", log=folder / f"d{n}.log")
        with pytest.raises(Exception, match="timed out"):
            process.popen.wait(5 + n % 3)
        process.kill()
        lost = Outgoing.objects.filter(state__in=["sending", "uncertain"])
        lost.update(lease_until=timezone.now() - timedelta(seconds=1))
    last = worker.manage(allowed, "drain", "--timeout", "900", log=folder / "last.log")
    assert last.popen.wait(920) == 0
    assert set(Outgoing.objects.values_list("state", flat=True)) == {"sent"}
    said = [text for n in range(5) for text in hub.said(REPO, n + 1)]
    assert Counter(said) == {f"answer {n}": 1 for n in range(count)}
    for n in range(5):
        order = [int(text.split()[1]) for text in hub.said(REPO, n + 1)]
        assert order == sorted(order)
    assert hub.door.slowed > 0


@pytest.mark.service
@pytest.mark.slow
def test_comments_leave_once_and_in_order(
    process_env: dict[str, str], tmp_path: Path, hub: FakeGitHub
) -> None:
    """The short form."""
    storm(process_env, tmp_path, hub, count=12, kills=1)


@pytest.mark.service
@pytest.mark.soak
def test_two_hundred_comments_leave_once_and_in_order(
    process_env: dict[str, str], tmp_path: Path, hub: FakeGitHub
) -> None:
    """The promised form."""
    storm(process_env, tmp_path, hub, count=200, kills=4)
