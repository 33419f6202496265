"""Connecting by consent, looking at a connection, taking it away, and having it back."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from inbox.actions import listening
from inbox.audit.models import AuditEntry
from inbox.channels import directory
from inbox.channels.models import Channel
from inbox.handbook.services import dump, load
from inbox.operations import disconnecting, draining, sweep
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Ticket
from rig.desk import act, agent
from rig.toy.desk import app_of, connected, post
from rig.toy.fake import CLIENT, TEAM, FakeToybox
from rig.vendor import Answer

pytestmark = pytest.mark.django_db
PAGE = "/channels/toy/main/"


@pytest.fixture
def boss() -> Client:
    """An admin's browser."""
    client = Client()
    client.force_login(agent("boss", role="admin"))
    return client


def to_vendor(browser: Client, toybox: FakeToybox, **more: str) -> str:
    """Press the button; the consent page's address that the browser is sent to."""
    there = browser.post(f"{PAGE}consent/", {**app_of(toybox), **more})
    assert there.status_code == 200
    return str(there.context["url"])


def came_back(browser: Client, url: str) -> str:
    """The page that one sees after coming back."""
    parts = urlsplit(url)
    page = browser.get(f"{parts.path}?{parts.query}", follow=True)
    assert page.redirect_chain == [(PAGE, 302)]
    return page.content.decode()


def told() -> list[str]:
    return list(AuditEntry.objects.order_by("number").values_list("what", flat=True))


# ------------------------------------------------------------------ by consent


def test_consent_connects_and_checks(boss: Client, toybox: FakeToybox) -> None:
    page = boss.get(PAGE).content.decode()
    assert "to read questions and to answer in their talks" in page.lower()
    assert f"http://127.0.0.1:8000{PAGE}back/" in page
    url = to_vendor(boss, toybox)
    asked = parse_qs(urlsplit(url).query)
    assert asked["redirect_uri"] == [f"http://127.0.0.1:8000{PAGE}back/"]
    prepared = Channel.objects.get(kind="toy")
    assert (prepared.active, prepared.disconnected_at is not None) == (False, True)
    said = came_back(boss, toybox.agree(url))
    assert "Connected. ok: Playroom" in said
    channel = Channel.objects.get(kind="toy")
    assert (channel.active, channel.disconnected_at, channel.settings["team"]) == (True, None, TEAM)
    (token,) = toybox.tokens
    assert channel.secrets["access_token"] == token
    for secret in channel.secrets.values():
        assert secret not in said
    assert told() == ["channel.prepared", "channel.connected"]
    kept = str(list(AuditEntry.objects.values_list("old", "new")))
    assert token not in kept
    assert toybox.signing_secret not in kept
    assert post(toybox, toybox.ask("mira", "Does it float?")) == 200


def test_nothing_is_asked_without_the_app(boss: Client, toybox: FakeToybox) -> None:
    page = boss.post(f"{PAGE}consent/", {"client_id": CLIENT, "client_secret": ""})
    assert page.status_code == 422
    assert "client_secret is needed before Toybox can be asked" in page.content.decode()
    assert not Channel.objects.exists()
    assert boss.post("/channels/email/support/consent/").status_code == 404


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("access_denied", "Toybox was told no, so nothing is connected."),
        ("server_error", "Toybox could not answer. Try again in a while."),
        ("odd_one", "Toybox refused (odd_one). Nothing was connected."),
        ("<b>Odd</b>", "Toybox refused. Nothing was connected."),
    ],
)
def test_a_refusal_is_said_in_words(
    boss: Client, toybox: FakeToybox, error: str, words: str
) -> None:
    (state,) = parse_qs(urlsplit(to_vendor(boss, toybox)).query)["state"]
    page = boss.get(f"{PAGE}back/", {"error": error, "state": state}, follow=True)
    assert escape(words) in page.content.decode()
    assert Channel.objects.get().disconnected_at is not None


def test_a_way_back_is_for_the_browser_that_began_it_and_once(
    boss: Client, toybox: FakeToybox
) -> None:
    url = toybox.agree(to_vendor(boss, toybox))
    other = Client()
    other.force_login(agent("chief", role="admin"))
    for browser, words in (
        (other, "was used before, or began in another browser"),
        (boss, "Connected. ok: Playroom"),
        (boss, "was used before, or began in another browser"),
    ):
        assert words in came_back(browser, url)
    assert len(toybox.called("/oauth/token")) == 1


@pytest.mark.parametrize("state", ["", "x", "WyJ0b3kiXQ:1:x"])
def test_a_state_that_is_not_ours_is_refused(boss: Client, toybox: FakeToybox, state: str) -> None:
    to_vendor(boss, toybox)
    page = boss.get(f"{PAGE}back/", {"code": "c", "state": state}, follow=True)
    assert "This way back from Toybox was not begun here." in page.content.decode()
    assert toybox.called("/oauth/token") == []


def test_a_state_of_another_connection_is_refused(boss: Client, toybox: FakeToybox) -> None:
    connected(toybox, "other")
    url = toybox.agree(to_vendor(boss, toybox)).replace("/main/", "/other/")
    parts = urlsplit(url)
    page = boss.get(f"{parts.path}?{parts.query}", follow=True).content.decode()
    assert "was used before, or began in another browser" in page
    assert toybox.called("/oauth/token") == []


def test_ten_minutes_are_enough(boss: Client, toybox: FakeToybox) -> None:
    url = toybox.agree(to_vendor(boss, toybox))
    with time_machine.travel(timezone.now() + timedelta(seconds=601), tick=False):
        assert "took longer than ten minutes" in came_back(boss, url)
    assert toybox.called("/oauth/token") == []


def test_a_code_that_the_vendor_knows_no_more_is_refused(boss: Client, toybox: FakeToybox) -> None:
    url = toybox.agree(to_vendor(boss, toybox))
    toybox.consents.codes.clear()
    assert "Toybox did not connect: Toybox refused it (400). Start again." in came_back(boss, url)
    assert Channel.objects.get().disconnected_at is not None


def test_consent_is_for_admins(toybox: FakeToybox) -> None:
    client = Client()
    client.force_login(agent("ana"))
    assert client.post(f"{PAGE}consent/", app_of(toybox)).status_code == 404
    assert client.get(f"{PAGE}back/", {"code": "c", "state": "s"}).status_code == 404


def test_what_another_consent_replaces_ends_once_that_works(
    boss: Client, toybox: FakeToybox
) -> None:
    connected(toybox)
    assert "Connected. ok: Playroom</" in came_back(boss, toybox.agree(to_vendor(boss, toybox)))
    assert toybox.tokens == {Channel.objects.get().secrets["access_token"]}
    assert toybox.tokens != {"t-1"}
    assert told()[-2:] == ["channel.changed", "channel.revoked"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/me", "Toybox answered 503; the credentials before these still count at Toybox"),
        ("/oauth/revoke", "still count at Toybox, end them there: Toybox answered 503"),
    ],
)
def test_replaced_credentials_that_live_on_are_told_of(
    boss: Client, toybox: FakeToybox, path: str, words: str
) -> None:
    connected(toybox)
    url = toybox.agree(to_vendor(boss, toybox))
    toybox.fail(path, answer=Answer(503))
    assert words in came_back(boss, url)
    assert "t-1" in toybox.tokens
    assert "channel.revoked" not in told()


# ------------------------------------------------------------------ health


def test_the_page_says_how_it_is(boss: Client, toybox: FakeToybox) -> None:
    connected(toybox)
    page = boss.get(PAGE).content.decode()
    assert "Nothing has come in yet." in page
    post(toybox, toybox.ask("mira", "Does it float?"))
    draining.drain(timeout_seconds=20)
    act(tickets.reply, Ticket.objects.get(), body="Yes.", user=agent("ana"), at=timezone.now())
    toybox.fail("/lines", answer=Answer(422))
    draining.drain(timeout_seconds=20)
    page = boss.get(PAGE).content.decode()
    assert "1 failed" in page
    assert 'href="/dead-letters/"' in page


def test_check_now_says_what_is_wrong_and_mends(boss: Client, toybox: FakeToybox) -> None:
    channel = connected(toybox)
    toybox.tokens.clear()
    page = boss.post(f"{PAGE}check/", follow=True).content.decode()
    assert "Checked now. Toybox refuses the token; connect again" in page
    channel.refresh_from_db()
    assert (channel.health, channel.health_since is not None) == ("error", True)
    assert "needs you" in boss.get(PAGE).content.decode()
    toybox.tokens.add("t-1")
    assert "Checked now. Ok: Playroom" in boss.post(f"{PAGE}check/", follow=True).content.decode()
    channel.refresh_from_db()
    assert (channel.health, channel.health_text, channel.health_since) == ("ok", "", None)


# ------------------------------------------------------------------ taking it away


def test_it_is_taken_away_and_the_same_threads_go_on(boss: Client, toybox: FakeToybox) -> None:
    channel = connected(toybox)
    post(toybox, toybox.ask("mira", "Does it float?"))
    draining.drain(timeout_seconds=20)
    page = boss.get(f"{PAGE}disconnect/").content.decode()
    assert "Toybox is asked to end the credentials." in page
    assert "1 ticket stays as it is" in page
    said = boss.post(f"{PAGE}disconnect/", follow=True).content.decode()
    assert "Main is disconnected. Its tickets stay." in said
    talk = toybox.talks["k1"]
    assert post(toybox, toybox.write(talk, "mira", "Hello?")) == 404
    draining.drain(timeout_seconds=20)
    channel.refresh_from_db()
    assert (toybox.tokens, channel.secrets_text, channel.revoke_at) == (set(), "", None)
    assert told() == ["channel.connected", "channel.disconnected", "channel.revoked"]
    row = Ticket.objects.get()
    refused = boss.post(f"/tickets/{row.pk}/reply/", {"body": "Yes.", "mode": "reply"})
    assert refused.status_code == 422
    assert "Main is disconnected: nothing leaves by it" in refused.content.decode()
    came_back(boss, toybox.agree(to_vendor(boss, toybox)))
    post(toybox, toybox.write(talk, "mira", "Hello again?"))
    draining.drain(timeout_seconds=20)
    assert (Ticket.objects.count(), Message.objects.filter(ticket=row).count()) == (1, 2)
    assert told()[-2:] == ["channel.prepared", "channel.connected"]


def test_what_should_leave_waits_for_it(boss: Client, toybox: FakeToybox) -> None:
    channel = connected(toybox)
    post(toybox, toybox.ask("mira", "Does it float?"))
    draining.drain(timeout_seconds=20)
    act(tickets.reply, Ticket.objects.get(), body="Yes.", user=agent("ana"), at=timezone.now())
    disconnecting.disconnect(channel, by=agent("boss"))
    assert "1 message on the way out waits" in boss.get(f"{PAGE}disconnect/").content.decode()
    assert sweep.due_outgoing(timezone.now()) == []
    connected(toybox)
    draining.drain(timeout_seconds=20)
    assert [line["text"] for line in toybox.talks["k1"].lines] == ["Does it float?", "Yes."]


def test_a_vendor_that_is_away_is_asked_again(boss: Client, toybox: FakeToybox) -> None:
    channel = connected(toybox)
    toybox.fail("/oauth/revoke", answer=Answer(503))
    boss.post(f"{PAGE}disconnect/")
    now = timezone.now()
    assert disconnecting.revoke(channel.pk, now)
    channel.refresh_from_db()
    assert channel.revoke_at == now + timedelta(minutes=1)
    page = boss.get(PAGE).content.decode()
    assert "Toybox has not ended the credentials yet." in page
    assert "Toybox answered 503" in page
    assert disconnecting.due_ids(now) == []
    assert disconnecting.revoke(channel.pk, now + timedelta(minutes=1))
    channel.refresh_from_db()
    assert (toybox.tokens, channel.secrets_text) == (set(), "")


def test_a_vendor_that_refuses_is_asked_by_hand_or_forgotten(
    boss: Client, toybox: FakeToybox
) -> None:
    channel = connected(toybox)
    toybox.fail("/oauth/revoke", times=2, answer=Answer(401))
    boss.post(f"{PAGE}disconnect/")
    assert disconnecting.revoke(channel.pk, timezone.now())
    assert disconnecting.due_ids(timezone.now() + timedelta(days=30)) == []
    boss.post(f"{PAGE}revoke/")
    assert disconnecting.revoke(channel.pk, timezone.now())
    channel.refresh_from_db()
    assert (channel.revoke_at, bool(channel.secrets_text)) == (None, True)
    page = boss.post(f"{PAGE}revoke/", {"forget": "1"}, follow=True).content.decode()
    assert "Forgotten here." in page
    channel.refresh_from_db()
    assert channel.secrets_text == ""
    assert told()[-2:] == ["channel.revoke_asked", "channel.forgotten"]


def test_what_was_connected_meanwhile_keeps_its_credentials(toybox: FakeToybox) -> None:
    """The vendor answers late: somebody has connected again."""
    channel = connected(toybox)
    disconnecting.disconnect(channel, by=agent("boss"))
    stale = Channel.objects.get()
    connected(toybox)
    disconnecting._ended(stale)
    assert Channel.objects.get().secrets["access_token"] == "t-1"


def test_a_handbook_or_the_admin_does_not_switch_it_on_again(
    boss: Client, toybox: FakeToybox
) -> None:
    channel = connected(toybox)
    text = dump()
    disconnecting.disconnect(channel, by=agent("boss"))
    load(text)
    assert not Channel.objects.get().active
    path = f"/admin/inbox/channel/{channel.pk}/change/"
    page = boss.post(path, {"kind": "toy", "key": "main", "label": "Main", "active": "on"})
    assert "connect it again on its own page" in page.content.decode()
    assert not Channel.objects.get().active


def test_what_listens_stops_when_it_is_taken_away(toybox: FakeToybox) -> None:
    channel = connected(toybox)
    assert listening._is_on(channel)
    disconnecting.disconnect(channel, by=agent("boss"))
    assert not listening._is_on(channel)
    channel.delete()
    directory.forget()
    assert not listening._is_on(Channel(pk=7))
