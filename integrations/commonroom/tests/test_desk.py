"""The buttons: under “Lists in and out”, and on the connection's page."""

import pytest
from django.test import Client

from inbox.channels.models import Channel
from inbox.people import paging
from inbox.people.errors import PeopleError
from inbox.people.models import PeopleImport
from integrations.commonroom.tests.test_taking import fill, work
from rig.commonroom import FakeCommonRoom, limited
from rig.desk import act, agent


@pytest.fixture
def desk(db: None) -> Client:
    desk = Client()
    desk.force_login(agent("kezia"))
    return desk


def test_an_agent_reads_it_from_the_page_of_lists(
    vendor: FakeCommonRoom, channel: Channel, desk: Client
) -> None:
    fill(vendor)
    shown = desk.get("/people/import/").content.decode()
    assert "Read Uncommon from Common Room" in shown
    row = begin_by(desk)
    page = desk.get(f"/people/import/{row.pk}/").content.decode()
    assert "Being read" in page
    vendor.fail("/contacts", answer=limited(60))
    work(row)
    page = desk.get(f"/people/import/{row.pk}/").content.decode()
    assert "Common Room asks us to wait; it is asked again by itself." in page
    work(row, minutes=2)
    page = desk.get(f"/people/import/{row.pk}/").content.decode()
    assert "Common Room · 3 people, 3 activities" in page
    assert "Take the list in" in page


def begin_by(desk: Client) -> PeopleImport:
    answer = desk.post("/people/import/", {"channel": "commonroom/main"})
    row = PeopleImport.objects.get()
    assert answer["location"] == f"/people/import/{row.pk}/"
    return row


def test_it_is_read_once_at_a_time(vendor: FakeCommonRoom, channel: Channel, desk: Client) -> None:
    begin_by(desk)
    answer = desk.post("/people/import/", {"channel": "commonroom/main"})
    assert answer.status_code == 422
    assert "It is being read already." in answer.content.decode()
    with pytest.raises(PeopleError):
        act(paging.begin, channel)


def test_only_those_who_use_the_connection_read_from_it(
    vendor: FakeCommonRoom, channel: Channel, desk: Client
) -> None:
    Channel.objects.update(limited=True)
    assert "Read Uncommon" not in desk.get("/people/import/").content.decode()
    answer = desk.post("/people/import/", {"channel": "commonroom/main"})
    assert answer.status_code == 422
    assert "is not yours to use" in answer.content.decode()
    assert desk.post("/people/import/", {"channel": "email/support"}).status_code == 422
    assert PeopleImport.objects.count() == 0


def test_the_page_of_the_connection_leads_to_it(
    vendor: FakeCommonRoom, channel: Channel, admin_client: Client
) -> None:
    page = admin_client.get("/channels/commonroom/main/").content.decode()
    assert "Take its people in" in page
    assert 'value="commonroom/main"' in page
    assert 'value="Uncommon"' in page
