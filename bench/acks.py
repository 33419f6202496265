"""How fast Slack's events are acknowledged: 2,000 in a burst from 32 connections, worker busy.

Once with Redis, once with it gone. Slack gives up after three seconds.
"""

import http.client
import json
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - after setup

from bench import figures  # noqa: E402 - after setup
from inbox.operations.connecting import connect  # noqa: E402 - after setup
from rig import slack, worker  # noqa: E402 - after setup

CONNECTIONS, EVENTS = 32, 2_000


def event(n: int) -> bytes:
    """One message of one of fifty people."""
    ts = f"{1_790_000_000 + n}.000100"
    inner = {
        "type": "message",
        "channel": f"C{n % 7}",
        "channel_type": "channel",
        "user": f"U{n % 50}",
        "text": f"question {n}",
        "ts": ts,
    }
    body = {"type": "event_callback", "team_id": slack.TEAM, "event_id": f"Ev{n}", "event": inner}
    return json.dumps(body).encode()


def burst(port: int, first: int) -> list[float]:
    """Milliseconds of every acknowledgement."""

    def some(part: list[int]) -> list[float]:
        to = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        taken = []
        for n in part:
            raw = event(n)
            headers = {"content-type": "application/json", **slack.signed(raw)}
            begun = time.perf_counter()
            to.request("POST", "/hooks/slack/main/", raw, headers)
            answer = to.getresponse()
            answer.read()
            taken.append((time.perf_counter() - begun) * 1000)
            if answer.status != 200:
                raise RuntimeError(f"answered {answer.status}")
        to.close()
        return taken

    numbers = list(range(first, first + EVENTS))
    parts = [numbers[n::CONNECTIONS] for n in range(CONNECTIONS)]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return [ms for found in pool.map(some, parts) for ms in found]


def report(name: str, taken: list[float]) -> None:
    """p50, p99 and the slowest."""
    ordered = sorted(taken)
    figures.say(
        name,
        p50_ms=round(ordered[len(ordered) // 2], 1),
        p99_ms=round(ordered[int(len(ordered) * 0.99)], 1),
        max_ms=round(ordered[-1], 1),
        goal_p99_ms=500,
        goal_max_ms=2500,
    )


def main() -> None:
    """Measure with a broker and without one."""
    call_command("migrate", verbosity=0)
    connect("slack", "main", {"team_id": slack.TEAM, "signing_secret": slack.SECRET})
    env = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL", "DATA_DIR")}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with worker.web(env, folder=place) as site, worker.workers(env, folder=place):
            report("slack_ack_with_a_busy_worker", burst(site.port, 0))
        gone = {**env, "REDIS_URL": "redis://127.0.0.1:9/0"}
        with worker.web(gone, folder=place) as site:
            report("slack_ack_without_redis", burst(site.port, EVENTS))


if __name__ == "__main__":
    main()
