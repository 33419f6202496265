"""A keyboard that keeps a record: which keys were pressed, and how long the page took to show it.

The browser's own measure is used (Event Timing: from the key to the next paint, in steps of eight
milliseconds, kept from 16 on), with its long tasks. A key that leaves the page is measured to the
first paint of the page that comes. The record outlives pages in the tab's session storage.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from rig import chromium

LEAST_MS = 16  # what is not reported was painted with the next frame
GOAL_MS = 100
PACE_MS = 30  # between the letters of a fast typist
RECORD = """() => {
  if (window !== window.top || !location.protocol.startsWith("http")) return;
  const origin = performance.timeOrigin, mine = { keys: [], events: [], tasks: [], path: location.pathname, origin, paint: 0 };
  const MODIFIERS = ["Control", "Shift", "Alt", "Meta"];
  addEventListener("keydown", (e) => { if (!MODIFIERS.includes(e.key)) mine.keys.push({ key: e.key, at: origin + e.timeStamp }); }, true);
  const event = (e) => { if (e.interactionId) mine.events.push({ name: e.name, at: origin + e.startTime, ms: e.duration, id: e.interactionId,
    waits: e.processingStart - e.startTime, works: e.processingEnd - e.processingStart }); };
  const task = (e) => mine.tasks.push({ at: origin + e.startTime, ms: e.duration });
  const paint = (e) => { if (e.name === "first-contentful-paint") mine.paint = origin + e.startTime; };
  const watch = (type, keep, more) => {
    const observer = new PerformanceObserver((list) => list.getEntries().forEach(keep));
    observer.observe({ type, buffered: true, ...more });
    return () => observer.takeRecords().forEach(keep);
  };
  const rest = [watch("event", event, { durationThreshold: 16 }), watch("longtask", task), watch("paint", paint)];
  const before = () => JSON.parse(sessionStorage.getItem("rig-keys") ?? "[]");
  addEventListener("pagehide", () => { rest.forEach((take) => take()); sessionStorage.setItem("rig-keys", JSON.stringify([...before(), mine])); });
  window.rigKeys = () => { rest.forEach((take) => take()); return [...before(), mine]; };
}"""  # noqa: E501 - a script reads better in whole lines


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """One key: milliseconds until the page was painted, or until the next page was."""

    key: str
    path: str
    paint_ms: float
    page_ms: float | None = None
    waits_ms: float = 0.0
    works_ms: float = 0.0

    @property
    def line(self) -> str:
        """As it stands in the log."""
        if self.page_ms is not None:
            return f"{self.key:<12} {self.page_ms:6.0f} ms to the next page  ({self.path})"
        shown = f"{self.paint_ms:6.0f}" if self.paint_ms > LEAST_MS else f"  ≤{LEAST_MS:3d}"
        return f"{self.key:<12} {shown} ms  ({self.path})"


@dataclass
class Keys:
    """The keyboard of one tab. Pictures of the stations go to `pictures`, when it is given."""

    tab: Page
    pictures: Path | None = None
    stations: list[tuple[str, int]] = field(default_factory=list)
    count: int = 0

    def __post_init__(self) -> None:
        self.tab.context.add_init_script(f"({RECORD})()")

    def press(self, *keys: str) -> None:
        """Press keys one after the other (`j`, `Control+Enter`)."""
        for key in keys:
            self.tab.keyboard.press(key)
            self.count += 1

    def type(self, text: str) -> None:
        """Type words, letter after letter."""
        self.tab.keyboard.type(text, delay=PACE_MS)
        self.count += len(text)

    def station(self, name: str) -> None:
        """Say where the day is, and take a picture of it."""
        self.stations.append((name, self.count))
        if self.pictures is not None:
            number = f"{len(self.stations):02d}"
            chromium.screenshot(self.tab, self.pictures / f"day-{number}-{name}.png")

    def record(self) -> tuple[list[Pressed], list[float]]:
        """Every key so far, and the lengths of the long tasks."""
        self.tab.wait_for_timeout(300)  # the last paint is told after it
        pages: list[dict[str, Any]] = self.tab.evaluate("window.rigKeys()")
        tasks = [task["ms"] for page in pages for task in page["tasks"]]
        return [
            key for n, page in enumerate(pages) for key in _pressed(page, pages[n + 1 :])
        ], tasks


def _pressed(page: dict[str, Any], later: list[dict[str, Any]]) -> list[Pressed]:
    longest: dict[int, dict[str, Any]] = {}
    for event in page["events"]:
        known = longest.get(event["id"])
        if known is None or event["ms"] > known["ms"]:
            longest[event["id"]] = event
    starts = {event["at"]: longest[event["id"]] for event in page["events"]}
    found = [_one(key, page, starts.get(key["at"])) for key in page["keys"]]
    if found and later and later[0]["paint"]:
        last = found[-1]
        spent = later[0]["paint"] - page["keys"][-1]["at"]
        found[-1] = Pressed(key=last.key, path=page["path"], paint_ms=last.paint_ms, page_ms=spent)
    return found


def _one(key: dict[str, Any], page: dict[str, Any], event: dict[str, Any] | None) -> Pressed:
    name = "Space" if key["key"] == " " else key["key"]
    if event is None:
        return Pressed(key=name, path=page["path"], paint_ms=LEAST_MS)
    return Pressed(
        key=name,
        path=page["path"],
        paint_ms=event["ms"],
        waits_ms=event["waits"],
        works_ms=event["works"],
    )


def log(keys: Keys, pressed: list[Pressed]) -> list[str]:
    """The pressed keys with their milliseconds, under the stations they were pressed for."""
    lines, at = [], 0
    for name, until in keys.stations:
        lines.append(f"-- {name}")
        lines += [f"{n + 1:4d}  {one.line}" for n, one in enumerate(pressed[at:until], at)]
        at = until
    return lines


def figures(pressed: list[Pressed], tasks: list[float]) -> dict[str, Any]:
    """Count, median, p95 and the worst: keys to their paint, and to the next page."""
    paints = sorted(one.paint_ms for one in pressed)
    pages = sorted(one.page_ms for one in pressed if one.page_ms is not None)
    worst = max(pressed, key=lambda one: one.paint_ms)
    return {
        "keys": len(pressed),
        "p50_ms": _share(paints, 0.5),
        "p95_ms": _share(paints, 0.95),
        "max_ms": paints[-1],
        "worst": f"{worst.key} on {worst.path}",
        "worst_waits_ms": round(worst.waits_ms),
        "worst_works_ms": round(worst.works_ms),
        "over_goal": sum(ms > GOAL_MS for ms in paints),
        "goal_ms": GOAL_MS,
        "pages": len(pages),
        "page_p50_ms": _share(pages, 0.5),
        "page_p95_ms": _share(pages, 0.95),
        "long_tasks": len(tasks),
        "long_task_max_ms": max(tasks, default=0),
    }


def _share(values: list[float], share: float) -> float:
    return round(values[min(len(values) - 1, int(len(values) * share))], 1) if values else 0.0
