"""`docs/requirements.md` names every requirement, and what it names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = {"S": 103, "L": 25}
TOPS = ("inbox", "integrations", "rig", "static", "templates", "scripts", "bench", "docs")
PATH = re.compile(rf"`((?:{'|'.join(TOPS)})/[\w./-]+)`")


def rows() -> list[tuple[str, str, str]]:
    """What is asked, where it lives, which tests say so."""
    text = (ROOT / "docs" / "requirements.md").read_text("utf-8")
    cells = [line.strip("| ").split(" | ") for line in text.splitlines() if line[:2] == "| "]
    return [(c[0], c[1], c[2]) for c in cells if len(c) == 3 and c[0] != "requirement"]


def numbers(heads: list[str]) -> set[str]:
    """S12, and all of “S10–S31” and “S82 to S91”."""
    found: set[str] = set()
    for head in heads:
        found.update(re.findall(r"\b[SL]\d+\b", head))
        for kind, first, last in re.findall(r"\b([SL])(\d+)(?:–| to )[SL](\d+)\b", head):
            found.update(f"{kind}{number}" for number in range(int(first), int(last) + 1))
    return found


@pytest.mark.parametrize("kind", NUMBERS)
def test_every_requirement_has_its_row(kind: str) -> None:
    wanted = {f"{kind}{number}" for number in range(1, NUMBERS[kind] + 1)}
    assert not wanted - numbers([head for head, _, _ in rows()])


def test_every_file_that_is_named_is_there() -> None:
    named = {path for row in rows() for path in PATH.findall(" ".join(row))}
    assert len(named) > 100
    assert not {path for path in named if not (ROOT / path).exists()}


def test_every_test_that_is_named_is_there() -> None:
    files = [
        p
        for top in ("inbox", "integrations", "rig", "scripts")
        for p in (ROOT / top).rglob("test_*.py")
    ]
    there = " ".join(path.name for path in files) + " ".join(
        name for path in files for name in re.findall(r"def (test_\w+)", path.read_text("utf-8"))
    )
    named = {
        name
        for _, _, tests in rows()
        for name in re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", re.sub(r"`[^`]*`", "", tests))
    }
    assert len(named) > 150
    assert not {name for name in named if name not in there}
