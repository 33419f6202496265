"""The one way out by HTTP, and the guard for every other outgoing connection.

A host is judged by the address that is really connected to: every special range is refused,
also when it hides inside an IPv6 form, unless `OUTBOUND_ALLOW` names host and port.
"""

import ipaddress
import socket
from typing import Any

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

TIMEOUT = (3.05, 10)
MOST_BYTES = 5 * 1024 * 1024

# Python 3.11.7 calls several of these "global"; so the list is our own.
REFUSED = [
    ipaddress.ip_network(net)
    for net in (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 "
        "192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 "
        "192.175.48.0/24 "
        "198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 "
        "::/127 ::/96 ::ffff:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 "
        "2002::/16 3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8"
    ).split()
]


class Refused(OSError):
    """A host that must not be reached from here. The text is the same for every reason."""

    def __init__(self) -> None:
        super().__init__("this address cannot be reached from here")


def never_left(error: Exception) -> bool:
    """Whether a request that failed so surely did not reach anybody: it may be sent again."""
    wrapped = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, Refused) or isinstance(
        wrapped, NewConnectionError | ConnectTimeoutError
    )


def is_private(address: str) -> bool:
    """Whether an address lies in a special range, embedded IPv4 included."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return any(ip.version == net.version and ip in net for net in REFUSED)


def allowed(host: str, port: int) -> bool:
    """Whether the operator lets us reach this private host and port."""
    return f"{host}:{port}" in settings.OUTBOUND_ALLOW


def connect(host: str, port: int, *, timeout: float) -> socket.socket:
    """A TCP connection to an address that was checked itself. Raises `OSError`."""
    last: OSError = Refused()
    for family, kind, proto, _, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if is_private(str(place[0])) and not allowed(host, port):
            continue
        made = socket.socket(family, kind, proto)
        made.settimeout(timeout)
        try:
            made.connect(place)
        except OSError as error:
            made.close()
            last = error
            continue
        return made
    raise last


def _guarded(self: Any) -> socket.socket:
    timeout = self.timeout if isinstance(self.timeout, int | float) else TIMEOUT[0]
    try:
        return connect(self.host, self.port, timeout=float(timeout))
    except TimeoutError as error:
        raise ConnectTimeoutError(self, str(error)) from error
    except OSError as error:
        # as urllib3 says it: nothing was sent yet, see `never_left`
        raise NewConnectionError(self, str(error)) from error


class _Connection(HTTPConnection):
    _new_conn = _guarded


class _SecureConnection(HTTPSConnection):
    _new_conn = _guarded


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Every connection of this session goes through the guard."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


def session() -> requests.Session:
    """A session without redirects, proxies and cookies' persistence, guarded at connect."""
    made = requests.Session()
    made.trust_env = False
    made.max_redirects = 0
    made.mount("https://", _Adapter())
    made.mount("http://", _Adapter())
    return made


def fetch(url: str) -> bytes:
    """GET with all limits. Raises `OSError`, which requests' own errors are as well."""
    with (
        session() as http,
        http.get(url, timeout=TIMEOUT, allow_redirects=False, stream=True) as answer,
    ):
        answer.raise_for_status()
        body = answer.raw.read(MOST_BYTES + 1, decode_content=True)
    if len(body) > MOST_BYTES:
        raise OSError("the answer is too large")
    return bytes(body)
