"""A desk that is connected to the fake Toybox."""

from django.test import Client

from inbox.channels.models import Channel
from inbox.operations.connecting import connect
from rig.toy.fake import CLIENT, SECRET, TEAM, FakeToybox


def app_of(fake: FakeToybox) -> dict[str, str]:
    """What an admin fills in before anything else."""
    return {"client_id": CLIENT, "client_secret": SECRET, "api_url": fake.url}


def connected(fake: FakeToybox, key: str = "main") -> Channel:
    """The connection, as `connect toy main …` makes it."""
    fake.tokens.add("t-1")
    granted = {"access_token": "t-1", "signing_secret": fake.signing_secret, "team": TEAM}
    connect("toy", key, {**app_of(fake), **granted})
    return Channel.objects.get(kind="toy", key=key)


def post(fake: FakeToybox, body: bytes, key: str = "main") -> int:
    """Toybox posts a webhook; what we answer."""
    headers = fake.signed(body)
    content_type = headers.pop("content-type")
    answer = Client().post(f"/hooks/toy/{key}/", body, content_type=content_type, headers=headers)
    return int(answer.status_code)
