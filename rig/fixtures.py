"""The services as pytest fixtures. Each starts at its first use and ends with the session."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.conf import global_settings
from django.conf import settings as project_settings
from django.db import connection
from playwright.sync_api import Browser, Page
from pytest_django import Settings

from inbox.channels import registry
from inbox.common import live, presence
from rig import chromium, postgres, redis, smtp, toy, worker
from rig.dovecot import Dovecot
from rig.dovecot import dovecot as start_dovecot
from rig.toy.apps import ToyConfig
from rig.toy.fake import FakeToybox
from rig.toydesk import ToyDesk, installed

USERS = (
    "support@example.com",
    "security@example.com",
    "jobs@example.com",
    "billing@example.com",
)


@pytest.fixture
def toybox(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeToybox]:
    """The example of an integration, installed for one test, and its vendor within reach."""
    monkeypatch.setattr(registry, "_kinds", dict(registry.all_kinds()))
    ToyConfig("rig.toy", toy).ready()
    with FakeToybox() as fake:
        settings.OUTBOUND_ALLOW = fake.url.removeprefix("http://")
        yield fake


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Postgres]:
    """A PostgreSQL of its own, that a test may stop and start."""
    with postgres.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[redis.Redis]:
    """A Redis of its own, that a test may stop and start."""
    with redis.redis() as server:
        yield server


@pytest.fixture(scope="session")
def dovecot_server() -> Iterator[Dovecot]:
    """An IMAP server with the preset's four mailboxes; see `dovecot` for empty ones."""
    with start_dovecot(USERS) as server:
        yield server


@pytest.fixture
def dovecot(dovecot_server: Dovecot) -> Dovecot:
    """The IMAP server, running, with every mailbox empty."""
    if dovecot_server.process is None:
        dovecot_server.start()
    for user in USERS:
        dovecot_server.empty(user)
    return dovecot_server


@pytest.fixture(scope="session")
def smtp_server() -> Iterator[smtp.SmtpSink]:
    """An SMTP server; see `smtp_sink` for an empty one."""
    with smtp.smtp_sink() as sink:
        yield sink


@pytest.fixture
def smtp_sink(smtp_server: smtp.SmtpSink) -> smtp.SmtpSink:
    """The SMTP server without mails and faults of other tests."""
    smtp_server.clear()
    return smtp_server


@pytest.fixture
def process_env(transactional_db: None, settings: Settings) -> dict[str, str]:
    """The environment with which a process of its own works on this test's database.

    Needs PostgreSQL and Redis, given by `make test` (or `DATABASE_URL` and `REDIS_URL`); the
    embedded suite skips it, for its database lives in the memory of one process.
    """
    del transactional_db
    given = connection.settings_dict
    if connection.vendor != "postgresql" or not os.environ.get("REDIS_URL"):
        pytest.skip("real processes need PostgreSQL and Redis: make test")
    address = f"{given['HOST']}:{given['PORT']}/{given['NAME']}"
    current_app.control.purge()
    # the quick hash of conftest.py is unknown to processes that are not ours
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    return {
        "DATABASE_URL": f"postgres://{given['USER']}@{address}",
        "REDIS_URL": os.environ["REDIS_URL"],
        # the settings' own: in a parallel process they were read before the fence moved the folder
        "DATA_DIR": str(project_settings.DATA_DIR),
        "DATABASE_POOL": "4",
    }


@pytest.fixture
def celery_worker(process_env: dict[str, str], tmp_path: Path) -> Iterator[worker.Process]:
    """One real worker on all queues, on this test's database."""
    with worker.workers(process_env, folder=tmp_path) as running:
        yield running[0]


@pytest.fixture
def live_site(process_env: dict[str, str], tmp_path: Path) -> Iterator[worker.Site]:
    """One real web server on this test's database."""
    with worker.web(process_env, folder=tmp_path) as site:
        yield site


@pytest.fixture(scope="session")
def browser_process() -> Iterator[Browser]:
    """Chromium, started once."""
    # playwright's synchronous face runs an event loop, in which Django would refuse the ORM
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with chromium.chromium() as browser:
            yield browser
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def chromium_page(browser_process: Browser, live_site: worker.Site) -> Iterator[Page]:
    """A fresh page of 1440x900 on the live site; script errors fail the test."""
    with chromium.page(browser_process, base_url=live_site.url) as (tab, _):
        yield tab


@pytest.fixture
def phone_page(browser_process: Browser, live_site: worker.Site) -> Iterator[Page]:
    """A fresh page of 390x844 on the live site; script errors fail the test."""
    with chromium.page(browser_process, size=chromium.PHONE, base_url=live_site.url) as (tab, _):
        yield tab


class Recorder(live.Hub):
    """A hub that keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[live.Heard] = []

    def publish(self, heard: live.Heard) -> None:
        """Keep it, and tell whoever listens."""
        self.said.append(heard)
        super().publish(heard)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[list[live.Heard]]:
    """What this process tells open streams, in order; presence is in this process too."""
    hub = Recorder()
    settings.REDIS_URL = ""
    monkeypatch.setattr(live, "hub", lambda: hub)
    presence.forget()
    yield hub.said
    presence.forget()


@pytest.fixture
def toy_desk(db: None) -> Iterator[ToyDesk]:
    """Another desk, in memory, whose kind is registered meanwhile."""
    del db
    with installed() as desk:
        yield desk
