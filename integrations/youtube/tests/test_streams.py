"""YouTube over HTTP: the live one found, who may see it changed and nothing else (S98)."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from inbox.channels.contract import ChannelConfig, DeliveryError, RawRequest
from inbox.channels.ports import Consent, Privacy, Stream
from inbox.channels.testing import ChannelContract
from integrations.youtube import access, streams
from integrations.youtube.kind import YOUTUBE
from integrations.youtube.tests.conftest import given
from rig import youtube
from rig.vendor import Answer
from rig.youtube import FakeYouTube, error


class TestYouTubeContract(ChannelContract):
    config = ChannelConfig(kind="youtube", key="main")

    def samples(self) -> list[RawRequest]:
        """YouTube posts nothing; whatever comes is refused, see below."""
        return []


def test_whatever_is_posted_is_refused(vendor: FakeYouTube) -> None:
    for body in (b"", b"{}", b"<feed/>"):
        with pytest.raises(Exception, match="posts nothing here"):
            YOUTUBE.verify(RawRequest(headers={}, body=body), config_of(vendor))


def config_of(vendor: FakeYouTube, **more: str) -> ChannelConfig:
    return ChannelConfig(kind="youtube", key="main", settings={**given(vendor), **more})


def status_of(vendor: FakeYouTube, key: str) -> dict[str, object]:
    found: dict[str, object] = vendor.videos[key]["status"]
    return found


# ------------------------------------------------------------------ finding


def test_the_live_ones_of_the_channel_are_found_over_pages(vendor: FakeYouTube) -> None:
    vendor.page = 2
    keys = [vendor.put(f"Stream {n}") for n in range(5)]
    vendor.put("Ended", is_live=False)
    vendor.put("Somebody else's", mine=False)
    found = streams.live(config_of(vendor))
    assert [stream.external_id for stream in found] == keys
    assert found[0] == Stream(
        external_id=keys[0],
        title="Stream 0",
        privacy=Privacy.PUBLIC,
        is_live=True,
        url=f"https://www.youtube.com/watch?v={keys[0]}",
        started_at=datetime(2026, 11, 18, 9, 30, tzinfo=UTC),
    )
    assert len(vendor.called("/liveBroadcasts")) == 3
    assert streams.check(config_of(vendor)).startswith("ok: live now: “Stream 0”, “Stream 1”")


@pytest.mark.parametrize(
    "address",
    [
        "abcdefgh-_1", " abcdefgh-_1 ", "https://www.youtube.com/watch?v=abcdefgh-_1&t=3s",
        "https://youtu.be/abcdefgh-_1?si=x", "youtube.com/live/abcdefgh-_1", "youtu.be/abcdefgh-_1",
        "https://m.youtube.com/shorts/abcdefgh-_1", "https://music.youtube.com/watch?v=abcdefgh-_1",
        "https://www.youtube-nocookie.com/embed/abcdefgh-_1", "HTTPS://YOUTUBE.COM/v/abcdefgh-_1",
    ],
)  # fmt: skip
def test_id_is_read_from_every_form_of_link(address: str) -> None:
    assert streams.id_in(address) == "abcdefgh-_1"


@pytest.mark.parametrize(
    "address",
    [
        "", "abc", "abcdefgh-_12", "https://example.com/watch?v=abcdefgh-_1", "https://[::1",
        "https://evil.example/youtu.be/abcdefgh-_1", "https://notyoutube.com/live/abcdefgh-_1",
        "https://www.youtube.com/watch?list=abcdefgh-_1", "https://www.youtube.com/@channel",
        "https://youtu.be/", "https://youtube.com.evil.example/live/abcdefgh-_1",
    ],
)  # fmt: skip
def test_other_addresses_have_no_id_and_ask_nobody(vendor: FakeYouTube, address: str) -> None:
    assert streams.find(config_of(vendor), address) is None
    assert vendor.calls == []


def test_video_that_is_not_there_is_none(vendor: FakeYouTube) -> None:
    key = vendor.put("Theirs", privacy="private", mine=False)
    assert streams.find(config_of(vendor), key) is None
    assert streams.find(config_of(vendor), "abcdefgh-_1") is None


# ------------------------------------------------------------------ changing


def test_everything_but_who_sees_it_stays_as_it_was(vendor: FakeYouTube) -> None:
    key = vendor.put("Talk")
    kept = {
        "embeddable": False,
        "license": "creativeCommon",
        "publicStatsViewable": False,
        "selfDeclaredMadeForKids": True,
        "containsSyntheticMedia": True,
    }
    status_of(vendor, key).update(kept)
    after = streams.set_privacy(config_of(vendor), key, Privacy.PRIVATE)
    assert (after.privacy, after.is_live) == (Privacy.PRIVATE, True)
    assert status_of(vendor, key) == {
        **kept,
        "privacyStatus": "private",
        "uploadStatus": "uploaded",
    }
    (put,) = [call for call in vendor.calls if call.method == "PUT"]
    assert put.json() == {"id": key, "status": {**kept, "privacyStatus": "private"}}
    assert vendor.used == 52


def test_doing_it_again_costs_one_unit_and_changes_nothing(vendor: FakeYouTube) -> None:
    key = vendor.put("Talk", privacy="private")
    streams.set_privacy(config_of(vendor), key, Privacy.PRIVATE)
    assert vendor.used == 1


def test_time_of_publishing_would_undo_it_and_is_dropped(vendor: FakeYouTube) -> None:
    key = vendor.put("Talk", privacy="private")
    status_of(vendor, key)["publishAt"] = "2026-11-19T10:00:00Z"
    streams.set_privacy(config_of(vendor), key, Privacy.PRIVATE)
    assert "publishAt" not in status_of(vendor, key)
    status_of(vendor, key)["publishAt"] = "2026-11-19T10:00:00Z"
    assert streams.set_privacy(config_of(vendor), key, Privacy.UNLISTED).privacy == "unlisted"


@pytest.mark.parametrize("answer", [None, Answer(503, b"later"), Answer(200, b"<html>")])
def test_interrupted_change_is_looked_up(vendor: FakeYouTube, answer: Answer | None) -> None:
    """It was done, and the answer was lost: the video says so."""
    key = vendor.put("Talk")
    config = config_of(vendor)
    real = vendor.answer
    seen: list[object] = []

    def lost(call: object) -> Answer:
        found = real(call)  # type: ignore[arg-type]  # a `Call`
        if getattr(call, "method", "") == "PUT" and not seen:
            seen.append(call)
            return answer or Answer(500, b"")
        return found

    vendor.answer = lost  # type: ignore[method-assign]  # what is tested
    assert streams.set_privacy(config, key, Privacy.PRIVATE).privacy == "private"
    assert len(seen) == 1


def test_change_that_did_not_happen_is_said(vendor: FakeYouTube) -> None:
    key = vendor.put("Talk")
    real = vendor.answer

    def deaf(call: object) -> Answer:
        if getattr(call, "method", "") == "PUT":
            return Answer(500, b"")
        return real(call)  # type: ignore[arg-type]  # a `Call`

    vendor.answer = deaf  # type: ignore[method-assign]  # what is tested
    with pytest.raises(DeliveryError) as caught:
        streams.set_privacy(config_of(vendor), key, Privacy.PRIVATE)
    assert (caught.value.text, caught.value.uncertain) == ("YouTube answered 500", True)


# ------------------------------------------------------------------ access


def test_access_token_is_kept_and_renewed_once_when_it_is_refused(vendor: FakeYouTube) -> None:
    config = config_of(vendor)
    streams.live(config)
    streams.live(config)
    assert vendor.tokens == 1
    vendor.end_tokens()
    streams.live(config)
    assert vendor.tokens == 2
    vendor.fail("/liveBroadcasts", times=2, answer=error(401, "authError"))
    with pytest.raises(DeliveryError) as caught:
        streams.live(config)
    assert (caught.value.blocked, vendor.tokens) == (True, 3)


def test_ended_consent_says_what_to_do(vendor: FakeYouTube) -> None:
    vendor.is_revoked = True
    with pytest.raises(DeliveryError) as caught:
        streams.live(config_of(vendor))
    assert caught.value.text == "Google says that the consent has ended: connect YouTube again"
    assert (caught.value.blocked, caught.value.permanent) == (True, True)
    assert streams.check(config_of(vendor, refresh_token="")).startswith("YouTube is not connected")
    assert "client id or secret" in streams.check(config_of(vendor, client_id="x"))


@pytest.mark.parametrize(
    ("answer", "words", "wait"),
    [
        (error(403, "quotaExceeded"), streams.QUOTA, 3600.0),
        (error(403, "rateLimitExceeded"), "YouTube asks us to wait", 60.0),
        (Answer(429, {}), "YouTube asks us to wait", 60.0),
        (error(403, "forbidden"), "this video is not one of the connected channel", None),
        (
            error(403, "insufficientPermissions"),
            "YouTube was not allowed to us for this: connect YouTube again",
            None,
        ),
        (
            error(403, "liveStreamingNotEnabled"),
            "live streaming is not switched on for the connected channel",
            None,
        ),
        (error(400, "somethingNew"), "YouTube answered 400: somethingNew", None),
        (Answer(400, {"error": []}), "YouTube answered 400", None),
        (Answer(302, {}, {"location": "http://127.0.0.1:1/"}), "YouTube answered 302", None),
        (Answer(503, b"x"), "YouTube answered 503", None),
        (Answer(200, b"<html>"), "YouTube's answer cannot be read", None),
        (Answer(200, {"items": 7}), "YouTube's answer cannot be read", None),
        (
            Answer(200, {"items": [{"id": "abcdefgh-_1"}]}),
            "YouTube does not say who may see the video",
            None,
        ),
        (None, "YouTube did not answer", None),
    ],
)
def test_trouble_is_said_in_words(
    vendor: FakeYouTube, answer: Answer | None, words: str, wait: float | None
) -> None:
    vendor.fail("/liveBroadcasts", times=5, answer=answer, drop="" if answer else "before")
    with pytest.raises(DeliveryError) as caught:
        streams.live(config_of(vendor))
    assert (caught.value.text, caught.value.retry_after_seconds) == (words, wait)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(500, {}), "Google answered 500"),
        (Answer(400, {"error": "invalid_scope"}), "Google answered 400: invalid_scope"),
        (Answer(200, {}), "Google's answer cannot be read"),
        (Answer(200, b"<html>"), "Google's answer cannot be read"),
        (None, "Google did not answer"),
    ],
)
def test_trouble_with_tokens_is_said_in_words(
    vendor: FakeYouTube, answer: Answer | None, words: str
) -> None:
    vendor.fail("/token", times=5, answer=answer, drop="" if answer else "before")
    with pytest.raises(DeliveryError) as caught:
        streams.live(config_of(vendor))
    assert caught.value.text == words


def test_consent_gives_the_refresh_token_and_ends_with_the_connection(vendor: FakeYouTube) -> None:
    config = config_of(vendor, auth_url="https://accounts.example.com/auth")
    visit = Consent(back="https://desk.example.org/back/", state="s1", verifier="v" * 43)
    where = access.OAUTH.authorize(config, visit)
    assert where.startswith("https://accounts.example.com/auth?client_id=youtube-test-client&")
    for part in ("access_type=offline", "prompt=consent", "state=s1", "youtube.force-ssl"):
        assert part in where
    vendor.consents.agree(where)
    vendor.consents.agree(where)
    mine, caught = vendor.consents.codes
    kept = access.OAUTH.exchange(config, visit, mine)
    assert kept == {"refresh_token": youtube.REFRESH}
    with pytest.raises(DeliveryError):  # by somebody who caught the code and began no visit
        access.OAUTH.exchange(config, replace(visit, verifier="w" * 43), caught)
    access.revoke(config)
    assert vendor.is_revoked
    access.revoke(config)  # it has ended already
    assert "consent has ended" in streams.check(config)
