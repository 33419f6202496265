"""Toybox keeps what every channel keeps."""

import time
from dataclasses import replace

import pytest

from inbox.channels.contract import BadSignature, ChannelConfig, RawRequest, UnknownEvent
from inbox.channels.testing import ChannelContract
from rig.toy import fake as vendor
from rig.toy.fake import FakeToybox


class TestToybox(ChannelContract):
    signature_headers = ("toybox-time", "toybox-signature")

    @pytest.fixture(autouse=True)
    def _at_toybox(self, toybox: FakeToybox) -> None:
        self.toybox = toybox
        toybox.tokens.add("t-1")
        secrets = {"signing_secret": toybox.signing_secret, "access_token": "t-1"}
        settings = {"api_url": toybox.url, "team": vendor.TEAM}
        self.config = ChannelConfig(kind="toy", key="main", settings=settings, secrets=secrets)

    def samples(self) -> list[RawRequest]:
        body = self.toybox.ask("mira", "Does it float?")
        return [RawRequest(headers=self.toybox.signed(body), body=body)]

    def test_what_is_too_old_is_refused(self) -> None:
        (raw,) = self.samples()
        old = self.toybox.signed(raw.body, at=int(time.time()) - 301)
        with pytest.raises(BadSignature, match="too old"):
            self.kind.verify(replace(raw, headers=old), self.config)

    def test_what_nobody_wrote_is_known_and_ignored(self) -> None:
        raw = RawRequest(headers={}, body=vendor.event("toy.rattled"))
        assert self.read(raw).ignored == "toy.rattled: nobody wrote anything"
        with pytest.raises(UnknownEvent, match=r"toy\.lost"):
            self.read(replace(raw, body=vendor.event("toy.lost")))
