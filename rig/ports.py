"""Ports on loopback that nobody uses at the moment."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager


class NotReady(RuntimeError):
    """A service did not answer in time."""


def free_port() -> int:
    """Return a port that was free a moment ago; the system hands out others first."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def listening() -> Iterator[int]:
    """Yield a port that somebody listens on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield int(server.getsockname()[1])


def answers(port: int) -> bool:
    """Tell whether somebody accepts connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(port: int, *, seconds: float = 20) -> None:
    """Return when somebody accepts connections. Raises NotReady."""
    end = time.monotonic() + seconds
    while not answers(port):
        if time.monotonic() > end:
            raise NotReady(f"nothing answers on port {port} after {seconds:g} s")
        time.sleep(0.05)
