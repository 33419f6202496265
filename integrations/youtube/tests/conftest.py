"""A fake YouTube, and a desk that is connected to it."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from inbox.channels.models import Channel
from inbox.operations.connecting import connect
from rig import youtube
from rig.youtube import FakeYouTube


@pytest.fixture
def vendor(settings: object) -> Iterator[FakeYouTube]:
    """The fake; the network guard lets the desk reach it."""
    cache.clear()
    with FakeYouTube() as fake:
        settings.OUTBOUND_ALLOW = fake.url.removeprefix("http://")  # type: ignore[attr-defined]  # pytest-django's wrapper
        yield fake


def given(fake: FakeYouTube) -> dict[str, str]:
    """What an admin fills in."""
    return {
        "client_id": youtube.CLIENT,
        "client_secret": youtube.SECRET,
        "refresh_token": youtube.REFRESH,
        "api_url": f"{fake.url}/youtube/v3",
        "token_url": f"{fake.url}/token",
        "revoke_url": f"{fake.url}/revoke",
    }


def connected(fake: FakeYouTube) -> Channel:
    """The connection, as `connect youtube main …` makes it."""
    said = connect("youtube", "main", given(fake))
    assert said["check"].startswith("ok: ")
    return Channel.objects.get(kind="youtube", key="main")
