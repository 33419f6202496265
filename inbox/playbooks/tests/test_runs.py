"""A run: what is due, who does it, what has to hold, and what its log says."""

from datetime import timedelta
from typing import Any

import pytest

from inbox import pipeline
from inbox.common.work import Actor
from inbox.notify.models import Notice
from inbox.playbooks import services as playbooks
from inbox.playbooks.models import Run, RunState
from inbox.playbooks.tests.desk import NOW, Desk
from inbox.tickets.errors import VerbError

pytestmark = pytest.mark.django_db

SECRET: dict[str, Any] = {
    "key": "secret",
    "name": "Secret shown in a livestream",
    "anchor": "Seen",
    "roles": [{"key": "presenter", "label": "Presenting"}, {"key": "host", "label": "Host"}],
    "fields": [{"key": "sharer", "label": "Who shared it"}],
    "steps": [
        {
            "key": "notify",
            "title": "Tell the sharer to rotate it",
            "role": "not:presenter",
            "needs": "sharer",
            "ack": {"after_minutes": 2, "escalate_to": "call-out"},
            "measure": "to notify",
        },
        {"key": "call-out", "title": "Say it", "at": "when called", "role": "not:presenter"},
        {
            "key": "hide",
            "title": "Make the stream private",
            "at": "after:notify",
            "role": "not:presenter",
            "measure": "to private",
        },
        {
            "key": "video",
            "title": "How is it cut?",
            "at": "after:hide",
            "branch": {
                "question": "Where?",
                "options": [
                    {"key": "here", "label": "Download", "steps": ["download"]},
                    {"key": "there", "label": "In place", "steps": ["wait"]},
                ],
            },
        },
        {"key": "download", "title": "Download it"},
        {"key": "wait", "title": "Wait", "at": "after:video+24h"},
        {
            "key": "watch",
            "title": "Watch it",
            "at": "after:download,wait",
            "gate": "I watched the edit to its end.",
        },
    ],
}


@pytest.fixture
def desk() -> Desk:
    return Desk(SECRET, values={"sharer": "kit"})


def test_whoever_is_not_presenting_does_the_step(desk: Desk) -> None:
    assert desk.step("notify").owner == desk.ben
    with pipeline.change(Actor.user(desk.ben), now=NOW):
        playbooks.bind_role(desk.run, role="presenter", user=desk.ben)
        playbooks.bind_role(desk.run, role="host", user=desk.ana)
    assert desk.step("notify").owner == desk.ana


def test_no_sign_in_time_calls_the_named_step_once_and_tells_its_owner(desk: Desk) -> None:
    desk.do(playbooks.finish_step, "notify")
    desk.later(seconds=119)
    assert desk.states["call-out"] == "waiting"
    desk.later(seconds=1)
    desk.later(minutes=5)
    assert desk.states["call-out"] == "ready"
    told = Notice.objects.filter(text__startswith="Say it").values_list(
        "user__username", "not_before"
    )
    assert list(told) == [("ben", NOW + timedelta(minutes=2))]


def test_a_sign_in_time_calls_nobody(desk: Desk) -> None:
    desk.do(playbooks.finish_step, "notify")
    desk.do(playbooks.acknowledge, "notify")
    desk.later(minutes=5)
    assert desk.states["call-out"] == "skipped"


def test_the_way_that_was_not_chosen_is_skipped(desk: Desk) -> None:
    for key in ("notify", "hide"):
        desk.do(playbooks.finish_step, key)
    desk.do(playbooks.choose_branch, "video", option="there")
    assert desk.states["download"] == "skipped"
    assert desk.step("wait").due_at == NOW + timedelta(hours=24)
    desk.later(hours=24)
    assert desk.states["wait"] == "ready"


def test_a_gate_holds_until_it_is_confirmed(desk: Desk) -> None:
    with pytest.raises(VerbError, match="I watched the edit"):
        desk.do(playbooks.finish_step, "watch")
    desk.do(playbooks.confirm_gate, "watch")
    assert desk.do(playbooks.finish_step, "watch").state == "done"


def test_the_log_knows_how_long_the_measured_steps_took(desk: Desk) -> None:
    desk.now += timedelta(seconds=70)
    desk.do(playbooks.finish_step, "notify")
    desk.now += timedelta(seconds=30)
    desk.do(playbooks.finish_step, "hide")
    took = [(one.label, one.seconds) for one in playbooks.durations(desk.run)]
    assert took == [("to notify", 70), ("to private", 100)]
    done = desk.run.entries.filter(kind="done").values_list("data__seconds", flat=True)
    assert list(done) == [70, 100]


def test_a_run_ends_with_its_last_step_and_goes_on_when_one_is_reopened(desk: Desk) -> None:
    for key in ("notify", "hide"):
        desk.do(playbooks.finish_step, key)
    desk.do(playbooks.acknowledge, "notify")
    desk.do(playbooks.choose_branch, "video", option="here")
    desk.do(playbooks.finish_step, "download")
    desk.do(playbooks.confirm_gate, "watch")
    desk.do(playbooks.finish_step, "watch")
    assert Run.objects.get().state == RunState.FINISHED
    desk.do(playbooks.reopen_step, "video")
    assert Run.objects.get().state == RunState.RUNNING
    assert desk.states["wait"] == "waiting"
    assert desk.states["download"] == "done"


def test_a_secret_that_somebody_types_into_a_run_is_kept_nowhere(desk: Desk) -> None:
    """Its notes and fields are shown, exported and posted; links stay whole."""
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    link = "https://us02web.zoom.us/j/81234567890?pwd=QmFzZTY0UGFzc3dvcmQxMjM0NTY3ODkw.1"
    fields = [*SECRET["fields"], {"key": "call", "label": "Call", "kind": "url"}]
    Run.objects.update(definition={**SECRET, "fields": fields})
    desk.values(sharer=f"kit {token}", call=link)
    desk.do(playbooks.skip_step, "hide", note=f"it was {token}")
    with pipeline.change(desk.actor(), now=NOW):
        playbooks.cancel(desk.run, reason=f"{token} again")
    run = Run.objects.get()
    said = [str(run.values), *(str(one.data) for one in run.entries.all()), desk.step("hide").note]
    assert [text for text in said if token in text] == []
    assert run.values["call"] == link
