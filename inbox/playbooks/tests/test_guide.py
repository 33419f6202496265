"""`docs/playbooks.md` tells the truth: its example runs, its tables are whole."""

import re
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from inbox import pipeline
from inbox.common.work import Actor
from inbox.handbook.services import PRESET
from inbox.playbooks import services as playbooks
from inbox.playbooks.definition import ACTIONS, template_from
from inbox.playbooks.models import Playbook
from inbox.playbooks.shapes import Step
from inbox.playbooks.tests.walking import Walk, ways
from rig.desk import agent

GUIDE = (Path(__file__).parents[3] / "docs" / "playbooks.md").read_text("utf-8")
NOW = datetime(2026, 11, 19, 16, 0, tzinfo=UTC)
FOUND = re.search(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
EXAMPLE: dict[str, Any] = yaml.safe_load(FOUND[1]) if FOUND else {}


def first_cells(heading: str) -> set[str]:
    """Every name in the first column of the table below a heading."""
    table = GUIDE.partition(heading)[2].lstrip("\n").partition("\n\n")[0]
    return {
        name
        for line in table.splitlines()
        for name in re.findall(r"`(\w[\w-]*)`", line.split("|")[1])
    }


@pytest.mark.django_db
@pytest.mark.parametrize("way", ways(template_from(EXAMPLE)), ids=lambda way: way["edit"])
def test_the_example_can_be_followed(way: dict[str, str]) -> None:
    playbook = Playbook.objects.create(key="call", name="Call", definition=EXAMPLE)
    roles = {name: agent(name).pk for name in ("host", "cohost")}
    with pipeline.change(Actor.user(agent("noor")), now=NOW):
        run = playbooks.start(
            playbook=playbook,
            anchor_at=NOW + timedelta(days=14),
            roles=roles,
            values={"product": "Millrace"},
        )
    Walk(run, choices=way, answers=True).to_its_end()
    left_out = {"cut": "publish", "whole": "cut"}[way["edit"]]
    skipped = run.steps.filter(state="skipped").values_list("key", flat=True)
    assert set(skipped) == {left_out, "shout"}


def test_the_table_of_steps_is_whole() -> None:
    named = first_cells("A step has `key`, `title`, `body` and:\n")
    assert named | {"key", "title", "body"} == {one.name for one in fields(Step)}


def test_the_table_of_actions_is_whole() -> None:
    table = GUIDE.partition("| `action` | does |")[2].partition("\n\n")[0]
    rows = table.strip().splitlines()[1:]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])} == set(
        ACTIONS
    )


def test_the_table_of_what_is_shipped_is_whole() -> None:
    shipped = {row["key"] for row in yaml.safe_load(PRESET.read_text("utf-8"))["playbooks"]}
    assert first_cells("## What is shipped\n") - {"key"} == shipped
