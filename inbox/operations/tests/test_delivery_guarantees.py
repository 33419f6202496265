"""Exactly once in, at most once out: with real processes that are killed.

The suite runs a short form; `make soak` runs the numbers that are promised.
"""

import hashlib
import hmac
import random
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path

import pytest
from django.utils import timezone

from inbox import pipeline
from inbox.accounts.models import User
from inbox.channels.models import Channel, Delivery
from inbox.common.work import Actor
from inbox.handbook.services import load
from inbox.operations import draining
from inbox.operations.connecting import connect
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Ticket
from rig import worker
from rig.smtp import SmtpSink

PRESET = Path(__file__).resolve().parents[2] / "handbook" / "presets" / "devrel.yaml"
KEY = "mailgun-signing-key"


def mails(count: int) -> list[bytes]:
    """Threads of two: a question and its author's own follow-up."""
    made = []
    for n in range(count):
        thread = n // 2
        own, root = f"<{n}@flood.example.org>", f"<{thread * 2}@flood.example.org>"
        ref = f"In-Reply-To: {root}\r\nReferences: {root}\r\n" if n % 2 else ""
        made.append(
            (
                f"From: Writer {thread} <w{thread}@flood.example.org>\r\nTo: support@example.com\r\n"
                f"Subject: Question {thread}\r\nMessage-ID: {own}\r\n{ref}\r\nText {n}\r\n"
            ).encode()
        )
    return made


def offers(raw: list[bytes], dice: random.Random) -> list[dict[str, str]]:
    """Signed posts in any order: a tenth again as they were, a tenth under another token."""
    posts = [post_of(mail, f"{n:050d}") for n, mail in enumerate(raw)]
    again = dice.sample(posts, len(posts) // 10)
    anew = [post_of(m, f"again{n:045d}") for n, m in enumerate(dice.sample(raw, len(raw) // 10))]
    whole = [*posts, *again, *anew]
    dice.shuffle(whole)
    return whole


def post_of(mail: bytes, token: str) -> dict[str, str]:
    """Mailgun's form around a mail."""
    stamp = str(int(time.time()))
    signature = hmac.new(KEY.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {"timestamp": stamp, "token": token, "signature": signature, "body-mime": mail.decode()}


def offer(url: str, form: dict[str, str], *, tries: int = 60) -> None:
    """Post until it is taken, as a provider does."""
    body = urllib.parse.urlencode(form).encode()
    last: Exception | None = None
    for _ in range(tries):
        try:
            with urllib.request.urlopen(url, data=body, timeout=10) as answer:
                assert answer.status == 200
                return
        except (OSError, HTTPException) as error:
            last = error
            time.sleep(0.5)
    raise AssertionError(f"the webhook door stayed shut: {last!r}")


def settle(seconds: float) -> None:
    """Wait until the workers have processed everything; what they lost, `drain` does."""
    end = time.monotonic() + seconds
    open_rows = Delivery.objects.filter(state__in=["pending", "processing"])
    while open_rows.exists() and time.monotonic() < end:
        time.sleep(0.5)
    # a worker that was killed holds its lease for a minute; nobody has to wait for that here
    open_rows.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert draining.drain(timeout_seconds=120)[1]


def assert_once(raw: list[bytes]) -> None:
    """0 lost, 0 double messages, 0 double tickets."""
    ids = Message.objects.filter(direction="in").values_list("external_id", flat=True)
    assert sorted(ids) == sorted(f"<{n}@flood.example.org>" for n in range(len(raw)))
    assert Ticket.objects.count() == len(raw) // 2
    assert sorted(Ticket.objects.values_list("message_count", flat=True)) == [2] * (len(raw) // 2)
    assert not Delivery.objects.exclude(state__in=["done", "ignored"]).exists()


def door(site: worker.Site) -> str:
    """The webhook's address."""
    load(PRESET.read_text())
    given = {"address": "support@example.com", "provider": "mailgun", "webhook_secret": KEY}
    connect("email", "support", given)
    return f"{site.url}/hooks/email/support/"


def flood(env: dict[str, str], folder: Path, *, count: int, kills: int, kill_web: bool) -> None:
    """Offer mails while worker processes (and the web process) are killed with SIGKILL."""
    dice = random.Random(7)
    raw = mails(count)
    site = worker.start_web(env, log=folder / "web.log")
    url = door(site)
    running = [worker.start_worker(env, log=folder / f"w{n}.log", name=f"w{n}") for n in range(2)]
    try:
        posts = offers(raw, dice)
        cut = len(posts) // (kills + 1)
        with ThreadPoolExecutor(8) as pool:
            for n in range(kills + 1):
                part = posts[n * cut : (n + 1) * cut if n < kills else len(posts)]
                waiting = [pool.submit(offer, url, form) for form in part]
                if n < kills:
                    running[n % 2].kill()
                    running[n % 2] = worker.start_worker(
                        env, log=folder / f"r{n}.log", name=f"r{n}"
                    )
                if n == kills // 2 and kill_web:
                    site.process.kill()
                    site = worker.start_web(env, log=folder / "web2.log", port=site.port)
                for done in waiting:
                    done.result()
        settle(60)
    finally:
        for process in [*running, site.process]:
            process.stop()
    assert_once(raw)


@pytest.mark.service
@pytest.mark.slow
def test_mails_are_filed_once_while_workers_and_web_are_killed(
    process_env: dict[str, str], tmp_path: Path
) -> None:
    """L6, trust I1–I2: the short form."""
    flood(process_env, tmp_path, count=120, kills=2, kill_web=True)


@pytest.mark.service
@pytest.mark.soak
def test_two_thousand_mails_are_filed_once_under_five_kills(
    process_env: dict[str, str], tmp_path: Path
) -> None:
    """The promised form: 2,000 mails, 20 % duplicates, five workers and one web process killed."""
    flood(process_env, tmp_path, count=2000, kills=5, kill_web=True)


def flood_without_redis(env: dict[str, str], folder: Path, *, count: int, kills: int) -> None:
    """The same with Redis away all the time; `drain` is killed too, the last one finishes."""
    raw = mails(count)
    site = worker.start_web(env, log=folder / "web.log")
    try:
        url = door(site)
        posts = offers(raw, random.Random(3))
        with ThreadPoolExecutor(8) as pool:
            waiting = [pool.submit(offer, url, form) for form in posts]
            if kills:
                time.sleep(1)
                site.process.kill()
                site = worker.start_web(env, log=folder / "web2.log", port=site.port)
            for done in waiting:
                done.result()
    finally:
        site.process.stop()
    for n in range(kills):
        dying = worker.manage(env, "drain", "--timeout", "60", log=folder / f"drain{n}.log")
        time.sleep(3)
        dying.kill()
    settle(0)
    assert_once(raw)


@pytest.fixture
def brokerless(process_env: dict[str, str]) -> dict[str, str]:
    """The environment of processes whose Redis is not there."""
    return {**process_env, "REDIS_URL": "redis://127.0.0.1:1/0"}


@pytest.mark.service
@pytest.mark.slow
def test_mails_are_taken_without_redis_and_drained(
    brokerless: dict[str, str], tmp_path: Path
) -> None:
    """Rows are the queue: a dead broker costs time, never work."""
    flood_without_redis(brokerless, tmp_path, count=60, kills=0)


@pytest.mark.service
@pytest.mark.soak
def test_two_thousand_mails_are_filed_once_without_redis(
    brokerless: dict[str, str], tmp_path: Path
) -> None:
    """The promised form: one web process and five drains are killed."""
    flood_without_redis(brokerless, tmp_path, count=2000, kills=5)


# ------------------------------------------------------------------ out

POINTS = (
    "out_after_sending_commit",
    "out_before_send",
    "out_after_bytes_sent",
    "out_after_response",
    "out_before_record",
    "out_after_sent_commit",
)


def reply_once(n: int) -> Outgoing:
    """A ticket by the mail pipe, and an agent's answer to it."""
    ana = User.objects.get(username="ana")
    ticket = Ticket.objects.order_by("number")[n]
    with pipeline.change(Actor.user(ana)):
        tickets.reply(ticket, body=f"Answer {n}", user=ana)
    return Outgoing.objects.get(ticket=ticket)


def crash_and_heal(env: dict[str, str], point: str, folder: Path) -> None:
    """One process dies at a point while sending; another one heals, without waiting for leases."""
    dying = worker.manage(
        {**env, "DESK_CRASH_AT": point}, "drain", "--timeout", "20", log=folder / "x.log"
    )
    dying.popen.wait(60)
    Outgoing.objects.exclude(lease_until=None).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )
    assert draining.drain(timeout_seconds=60)[1]


def replies_at(
    point: str, env: dict[str, str], sink: SmtpSink, folder: Path, *, count: int
) -> None:
    """Each Message-ID at most once, and never "sent" for an unknown outcome."""
    load(PRESET.read_text())
    connect("email", "support", {"address": "support@example.com", "smtp_url": sink.url()})
    _file(mails(count * 2))
    for n in range(count):
        row = reply_once(n)
        crash_and_heal(env, point, folder)
        row.refresh_from_db()
        copies = sink.count_of(row.payload["external_id"])
        assert copies <= 1
        assert row.state == ("sent" if point == "out_after_sent_commit" else "held")
        assert (row.state != "sent") or copies == 1


@pytest.mark.service
@pytest.mark.mail
@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_reply_is_never_sent_twice_whatever_dies(
    point: str, process_env: dict[str, str], smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    """Trust I3, I8: the short form."""
    replies_at(point, process_env, smtp_sink, tmp_path, count=1)


@pytest.mark.service
@pytest.mark.mail
@pytest.mark.soak
@pytest.mark.parametrize("point", POINTS)
def test_twenty_replies_are_never_sent_twice_whatever_dies(
    point: str, process_env: dict[str, str], smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    """The promised form: twenty replies at each point."""
    replies_at(point, process_env, smtp_sink, tmp_path, count=20)


def _file(raw: list[bytes]) -> None:
    channel = Channel.objects.get(kind="email", key="support")
    for mail in raw:
        Delivery.objects.create(
            channel=channel,
            dedupe_key=hashlib.sha256(mail).hexdigest(),
            headers={"x-source": "pipe"},
            body=mail,
            received_at=timezone.now(),
        )
    assert draining.drain(timeout_seconds=60)[1]
