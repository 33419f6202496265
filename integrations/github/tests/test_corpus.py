"""Real payloads, where the person who runs the suite has them (`CORPUS_DIR`): all are read."""

import json
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path
from typing import Any

from inbox.channels.contract import ChannelConfig, InboundBatch, InboundMessage, RawRequest
from integrations.github.inspecting import event_in
from integrations.github.kind import GITHUB

CONFIG = ChannelConfig(kind="github", key="corpus", secrets={"webhook_secret": "s"})


def cases(corpus: Path) -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    """(name, body, what is expected)."""
    for expected in sorted(corpus.glob("github/*/expected.json")):
        for name, wanted in json.loads(expected.read_text("utf-8"))["cases"].items():
            yield name, (expected.parent / name).read_bytes(), wanted


def digest(text: str) -> str:
    return sha1(text.encode()).hexdigest()


def test_every_body_is_handled_or_ignored_with_a_reason(corpus: Path) -> None:
    seen = compared = 0
    for name, body, wanted in cases(corpus):
        headers = {"content-type": "application/json", "x-github-event": wanted["event"]}
        raw = RawRequest(headers=headers, body=body)
        GITHUB.dedupe_key(raw, CONFIG)
        batch = GITHUB.parse(raw, CONFIG, None)
        did = (
            batch.messages, batch.deletes, batch.threads, batch.moves, batch.renamed,
            batch.trouble, batch.items, batch.releases,
        )  # fmt: skip
        assert any(did) or batch.ignored, name
        assert event_in(name) == wanted["event"], name
        seen += 1
        compared += compare(name, batch, wanted)
    assert seen > 100
    assert compared > 20


def compare(name: str, batch: InboundBatch, wanted: dict[str, Any]) -> bool:
    """Values that the answers name; False when this body makes no message."""
    thing = wanted.get("object")
    if wanted["want"].startswith("new ticket"):
        assert len(batch.messages) == len(batch.threads) == 1, name
    said = wanted.get("comment") or wanted.get("review")
    if thing is None or not batch.messages:
        if said and thing and wanted["action"] == "deleted":
            (delete,) = batch.deletes
            assert delete.message_key.endswith(f"comment/{said['id']}"), name
            return True
        return False
    opener = batch.messages[0]
    assert opener.thread_key.endswith(f":{thing['number']}"), name
    assert opener.subject == thing["title"], name
    assert list(opener.facts["labels"]) == thing["labels"], name
    assert_said(name, opener, thing)
    for state in batch.threads:
        assert state.closed == (thing["state"] == "closed"), name
        assert list(state.labels) == thing["labels"], name
    if said:
        assert len(batch.messages) == 2, name
        assert batch.messages[1].message_key.endswith(f"/{said['id']}"), name
        assert_said(name, batch.messages[1], said)
    else:
        assert len(batch.messages) == 1, name
    return True


def assert_said(name: str, message: InboundMessage, wanted: dict[str, Any]) -> None:
    assert message.author.name == wanted["author"], name
    assert message.permalink == wanted["url"], name
    # a bare approval has no words of its own: its state is said instead
    if wanted["body_sha1"] != digest("") or not message.message_key.startswith("review/"):
        assert digest(message.text) == wanted["body_sha1"], name
