"""The private services do what the tests of the product rely on."""

import smtplib
import socket
import time
from pathlib import Path

import psycopg
import pytest
import redis as redis_client

from rig import ports, processes, smtp
from rig.dovecot import Dovecot, wait_for_mail
from rig.network import NetworkClosed
from rig.postgres import Postgres
from rig.redis import Redis

HEAD = b"From: a@example.org\nTo: support@example.com\nSubject: Hi\nMessage-ID: <1@example.org>\n"
MAIL = HEAD + b"\nText\n"


def _one(server: Postgres, query: str) -> object:
    with psycopg.connect(server.url()) as connection:
        row = connection.execute(query).fetchone()
        return row[0] if row else None


@pytest.mark.service
def test_postgres_survives_a_stop_and_a_start(postgres_server: Postgres) -> None:
    assert _one(postgres_server, "select 1") == 1
    postgres_server.stop()
    assert not ports.answers(postgres_server.port)
    postgres_server.start()
    assert _one(postgres_server, "select 2") == 2


@pytest.mark.service
def test_postgres_brings_the_extension_that_search_needs(postgres_server: Postgres) -> None:
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute("create extension if not exists pg_trgm")
    assert _one(postgres_server, "select similarity('queue', 'queue')") == 1.0


@pytest.mark.service
def test_redis_is_empty_after_a_stop_and_a_start(redis_server: Redis) -> None:
    with redis_client.Redis.from_url(redis_server.url(3)) as client:
        client.set("k", "v")
        redis_server.stop()
        assert not ports.answers(redis_server.port)
        redis_server.start()
        assert client.get("k") is None


@pytest.mark.mail
def test_dovecot_gives_back_what_was_delivered_and_nothing_of_the_test_before(
    dovecot: Dovecot,
) -> None:
    for number in range(2):
        dovecot.append("support@example.com", MAIL.replace(b"Hi", b"Hi %d" % number))
    found = wait_for_mail(dovecot, "support@example.com", 2)
    assert [raw.split(b"Subject: ")[1][:4] for raw in found] == [b"Hi 0", b"Hi 1"]
    assert dovecot.flags("support@example.com") == [False, False]
    assert dovecot.messages("security@example.com") == []
    dovecot.empty("support@example.com")
    assert dovecot.messages("support@example.com") == []


@pytest.mark.mail
def test_smtp_sink_keeps_envelope_and_bytes(smtp_sink: smtp.SmtpSink) -> None:
    smtp.send(smtp_sink.port, MAIL, sender="a@example.org", to="b@example.com")
    (letter,) = smtp_sink.letters
    assert (letter.mail_from, letter.rcpt_to) == ("a@example.org", ("b@example.com",))
    assert letter.message_id == "<1@example.org>"
    assert letter.raw.replace(b"\r\n", b"\n") == MAIL


@pytest.mark.mail
@pytest.mark.parametrize("stage", list(smtp.Stage))
def test_smtp_sink_refuses_where_it_is_told_to_and_only_once(
    smtp_sink: smtp.SmtpSink, stage: smtp.Stage
) -> None:
    smtp_sink.misbehave(smtp.Fault(stage, answer="451 4.3.0 try later"))
    with pytest.raises(smtplib.SMTPException, match=r"4\.3\.0"):
        smtp.send(smtp_sink.port, MAIL, sender="a@example.org", to="b@example.com")
    assert smtp_sink.letters == []
    smtp.send(smtp_sink.port, MAIL, sender="a@example.org", to="b@example.com")
    assert smtp_sink.count_of("<1@example.org>") == 1
    assert smtp_sink.attempts == 2


@pytest.mark.mail
def test_smtp_sink_takes_the_mail_and_drops_the_line(smtp_sink: smtp.SmtpSink) -> None:
    smtp_sink.misbehave(smtp.Fault(smtp.Stage.DATA, drop=True))
    with pytest.raises(smtplib.SMTPServerDisconnected):
        smtp.send(smtp_sink.port, MAIL, sender="a@example.org", to="b@example.com")
    assert smtp_sink.count_of("<1@example.org>") == 1


def test_network_is_closed_but_for_loopback() -> None:
    with socket.socket() as outside, pytest.raises(NetworkClosed):
        outside.connect(("192.0.2.1", 80))
    with pytest.raises(socket.gaierror):
        socket.create_connection(("example.com", 80))
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())
        assert client.getpeername() == server.getsockname()


def test_process_takes_its_children_with_it(tmp_path: Path) -> None:
    script = "sleep 300 & echo $!; wait"
    parent = processes.start(["sh", "-c", script], log=tmp_path / "log")
    parent.wait_until(lambda: parent.output().strip().isdigit())
    child = int(parent.output())
    parent.kill()
    assert not parent.is_alive
    end = time.monotonic() + 10
    while _runs(child):
        assert time.monotonic() < end, "the child outlives its parent"
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    """A zombie has ended; it only waits to be counted."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_process_that_ends_early_says_why(tmp_path: Path) -> None:
    failed = processes.start(["sh", "-c", "echo no such thing; exit 3"], log=tmp_path / "log")
    with pytest.raises(ports.NotReady, match="ended with 3:\nno such thing"):
        failed.wait_until(lambda: False)
