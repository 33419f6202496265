"""Real bodies, where the person who runs the suite has them (`CORPUS_DIR`): all are taken."""

import json
from pathlib import Path

from inbox.channels.contract import ChannelConfig, RawRequest, UnknownEvent
from integrations.zendesk.inspecting import inspect
from integrations.zendesk.kind import ZENDESK

CONFIG = ChannelConfig(kind="zendesk", key="corpus")


def test_every_body_is_handled_or_ignored_with_a_reason(corpus: Path) -> None:
    seen = 0
    for expected in sorted(corpus.glob("other/zendesk/*/expected.json")):
        for name, wanted in json.loads(expected.read_text("utf-8"))["cases"].items():
            body = (expected.parent / name).read_bytes()
            found = inspect(name, body, {})
            assert found["error"] is None, name
            assert found.get("ignored") or found.get("messages") or found.get("threads"), name
            if str(wanted["type"]).startswith("zen:event-type:ticket."):
                assert found["ticket"] == wanted["ticket"], name
            if name.startswith("api_"):
                continue
            raw = RawRequest(headers={}, body=body)
            assert ZENDESK.dedupe_key(raw, CONFIG), name
            try:
                batch = ZENDESK.parse(raw, CONFIG, None)
            except UnknownEvent:
                continue
            assert batch.ignored, name
            seen += 1
    assert seen >= 5
