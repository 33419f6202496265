"""PagerDuty as a roster: its answer is followed within a minute and survives its outage (S73)."""

import hmac
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from inbox.accounts.models import User
from inbox.channels.contract import BadSignature, ChannelConfig, DeliveryError, RawRequest
from inbox.channels.models import Channel
from inbox.oncall import rosters
from inbox.oncall import services as oncall
from inbox.oncall.models import Override, Rotation, RotationMember
from inbox.operations import connecting, sweep
from integrations.pagerduty import client, inbound
from rig.pagerduty import TOKEN, FakePagerDuty
from rig.vendor import Answer

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def vendor(settings: object) -> Iterator[FakePagerDuty]:
    with FakePagerDuty() as fake:
        port = fake.url.rpartition(":")[2]
        settings.OUTBOUND_ALLOW = f"127.0.0.1:{port}"  # type: ignore[attr-defined]  # pytest-django's wrapper
        yield fake


@pytest.fixture
def config(vendor: FakePagerDuty) -> ChannelConfig:
    return ChannelConfig(
        kind="pagerduty",
        key="main",
        settings={"api_url": vendor.url, "schedule": "S1"},
        secrets={"token": TOKEN},
    )


@pytest.fixture
def rotation(db: None, vendor: FakePagerDuty) -> Rotation:
    names = ("api_url", vendor.url), ("schedule", "S1"), ("token", TOKEN)
    connecting.connect("pagerduty", "main", dict(names))
    channel = Channel.objects.get(kind="pagerduty", key="main")
    row = Rotation.objects.create(key="daily", starts_on=NOW.date(), roster=channel)
    for position, name in enumerate(("ana", "ben", "cleo")):
        user = User.objects.create(username=name, email=f"{name}@example.com")
        RotationMember.objects.create(rotation=row, user=user, position=position)
    return row


def _on(at: datetime) -> str | None:
    user = oncall.on_duty(at)
    return user.username if user else None


def test_first_level_shifts_of_the_schedule_are_read_over_pages(
    vendor: FakePagerDuty, config: ChannelConfig
) -> None:
    for n in range(150):
        vendor.put(f"u{n}@example.com", NOW + n * HOUR, NOW + (n + 1) * HOUR)
    vendor.put("second@example.com", NOW, NOW + HOUR, level=2)
    vendor.put("other@example.com", NOW, NOW + HOUR, schedule="S2")
    found = client.roster(config, NOW, NOW + timedelta(days=30))
    assert [entry.email for entry in found] == [f"u{n}@example.com" for n in range(150)]
    assert len(vendor.calls) == 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(429, {}, {"ratelimit-reset": "7"}), "PagerDuty asks us to wait"),
        (Answer(401, b"nope"), "PagerDuty refuses the token"),
        (
            Answer(404, {}),
            "PagerDuty does not know the schedule; shift-based schedules are not visible here",
        ),
        (Answer(500, {}), "PagerDuty answered 500"),
        (Answer(200, b"<html>"), "PagerDuty's answer cannot be read"),
        (Answer(200, {"oncalls": [{"escalation_level": 1}]}), "PagerDuty's answer cannot be read"),
        (None, "PagerDuty did not answer"),
    ],
)
def test_trouble_is_said_in_words(
    vendor: FakePagerDuty, config: ChannelConfig, answer: Answer | None, words: str
) -> None:
    vendor.fail("/oncalls", times=5, answer=answer, drop="" if answer else "before")
    with pytest.raises(DeliveryError) as caught:
        client.roster(config, NOW, NOW + HOUR)
    assert caught.value.text == words


@pytest.mark.django_db
def test_a_change_is_followed_within_a_minute(vendor: FakePagerDuty, rotation: Rotation) -> None:
    vendor.put("ben@example.com", NOW - HOUR, NOW + 8 * HOUR)
    sweep.tick(now=NOW)
    assert _on(NOW) == "ben"
    vendor.shifts.clear()
    vendor.put("cleo@example.com", NOW - HOUR, None)
    sweep.tick(now=NOW + timedelta(seconds=15))
    assert _on(NOW + timedelta(seconds=15)) == "ben"
    sweep.tick(now=NOW + timedelta(seconds=45))
    assert _on(NOW + timedelta(seconds=45)) == "cleo"


@pytest.mark.django_db
def test_what_it_said_last_survives_its_outage(vendor: FakePagerDuty, rotation: Rotation) -> None:
    vendor.put("ben@example.com", NOW - HOUR, NOW + 8 * HOUR)
    vendor.put("cleo@example.com", NOW + 8 * HOUR, NOW + 16 * HOUR)
    sweep.tick(now=NOW)
    vendor.is_away = True
    later = NOW + 9 * HOUR
    sweep.tick(now=later)
    channel = Channel.objects.get(kind="pagerduty")
    assert (channel.health, channel.health_text) == ("error", "PagerDuty did not answer")
    assert _on(later) == "cleo"
    vendor.is_away = False
    sweep.tick(now=later + timedelta(minutes=1))
    channel.refresh_from_db()
    assert channel.health == "ok"


@pytest.mark.django_db
def test_our_override_beats_the_vendor_and_our_turns_fill_its_gaps(
    vendor: FakePagerDuty, rotation: Rotation
) -> None:
    vendor.put("ben@example.com", NOW - HOUR, NOW + 2 * HOUR)
    rosters.refresh(rotation.roster_id or 0, NOW)
    ana = User.objects.get(username="ana")
    Override.objects.create(
        rotation=rotation, user=ana, starts_at=NOW, ends_at=NOW + HOUR, made_at=NOW, reason="swap"
    )
    oncall.table().overrides[rotation.pk] = list(rotation.overrides.select_related("user"))
    assert [_on(NOW + n * HOUR) for n in (0, 1, 3)] == ["ana", "ben", "ana"]
    spans = oncall.shifts(rotation, NOW, NOW + 4 * HOUR)
    users = {user.pk: user.username for user in User.objects.all()}
    assert [(users[s.member or 0], (s.ends_at - NOW) / HOUR) for s in spans] == [
        ("ana", 1.0),
        ("ben", 2.0),
        ("ana", 4.0),
    ]


def test_webhooks_are_checked_and_ignored() -> None:
    config = ChannelConfig(kind="pagerduty", key="main", secrets={"webhook_secret": "s"})
    body = b'{"event": {"id": "1", "event_type": "incident.triggered"}}'
    mark = hmac.new(b"s", body, sha256).hexdigest()
    headers = {"x-pagerduty-signature": f"v1={'0' * 64},v1={mark}", "x-webhook-id": "w1"}
    raw = RawRequest(headers=headers, body=body)
    inbound.verify(raw, config)
    assert inbound.dedupe_key(raw, config) == "w1"
    assert (
        inbound.parse(raw, config, None).ignored
        == "incident.triggered: incidents are PagerDuty's own"
    )
    for given in ("", "v1=", f"v1={'0' * 64}", mark[:-1]):
        with pytest.raises(BadSignature):
            inbound.verify(RawRequest(headers={"x-pagerduty-signature": given}, body=body), config)
