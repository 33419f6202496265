"""An administrator, a mailbox through which the desk writes to its people, and their mail."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from inbox.accounts.models import Role, User
from inbox.outbox.models import Outgoing
from rig.desk import agent, mailbox

LINK = re.compile(r"http://127\.0\.0\.1:8000(/\S+)")
PASSWORD = "a-long-enough-word-7"


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    """Nobody has tried anything yet."""
    cache.clear()


@pytest.fixture
def ana(db: None) -> User:
    """An administrator."""
    return agent("ana", role=Role.ADMIN, is_staff=True)


@pytest.fixture
def desk(ana: User) -> Client:
    """Ana, signed in."""
    client = Client()
    client.force_login(ana)
    return client


@pytest.fixture
def system_channel(db: None, settings: Settings) -> None:
    """The desk has a mailbox of its own."""
    mailbox()
    settings.SYSTEM_CHANNEL = "email/support"


@pytest.fixture
def newest_link(system_channel: None) -> Callable[[str], str]:
    """The path of the link in the newest mail to an address."""

    def find(address: str) -> str:
        row = Outgoing.objects.filter(payload__to=[address], kind="notice").latest("pk")
        found = LINK.search(row.payload["text"])
        assert found is not None
        return found[1]

    return find


def with_password(name: str, **fields: object) -> User:
    """An account that signs in with `PASSWORD`."""
    user = agent(name, **fields)
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(name: str, password: str = PASSWORD, *, address: str = "127.0.0.1") -> Client:
    """A browser that has sent the sign-in form."""
    client = Client(REMOTE_ADDR=address)
    client.post("/login/", {"login": name, "password": password})
    return client


def is_signed_in(client: Client) -> bool:
    """Whether the queue opens."""
    return client.get("/queue/").status_code == 200


SEVEN_DAYS = timedelta(days=7)
