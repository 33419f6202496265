"""A fake Common Room, and a desk that is connected to it."""

from collections.abc import Iterator

import pytest

from inbox.channels.models import Channel
from inbox.operations.connecting import connect
from rig import commonroom
from rig.commonroom import FakeCommonRoom


@pytest.fixture
def vendor(settings: object) -> Iterator[FakeCommonRoom]:
    """The fake; the network guard lets the desk reach it."""
    with FakeCommonRoom() as fake:
        settings.OUTBOUND_ALLOW = fake.url.removeprefix("http://")  # type: ignore[attr-defined]  # pytest-django's wrapper
        yield fake


@pytest.fixture
def channel(vendor: FakeCommonRoom, db: None) -> Channel:
    """The connection, as `connect commonroom main …` makes it."""
    said = connect("commonroom", "main", {"token": commonroom.TOKEN, "api_url": vendor.url})
    assert said["check"] == "ok: the community Uncommon"
    vendor.calls.clear()
    return Channel.objects.get(kind="commonroom", key="main")
