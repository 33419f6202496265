"""Health of one container: `python -m scripts.probe web|worker|scheduler` ends with 0 or 1.

Django is not loaded: a probe runs every few seconds for years and must cost next to nothing.
"""

import http.client
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from celery import Celery

SECONDS = 4


def web() -> bool:
    """Tell whether the web server answers, asked as the proxy in front of it asks."""
    port = int(os.environ.get("PROBE_PORT", "8000"))
    address = urlsplit(os.environ.get("BASE_URL", "http://127.0.0.1"))
    # without these two the answer is a redirect to https or a refused host
    headers = {"Host": address.netloc, "X-Forwarded-Proto": address.scheme}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", "/healthz", headers=headers)
        return connection.getresponse().status == http.HTTPStatus.OK
    finally:
        connection.close()


def worker() -> bool:
    """Tell whether the worker of this container answers through the broker."""
    name = f"celery@{socket.gethostname()}"
    with _app() as app:
        answers = app.control.inspect(destination=[name], timeout=SECONDS).ping()
    return name in (answers or {})


def scheduler() -> bool:
    """Tell whether the scheduler runs here and its broker can be reached."""
    with _app() as app, app.connection_for_write(connect_timeout=SECONDS) as broker:
        broker.ensure_connection(max_retries=1, timeout=SECONDS)
    return any(_is_scheduler(path) for path in Path("/proc").glob("[0-9]*/cmdline"))


def _app() -> Celery:
    return Celery("probe", broker=os.environ["REDIS_URL"], set_as_current=False)


def _is_scheduler(path: Path) -> bool:
    try:
        words = path.read_bytes().split(b"\0")
    except OSError:
        return False  # it has ended meanwhile
    return b"helpdesk" in words and b"beat" in words


def main(arguments: list[str]) -> int:
    """Return the exit code; why it is not 0 stands on standard error."""
    probes: dict[str, Callable[[], bool]] = {"web": web, "worker": worker, "scheduler": scheduler}
    if len(arguments) != 1 or arguments[0] not in probes:
        print(f"usage: python -m scripts.probe {'|'.join(probes)}", file=sys.stderr)
        return 2
    try:
        healthy = probes[arguments[0]]()
    except Exception as error:  # noqa: BLE001 - whatever the library raises, the answer is no
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0 if healthy else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
