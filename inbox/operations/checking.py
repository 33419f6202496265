"""`doctor`: everything an installation needs, and what to do about what is missing."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection

from inbox.accounts import members
from inbox.channels.models import Channel, Delivery
from inbox.common.config import setting
from inbox.guard.models import Secret
from inbox.mirrors import announcing
from inbox.outbox.models import Outgoing
from inbox.search import indexing


@dataclass(frozen=True)
class Finding:
    """One check: ok, warn or wrong, and what to do."""

    level: str
    text: str

    def __str__(self) -> str:
        return f"{self.level:<5} {self.text}"


def findings() -> Iterator[Finding]:
    """Every check in the order in which a person would fix them."""
    yield _python()
    database = list(_database())
    yield from database
    if any(finding.level == "wrong" for finding in database):
        return
    yield _files()
    yield from _keys()
    yield _broker()
    yield from _channels()
    yield from _accounts()
    yield from _stuck()
    yield from _leaks()
    yield _search()


def warnings() -> list[Finding]:
    """What is not as it should be, of the checks that cost little: for a page."""
    checks = [_files(), *_keys(), *_accounts(), _search()]
    return [finding for finding in checks if finding.level != "ok"]


def _search() -> Finding:
    """How far the index is: after an upgrade the sweep needs a while for old messages."""
    left = sum(last - done for done, last in indexing.progress().values())
    if left > 1000:
        return Finding("warn", f"search lacks about {left} rows: wait, or run `manage.py index`")
    return Finding("ok", "search knows every message")


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("ok", f"Python {version}")


def _database() -> Iterator[Finding]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        yield Finding("wrong", "the database cannot be reached: check DATABASE_URL")
        return
    yield Finding("ok", f"database: {connection.vendor}")
    try:
        call_command("migrate", check_unapplied=True, verbosity=0)
    except (CommandError, SystemExit):
        yield Finding("wrong", "migrations are missing: run `manage.py migrate`")


def _files() -> Finding:
    place = Path(settings.DATA_DIR)
    place.mkdir(parents=True, exist_ok=True)
    if not os.access(place, os.W_OK):
        return Finding("wrong", f"DATA_DIR {place} cannot be written")
    return Finding("ok", f"files lie in {place}")


def _keys() -> Iterator[Finding]:
    if settings.FIELD_KEYS:
        yield Finding("ok", "FIELD_KEYS is set")
    else:
        yield Finding("warn", "FIELD_KEYS is not set: the key file in DATA_DIR is used; back it up")
    if settings.SECRET_KEY == settings.DEFAULT_SECRET:
        yield Finding("warn", "SECRET_KEY is the default: fine on loopback only")


def _broker() -> Finding:
    if settings.REDIS_URL:
        return Finding("ok", "REDIS_URL is set; a dead Redis only slows work down")
    return Finding("ok", "embedded: no Redis, worker and scheduler run inside `manage.py run`")


def _channels() -> Iterator[Finding]:
    channels = Channel.objects.filter(active=True)
    if not channels:
        yield Finding("warn", "no channel: run `manage.py connect email support address=…`")
    for channel in channels:
        if channel.health != "ok":
            yield Finding("wrong", f"{channel}: {channel.health_text}")
        else:
            yield Finding("ok", f"{channel}: {channel.address}")
    for group in announcing.unheard():
        text = f"{group} is announced in {group.announce_to}, but nothing is connected there"
        yield Finding("warn", text)


def _accounts() -> Iterator[Finding]:
    if not members.admins().exists():
        yield Finding("wrong", "no administrator: run `manage.py createsuperuser`")
    if not setting("require_admin_totp"):
        yield Finding("warn", "administrators need no second factor: turn it on at /team/")


def _stuck() -> Iterator[Finding]:
    failed = Delivery.objects.filter(state="failed").count()
    held = Outgoing.objects.filter(state__in=["held", "failed"]).count()
    if failed or held:
        text = f"{failed} failed deliveries, {held} failed or held outgoing: see the dead letters"
        yield Finding("warn", text)


def _leaks() -> Iterator[Finding]:
    """Secrets that came in and that nobody says are replaced."""
    open_ones = Secret.objects.filter(rotated_at=None)
    unknown, standing = open_ones.filter(acknowledged_at=None).count(), open_ones.count()
    if standing:
        text = f"{standing} secrets came in and are not replaced, {unknown} of them not confirmed"
        yield Finding("warn", f"{text}: see /admin/inbox/secret/")
