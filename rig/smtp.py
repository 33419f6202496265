"""A real SMTP server that keeps what it is given and can be told to misbehave."""

import asyncio
import smtplib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from enum import StrEnum
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from rig import ports

OK = "250 OK"


class Stage(StrEnum):
    """Where in the conversation a fault happens."""

    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"


@dataclass
class Fault:
    """What goes wrong, and how often; `times=-1` is always.

    `answer`: the server's words, such as `451 4.3.0 try later`.
    `drop`: end the connection instead of answering. At DATA the mail is taken first, which is the
    case that no sender can tell from success.
    `delay_seconds`: wait before the answer.
    `only`: a recipient; faults at RCPT for the others do not happen.
    """

    stage: Stage
    answer: str = ""
    drop: bool = False
    delay_seconds: float = 0
    times: int = 1
    only: str = ""


@dataclass(frozen=True)
class Letter:
    """One accepted mail: the envelope, the bytes, and who had logged in."""

    mail_from: str
    rcpt_to: tuple[str, ...]
    raw: bytes
    login: str

    @property
    def message(self) -> EmailMessage:
        """The mail as the standard library reads it."""
        return message_from_bytes(self.raw, policy=default_policy)

    @property
    def message_id(self) -> str:
        """The Message-ID with its angle brackets, or nothing."""
        return str(self.message["Message-ID"] or "").strip()


@dataclass
class SmtpSink:
    """A running server on loopback. Any login is accepted and remembered."""

    port: int
    letters: list[Letter] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    attempts: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, *, login: str = "") -> str:
        """Return the address as a mail channel's `smtp_url` wants it; login is `user:password`."""
        return f"smtp://{login}@127.0.0.1:{self.port}" if login else f"smtp://127.0.0.1:{self.port}"

    def misbehave(self, fault: Fault) -> None:
        """Do this at the next occasion; several faults are used up in the order given."""
        with self._lock:
            self.faults.append(fault)

    def clear(self) -> None:
        """Forget mails and faults."""
        with self._lock:
            self.letters.clear()
            self.faults.clear()
            self.attempts = 0

    def count_of(self, message_id: str) -> int:
        """Tell how often a Message-ID was accepted."""
        return sum(letter.message_id == message_id for letter in list(self.letters))

    def next_fault(self, stage: Stage, address: str = "") -> Fault | None:
        """Take the fault that is due at this point, if any."""
        with self._lock:
            for fault in self.faults:
                if fault.stage is stage and fault.only in {"", address} and fault.times:
                    fault.times -= 1
                    return fault
        return None

    def take(self, letter: Letter) -> None:
        """Keep an accepted mail."""
        with self._lock:
            self.letters.append(letter)


class _Handler:
    """aiosmtpd's hooks; their names are its own."""

    def __init__(self, sink: SmtpSink) -> None:
        self.sink = sink

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Begin a mail, or refuse its sender."""
        self.sink.attempts += 1
        answer = await _fail(self.sink.next_fault(Stage.MAIL), server)
        if answer == OK:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept one recipient, or refuse it."""
        answer = await _fail(self.sink.next_fault(Stage.RCPT, address), server)
        if answer == OK:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the mail and say so; with a fault, keep it silently or refuse it."""
        fault = self.sink.next_fault(Stage.DATA)
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        login: object = session.auth_data  # what _accept gave, or nothing
        letter = Letter(
            mail_from=str(envelope.mail_from),
            rcpt_to=tuple(envelope.rcpt_tos),
            raw=raw,
            login=str(login or ""),
        )
        if fault is None or not fault.answer or fault.answer.startswith("2"):
            self.sink.take(letter)
        return await _fail(fault, server)


async def _fail(fault: Fault | None, server: SMTP) -> str:
    if fault is None:
        return OK
    await asyncio.sleep(fault.delay_seconds)
    if fault.drop and server.transport is not None:
        server.transport.abort()  # type: ignore[attr-defined]  # a socket transport, which has it
        await asyncio.sleep(60)  # until aiosmtpd notices and ends this conversation
    return fault.answer or OK


def _accept(_: Any, __: Any, ___: Any, mechanism: str, data: Any) -> AuthResult:
    name = data.login.decode() if isinstance(data, LoginPassword) else mechanism
    return AuthResult(success=True, auth_data=name)


@contextmanager
def smtp_sink() -> Iterator[SmtpSink]:
    """Start the server in a thread and stop it at the end."""
    sink = SmtpSink(ports.free_port())
    controller = Controller(
        _Handler(sink),
        hostname="127.0.0.1",
        port=sink.port,
        authenticator=_accept,
        auth_require_tls=False,
        data_size_limit=64 * 1024 * 1024,
    )
    controller.start()
    try:
        yield sink
    finally:
        controller.stop(no_assert=True)


def send(port: int, raw: bytes, *, sender: str, to: str) -> None:
    """Hand one mail to a server, as any mail program does. Raises smtplib.SMTPException."""
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.sendmail(sender, [to], raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
