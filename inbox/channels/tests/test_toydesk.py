"""The contract, held by a kind that uses every word of it for another desk."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from inbox.channels.contract import Capability, ChannelConfig, RawRequest
from inbox.channels.marks import note_keys, note_marker
from inbox.channels.testing import ChannelContract
from rig.toydesk import CAN, KIND, SECRET, ToyDesk, installed, kind_of, said, signed, stands

AT = datetime(2026, 11, 18, 10, tzinfo=UTC)


class TestToyDesk(ChannelContract):
    """Everything that the border asks of a kind."""

    config = ChannelConfig(kind=KIND, key="main", secrets={"secret": SECRET})
    signature_headers = ("x-toy-signature",)

    @pytest.fixture(autouse=True)
    def toy(self) -> Iterator[None]:
        """The kind is there meanwhile."""
        with installed():
            yield

    def samples(self) -> list[RawRequest]:
        """A question; a question with a colleague's answer."""
        asked = said("sam", "it breaks", at=AT)
        return [
            signed({"messages": [asked]}),
            signed({"messages": [asked, said("ana@example.com", "try again", at=AT)]}),
        ]

    def notes(self) -> list[RawRequest]:
        """A note of a colleague."""
        return [signed({"messages": [said("ana@example.com", "late", at=AT, internal=True)]})]

    def states(self) -> list[RawRequest]:
        """Closed; given to somebody; given to nobody."""
        every = ({"closed": True}, {"assignee": "ana@example.com"}, {"assignee": None})
        return [signed({"threads": [stands(at=AT, **one)]}) for one in every]


def test_a_kind_that_can_close_and_is_no_forum_is_one_to_one() -> None:
    desk = ToyDesk()
    assert kind_of(desk).one_to_one
    assert not kind_of(desk, CAN | {Capability.FORUM}).one_to_one
    assert not kind_of(desk, CAN - {Capability.CLOSE}).one_to_one


def test_a_kind_with_notes_has_the_hubs_setting_once() -> None:
    names = [spec.name for spec in kind_of(ToyDesk()).all_settings]
    assert names == ["secret", "mirror_notes"]
    without = kind_of(ToyDesk(), CAN - {Capability.NOTE})
    assert [spec.name for spec in without.all_settings] == ["secret"]


@pytest.mark.parametrize("before", ["", "note:"])
def test_a_marker_leads_to_its_key_with_or_without_the_prefix(before: str) -> None:
    key = "note:" + "0a" * 16
    assert note_marker(key) == "#note:" + "0a" * 16
    assert note_keys(f"Late.\n#note:{before}{'0a' * 16}") == {key}
    assert note_keys("#note:0a", f"#note:{'0a' * 17}", "note: late") == set()
