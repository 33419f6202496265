"""Places and their groups in the admin: explained, checked, and known to every process at once."""

import json
from typing import Any

import pytest
from django.test import Client

from inbox.accounts.models import Role
from inbox.channels import sources
from inbox.channels.models import Source, SourceGroup
from rig.desk import agent
from rig.issues import tracker

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    """Somebody who may change everything."""
    client = Client()
    client.force_login(agent("root", role=Role.ADMIN, is_staff=True, is_superuser=True))
    return client


def change(client: Client, settings: Any) -> str:
    """Save the place's form with these settings; the page that comes back."""
    channel = tracker()
    row = Source.objects.get_or_create(channel=channel, external_key="example/core")[0]
    sources.settings_of(channel, "example/core")  # known to this process from now on
    data = {"channel": channel.pk, "external_key": "example/core", "settings": json.dumps(settings)}
    return client.post(f"/admin/inbox/source/{row.pk}/change/", data).content.decode()


def test_place_takes_tags_and_upgrade(admin: Client) -> None:
    settings = {"tags": {"v*": "packages/core"}, "upgrade": "pip install core=={version}"}
    change(admin, settings)
    assert sources.settings_of(tracker(), "example/core") == settings


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"tag": {}}, "unknown setting “tag”"),
        ({"tags": ["v*"]}, "pairs of a tag and a folder"),
        ({"tags": {"v*": 3}}, "needs a folder"),
        ({"upgrade": 3}, "upgrade is a line of text"),
        (["tags"], "pairs of a name and a value"),
    ],
)
def test_mistake_in_settings_is_explained(admin: Client, settings: Any, said: str) -> None:
    assert said in change(admin, settings)
    assert Source.objects.get().settings == {}


def test_group_says_where_it_is_announced_at_once(admin: Client) -> None:
    group = SourceGroup.objects.create(name="core")
    channel = tracker()
    Source.objects.create(channel=channel, external_key="example/core", group=group)
    assert sources.of(channel, "example/core") is not None
    page = f"/admin/inbox/sourcegroup/{group.pk}/change/"
    assert "Where new items are announced" in admin.get(page).content.decode()
    admin.post(page, {"name": "core", "announce_to": "#core-issues"})
    known = sources.of(channel, "example/core")
    assert known is not None
    assert known.group is not None
    assert known.group.announce_to == "#core-issues"
