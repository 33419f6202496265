"""A private PostgreSQL made of Debian's binaries. Never touches one that already runs."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from rig import ports, tools

# Losing the test database in a power cut is no loss; the disk is the slowest part of a suite.
FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
ALWAYS = (
    "listen_addresses=127.0.0.1",
    "max_connections=200",
    "shared_buffers=128MB",
    "timezone=UTC",
    "log_min_messages=fatal",
)


@dataclass(frozen=True)
class Postgres:
    """A running server with one superuser, `postgres`, and no password, on loopback only."""

    port: int
    folder: Path
    options: tuple[str, ...]

    def url(self, database: str = "postgres") -> str:
        """Return the address as `DATABASE_URL` wants it."""
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it, again after `stop`."""
        flags = " ".join(f"-c {option}" for option in self.options)
        socket_folder = f"-k {self.folder}"
        self._pg_ctl(
            "start",
            "-w",
            "-l",
            str(self.folder / "log"),
            "-o",
            f"-p {self.port} {socket_folder} {flags}",
        )

    def stop(self) -> None:
        """End it at once, as a crash would: open connections break."""
        self._pg_ctl("stop", "-w", "-m", "immediate")

    def log(self) -> str:
        """Return everything the server has said."""
        return (self.folder / "log").read_text("utf-8", "replace")

    def _pg_ctl(self, *arguments: str) -> None:
        run_as_owner([str(tools.require("pg_ctl")), "-D", str(self.folder / "data"), *arguments])


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[Postgres]:
    """Make a cluster in a temporary folder, start it, and remove it at the end.

    `durable` keeps fsync on: for tests that kill the server, and for honest figures.
    Raises tools.MissingTool.
    """
    folder = Path(tempfile.mkdtemp(prefix="desk-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        server = Postgres(ports.free_port(), folder, ALWAYS if durable else ALWAYS + FAST)
        initdb = [str(tools.require("initdb")), "-D", str(folder / "data"), "-U", "postgres"]
        run_as_owner([*initdb, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"])
        server.start()
        try:
            yield server
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def create_database(url: str, name: str) -> str:
    """Make one more database beside the one of this address. Gives its address."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return f"{url.rpartition('/')[0]}/{name}"


def run_as_owner(command: Sequence[str]) -> None:
    """Run as `postgres` when we are root: initdb and the server refuse root."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*prefix, *command],
        stdin=subprocess.DEVNULL,
        # no pipe: the server that pg_ctl leaves behind would hold it open
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}")
