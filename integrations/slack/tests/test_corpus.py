"""Real payloads, where the person who runs the suite has them (`CORPUS_DIR`): all are taken."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from inbox.channels.contract import ChannelConfig, RawRequest
from integrations.slack.kind import SLACK

CONFIG = ChannelConfig(kind="slack", key="corpus", settings={})
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


def cases(corpus: Path, kind: str) -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    """(name, body, what is expected) of one kind."""
    for expected in sorted(corpus.glob(f"{kind}/*/expected.json")):
        for name, wanted in json.loads(expected.read_text("utf-8"))["cases"].items():
            yield name, (expected.parent / name).read_bytes(), wanted


def test_every_event_is_handled_or_ignored_with_a_reason(corpus: Path) -> None:
    seen = 0
    for kind in ("slack/events", "slack/shapes"):
        for name, body, wanted in cases(corpus, kind):
            raw = RawRequest(headers={"content-type": JSON}, body=body)
            SLACK.dedupe_key(raw, CONFIG)
            seen += 1
            if SLACK.handshake(raw, CONFIG) is not None:
                assert wanted.get("kind") == "url_verification", name
                continue
            batch = SLACK.parse(raw, CONFIG, None)
            did = batch.messages or batch.deletes or batch.reactions or batch.trouble
            assert did or batch.ignored, name
            if str(wanted.get("want", "")).startswith("message stored"):
                (message,) = batch.messages
                assert message.author.external_id == wanted["user"], name
                assert len(message.files) == wanted["files"], name
                if wanted["ts"]:
                    assert message.message_key.endswith(f"/{wanted['ts']}"), name
    assert seen > 50


def test_every_command_and_interaction_is_an_action(corpus: Path) -> None:
    for name, body, wanted in cases(corpus, "slack/commands"):
        raw = RawRequest(headers={"content-type": FORM}, body=body.strip())
        found = SLACK.action(raw, CONFIG)
        assert found is not None, name
        assert (found.value, found.author.external_id) == (wanted["text"], wanted["user_id"]), name
    for name, body, wanted in cases(corpus, "slack/interactive"):
        content = urlencode({"payload": body.decode()}).encode()
        found = SLACK.action(RawRequest(headers={"content-type": FORM}, body=content), CONFIG)
        assert found is not None, name
        assert found.author.external_id == (wanted["user"] or ""), name
        if wanted["actions"]:
            assert found.name == wanted["actions"][0], name
