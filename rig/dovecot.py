"""A private Dovecot: a real IMAP server whose mailboxes are Maildir folders we can fill."""

import imaplib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from rig import ports, processes, tools

PASSWORD = "secret"
CONFIG = """
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
default_internal_user = {internal}
default_login_user = {login}
{unprivileged}
mail_max_userip_connections = 100
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
service imap-login {{
  {chroot}
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  {chroot}
}}
service stats {{
  {chroot}
}}
"""


@dataclass
class Dovecot:
    """A running server. Every user's password is `secret`; the user is the mail address."""

    port: int
    folder: Path
    process: processes.Process | None = None

    def url(self, user: str, mailbox: str = "INBOX") -> str:
        """Return the address as a mail channel's `imap_url` wants it."""
        return f"imap://{quote(user, safe='')}:{PASSWORD}@127.0.0.1:{self.port}/{mailbox}"

    def client(self, user: str) -> imaplib.IMAP4:
        """Return a logged-in connection; the caller logs out."""
        connection = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        connection.login(user, PASSWORD)
        return connection

    def append(self, user: str, raw: bytes, *, mailbox: str = "INBOX") -> None:
        """Put one mail in the mailbox, unseen, as a delivery agent does."""
        connection = self.client(user)
        try:
            status, answer = connection.append(mailbox, "", "", _crlf(raw))
            if status != "OK":
                raise RuntimeError(f"APPEND to {mailbox}: {answer!r}")
        finally:
            connection.logout()

    def empty(self, user: str, *, mailbox: str = "INBOX") -> None:
        """Remove every mail; the mailbox keeps counting its UIDs."""
        connection = self.client(user)
        try:
            _, (count, *_) = connection.select(mailbox)
            if count != b"0":  # an empty mailbox has no 1:*
                connection.store("1:*", "+FLAGS", "\\Deleted")
                connection.expunge()
        finally:
            connection.logout()

    def create(self, user: str, mailbox: str) -> None:
        """Make a further mailbox, such as the folder of sent mail."""
        connection = self.client(user)
        try:
            connection.create(mailbox)
        finally:
            connection.logout()

    def messages(self, user: str, *, mailbox: str = "INBOX") -> list[bytes]:
        """Return every mail of the mailbox, oldest first, without marking it seen."""
        connection = self.client(user)
        try:
            connection.select(mailbox, readonly=True)
            _, found = connection.search(None, "ALL")
            numbers = found[0].split()
            return [connection.fetch(n.decode(), "(BODY.PEEK[])")[1][0][1] for n in numbers]  # type: ignore[index,misc]  # imaplib's answer is a list of pairs and closing brackets
        finally:
            connection.logout()

    def flags(self, user: str, *, mailbox: str = "INBOX") -> list[bool]:
        """Tell for every mail, oldest first, whether it is marked as seen."""
        connection = self.client(user)
        try:
            connection.select(mailbox, readonly=True)
            _, answers = connection.fetch("1:*", "(FLAGS)")
            return [b"\\Seen" in line for line in answers if isinstance(line, bytes)]
        finally:
            connection.logout()

    def start(self) -> None:
        """Start it, again after `stop`, with the same mailboxes."""
        command = [str(tools.require("dovecot")), "-F", "-c", str(self.folder / "dovecot.conf")]
        self.process = processes.start(command, log=self.folder / "output")
        self.process.wait_until(lambda: ports.answers(self.port), seconds=20)

    def stop(self) -> None:
        """End it; open connections break."""
        if self.process is not None:
            self.process.stop()
            self.process = None


@contextmanager
def dovecot(users: Sequence[str] = ("support@example.com",)) -> Iterator[Dovecot]:
    """Start a server with these users and remove it at the end. Raises tools.MissingTool."""
    folder = Path(tempfile.mkdtemp(prefix="desk-imap-"))
    server = Dovecot(ports.free_port(), folder)
    try:
        _prepare(server, users)
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(server: Dovecot, users: Sequence[str]) -> None:
    folder = server.folder
    folder.chmod(0o755)  # its unprivileged processes look in
    (folder / "mail").mkdir()
    lines = [f"{user}:{{PLAIN}}{PASSWORD}\n" for user in users]
    (folder / "users").write_text("".join(lines), "utf-8")
    is_root = os.geteuid() == 0
    if is_root:
        shutil.chown(folder / "mail", "mail", "mail")
    me = {"uid": "mail", "gid": "mail"} if is_root else {"uid": os.getuid(), "gid": os.getgid()}
    config = CONFIG.format(
        folder=folder,
        port=server.port,
        internal="dovecot" if is_root else _user(),
        login="dovenull" if is_root else _user(),
        unprivileged="" if is_root else f"default_internal_group = {_group()}",
        chroot="" if is_root else "chroot =",
        **me,
    )
    (folder / "dovecot.conf").write_text(config, "utf-8")


def _user() -> str:
    return Path("~").expanduser().owner()


def _group() -> str:
    return Path("~").expanduser().group()


def _crlf(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def wait_for_mail(server: Dovecot, user: str, count: int, *, seconds: float = 20) -> list[bytes]:
    """Return the mailbox once it holds `count` mails. Raises ports.NotReady."""
    end = time.monotonic() + seconds
    while len(found := server.messages(user)) < count:
        if time.monotonic() > end:
            raise ports.NotReady(f"{user} has {len(found)} of {count} mails")
        time.sleep(0.1)
    return found
