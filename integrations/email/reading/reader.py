"""The parent's side of reading: one long-lived child per process, replaced when it misbehaves."""

import contextlib
import os
import select
import subprocess
import sys
import threading
import time
from pathlib import Path

from integrations.email.reading.child import FRAME, LENGTH
from integrations.email.reading.letter import Letter, stub
from integrations.email.reading.wire import from_wire

ROOT = Path(__file__).resolve().parents[3]
MOST_RAW = 25 * 1024 * 1024
PATIENCE_SECONDS = 2.0
START_SECONDS = 10.0  # the first answer pays for the start of the child
RENEW_AFTER = 300


class Reader:
    """Reads mails in a child process; whatever happens there, a Letter comes back."""

    def __init__(self, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.patience = patience_seconds
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._count = 0

    def read(self, raw: bytes) -> Letter:
        """Read one mail; a stub with a note when the child ran out of time or memory."""
        if len(raw) > MOST_RAW:
            return stub(raw, f"larger than {MOST_RAW // 1024 // 1024} MB; the original is kept")
        with self._lock:
            try:
                return self._ask(raw)
            except (OSError, ValueError, TimeoutError) as error:
                self._end()
                late = isinstance(error, TimeoutError)
                why = "it took too long to read" if late else "it could not be read safely"
                return stub(raw, f"{why}; the original is kept")

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._end()

    def _ask(self, raw: bytes) -> Letter:
        child, fresh = self._ready()
        assert child.stdin is not None  # noqa: S101 - opened with pipes; tells the type checker
        assert child.stdout is not None  # noqa: S101 - as above
        # Big mails need longer to pass the pipe alone; a hostile one is small.
        end = time.monotonic() + (START_SECONDS if fresh else 0) + self.patience
        _write(child.stdin.fileno(), LENGTH.pack(len(raw)) + raw, end)
        text_size, rest_size = FRAME.unpack(_read(child.stdout.fileno(), FRAME.size, end))
        text = _read(child.stdout.fileno(), text_size, end)
        rest = _read(child.stdout.fileno(), rest_size, end)
        self._count += 1
        if self._count >= RENEW_AFTER:
            self._end()
        return from_wire(text, rest)

    def _ready(self) -> tuple["subprocess.Popen[bytes]", bool]:
        if self._child is not None and self._child.poll() is None:
            return self._child, False
        self._child = subprocess.Popen(
            [sys.executable, "-m", "integrations.email.reading.child"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": str(ROOT), "PATH": os.defpath},
            bufsize=0,
        )
        for pipe in (self._child.stdin, self._child.stdout):
            os.set_blocking(pipe.fileno(), False)  # type: ignore[union-attr]  # both are pipes
        self._count = 0
        return self._child, True

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        for pipe in (child.stdin, child.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]  # both are pipes
        child.wait()


def _write(fd: int, data: bytes, end: float) -> None:
    view = memoryview(data)
    while view:
        _wait(fd, end, writing=True)
        try:
            view = view[os.write(fd, view[:1_000_000]) :]
        except BlockingIOError:
            continue


def _read(fd: int, size: int, end: float) -> bytes:
    parts, left = [], size
    while left:
        _wait(fd, end, writing=False)
        try:
            part = os.read(fd, min(left, 1_000_000))
        except BlockingIOError:
            continue
        if not part:
            raise OSError("the child ended")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _wait(fd: int, end: float, *, writing: bool) -> None:
    left = end - time.monotonic()
    ready = select.select([] if writing else [fd], [fd] if writing else [], [], max(left, 0))
    if not any(ready) or left <= 0:
        raise TimeoutError
