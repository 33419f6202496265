"""The sample's playbooks: a new desk shows a run that goes on, and one that is over."""

from datetime import UTC, datetime, timedelta

import pytest
import yaml

from inbox.handbook.services import PRESET
from inbox.operations.sample import events
from inbox.playbooks import services as playbooks
from inbox.playbooks.models import Event, Playbook, Run
from rig.desk import agent

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)  # a Sunday
USERS = ("noor", "ilse", "tomas")


def make() -> None:
    for row in yaml.safe_load(PRESET.read_text("utf-8"))["playbooks"]:
        Playbook.objects.create(key=row["key"], name=row["name"], definition=row)
    events.make({name: agent(name) for name in USERS}, NOW)


def test_office_hours_are_on_their_way() -> None:
    make()
    event = Event.objects.get(state="planned")
    assert event.starts_at == datetime(2026, 11, 26, 16, 0, tzinfo=UTC)
    run = event.runs.get()
    done = run.steps.filter(state="done").values_list("key", flat=True)
    assert list(done) == [
        "find", "where", "issue", "tell-slack-early", "tell-twitter-early", "tell-linkedin-early",
    ]  # fmt: skip
    waiting = run.steps.filter(state="waiting").exclude(due_at=None)
    assert waiting.order_by("due_at")[0].key == "agenda"
    assert run.state == "running"


def test_the_drill_was_timed() -> None:
    make()
    drill = Run.objects.get(playbook__key="secret-in-stream")
    assert (drill.state, drill.finished_at) == ("finished", NOW - timedelta(days=9, hours=-27))
    assert {one.key: one.seconds for one in playbooks.durations(drill)} == {
        "notify": 60,
        "private": 6 * 60,
        "rotated": 41 * 60,
        "publish-in-place": 26 * 3600 + 600,
        "publish-new": None,
    }
    sign = drill.steps.get(key="notify")
    assert sign.escalated_at == drill.started_at + timedelta(minutes=4)


def test_without_the_handbook_nothing_is_made() -> None:
    events.make({name: agent(name) for name in USERS}, NOW)
    assert (Event.objects.count(), Run.objects.count()) == (0, 0)
