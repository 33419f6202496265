"""Lines of others, where the person who runs the suite has them (`CORPUS_DIR`)."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inbox.guard.finding import find


def test_most_secrets_are_found_and_few_other_lines_are_marked(corpus: Path) -> None:
    lines = (corpus / "secrets/lines/lines.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    found = {True: 0, False: 0}
    for row in rows:
        found[row["secret"]] += bool(find(base64.b64decode(row["text_b64"]).decode("utf-8")))
    secrets = sum(row["secret"] for row in rows)
    assert found[True] / secrets >= 0.9
    assert found[False] / (len(rows) - secrets) <= 0.15


def test_no_conversation_is_marked(corpus: Path) -> None:
    said = [text for path in corpus.glob("conversations/*/*.json*") for text in _said(path)]
    assert len(said) > 1_000
    assert [text for text in said if find(text)] == []


def _said(path: Path) -> Iterator[str]:
    text = path.read_text("utf-8")
    rows = [json.loads(line) for line in text.splitlines()] if path.suffix == ".jsonl" else text
    yield from _strings(json.loads(rows) if isinstance(rows, str) else rows)
    yield text


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _strings(list(value.values()))
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)
