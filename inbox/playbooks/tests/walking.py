"""A run followed to its end by a clock that jumps: what is ready is done at its own time."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from inbox import pipeline
from inbox.common.work import Actor
from inbox.playbooks import services as playbooks
from inbox.playbooks import timing
from inbox.playbooks.models import Run, RunState, RunStep, StepState
from inbox.playbooks.shapes import Template
from rig.desk import agent

TO_DO = (StepState.READY, StepState.STARTED)  # what begins by itself is done by hand here


class Walk:
    """One run, its people, and how they decide. `answers`: whether signs come in time."""

    def __init__(self, run: Run, *, choices: Mapping[str, str], answers: bool) -> None:
        self.run = run
        self.choices = choices
        self.answers = answers
        self.now = run.started_at

    def to_its_end(self) -> None:
        """Until the run is finished. Raises `AssertionError` where nothing more will come."""
        for _ in range(100):
            self.run.refresh_from_db()
            if self.run.state == RunState.FINISHED:
                return
            ready = self.run.steps.filter(state__in=TO_DO)
            for step in ready.order_by("position"):
                self._do(step)
            if not ready.exists():
                self._on()
        raise AssertionError(f"{self.run} never ends")

    def _on(self) -> None:
        """The clock jumps to what comes next."""
        self.run.refresh_from_db()
        if self.run.state == RunState.FINISHED:
            return
        due = self.run.steps.filter(state=StepState.WAITING, due_at__isnull=False)
        signs = timing.due_sign_ids(self.now + timedelta(days=365))
        times: list[datetime] = [step.due_at for step in due if step.due_at]
        times += [
            step.ack_due_at for step in self.run.steps.filter(pk__in=signs) if step.ack_due_at
        ]
        if not times:
            states = dict(self.run.steps.values_list("key", "state"))
            raise AssertionError(f"{self.run} waits for nothing: {states}")
        self.now = max(self.now, min(times))
        for step_id in timing.due_sign_ids(self.now):
            self._change(partial(timing.escalate, step_id, self.now))
        if self.run.pk in timing.due_run_ids(self.now):
            self._change(lambda: timing.fire(self.run.pk, self.now))

    def _do(self, step: RunStep) -> None:
        said = step.step
        step.refresh_from_db()
        if step.state not in TO_DO:
            return
        for need in said.needs:
            self._fill(need.field, need.count, need.each_of)
        if said.gate:
            self._change(lambda: playbooks.confirm_gate(step))
        if said.branch:
            self._change(lambda: playbooks.choose_branch(step, option=self.choices[step.key]))
        else:
            self._change(lambda: playbooks.finish_step(step))
        if said.ack and self.answers:
            self._change(lambda: playbooks.acknowledge(step))

    def _fill(self, name: str, count: int, each_of: str) -> None:
        kind = next(one.kind for one in self.run.template.fields if one.key == name)
        self.run.refresh_from_db()
        listed = self.run.values.get(each_of) or [f"{name} {n}" for n in range(count)]
        value: Any = listed if kind == "list" else "https://example.com/video"
        self._change(lambda: playbooks.set_values(self.run, values={name: value}))

    def _change(self, verb: Callable[[], object]) -> None:
        with pipeline.change(Actor.user(agent("noor")), now=self.now):
            verb()


def ways(template: Template) -> list[dict[str, str]]:
    """Every combination of answers to a playbook's questions."""
    found: list[dict[str, str]] = [{}]
    for step in template.steps:
        if step.branch:
            found = [{**way, step.key: o.key} for way in found for o in step.branch.options]
    return found
