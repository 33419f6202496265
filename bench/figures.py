"""Medians of interleaved rounds, CPU of this process and its children, memory."""

import json
import os
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def say(name: str, **figures: object) -> None:
    """One JSON line."""
    print(json.dumps({"name": name, **figures}), flush=True)


def cpu_ms() -> float:
    """CPU time of this process and of its living children, in milliseconds."""
    return (time.process_time() + sum(_ticks(pid) for pid in children(os.getpid())) / TICKS) * 1000


def children(parent: int) -> list[int]:
    """The living child processes of a process."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if (stat := _stat(pid)) and int(stat[1]) == parent]


def tree(root: int) -> list[int]:
    """A process and everything below it."""
    return [root, *(pid for child in children(root) for pid in tree(child))]


def memory_mb(pids: Iterable[int]) -> float:
    """Proportional memory of processes: shared pages are counted once."""
    total = 0
    for pid in pids:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total / 1024


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []


def _ticks(pid: int) -> int:
    stat = _stat(pid)
    return int(stat[11]) + int(stat[12]) if stat else 0


def per_call(act: Callable[[int], object], numbers: list[int]) -> float:
    """CPU milliseconds per call."""
    before = cpu_ms()
    for number in numbers:
        act(number)
    return (cpu_ms() - before) / len(numbers)


def wall_ms(act: Callable[[], object]) -> float:
    """Wall time of one call, in milliseconds."""
    begun = time.perf_counter()
    act()
    return (time.perf_counter() - begun) * 1000


def median(values: list[float]) -> float:
    """The median."""
    return statistics.median(values)


def p95(values: list[float]) -> float:
    """The value that 95 in 100 stay below."""
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]
