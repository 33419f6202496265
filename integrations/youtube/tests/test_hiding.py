"""The page of streams: hidden and given back without scripts, remembered, written down."""

import re

import pytest
from django.test import Client

from inbox import pipeline
from inbox.audit.models import AuditEntry
from inbox.channels.contract import DeliveryError
from inbox.channels.models import Channel, Lookup
from inbox.channels.ports import Privacy
from inbox.common.work import Actor
from inbox.outbox import broadcasting
from inbox.outbox.broadcasting import NoStream
from integrations.youtube.tests.conftest import connected, given
from rig import youtube
from rig.desk import agent, by_page
from rig.vendor import Answer
from rig.youtube import FakeYouTube, error

pytestmark = pytest.mark.django_db


def desk(name: str = "ana", **fields: str) -> Client:
    client = Client()
    client.force_login(agent(name, **fields))
    return client


def test_page_connects_by_consent_of_the_owner(vendor: FakeYouTube) -> None:
    vendor.put("Office hours")
    app = {name: v for name, v in given(vendor).items() if name != "refresh_token"}
    page = by_page("youtube", app, vendor.consents.agree)
    assert "Connected. ok: live now: “Office hours”" in page
    assert Channel.objects.get().secrets["refresh_token"] == youtube.REFRESH


def press(client: Client, page: str, button: str) -> str:
    """Press the first button with these words, as a browser without scripts does."""
    pattern = r'<form[^>]*action="([^"]+)">((?:(?!</form>).)*?)</form>'
    for action, inner in re.findall(pattern, page, re.DOTALL):
        if button in inner:
            fields = re.findall(r'name="(\w+)" value="([^"]*)"', inner)
            data = {name: value for name, value in fields if name != "csrfmiddlewaretoken"}
            return client.post(action, data, follow=True).content.decode()
    raise AssertionError(f"there is no button {button!r}")


def test_stream_is_hidden_and_given_back_as_it_was(vendor: FakeYouTube) -> None:
    channel = connected(vendor)
    key = vendor.put("Release talk", privacy="unlisted")
    ana = desk()
    page = press(ana, ana.get("/streams/").content.decode(), "Make private")
    assert "“Release talk” is private now: nobody outside sees it." in page
    assert vendor.videos[key]["status"]["privacyStatus"] == "private"
    assert "by ana" in page
    page = press(ana, page, "Make unlisted again")
    assert "“Release talk” is unlisted again." in page
    assert "Hidden from here" not in page
    assert vendor.videos[key]["status"]["privacyStatus"] == "unlisted"
    rows = AuditEntry.objects.filter(what__startswith="stream.").order_by("number")
    private = {"privacy": "private", "title": "Release talk"}
    assert [(row.what, row.actor, row.target, row.old, row.new) for row in rows] == [
        ("stream.hidden", "ana", f"{channel} {key}", {"privacy": "unlisted"}, private),
        (
            *("stream.shown", "ana", f"{channel} {key}", {"privacy": "private"}),
            {**private, "privacy": "unlisted"},
        ),
    ]


def test_ended_stream_is_hidden_by_its_link(vendor: FakeYouTube) -> None:
    channel = connected(vendor)
    key = vendor.put("Yesterday", is_live=False)
    ana = desk()
    form = {"channel": channel.pk, "stream": f"https://youtu.be/{key}?t=3"}
    assert "is private now" in ana.post("/streams/hide/", form, follow=True).content.decode()
    assert [row.was for row in broadcasting.hidden()] == [Privacy.PUBLIC]
    form["stream"] = "https://example.com/"
    said = ana.post("/streams/hide/", form, follow=True).content.decode()
    assert "YouTube knows no stream at this address." in said


def test_hiding_twice_keeps_what_it_was(vendor: FakeYouTube) -> None:
    channel = connected(vendor)
    key = vendor.put("Talk")
    for _ in range(2):
        broadcasting.hide(channel, key, by=agent("ana"))
    assert AuditEntry.objects.filter(what="stream.hidden").count() == 1
    assert broadcasting.show(channel, key, by=agent("ben")).privacy == "public"
    with pytest.raises(NoStream):
        broadcasting.show(channel, key, by=agent("ben"))


def test_private_stream_that_nobody_hid_here_stays_private(vendor: FakeYouTube) -> None:
    channel = connected(vendor)
    key = vendor.put("Secret", privacy="private")
    assert broadcasting.hide(channel, key, by=agent("ana")).privacy == "private"
    with pytest.raises(NoStream):
        broadcasting.show(channel, key, by=agent("ana"))
    assert not AuditEntry.objects.filter(what__startswith="stream.").exists()


def test_refused_hiding_remembers_nothing(vendor: FakeYouTube) -> None:
    channel = connected(vendor)
    key = vendor.put("Theirs", mine=False)
    with pytest.raises(DeliveryError):
        broadcasting.hide(channel, key, by=agent("ana"))
    assert not Lookup.objects.exists()


def test_hiding_whose_end_is_unknown_can_be_taken_back(vendor: FakeYouTube) -> None:
    """It was done, but neither the answer nor the look afterwards came back."""
    channel = connected(vendor)
    key = vendor.put("Talk")
    calls: list[object] = []
    real = vendor.answer

    def away(call: object) -> Answer:
        found = real(call)  # type: ignore[arg-type]  # a `Call`
        calls.append(call)
        return Answer(503, b"") if len(calls) > 2 else found

    vendor.answer = away  # type: ignore[method-assign]  # what is tested
    form = {"channel": channel.pk, "stream": key}
    page = desk().post("/streams/hide/", form, follow=True).content.decode()
    assert "It may have happened: YouTube answered 503. Look there, and try again." in page
    assert vendor.videos[key]["status"]["privacyStatus"] == "private"
    vendor.answer = real  # type: ignore[method-assign]  # it is back
    assert broadcasting.show(channel, key, by=agent("ana")).privacy == "public"


def test_ended_consent_stands_on_the_health_page_until_it_works_again(vendor: FakeYouTube) -> None:
    channel = connected(vendor)
    vendor.end_tokens()
    vendor.is_revoked = True
    page = desk().get("/streams/").content.decode()
    assert "Google says that the consent has ended: connect YouTube again." in page
    channel.refresh_from_db()
    assert channel.health == "error"
    vendor.is_revoked = False
    assert "Nothing is live." in desk().get("/streams/").content.decode()
    channel.refresh_from_db()
    assert channel.health == "ok"


def test_used_up_quota_is_said_and_is_no_broken_connection(vendor: FakeYouTube) -> None:
    channel = connected(vendor)
    vendor.fail("/liveBroadcasts", answer=error(403, "quotaExceeded"))
    assert "daily quota is used up" in desk().get("/streams/").content.decode()
    assert Channel.objects.get(pk=channel.pk).health == "ok"


def test_vendor_that_does_not_answer_changes_nothing(vendor: FakeYouTube) -> None:
    channel = connected(vendor)
    key = vendor.put("Talk")
    vendor.fail("/videos", times=5, drop="before")
    form = {"channel": channel.pk, "stream": key}
    page = desk().post("/streams/hide/", form, follow=True).content.decode()
    assert "Nothing was changed: YouTube did not answer." in page
    assert not broadcasting.hidden()


@pytest.mark.parametrize(("role", "status"), [("viewer", 404), ("light", 404), ("agent", 200)])
def test_only_who_has_the_right_sees_the_page(vendor: FakeYouTube, role: str, status: int) -> None:
    channel = connected(vendor)
    key = vendor.put("Talk")
    client = desk("somebody", role=role)
    assert client.get("/streams/").status_code == status
    answer = client.post("/streams/hide/", {"channel": channel.pk, "stream": key})
    hidden = vendor.videos[key]["status"]["privacyStatus"] == "private"
    assert (answer.status_code, hidden) == ((302, True) if status == 200 else (404, False))


def test_without_a_connection_the_page_says_so() -> None:
    ana = desk()
    assert "No connection has streams." in ana.get("/streams/").content.decode()
    said = ana.post("/streams/hide/", {"channel": "1", "stream": "x"}, follow=True)
    assert "Choose the connection." in said.content.decode()
    assert ana.post("/streams/made-up/", {}).status_code == 404


def test_no_vendor_is_asked_inside_a_change(vendor: FakeYouTube) -> None:
    channel = connected(vendor)
    key = vendor.put("Talk")
    with pytest.raises(RuntimeError), pipeline.change(Actor.system("test")):
        broadcasting.hide(channel, key, by="test")
