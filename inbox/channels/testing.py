"""What every kind of channel must do, as a test class that an integration's tests inherit.

```python
class TestSlack(ChannelContract):
    config = ChannelConfig(kind="slack", key="main", secrets={"signing_secret": "s"})
    def samples(self) -> list[RawRequest]: ...   # signed, one for each form of delivery
```
"""

from collections.abc import Iterator
from dataclasses import FrozenInstanceError, replace
from datetime import UTC

import pytest

from inbox.channels import registry
from inbox.channels.contract import (
    BadSignature,
    Capability,
    ChannelConfig,
    ChannelKind,
    InboundBatch,
    MalformedBody,
    RawRequest,
    UnknownEvent,
    WrongType,
)

REFUSED = (BadSignature, WrongType, MalformedBody)
NONSENSE = (b"", b"null", b"[]", b"{", b"\x00\xff\xfe", b'"x"', b"[" * 5000, b"{}", b"a=b&c")


class ChannelContract:
    """Inherit, give `config` and `samples()`; everything here must hold."""

    config: ChannelConfig
    signature_headers: tuple[str, ...] = ()

    def samples(self) -> list[RawRequest]:
        """Signed requests that carry messages, one for each form of delivery."""
        raise NotImplementedError

    def notes(self) -> list[RawRequest]:
        """Signed requests with a note that the team wrote there; none where there are no notes."""
        return []

    def states(self) -> list[RawRequest]:
        """Signed requests that say how a conversation stands; none where none are posted."""
        return []

    @property
    def kind(self) -> ChannelKind:
        """The registered kind."""
        return registry.get(self.config.kind)

    def read(self, raw: RawRequest) -> InboundBatch:
        """Parse as intake does, with the time of the delivery."""
        stamped = replace(
            raw, headers={"x-received-at": "2026-11-18T10:00:00+00:00", **raw.headers}
        )
        return self.kind.parse(stamped, self.config, self.kind.complete(stamped, self.config))

    # ------------------------------------------------------------ the kind

    def test_settings_have_one_meaning_each(self) -> None:
        names = [spec.name for spec in self.kind.all_settings]
        assert len(names) == len(set(names))
        assert all(spec.help for spec in self.kind.all_settings)

    def test_capabilities_have_their_functions(self) -> None:
        assert (self.kind.poll is not None) == (Capability.POLL in self.kind.capabilities)
        assert self.kind.body_limit_bytes >= 100_000
        acts = {Capability.CLOSE, Capability.ASSIGN, Capability.NOTE} & self.kind.capabilities
        assert self.kind.effect is not None or not acts

    # ------------------------------------------------------------ signatures

    def test_signed_request_is_accepted(self) -> None:
        for raw in self.samples():
            self.kind.verify(raw, self.config)

    def test_flipped_bit_is_refused(self) -> None:
        for raw in self.samples():
            for changed in self.changed(raw):
                with pytest.raises(REFUSED):
                    self.kind.verify(changed, self.config)

    def changed(self, raw: RawRequest) -> Iterator[RawRequest]:
        """The request with one thing changed that the signature covers."""
        if not self.signature_headers:
            return
        yield replace(raw, body=raw.body[:-2] + bytes([raw.body[-2] ^ 1]) + raw.body[-1:])
        for name in self.signature_headers:
            value = raw.headers[name]
            plain = {k: v for k, v in raw.headers.items() if k != name}
            yield replace(raw, headers=plain)
            for wrong in ("", value[:-1] + chr(ord(value[-1]) ^ 1), "x" + value, "é", value[::-1]):
                yield replace(raw, headers={**plain, name: wrong})

    def test_channel_without_a_secret_refuses_everything(self) -> None:
        bare = replace(self.config, secrets={})
        for raw in self.samples():
            with pytest.raises(BadSignature):
                self.kind.verify(raw, bare)

    @pytest.mark.parametrize("body", NONSENSE)
    def test_nonsense_is_refused_and_never_crashes(self, body: bytes) -> None:
        for raw in self.samples():
            with pytest.raises(REFUSED):
                self.take(replace(raw, body=body))

    def take(self, raw: RawRequest) -> None:
        """Everything that happens to a request between the door and the ticket."""
        self.kind.verify(raw, self.config)
        self.kind.dedupe_key(raw, self.config)
        self.read(raw)

    # ------------------------------------------------------------ reading

    def test_same_delivery_has_the_same_key_and_reads_the_same(self) -> None:
        for raw in self.samples():
            again = replace(raw, headers=dict(raw.headers))
            assert self.kind.dedupe_key(raw, self.config) == self.kind.dedupe_key(
                again, self.config
            )
            assert self.read(raw) == self.read(again)

    def test_other_deliveries_have_other_keys(self) -> None:
        keys = [self.kind.dedupe_key(raw, self.config) for raw in self.samples()]
        assert len(set(keys)) == len(keys)
        assert all(0 < len(key) <= 250 for key in keys)

    def test_messages_are_whole_and_frozen(self) -> None:
        for raw in self.samples():
            batch = self.read(raw)
            assert batch.messages
            for message in batch.messages:
                assert message.thread_key
                assert message.message_key
                assert message.author.external_id
                assert message.sent_at.tzinfo is not None
                assert message.sent_at.astimezone(UTC).year >= 2000
                with pytest.raises(FrozenInstanceError):
                    message.subject = "x"  # type: ignore[misc]  # what is tested

    def test_notes_are_internal_and_open_nothing(self) -> None:
        for raw in self.notes():
            self.kind.verify(raw, self.config)
            found = [message for message in self.read(raw).messages if message.is_internal]
            assert found
            for note in found:
                assert note.thread_key
                assert note.message_key
                assert note.author.external_id
                assert note.sent_at.tzinfo is not None
                assert not note.only_opens
                assert note.original is None

    def test_states_name_their_conversation_and_their_moment(self) -> None:
        for raw in self.states():
            self.kind.verify(raw, self.config)
            found = self.read(raw).threads
            assert found
            for state in found:
                assert state.thread_key
                assert state.author.external_id
                assert state.at.tzinfo is not None
                assert state.closed_at is None or state.closed_at.tzinfo is not None
                assert state.assigned or state.assignee is None
                assert state.assignee is None or state.assignee.external_id

    def test_unknown_or_broken_bodies_have_their_own_errors(self) -> None:
        for raw in self.samples():
            for body in NONSENSE:
                try:
                    batch = self.read(replace(raw, body=body))
                except (UnknownEvent, MalformedBody, WrongType):
                    continue
                assert batch.messages or batch.ignored
