"""Real bodies, where the person who runs the suite has them (`CORPUS_DIR`): all are taken."""

import json
from pathlib import Path

from inbox.channels.contract import ChannelConfig, RawRequest
from integrations.hubspot.inspecting import inspect
from integrations.hubspot.kind import HUBSPOT

CONFIG = ChannelConfig(kind="hubspot", key="corpus", secrets={"client_secret": "s"})


def test_every_body_is_handled_or_ignored_with_a_reason(corpus: Path) -> None:
    seen = 0
    for expected in sorted(corpus.glob("other/hubspot/*/expected.json")):
        for name, wanted in json.loads(expected.read_text("utf-8"))["cases"].items():
            body = (expected.parent / name).read_bytes()
            raw = RawRequest(headers={"content-type": "application/json"}, body=body)
            assert HUBSPOT.dedupe_key(raw, CONFIG)
            said = inspect(name, body, {})
            assert said["error"] is None, name
            assert not said["unknown"], name
            handled = [row["thread"] for row in said["events"]]
            for event in wanted["events"]:
                is_taken = str(event["objectId"]) in handled
                assert is_taken or event["subscriptionType"] in said["ignored"], name
                seen += 1
    assert seen
