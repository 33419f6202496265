"""The job board: read half-hourly and when a webhook says so, kept while it is away (S24)."""

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.test import Client

from inbox import pipeline
from inbox.channels import openroles
from inbox.channels.contract import ChannelConfig, ConfigError, DeliveryError, RawRequest
from inbox.channels.models import Channel, Delivery, Lookup
from inbox.channels.ports import Role
from inbox.channels.testing import ChannelContract
from inbox.operations import sweep
from inbox.operations.connecting import connect
from integrations.greenhouse import board, inbound
from integrations.greenhouse.kind import GREENHOUSE
from integrations.greenhouse.tests.conftest import connected
from rig import greenhouse
from rig.greenhouse import FakeGreenhouse
from rig.vendor import Answer

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOOK = "/hooks/greenhouse/main/"
CANDIDATE = {"application": {"candidate": {"first_name": "Nadia", "email": "nadia@example.org"}}}


def raw_of(action: str, event: str) -> RawRequest:
    body = b'{"action": "%s", "payload": {"note": "a \\u003c b"}}' % action.encode()
    mark = hmac.new(greenhouse.SECRET.encode(), body, sha256).hexdigest()
    return RawRequest(
        headers={"signature": f"sha256 {mark}", "greenhouse-event-id": event}, body=body
    )


class TestGreenhouseContract(ChannelContract):
    config = ChannelConfig(
        kind="greenhouse", key="main", secrets={"webhook_secret": greenhouse.SECRET}
    )
    signature_headers = ("signature",)

    def samples(self) -> list[RawRequest]:
        return [raw_of("job_updated", "1"), raw_of("new_candidate_application", "2")]

    def test_messages_are_whole_and_frozen(self) -> None:
        """There are none: a board holds no conversations."""
        assert [bool(self.read(raw).messages) for raw in self.samples()] == [False, False]


def config_of(vendor: FakeGreenhouse, **more: str) -> ChannelConfig:
    settings = {"api_url": vendor.url, "board": greenhouse.BOARD, **more}
    return ChannelConfig(kind="greenhouse", key="main", settings=settings)


def titles() -> list[str]:
    return [role.title for role in openroles.every()]


def post(vendor: FakeGreenhouse, action: str, payload: Any = None, *, event: str = "") -> str:
    """A webhook through the real address; its delivery's state, or what was answered instead."""
    body, headers = vendor.signed(action, payload, event=event)
    answer = Client().post(HOOK, body, content_type="application/json", headers=headers)
    assert answer.status_code == 200
    if answer.content != b"stored\n":
        return answer.content.decode().strip()
    return pipeline.process_delivery(Delivery.objects.latest("pk").pk, now=NOW)


# ------------------------------------------------------------------ reading the board


def test_roles_are_read_with_place_and_department(vendor: FakeGreenhouse) -> None:
    vendor.put("Developer  Advocate", number=11, location="Lisbon")
    vendor.put("General application", number=12, prospects=True)
    vendor.put("Open call", number=13)
    found = board.roles(config_of(vendor, generic_role="open CALL"))
    assert found[0] == Role(
        external_id="11",
        title="Developer Advocate",
        url="https://boards.greenhouse.io/example/jobs/11",
        location="Lisbon",
        department="Community",
        updated_at=datetime.fromisoformat("2026-11-16T09:00:00-05:00"),
    )
    assert [role.is_generic for role in found] == [False, True, True]
    assert board.check(config_of(vendor)) == "ok: 2 roles are open, 1 more for everybody"


def test_what_is_no_role_or_no_address_is_left_out(vendor: FakeGreenhouse) -> None:
    for number, address in enumerate(("javascript:alert(1)", "https://x y", None, "//host/x"), 20):
        vendor.jobs[vendor.put("Writer", number=number)]["absolute_url"] = address
    vendor.jobs[30] = {"id": 30, "title": "  "}
    vendor.jobs[31] = {"title": "No number"}
    vendor.jobs[32] = {"id": 32, "title": "Bare", "location": "x", "departments": 7, "extra": []}
    found = board.roles(config_of(vendor))
    assert [(role.external_id, role.url) for role in found] == [
        ("20", ""), ("21", ""), ("22", ""), ("23", ""), ("32", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(429, {}, {"retry-after": "7"}), "Greenhouse asks us to wait"),
        (Answer(404, {}), "Greenhouse knows no job board of this name"),
        (Answer(503, {}), "Greenhouse answered 503"),
        (Answer(302, {}, {"location": "http://127.0.0.1:1/"}), "Greenhouse answered 302"),
        (Answer(200, b"<html>"), "Greenhouse's answer cannot be read"),
        (Answer(200, []), "Greenhouse's answer cannot be read"),
        (Answer(200, {"jobs": {}}), "Greenhouse's answer cannot be read"),
        (
            Answer(200, {"jobs": [], "meta": {"total": 3}}),
            "Greenhouse's list of roles is not whole",
        ),
        (None, "Greenhouse did not answer"),
    ],
)
def test_trouble_is_said_in_words(
    vendor: FakeGreenhouse, answer: Answer | None, words: str
) -> None:
    vendor.fail("/jobs", times=5, answer=answer, drop="" if answer else "before")
    with pytest.raises(DeliveryError) as caught:
        board.roles(config_of(vendor))
    assert caught.value.text == words
    assert board.check(config_of(vendor)) == words


@pytest.mark.django_db
def test_board_that_is_no_name_is_refused() -> None:
    for name in ("", "a/b", "https://boards.greenhouse.io/example"):
        with pytest.raises(ConfigError):
            connect("greenhouse", "main", {"board": name})


# ------------------------------------------------------------------ kept fresh


@pytest.mark.django_db
def test_list_follows_the_board_every_half_hour(vendor: FakeGreenhouse) -> None:
    channel = connected(vendor)
    Lookup.objects.create(kind="open_role", key="by hand", name="Translator", fetched_at=NOW)
    first = vendor.put("Developer Advocate")
    second = vendor.put("Support Engineer")
    sweep.tick(now=NOW)
    assert titles() == ["Developer Advocate", "Support Engineer", "Translator"]
    del vendor.jobs[first]
    vendor.jobs[second]["title"] = "Community Engineer"
    sweep.tick(now=NOW + 29 * MINUTE)
    assert titles() == ["Developer Advocate", "Support Engineer", "Translator"]
    sweep.tick(now=NOW + 30 * MINUTE)
    assert titles() == ["Community Engineer", "Translator"]
    rows = Lookup.objects.filter(key__startswith=f"{channel}:")
    assert rows.get().data["url"] == f"https://boards.greenhouse.io/example/jobs/{second}"


@pytest.mark.django_db
def test_what_has_not_changed_is_not_written_again(vendor: FakeGreenhouse) -> None:
    connected(vendor)
    vendor.put("Developer Advocate")
    sweep.tick(now=NOW)
    sweep.tick(now=NOW + 30 * MINUTE)
    assert Lookup.objects.get().fetched_at == NOW
    assert len(vendor.called("/jobs")) == 3  # with the check


@pytest.mark.django_db
def test_last_list_is_kept_while_the_board_is_away(vendor: FakeGreenhouse) -> None:
    connected(vendor)
    vendor.put("Developer Advocate")
    sweep.tick(now=NOW)
    vendor.is_away = True
    sweep.tick(now=NOW + 30 * MINUTE)
    channel = Channel.objects.get()
    assert (channel.health, channel.health_text) == ("error", "Greenhouse did not answer")
    assert titles() == ["Developer Advocate"]
    vendor.is_away = False
    sweep.tick(now=NOW + 31 * MINUTE)
    channel.refresh_from_db()
    assert channel.health == "error"  # asked again after five minutes
    sweep.tick(now=NOW + 35 * MINUTE)
    channel.refresh_from_db()
    assert channel.health == "ok"


@pytest.mark.django_db
def test_wait_that_the_board_names_is_kept(vendor: FakeGreenhouse) -> None:
    connected(vendor)
    vendor.put("Developer Advocate")
    vendor.fail("/jobs", answer=Answer(429, {}, {"retry-after": "90"}))
    sweep.tick(now=NOW)
    sweep.tick(now=NOW + timedelta(seconds=89))
    assert titles() == []
    sweep.tick(now=NOW + timedelta(seconds=90))
    assert titles() == ["Developer Advocate"]


# ------------------------------------------------------------------ webhooks


@pytest.mark.django_db
@pytest.mark.parametrize("action", sorted(inbound.ROLES))
def test_webhook_on_roles_has_the_board_asked_at_once(vendor: FakeGreenhouse, action: str) -> None:
    connected(vendor)
    sweep.tick(now=NOW)
    vendor.put("Developer Advocate")
    assert post(vendor, action) == "done"
    sweep.tick(now=NOW + timedelta(seconds=5))
    assert titles() == ["Developer Advocate"]


@pytest.mark.django_db
def test_repeated_webhook_is_taken_once(vendor: FakeGreenhouse) -> None:
    connected(vendor)
    assert post(vendor, "job_updated", event="e1") == "done"
    assert post(vendor, "job_updated", event="e1") == "duplicate"
    assert Delivery.objects.count() == 1


@pytest.mark.django_db
def test_greeting_is_answered(vendor: FakeGreenhouse) -> None:
    connected(vendor)
    assert post(vendor, "ping", {"name": "Desk"}) == "ignored"


@pytest.mark.django_db
@pytest.mark.parametrize("action", ["new_candidate_application", "hire_candidate", "made_up"])
def test_nothing_about_candidates_is_ever_stored(vendor: FakeGreenhouse, action: str) -> None:
    """Neither of a known action nor of one that nobody has heard of."""
    connected(vendor)
    state = post(vendor, action, CANDIDATE)
    row = Delivery.objects.get()
    assert (state, row.state) == (("unknown",) * 2 if action == "made_up" else ("ignored",) * 2)
    assert bytes(row.body) == f'{{"action": "{action}", "payload": {{}}}}'.encode()
    said = f"{row.headers} {row.reason} {row.error} {row.dedupe_key}".lower()
    assert "nadia" not in said
    if action != "made_up":
        assert row.reason == f"{action}: {inbound.CANDIDATES}"


@pytest.mark.parametrize("body", [b"{nadia", b"[]", b'{"payload": 1}', b"[" * 9000])
def test_of_what_cannot_be_read_nothing_is_stored(body: bytes) -> None:
    assert inbound.kept(body) == b""


@pytest.mark.django_db
def test_forged_webhook_is_refused(vendor: FakeGreenhouse) -> None:
    connected(vendor)
    body, headers = vendor.signed("job_updated", secret="another")
    for mark in (headers["signature"], headers["signature"].replace(" ", "="), ""):
        answer = Client().post(
            HOOK, body, content_type="application/json", headers={"signature": mark}
        )
        assert answer.status_code == 401
    assert Delivery.objects.count() == 0


def test_every_body_of_the_corpus_is_taken(corpus: Any) -> None:
    config = ChannelConfig(kind="greenhouse", key="main")
    bodies = sorted(corpus.glob("other/greenhouse*/*/*.json"))
    actions = 0
    for path in bodies:
        if path.name == "expected.json":
            continue
        stored = inbound.kept(path.read_bytes())
        batch = GREENHOUSE.parse(RawRequest(headers={}, body=stored), config, None)
        assert batch.refresh or batch.ignored, path.name
        actions += 1
    assert actions
