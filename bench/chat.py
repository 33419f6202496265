"""What the widget costs a page: its size, when page and chat can be used, shifts, blocking.

On somebody else's site with a strict policy, in Chromium; the same page with and without the
script, in turn, cold (empty cache) and warm. `BENCH_CHAT_ROUNDS` is how often.
"""

import gzip
import os
import tempfile
from pathlib import Path
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - after setup
from playwright.sync_api import Browser, Page, Response  # noqa: E402 - after setup

from bench import figures  # noqa: E402 - after setup
from inbox.common.config import change_setting  # noqa: E402 - after setup
from inbox.livechat.tests import host  # noqa: E402 - after setup
from inbox.operations.connecting import connect  # noqa: E402 - after setup
from rig import chromium, worker  # noqa: E402 - after setup

ROUNDS = int(os.environ.get("BENCH_CHAT_ROUNDS", "15"))
QUIET_MS = 600  # after the load event: what comes later is measured too
GOAL_KB = 25
# A page can be used when it is parsed and no long task runs any more.
PAGE = """() => new Promise((done) => {
  let shift = 0, blocking = 0, busy = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((e) => { shift += e.value; }))
    .observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver((list) => list.getEntries().forEach((e) => {
    blocking += Math.max(0, e.duration - 50);
    busy = Math.max(busy, e.startTime + e.duration);
  })).observe({ type: "longtask", buffered: true });
  setTimeout(() => {
    const page = performance.getEntriesByType("navigation")[0];
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    done({ shift, blocking_ms: blocking, paint_ms: paint ? paint.startTime : 0,
           interactive_ms: Math.max(page.domContentLoadedEventEnd, busy) });
  }, 100);
})"""
# From the press to the moment at which the frame's script says that it can be written in.
OPEN = """() => new Promise((done) => {
  const begun = performance.now();
  window.addEventListener("desk:ready", () => done(performance.now() - begun), { once: true });
  document.querySelector("[data-desk]").shadowRoot.querySelector("button").click();
})"""
Round = dict[str, float]


def visit(tab: Page, url: str) -> Round:
    """Load a page, let it come to rest, and ask what it cost."""
    tab.goto(url, wait_until="load")
    tab.wait_for_timeout(QUIET_MS)
    found: Round = tab.evaluate(PAGE)
    return found


def rounds(browser: Browser, origin: str) -> dict[str, list[Round]]:
    """Pages with and without the widget in turn, each with an empty cache and with a full one."""
    found: dict[str, list[Round]] = {}
    for _ in range(ROUNDS + 1):
        for name, path in (("plain", "/plain"), ("widget", "/")):
            with chromium.page(browser) as (tab, _):
                for heat in ("cold", "warm"):
                    one = visit(tab, origin + path)
                    if name == "widget":
                        one["open_ms"] = tab.evaluate(OPEN)
                        tab.evaluate("localStorage.clear()")  # no returning visitor: same work
                    found.setdefault(f"{name}_{heat}", []).append(one)
    return {name: rows[1:] for name, rows in found.items()}  # the first wakes everything up


def loaded(browser: Browser, origin: str, desk: str) -> dict[str, int]:
    """Bytes, compressed, of everything that comes from the desk until the chat is open."""
    sizes: dict[str, int] = {}

    def keep(answer: Response) -> None:
        kind = answer.headers.get("content-type", "")
        if answer.url.startswith(desk) and any(word in kind for word in ("html", "script", "css")):
            name = Path(answer.url.partition("?")[0].rstrip("/")).name
            sizes[name] = len(gzip.compress(answer.body()))

    with chromium.page(browser) as (tab, _):
        tab.on("response", keep)
        visit(tab, origin + "/")
        tab.evaluate(OPEN)
        tab.wait_for_timeout(QUIET_MS)
    return sizes


def middle(rows: list[Round], name: str) -> float:
    """The median of one measure."""
    return round(figures.median([row[name] for row in rows]), 3)


def told(found: dict[str, list[Round]], sizes: dict[str, int]) -> dict[str, Any]:
    """The figures as they are printed."""
    said: dict[str, Any] = {"rounds": ROUNDS, "gz_bytes": sizes, "goal_kb": GOAL_KB}
    said["gz_kb"] = round(sum(sizes.values()) / 1000, 1)
    for name, rows in found.items():
        said[name] = {word: middle(rows, word) for word in rows[0]}
    return said


def main() -> None:
    """Print the figures."""
    call_command("migrate", verbosity=0)
    env = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL", "DATA_DIR")}
    with (
        tempfile.TemporaryDirectory() as folder,
        worker.web(env, folder=Path(folder)) as site,
        host.site(site.url) as origin,
    ):
        connect("livechat", "docs", {"site_name": "Docs", "origins": origin})
        change_setting("chat_visitors_per_address_hour", 10_000)  # all of them come from loopback
        with chromium.chromium() as browser:
            figures.say(
                "chat_widget", **told(rounds(browser, origin), loaded(browser, origin, site.url))
            )


if __name__ == "__main__":
    main()
