"""Reports on time: SLA kept, first response, resolution. Pure but for what was gathered."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from inbox.reports.charts import FuseValue, fuses, percents
from inbox.reports.gathering import Found
from inbox.reports.queries import Tally
from inbox.reports.scale import percentile
from inbox.reports.shapes import Column, Figure, Report, percent, spell

SHOWN = 8
BY = {
    "channel": "per channel",
    "category": "per category",
    "person": "per person",
    "team": "per team",
    "priority": "per priority",
}
NEAR = "Median and nine of ten are exact to half a minute up to an hour, to 2.5 % above."


HARD, SOFT = "hard", "soft"


@dataclass(frozen=True)
class Share:
    """Of one kind of promise in one period: how many were kept and missed."""

    kept: int
    missed: int

    @property
    def percent(self) -> int | None:
        """Whole per cent; none when nothing fell due."""
        return percent(self.kept, self.kept + self.missed)


def _shares(found: Found, label: str) -> list[Share]:
    return [
        Share(
            found.series.get((n, "kept", label), 0),
            found.series.get((n, "missed", label), 0),
        )
        for n in range(len(found.cut))
    ]


def _main(found: Found) -> tuple[str, list[Share], list[Share]]:
    """What most of the work stands under, promises or targets; then the other of the two."""
    hard, soft = _shares(found, HARD), _shares(found, SOFT)
    due = [sum(s.kept + s.missed for s in shares) for shares in (hard, soft)]
    return (HARD, hard, soft) if due[0] >= due[1] else (SOFT, soft, hard)


def sla(found: Found) -> Report:
    """What was kept of what was promised; soft targets apart, they are never broken (S1)."""
    label, shares, others = _main(found)
    hard, soft = (shares, others) if label == HARD else (others, shares)
    both = any(share.percent is not None for share in others)
    words = ("promises", "targets") if label == HARD else ("targets", "promises")
    return Report(
        key="sla",
        title="SLA kept",
        lead="Promises, per cent" if label == HARD else "Targets met, per cent",
        finding=_sla_finding(found, shares),
        advice=_sla_advice(found, shares) + _broken(label, others),
        columns=(
            Column("Period", is_number=False),
            Column("Promises kept"),
            Column("Promises missed"),
            Column("Promises", "%"),
            Column("Targets met"),
            Column("Targets missed"),
            Column("Targets", "%"),
        ),
        rows=[
            (period.words, h.kept, h.missed, h.percent, s.kept, s.missed, s.percent)
            for period, h, s in zip(found.cut, hard, soft, strict=True)
        ],
        chart="lines",
        drawing=percents(
            [share.percent for share in shares],
            [period.label for period in found.cut],
            found.names.goal,
            beside=[share.percent for share in others] if both else (),
        ),
        legend=tuple(zip(("in", "out"), words, strict=True)) if both else (),
    )


def _broken(label: str, others: Sequence[Share]) -> str:
    """A broken promise is never hidden behind targets."""
    n = sum(share.missed for share in others)
    if label == HARD or not n:
        return ""
    return f" {n} {'promise was' if n == 1 else 'promises were'} broken: look at those first."


def _sla_finding(found: Found, shares: list[Share]) -> str:
    said = [
        f"{period.words} {share.percent}"
        for period, share in zip(found.cut, shares, strict=True)
        if share.percent is not None
    ]
    below = sum(s.percent < found.names.goal for s in shares if s.percent is not None)
    if not said:
        return "Nothing fell due in these days."
    shown = ", ".join(said) if len(said) <= 16 else f"{len(said)} periods with promises"
    return f"SLA kept in per cent: {shown}. Goal {found.names.goal}. Below it: {below}."


def _sla_advice(found: Found, shares: list[Share]) -> str:
    known = [(s.percent, n) for n, s in enumerate(shares) if s.percent is not None]
    if not known:
        return "Nothing fell due in these days. Give a channel an SLA policy to see this."
    worst, n = min(known)
    goal = found.names.goal
    if worst >= goal:
        return f"Every period reached the goal of {goal} %. It could be higher."
    period, missed = found.cut[n].words, shares[n].missed
    return f"{period} was lowest with {worst} %, {missed} missed: see who was short of time then."


def first_response(found: Found) -> Report:
    """How soon somebody answered first: half, and nine of ten, in business time."""
    rows = []
    for value, name in _named(found, found.tally, "first"):
        spread = found.tally.spread("first", value=value)
        promised = found.names.promised.get(value) if found.by == "channel" else None
        rows.append((name, spread.total(), _share(spread, 0.5), _share(spread, 0.9), promised))
    over = [row for row in rows if row[4] is not None and (row[3] or 0) > row[4]]
    advice = "Nobody is far from what was promised."
    if over:
        name, _, _, slow, promised = max(over, key=lambda row: (row[3] or 0) / (row[4] or 1))
        advice = (
            f"{name}: one in ten waits longer than {spell(slow or 0)}, {spell(promised or 0)} is "
            "the SLA. See when those came in, and who was there."
        )
    elif rows and found.by != "channel":
        name, _, _, slow, _ = max(rows, key=lambda row: row[3] or 0)
        advice = f"{name} is slowest: one in ten waits longer than {spell(slow or 0)}."
    return Report(
        key="first-response",
        title=f"First response {BY[found.by]}",
        lead="How much of the fuse had burnt when we answered",
        finding=_spread_finding("First response", rows),
        advice=advice,
        columns=(
            Column(found.by.capitalize(), is_number=False),
            Column("Answered"),
            Column("Median", "min"),
            Column("Nine of ten", "min"),
            Column("SLA", "min"),
        ),
        rows=rows,
        chart="fuses",
        drawing=_fuses(found, rows, "first"),
        wide=True,
        legend=(("median", "half are answered by here"), ("p90", "nine of ten by here")),
    )


def resolution(found: Found) -> Report:
    """How long it took until it was settled, in business time, waiting included."""
    rows = []
    for value, name in _named(found, found.tally, "solved"):
        spread = found.tally.spread("solved", value=value)
        rows.append((name, spread.total(), _share(spread, 0.5), _share(spread, 0.9), None))
    advice = "Nothing was settled in these days."
    if rows:
        name, _, half, slow, _ = max(rows, key=lambda row: row[3] or 0)
        advice = (
            f"{name} takes longest: one in ten is open for more than {spell(slow or 0)}. "
            f"Half are settled within {spell(half or 0)}."
        )
    return Report(
        key="resolution",
        title=f"Resolution {BY[found.by]}",
        lead="Business time from the question to its end, the asker’s own time included",
        finding=_spread_finding("Resolution", rows),
        advice=advice,
        columns=(
            Column(found.by.capitalize(), is_number=False),
            Column("Settled"),
            Column("Median", "min"),
            Column("Nine of ten", "min"),
        ),
        rows=[row[:4] for row in rows],
        chart="fuses",
        drawing=_fuses(found, rows, "solved"),
        wide=True,
        legend=(("median", "half are settled by here"), ("p90", "nine of ten by here")),
    )


Row = tuple[str, int, float | None, float | None, float | None]


def _named(found: Found, tally: Tally, kind: str) -> list[tuple[str, str]]:
    """Values of the dimension with their names, most facts first."""
    values = tally.values(kind)
    if found.by == "person" and kind == "first":
        values = [value for value in values if value != "0"]  # the community's stand in their own
    return sorted(
        ((value, found.name(value)) for value in values),
        key=lambda pair: (-tally.count(kind, value=pair[0]), pair[1]),
    )


def _share(spread: Counter[int], share: float) -> float | None:
    minutes = percentile(spread, share)
    return None if minutes is None else round(minutes, 1)


def _spread_finding(what: str, rows: Sequence[Row]) -> str:
    if not rows:
        return f"{what}: nothing in these days."
    said = [
        f"{name} {spell(half or 0)} and {spell(slow or 0)}"
        + (f" of {spell(promised)}" if promised else "")
        for name, _, half, slow, promised in rows[:SHOWN]
    ]
    return f"{what}, median and nine of ten: {', '.join(said)}. {NEAR}"


def _fuses(found: Found, rows: Sequence[Row], kind: str) -> object:
    values = _named(found, found.tally, kind)
    return fuses(
        [
            FuseValue(
                name=name,
                icon=found.names.kinds.get(value, "") if found.by == "channel" else "",
                median=half or 0,
                p90=slow or 0,
                promised=promised,
                median_words=spell(half or 0),
                p90_words=spell(slow or 0),
                says=f"SLA {spell(promised)}"
                if promised
                else f"{n} {'ticket' if n == 1 else 'tickets'}",
            )
            for (value, _), (name, n, half, slow, promised) in zip(
                values[:SHOWN], rows[:SHOWN], strict=True
            )
        ]
    )


def figure_sla(found: Found) -> Figure:
    """The first number of the page."""
    label, shares, others = _main(found)
    kept, missed = sum(s.kept for s in shares), sum(s.missed for s in shares)
    share, goal = percent(kept, kept + missed), found.names.goal
    name = "SLA kept" if label == HARD else "SLA targets met"
    if share is None:
        return Figure(name="SLA kept", state="none", value="–", share=0, says="nothing fell due")
    off = share - goal
    points = "point" if abs(off) == 1 else "points"
    words = f"{off} {points} over the goal" if off > 0 else f"{-off} {points} under the goal"
    return Figure(
        name=name,
        state="met" if off >= 0 else "breach" if label == HARD else "today",
        value=f"{share} %",
        share=share,
        says=f"{words if off else 'exactly the goal'}, {_missed(label, missed, others)}",
    )


def _missed(label: str, missed: int, others: Sequence[Share]) -> str:
    """How many were missed, broken promises by their name."""
    broken = sum(share.missed for share in others)
    if label == SOFT and broken:
        return f"{missed} missed, {broken} {'promise' if broken == 1 else 'promises'} broken"
    return f"{missed} missed"


def figure_first(found: Found) -> Figure:
    """The second: how soon half are answered, and whether that got better."""
    name = "First response, median"
    half = percentile(found.tally.spread("first"), 0.5)
    if half is None:
        return Figure(name=name, state="none", value="–", share=0, says="nothing was answered")
    was = percentile(found.before.spread("first"), 0.5)
    days = (found.asked.last - found.asked.first).days + 1
    before = "the day before" if days == 1 else f"the {days} days before"
    says = "nothing before to compare with"
    if was is not None:
        off = round(was) - round(half)
        way = "quicker" if off > 0 else "slower"
        says = f"{spell(abs(off))} {way} than {before}" if off else f"as quick as {before}"
    longest = percentile(found.tally.spread("first"), 0.9) or half or 1
    return Figure(
        name=name,
        state="met",
        value=spell(half),
        share=round(100 * half / longest) if longest else 0,
        says=says,
    )
