"""What was missed is found: after a pause, by page, through limits, and never twice."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbox.channels.contract import DeliveryError, Polled, RawRequest
from integrations.intercom import history
from integrations.intercom.kind import INTERCOM
from integrations.intercom.tests.conftest import ADA, ANA, config_of
from rig.intercom import FakeIntercom
from rig.vendor import Answer

Cursor = Mapping[str, Any]


def look(
    fake: FakeIntercom, cursor: Cursor, **settings: str
) -> tuple[Mapping[str, Any], list[Polled]]:
    """One poll: the new cursor and what was found."""
    found: list[Polled] = []
    return history.backfill(config_of(fake, **settings), cursor, found.append), found


def since(days: float) -> Cursor:
    return {"since": (datetime.now(UTC) - timedelta(days=days)).isoformat()}


def test_everything_since_a_moment_is_found_whole(workspace: FakeIntercom) -> None:
    workspace.clock = int(datetime.now(UTC).timestamp()) - 3 * 86400
    workspace.begin(ADA, "too old")
    workspace.clock += 2 * 86400 + 3600
    keys = [workspace.begin(ADA, f"question {n}") for n in range(120)]
    workspace.say(ANA, keys[0], "Which version?")
    cursor, found = look(workspace, since(1))
    assert sorted(p.dedupe_key.split(":")[1] for p in found) == sorted(keys)
    assert len(workspace.called("/search")) == 3
    (whole,) = [p for p in found if f":{keys[0]}:" in p.dedupe_key]
    raw = RawRequest(headers=whole.headers, body=whole.body)
    batch = INTERCOM.parse(raw, config_of(workspace), INTERCOM.complete(raw, config_of(workspace)))
    assert [m.text for m in batch.messages] == ["question 0", "Which version?"]
    assert not batch.messages[0].only_opens
    assert set(cursor) == {"asked", "seen_at", "read_to"}
    again, more = look(workspace, since(1))
    assert [p.dedupe_key for p in more] == [p.dedupe_key for p in found]
    assert again["asked"]


def test_with_a_webhook_it_asks_every_hour_and_after_a_pause(workspace: FakeIntercom) -> None:
    workspace.clock = int(datetime.now(UTC).timestamp()) - 7200
    workspace.begin(ADA, "before we came")
    workspace.clock = 0
    cursor, found = look(workspace, {})
    assert found == []  # a new connection begins now
    calls = len(workspace.calls)
    cursor, _ = look(workspace, cursor)
    assert (cursor["asked"], len(workspace.calls)) == (False, calls)
    before = (datetime.now(UTC) - timedelta(minutes=11)).isoformat()
    workspace.begin(ADA, "while the desk was away")
    cursor, found = look(workspace, {**cursor, "seen_at": before})
    assert len(found) == 1
    hour = (datetime.now(UTC) - timedelta(minutes=61)).isoformat()
    assert look(workspace, {**cursor, "read_to": hour})[0]["asked"]
    assert look(workspace, cursor, client_secret="")[0]["asked"]


def test_a_new_connection_looks_back_as_far_as_it_is_told(workspace: FakeIntercom) -> None:
    workspace.clock = int(datetime.now(UTC).timestamp()) - 86400
    workspace.begin(ADA, "yesterday")
    assert len(look(workspace, {}, history_days="2")[1]) == 1


def test_a_limit_keeps_the_page_and_goes_on_there(workspace: FakeIntercom) -> None:
    for n in range(60):
        workspace.begin(ADA, f"question {n}")
    workspace.clock = int(datetime.now(UTC).timestamp())  # the vendor's ten seconds do not end
    workspace.budget = 53  # the list, fifty, the next list, one
    cursor, found = look(workspace, since(1))
    assert len(found) in (50, 51)
    assert cursor["after"]
    assert cursor["wait_until"]
    waiting, none = look(workspace, cursor)
    assert (none, waiting["asked"]) == ([], False)
    workspace.budget = None
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    ended, rest = look(workspace, {**cursor, "wait_until": past})
    assert {p.dedupe_key for p in (*found, *rest)} >= {p.dedupe_key for p in rest}
    assert len({p.dedupe_key for p in (*found, *rest)}) == 60
    assert "begin" not in ended


def test_a_time_that_is_over_keeps_the_page(
    workspace: FakeIntercom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "BUDGET_SECONDS", -1.0)
    for n in range(60):
        workspace.begin(ADA, f"question {n}")
    cursor, first = look(workspace, since(1))
    assert (len(first), bool(cursor["after"])) == (50, True)
    cursor, second = look(workspace, cursor)
    assert len(second) == 10
    assert "after" not in cursor


def test_what_was_deleted_meanwhile_is_passed_over_and_trouble_is_told(
    workspace: FakeIntercom,
) -> None:
    key = workspace.begin(ADA, "gone soon")
    workspace.begin(ADA, "stays")
    workspace.fail(f"/conversations/{key}", answer=Answer(404, {"errors": []}))
    assert len(look(workspace, since(1))[1]) == 1
    workspace.token = "revoked"
    with pytest.raises(DeliveryError) as caught:
        look(workspace, since(1))
    assert "refuses the token" in caught.value.text


def test_without_a_token_there_is_nothing_to_ask(workspace: FakeIntercom) -> None:
    assert history.has_work(config_of(workspace))
    assert not history.has_work(config_of(workspace, access_token=""))
