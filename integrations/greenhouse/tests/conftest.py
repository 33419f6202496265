"""A fake Greenhouse, and a desk that is connected to it."""

from collections.abc import Iterator

import pytest

from inbox.channels.models import Channel
from inbox.operations.connecting import connect
from rig import greenhouse
from rig.greenhouse import FakeGreenhouse


@pytest.fixture
def vendor(settings: object) -> Iterator[FakeGreenhouse]:
    """The fake; the network guard lets the desk reach it."""
    with FakeGreenhouse() as fake:
        settings.OUTBOUND_ALLOW = fake.url.removeprefix("http://")  # type: ignore[attr-defined]  # pytest-django's wrapper
        yield fake


def connected(fake: FakeGreenhouse, **more: str) -> Channel:
    """The connection, as `connect greenhouse main …` makes it."""
    given = {"board": greenhouse.BOARD, "webhook_secret": greenhouse.SECRET, "api_url": fake.url}
    said = connect("greenhouse", "main", {**given, **more})
    assert said["check"].startswith("ok: ")
    return Channel.objects.get(kind="greenhouse", key="main")
