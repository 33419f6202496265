"""Real payloads, where the person who runs the suite has them (`CORPUS_DIR`): all are taken."""

import json
from pathlib import Path

from inbox.channels.contract import ChannelConfig, RawRequest
from integrations.intercom import client, conversations, inbound
from integrations.intercom.kind import INTERCOM
from integrations.intercom.payloads import Known, key_of

CONFIG = ChannelConfig(kind="intercom", key="corpus")


def test_every_notification_is_handled_or_ignored_with_a_reason(corpus: Path) -> None:
    seen = 0
    for expected in sorted(corpus.glob("other/intercom/*/expected.json")):
        for name, wanted in json.loads(expected.read_text("utf-8"))["cases"].items():
            raw = RawRequest(headers={}, body=(expected.parent / name).read_bytes())
            seen += 1
            assert INTERCOM.dedupe_key(raw, CONFIG) == f"notification:{wanted['notification_id']}"
            batch = INTERCOM.parse(raw, CONFIG, None)
            if wanted["conversation"] is None:
                assert batch.ignored, name
                continue
            first, *parts = batch.messages
            assert {m.thread_key for m in batch.messages} == {wanted["conversation"]}, name
            assert first.text == wanted["message_text"], name
            assert [m.text for m in parts] == wanted["parts"], name
            notes = [m.is_internal for m in parts]
            assert notes == [kind == "note" for kind in wanted["part_types"]], name
            assert [not t.closed for t in batch.threads] == [wanted["open"]], name
    assert seen >= 5


def test_every_answer_of_the_api_is_read(corpus: Path) -> None:
    said = 0
    for path in sorted(corpus.glob("other/intercom_api/*/*.json")):
        row = json.loads(path.read_text("utf-8"))
        rows = [row, *row.get("conversations", [])] if isinstance(row, dict) else []
        for each in rows:
            if each.get("type") != "conversation":
                continue
            batch = conversations.read(each, Known(config=CONFIG), whole=True)
            parts = [p for p in client.parts_of(each) if p.get("body")]
            kept = [p for p in parts if not p.get("redacted")]
            keys = {m.message_key for m in batch.messages}
            assert {conversations.part_key(p) for p in kept} <= keys, path.name
            assert len(batch.deletes) == len(parts) - len(kept), path.name
            (stands,) = batch.threads
            assert stands.closed == (each["state"] == "closed"), path.name
            assert stands.assignee is not None, path.name
            assert stands.assignee.external_id == key_of(each["admin_assignee_id"]), path.name
            said += len(batch.messages)
    assert said > 5


def test_every_refusal_of_the_api_is_an_error_in_words(corpus: Path) -> None:
    seen = 0
    for path in sorted(corpus.glob("other/intercom_api/*/*.json")):
        row = json.loads(path.read_text("utf-8"))
        if not isinstance(row, dict) or row.get("type") != "error.list":
            continue
        status = next(int(part) for part in path.stem.split("_") if part.isdigit())
        error = client._refused(status, row, {})
        assert error.permanent, path.name
        assert error.text, path.name
        assert error.blocked == (status in (401, 403)), path.name
        seen += 1
    assert seen > 10
    assert inbound.HISTORY not in inbound.SPOKEN
