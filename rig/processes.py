"""Child processes with a log file, that never outlive their owner."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rig.ports import NotReady


@dataclass(frozen=True)
class Process:
    """A running program. Everything it says is in `log`."""

    popen: "subprocess.Popen[bytes]"
    log: Path

    @property
    def pid(self) -> int:
        """The process id, for `os.kill`."""
        return self.popen.pid

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self.popen.poll() is None

    def output(self) -> str:
        """Everything it has said so far."""
        return self.log.read_text("utf-8", "replace")

    def kill(self) -> None:
        """End it and its children with SIGKILL, as the kernel does when memory runs out."""
        self._signal(signal.SIGKILL)
        self.popen.wait(10)

    def interrupt(self) -> None:
        """Send SIGINT to the group, as Ctrl-C does."""
        self._signal(signal.SIGINT)

    def stop(self, *, seconds: float = 10) -> None:
        """End it politely, and with force when it does not listen."""
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.popen.wait(seconds)
        self._signal(signal.SIGKILL)  # children that a killed parent has left behind
        self.popen.wait(10)

    def wait_until(self, ready: Callable[[], bool], *, seconds: float = 60) -> None:
        """Return when `ready()` is true. Raises NotReady with the log when it never is."""
        end = time.monotonic() + seconds
        while not ready():
            if not self.is_alive:
                raise NotReady(f"ended with {self.popen.returncode}:\n{self.output()[-4000:]}")
            if time.monotonic() > end:
                raise NotReady(f"not ready after {seconds:g} s:\n{self.output()[-4000:]}")
            time.sleep(0.05)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # already gone
            os.killpg(self.pid, number)  # it leads its own group, see start()


def start(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Process:
    """Start a program in a process group of its own. `env` is added to ours."""
    with log.open("ab") as sink:
        popen = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            start_new_session=True,
        )
    return Process(popen, log)
