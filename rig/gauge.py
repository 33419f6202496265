"""Memory and CPU of processes while something else happens."""

import statistics
import time
from collections.abc import Callable, Sequence

import psutil

Sample = tuple[float, float]  # seconds since the start, megabytes


def resident_mb(pid: int) -> float:
    """Resident megabytes of a process and its children; 0 when it is gone."""
    total = 0
    try:
        root = psutil.Process(pid)
        for one in [root, *root.children(recursive=True)]:
            total += one.memory_info().rss
    except psutil.NoSuchProcess:
        return 0.0
    return total / 2**20


def cpu_seconds(pid: int) -> float:
    """CPU time that a process and its living children have used; 0 when it is gone."""
    total = 0.0
    try:
        root = psutil.Process(pid)
        for one in [root, *root.children(recursive=True)]:
            times = one.cpu_times()
            total += times.user + times.system
    except psutil.NoSuchProcess:
        return 0.0
    return total


class Watch:
    """Samples of several processes, whose ids may change when they are started again."""

    def __init__(self, pids: Callable[[], dict[str, int]]) -> None:
        self.pids, self.begun = pids, time.monotonic()
        self.samples: dict[str, list[Sample]] = {}
        self.used: dict[str, list[Sample]] = {}  # CPU seconds instead of megabytes

    def sample(self) -> None:
        """One reading of each."""
        moment = time.monotonic() - self.begun
        for name, pid in self.pids().items():
            if found := resident_mb(pid):
                self.samples.setdefault(name, []).append((moment, found))
                self.used.setdefault(name, []).append((moment, cpu_seconds(pid)))

    def thirds(self, seconds: float) -> dict[str, tuple[float, float]]:
        """The median of the second and of the last third of a run, by name."""
        found = {}
        for name, samples in self.samples.items():
            second = [mb for at, mb in samples if seconds / 3 <= at < seconds * 2 / 3]
            last = [mb for at, mb in samples if seconds * 2 / 3 <= at <= seconds]
            if second and last:
                found[name] = (statistics.median(second), statistics.median(last))
        return found

    def busy(self, first: float, last: float) -> dict[str, float]:
        """Percent of a core that each has used in a part of a run, in which none was restarted."""
        found = {}
        for name, samples in self.used.items():
            inside = [(at, used) for at, used in samples if first <= at <= last]
            if len(inside) > 1:
                (begun, before), (end, after) = inside[0], inside[-1]
                found[name] = round((after - before) / (end - begun) * 100, 1)
        return found


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile and worst, in milliseconds of the seconds given."""
    ranked = sorted(values)
    if not ranked:
        return {}
    at = {"p50": len(ranked) // 2, "p99": int(len(ranked) * 0.99), "worst": len(ranked) - 1}
    return {name: round(ranked[n] * 1000, 1) for name, n in at.items()} | {"n": len(ranked)}
