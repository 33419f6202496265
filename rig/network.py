"""The network is closed in tests, but for loopback: nothing that passes here has asked outside."""

import socket
from typing import Any

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1", "", "0.0.0.0", "::"})
_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex
_getaddrinfo = socket.getaddrinfo


class NetworkClosed(OSError):
    """A test wanted to reach another machine."""


class NameNotLooked(socket.gaierror):
    """A test wanted to resolve a name outside; it fails as an unknown name does."""


def close() -> None:
    """Let this process connect to loopback and to Unix sockets only, until it ends."""
    # the class, not a subclass of it: TLS sockets inherit from the one the library has
    socket.socket.connect = _guarded_connect  # type: ignore[assignment]  # replaced on purpose
    socket.socket.connect_ex = _guarded_connect_ex  # type: ignore[assignment]  # the same
    socket.getaddrinfo = _local_lookup


def _guarded_connect(self: socket.socket, address: Any) -> None:
    _check(address)
    _connect(self, address)


def _guarded_connect_ex(self: socket.socket, address: Any) -> int:
    _check(address)
    return _connect_ex(self, address)


def _local_lookup(host: Any, *arguments: Any, **options: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else host or ""
    if name in LOCAL_NAMES or _is_address(name):
        return _getaddrinfo(host, *arguments, **options)
    raise NameNotLooked(socket.EAI_NONAME, f"the network is closed in tests: {name}")


def _check(address: Any) -> None:
    if isinstance(address, str | bytes):
        return  # a Unix socket
    host = str(address[0])
    if not (host in LOCAL_NAMES or host.startswith("127.")):
        raise NetworkClosed(f"the network is closed in tests: {host}")


def _is_address(name: str) -> bool:
    return ":" in name or name.replace(".", "").isdigit()
