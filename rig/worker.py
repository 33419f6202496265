"""Real processes of the product: workers, the scheduler, the web server, the embedded whole."""

import os
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError

from rig import ports, processes

ROOT = Path(__file__).resolve().parent.parent
QUEUES = "intake,outbound,clocks,bulk"
Env = Mapping[str, str]
Process = processes.Process


@dataclass(frozen=True)
class Site:
    """A running web server."""

    url: str
    port: int
    process: Process


def start_worker(env: Env, *, log: Path, concurrency: int = 1, name: str = "one") -> Process:
    """Start `celery worker` on every queue and return once it takes jobs."""
    worker = processes.start(
        [*_python("celery"), "-A", "helpdesk", "worker", "-Q", QUEUES, "-n", f"{name}@%h",
         "--concurrency", str(concurrency), "--loglevel", "INFO",
         "--without-gossip", "--without-mingle"],
        log=log, env=_full(env), cwd=ROOT,
    )  # fmt: skip
    worker.wait_until(lambda: "ready." in worker.output() or " ready" in worker.output())
    return worker


def start_scheduler(env: Env, *, log: Path) -> Process:
    """Start `celery beat` with its schedule in memory."""
    command = [*_python("celery"), "-A", "helpdesk", "beat", "--loglevel", "INFO"]
    scheduler = "celery.beat.Scheduler"
    return processes.start([*command, "-S", scheduler], log=log, env=_full(env), cwd=ROOT)


def start_web(env: Env, *, log: Path, port: int | None = None) -> Site:
    """Start the web server and return once it says it is alive."""
    port = port or ports.free_port()
    url = f"http://127.0.0.1:{port}"
    process = processes.start(
        [*_python("uvicorn"), "helpdesk.asgi:application", "--host", "127.0.0.1",
         "--port", str(port), "--timeout-graceful-shutdown", "3", "--lifespan", "off"],
        log=log, env=_full({"BASE_URL": url, **env}), cwd=ROOT,
    )  # fmt: skip
    process.wait_until(lambda: is_alive(url))
    return Site(url, port, process)


def manage(env: Env, *arguments: str, log: Path) -> Process:
    """Start a management command and return at once."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return processes.start(command, log=log, env=_full(env), cwd=ROOT)


def is_alive(url: str) -> bool:
    """Tell whether the site answers `/healthz` with 200."""
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, HTTPException, OSError):
        return False


@contextmanager
def workers(env: Env, *, folder: Path, count: int = 1) -> Iterator[list[Process]]:
    """Several workers, side by side; whoever is still alive at the end is stopped."""
    running: list[Process] = []
    try:
        for number in range(count):
            name = f"w{number}"
            running.append(start_worker(env, log=folder / f"{name}.log", name=name))
        yield running
    finally:
        for worker in running:
            worker.stop()


@contextmanager
def web(env: Env, *, folder: Path) -> Iterator[Site]:
    """One web server, stopped at the end."""
    site = start_web(env, log=folder / "web.log")
    try:
        yield site
    finally:
        site.process.stop()


def _python(module: str) -> list[str]:
    return [sys.executable, "-m", module]


def _full(env: Env) -> dict[str, str]:
    # unbuffered: the log is read while the process runs
    plain = {"DJANGO_SETTINGS_MODULE": "helpdesk.settings", "PYTHONUNBUFFERED": "1"}
    inherited = {"DATA_DIR": os.environ.get("DATA_DIR", "")} if "DATA_DIR" in os.environ else {}
    return {**inherited, **plain, **env}
