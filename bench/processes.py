"""Real processes: webhook rate, time from event to ticket, the worker's memory."""

import hashlib
import hmac
import http.client
import os
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import django

django.setup()

import redis  # noqa: E402 - after setup
from celery import Celery  # noqa: E402 - after setup
from django.core.management import call_command  # noqa: E402 - after setup
from django.db import connection  # noqa: E402 - after setup
from redis.client import PubSub  # noqa: E402 - after setup

from bench import figures  # noqa: E402 - after setup
from bench.mails import mail  # noqa: E402 - after setup
from inbox.handbook.services import load  # noqa: E402 - after setup
from inbox.operations.connecting import connect  # noqa: E402 - after setup
from rig import ports, processes, worker  # noqa: E402 - after setup

PRESET = Path("inbox/handbook/presets/devrel.yaml")
SECRET = "mailgun-signing-key"
MAILS = int(os.environ.get("BENCH_MAILS", "1000"))
Post = Callable[[http.client.HTTPConnection, int], None]


def bare_web(folder: Path) -> worker.Site:
    """The bare Django on a port of its own."""
    port = ports.free_port()
    process = processes.start(
        [sys.executable, "-m", "uvicorn", "bench.bare.asgi:application", "--port", str(port),
         "--lifespan", "off", "--log-level", "warning"],
        log=folder / "bare.log", env={"DJANGO_SETTINGS_MODULE": "bench.bare.settings"},
    )  # fmt: skip
    process.wait_until(lambda: _listens(port))
    return worker.Site(f"http://127.0.0.1:{port}", port, process)


def bare_worker(folder: Path) -> processes.Process:
    """A Celery worker of the bare Django."""
    process = processes.start(
        [sys.executable, "-m", "celery", "-A", "bench.bare.celery", "worker", "-Q", "bare",
         "-n", "bare@%h", "--concurrency", "1", "--loglevel", "INFO",
         "--without-gossip", "--without-mingle"],
        log=folder / "bareworker.log", env={"DJANGO_SETTINGS_MODULE": "bench.bare.settings"},
    )  # fmt: skip
    process.wait_until(lambda: "ready." in process.output())
    return process


def _listens(port: int) -> bool:
    try:
        connection_ = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        connection_.request("GET", "/")
        connection_.getresponse().read()
    except OSError:
        return False
    return True


# ------------------------------------------------------------------ webhook rate


def post_to_floor(to: http.client.HTTPConnection, n: int) -> None:
    """A signed body to the bare view, of the size of a mail's form."""
    body = form(n)
    signature = hmac.new(b"floor", body, hashlib.sha256).hexdigest()
    _post(to, "/hook/", body, {"X-Signature": signature})


def post_to_product(to: http.client.HTTPConnection, n: int) -> None:
    """The same mail to the product's door."""
    _post(
        to, "/hooks/email/support/", form(n), {"Content-Type": "application/x-www-form-urlencoded"}
    )


def form(n: int) -> bytes:
    """Mailgun's signed form around a mail."""
    stamp, token = str(int(time.time())), f"{n:050d}"
    signature = hmac.new(SECRET.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    fields = {"timestamp": stamp, "token": token, "signature": signature}
    return urllib.parse.urlencode({**fields, "body-mime": mail(n).decode()}).encode()


def _post(to: http.client.HTTPConnection, path: str, body: bytes, headers: dict[str, str]) -> None:
    to.request("POST", path, body, headers)
    answer = to.getresponse()
    answer.read()
    assert answer.status == 200, answer.status


def rate(port: int, post: Post, numbers: list[int]) -> float:
    """Posts per second over eight connections."""

    def some(part: list[int]) -> None:
        to = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for n in part:
            post(to, n)
        to.close()

    begun = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(some, [numbers[k::8] for k in range(8)]))
    return len(numbers) / (time.perf_counter() - begun)


def hooks(product: worker.Site, bare: worker.Site) -> None:
    """The durable signed webhook against the bare one."""
    floors, products = [], []
    for turn in range(7):
        numbers = list(range(10_000 + turn * 400, 10_000 + turn * 400 + 400))
        floors.append(rate(bare.port, post_to_floor, numbers))
        products.append(rate(product.port, post_to_product, numbers))
    base, ours = figures.median(floors[1:]), figures.median(products[1:])
    figures.say(
        "webhook_rate",
        floor_per_s=round(base),
        per_s=round(ours),
        share=round(ours / base, 2),
        goal=0.6,
    )


# ------------------------------------------------------------------ event to ticket


def latency(product: worker.Site) -> None:
    """From the post to the routed ticket, against a no-op task, on an idle system."""
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    to = http.client.HTTPConnection("127.0.0.1", product.port, timeout=30)
    bare_app = Celery("bench", broker=os.environ["REDIS_URL"])
    hub = client.pubsub()  # type: ignore[no-untyped-call]  # redis types the client, not this
    hub.psubscribe("*")
    floors, products, tasks = [], [], []
    for n in range(120):
        time.sleep(0.05)  # idle
        begun = time.time()
        bare_app.send_task("bench.bare.celery.noop", (f"noop{n}",), queue="bare")
        ran = float(client.blpop(f"noop{n}", timeout=5)[1])  # type: ignore[index]  # sync client
        floors.append((ran - begun) * 1000)
        begun = time.time()
        post_to_product(to, 50_000 + n)
        stored = time.time()
        heard = _heard(hub)
        products.append((heard - begun) * 1000)
        tasks.append((heard - stored) * 1000)
    base, ours, inner = (figures.p95(times[10:]) for times in (floors, products, tasks))
    figures.say(
        "event_to_ticket_p95",
        floor_ms=round(base, 1),
        ms=round(ours, 1),
        from_stored_ms=round(inner, 1),
        ratio=round(ours / base, 2),
        ratio_from_stored=round(inner / base, 2),
        goal=5,
    )


def _heard(hub: PubSub) -> float:
    """When the browsers were told, which is right after the commit."""
    while True:
        said = hub.get_message(timeout=5)
        assert said is not None, "no ticket came"
        if said["type"] == "pmessage" and b'"opened"' in said["data"]:
            return time.time()


# ------------------------------------------------------------------ memory


def memory(product: worker.Site, running: processes.Process, bare: processes.Process) -> None:
    """The worker's memory after many mails, against a bare worker."""
    base = figures.memory_mb(figures.tree(bare.pid))
    _flood(product, 100_000, 300)
    early = figures.memory_mb(figures.tree(running.pid))
    _flood(product, 200_000, MAILS)
    late = figures.memory_mb(figures.tree(running.pid))
    figures.say(
        "worker_memory", floor_mb=round(base), mb=round(late), ratio=round(late / base, 2), goal=2.3
    )
    figures.say(
        "worker_memory_growth",
        mails=MAILS,
        mb_before=round(early),
        mb=round(late),
        ratio=round(late / early, 2),
    )


def _flood(product: worker.Site, first: int, count: int) -> None:
    rate(product.port, post_to_product, list(range(first, first + count)))
    settled()


def settled() -> None:
    """Wait until every delivery is filed."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM inbox_delivery WHERE state IN ('pending', 'processing')"
            )
            if cursor.fetchone() == (0,):
                return
        time.sleep(0.2)


def main() -> None:
    """Print the figures."""
    call_command("migrate", verbosity=0)
    load(PRESET.read_text())
    connect("email", "support", {"provider": "mailgun", "webhook_secret": SECRET})
    env = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL", "DATA_DIR")}
    started: list[processes.Process] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            site, bare_site = worker.start_web(env, log=folder / "web.log"), bare_web(folder)
            started += [site.process, bare_site.process]
            hooks(site, bare_site)
            running = worker.start_worker(env, log=folder / "worker.log")
            started.append(running)
            settled()
            started.append(bare_worker(folder))
            latency(site)
            memory(site, running, started[-1])
        finally:
            for process in started:
                process.stop()


if __name__ == "__main__":
    main()
