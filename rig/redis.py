"""A private Redis that keeps nothing on disk."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rig import ports, processes, tools


@dataclass
class Redis:
    """A running server on loopback; what it holds is lost when it stops."""

    port: int
    folder: Path
    process: processes.Process | None = field(default=None)

    def url(self, number: int = 0) -> str:
        """Return the address as `REDIS_URL` wants it; `number` is one of 16 databases."""
        return f"redis://127.0.0.1:{self.port}/{number}"

    def start(self) -> None:
        """Start it, again after `stop`, on the same port and empty."""
        program = str(tools.require("redis-server"))
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1"]
        quiet = [
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            str(self.folder),
            "--loglevel",
            "warning",
        ]
        self.process = processes.start([*command, *quiet], log=self.folder / "log")
        self.process.wait_until(lambda: ports.answers(self.port), seconds=20)

    def stop(self) -> None:
        """End it with SIGKILL; nobody is told."""
        if self.process is not None:
            self.process.kill()
            self.process = None


@contextmanager
def redis() -> Iterator[Redis]:
    """Start a server on a free port and stop it at the end. Raises tools.MissingTool."""
    folder = Path(tempfile.mkdtemp(prefix="desk-redis-"))
    server = Redis(ports.free_port(), folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
