"""Connections to mail servers: where they are, how they are secured, and fetching by IMAP."""

import imaplib
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from imap_tools import BaseMailBox, MailBoxUnencrypted
from imap_tools.errors import MailboxLoginError

from inbox.channels.contract import ChannelConfig, ChannelError, ConfigError, Polled, Store
from inbox.common import http
from integrations.email.inbound import content_key

TIMEOUT_SECONDS = 20.0
MOST_BYTES = 40 * 1024 * 1024
MOST_AT_ONCE = 500
RESCAN = timedelta(days=3)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
IMAP_PORTS = {"imaps": 993, "imap": 143, "imap+starttls": 143}
SMTP_PORTS = {"smtps": 465, "smtp": 25, "smtp+starttls": 587}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a server is and how to sign in."""

    scheme: str
    host: str
    port: int
    user: str
    password: str
    folder: str


def place_of(url: str, ports: Mapping[str, int]) -> Place:
    """A server's URL. Raises `ConfigError` in words for an admin."""
    parts = urlsplit(url)
    if parts.scheme not in ports or not parts.hostname:
        raise ConfigError(f"an address like {min(ports)}://user:password@host:port is needed")
    try:
        port = parts.port or ports[parts.scheme]
    except ValueError as error:
        raise ConfigError("the port is not a number") from error
    place = Place(
        scheme=parts.scheme,
        host=parts.hostname,
        port=port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
    )
    if parts.scheme in ("imap", "smtp") and not _may_be_plain(place):
        raise ConfigError("an unencrypted connection is allowed towards loopback only")
    return place


def _may_be_plain(place: Place) -> bool:
    return place.host in LOOPBACK or http.allowed(place.host, place.port)


def open_socket(place: Place) -> socket.socket:
    """A guarded connection; of private addresses only this very machine is allowed."""
    if place.host in LOOPBACK:
        return socket.create_connection((place.host, place.port), timeout=TIMEOUT_SECONDS)
    return http.connect(place.host, place.port, timeout=TIMEOUT_SECONDS)


# ------------------------------------------------------------------ IMAP


class _Imap(imaplib.IMAP4):
    """IMAP over a socket that the guard opened."""

    def __init__(self, place: Place) -> None:
        self.place = place
        super().__init__(place.host, place.port, timeout=TIMEOUT_SECONDS)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        sock = open_socket(self.place)
        if self.place.scheme == "imaps":
            context = ssl.create_default_context()
            return context.wrap_socket(sock, server_hostname=self.place.host)
        return sock


def _box(place: Place) -> BaseMailBox:
    class _Box(MailBoxUnencrypted):
        def _get_mailbox_client(self) -> imaplib.IMAP4:
            return _Imap(place)

    return _Box(place.host, place.port, timeout=TIMEOUT_SECONDS)


@contextmanager
def mailbox(url: str) -> Iterator[BaseMailBox]:
    """A signed-in mailbox on its folder. Raises `ChannelError` with words for the admin."""
    place = place_of(url, IMAP_PORTS)
    try:
        box = _box(place)
        if place.scheme == "imap+starttls":
            box.client.starttls(ssl.create_default_context())
        box.login(place.user, place.password, initial_folder=place.folder)
    except MailboxLoginError as error:
        raise ChannelError("the mailbox refused the password") from error
    except (OSError, imaplib.IMAP4.error, ssl.SSLError) as error:
        raise ChannelError("the mail server cannot be reached") from error
    try:
        yield box
    except (OSError, imaplib.IMAP4.error) as error:
        raise ChannelError("the connection to the mail server was lost") from error
    finally:
        with suppress(Exception):  # a connection that is gone needs no farewell
            box.logout()


def poll(config: ChannelConfig, cursor: Mapping[str, Any], store: Store) -> Mapping[str, Any]:
    """Fetch what is new. A mail is marked seen only after `store` has committed it.

    The cursor is (UIDVALIDITY, last UID). When the server numbers its mails anew, the last days
    are looked through again; the same mail is then stored once because its key is its hash.
    """
    with mailbox(config.get("imap_url")) as box:
        status = box.folder.status(box.folder.get() or "INBOX", ["UIDVALIDITY", "UIDNEXT"])
        valid = int(status["UIDVALIDITY"])
        last = int(cursor.get("last_uid", 0)) if cursor.get("uidvalidity") == valid else 0
        for uid in _uids(box, last, since=_rescan_since(cursor, valid)):
            _take(box, uid, config, store)
            last = max(last, uid)
        return {"uidvalidity": valid, "last_uid": last}


def _rescan_since(cursor: Mapping[str, Any], valid: int) -> datetime | None:
    """From when on mails are looked through again: asked for, or the server numbered anew."""
    if "since" in cursor:
        return datetime.fromisoformat(cursor["since"])
    renumbered = cursor.get("uidvalidity", valid) != valid
    return datetime.now(UTC) - RESCAN if renumbered else None


def _uids(box: BaseMailBox, last: int, *, since: datetime | None) -> list[int]:
    wanted = f"SINCE {since - timedelta(days=1):%d-%b-%Y}" if since else f"UID {last + 1}:*"
    # `n:*` always names the newest mail, even when it is older than n
    found = sorted(uid for text in box.uids(wanted) if text and (uid := int(text)) > last)
    return found if since else found[:MOST_AT_ONCE]


def _take(box: BaseMailBox, uid: int, config: ChannelConfig, store: Store) -> None:
    raw, received = _raw(box, uid)
    if raw is None:
        return
    headers = {"x-source": "imap", "x-mailbox": config.get("address"), "x-uid": str(uid)}
    if received:
        headers["x-received-at"] = received.isoformat()
    store(Polled(body=raw, headers=headers, dedupe_key=content_key(raw), received_at=received))
    box.client.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)")


SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
INTERNAL = re.compile(rb'INTERNALDATE "([^"]+)"')


def _raw(box: BaseMailBox, uid: int) -> tuple[bytes | None, datetime | None]:
    """A mail's bytes without marking it, and when the server got it; too large ones cut."""
    _, answer = box.client.uid("FETCH", str(uid), "(RFC822.SIZE INTERNALDATE)")
    head = b" ".join(part if isinstance(part, bytes) else part[0] for part in answer if part)
    size = SIZE.search(head)
    if size is None:
        return None, None  # deleted meanwhile
    wanted = "BODY.PEEK[]" if int(size[1]) <= MOST_BYTES else f"BODY.PEEK[]<0.{MOST_BYTES}>"
    _, answer = box.client.uid("FETCH", str(uid), f"({wanted})")
    body = next((part[1] for part in answer if isinstance(part, tuple)), None)
    return body, _internal(head)


def _internal(head: bytes) -> datetime | None:
    found = INTERNAL.search(head)
    if found is None:
        return None
    try:
        return datetime.strptime(found[1].decode().strip(), "%d-%b-%Y %H:%M:%S %z")
    except ValueError:
        return None


# ------------------------------------------------------------------ SMTP


class _Smtp(smtplib.SMTP):
    """SMTP over a socket that the guard opened."""

    def __init__(self, place: Place) -> None:
        self.place = place
        super().__init__(timeout=TIMEOUT_SECONDS)
        self._host = place.host

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = open_socket(self.place)
        if self.place.scheme == "smtps":
            context = ssl.create_default_context()
            return context.wrap_socket(sock, server_hostname=self.place.host)
        return sock


@contextmanager
def smtp(url: str) -> Iterator[smtplib.SMTP]:
    """A signed-in SMTP connection. Raises `OSError` (smtplib's errors are OSErrors)."""
    place = place_of(url, SMTP_PORTS)
    client = _Smtp(place)
    client.connect(place.host, place.port)
    try:
        client.ehlo_or_helo_if_needed()
        if place.scheme == "smtp+starttls":
            client.starttls(context=ssl.create_default_context())
            client.ehlo()
        if place.user:
            client.login(place.user, place.password)
        yield client
    finally:
        client.close()


def check(config: ChannelConfig) -> str:
    """What a live check says, in words."""
    said = []
    if config.get("imap_url"):
        said.append(f"IMAP: {_check_imap(config)}")
    if config.get("smtp_url"):
        said.append(f"SMTP: {_check_smtp(config)}")
    if config.get("provider"):
        said.append(f"webhook: waits for {config.get('provider')} at {config.webhook_url}")
    return "; ".join(said) or "takes mail by `manage.py receive` only"


def _check_imap(config: ChannelConfig) -> str:
    try:
        with mailbox(config.get("imap_url")) as box:
            return f"signed in, {len(box.uids('ALL'))} mails"
    except ChannelError as error:
        return str(error)


def _check_smtp(config: ChannelConfig) -> str:
    try:
        with smtp(config.get("smtp_url")):
            return "signed in"
    except smtplib.SMTPAuthenticationError:
        return "the mail server refused the password"
    except (OSError, ConfigError):
        return "the mail server cannot be reached"
