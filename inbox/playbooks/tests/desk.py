"""A run at a desk whose clock the test moves."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from inbox import pipeline
from inbox.accounts.models import User
from inbox.common.work import Actor
from inbox.operations import playbookjobs, sweep
from inbox.outbox.models import Outgoing
from inbox.playbooks import jobs
from inbox.playbooks import services as playbooks
from inbox.playbooks.models import Playbook, Run, RunStep
from rig.desk import agent

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


class Desk:
    """One run; ana presents, ben is the host and presses the buttons."""

    def __init__(self, definition: dict[str, Any], **fields: Any) -> None:
        self.now = NOW
        self.ana, self.ben = agent("ana"), agent("ben")
        self.book = Playbook.objects.create(
            key=definition["key"], name=definition["name"], definition=definition
        )
        parts = {role.key for role in self.book.template.roles}
        roles = {"presenter": self.ana.pk, "host": self.ben.pk}
        given: dict[str, Any] = {
            "anchor_at": NOW,
            "roles": {name: pk for name, pk in roles.items() if name in parts},
            "values": {},
            **fields,
        }
        with pipeline.change(Actor.user(self.ben), now=NOW):
            self.run = playbooks.start(playbook=self.book, **given)

    def step(self, key: str) -> RunStep:
        """As it stands now."""
        return self.run.steps.get(key=key)

    def do(self, verb: Callable[..., Any], key: str, **fields: Any) -> RunStep:
        """Ben does something with a step."""
        with pipeline.change(self.actor(), now=self.now):
            row: RunStep = verb(self.step(key), **fields)
        return row

    def values(self, **values: Any) -> None:
        """Ben fills in fields."""
        with pipeline.change(self.actor(), now=self.now):
            playbooks.set_values(self.run, values=values)

    def reschedule(self, anchor_at: datetime) -> None:
        """Ben moves it."""
        with pipeline.change(self.actor(), now=self.now):
            playbooks.reschedule(self.run, anchor_at=anchor_at)

    def actor(self, user: User | None = None) -> Actor:
        """Ben, or somebody else."""
        return Actor.user(user or self.ben)

    def later(self, **span: int) -> None:
        """Time goes by, and the clockwork looks."""
        self.now += timedelta(**span)
        sweep.tick(now=self.now)

    def work(self) -> None:
        """What waits for a worker is done, until nothing is left."""
        for pk in jobs.due_ids(self.now):
            playbookjobs.work_on(pk, now=self.now)
        rows = Outgoing.objects.filter(state="queued")
        rows.update(not_before=timezone.now())
        for pk in list(rows.order_by("pk").values_list("pk", flat=True)):
            pipeline.deliver(pk)

    @property
    def states(self) -> dict[str, str]:
        """Every step's state."""
        return dict(self.run.steps.values_list("key", "state"))

    @property
    def log(self) -> list[tuple[str, str]]:
        """(kind, step) of the log's lines."""
        rows = Run.objects.get(pk=self.run.pk).entries.order_by("pk")
        return [(kind, key or "") for kind, key in rows.values_list("kind", "step__key")]
