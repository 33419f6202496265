"""Reports on what came and went: volume, subjects, hours, what rules did, where time went."""

from itertools import pairwise
from typing import Any

from inbox.reports.charts import bars, counts, heat
from inbox.reports.gathering import BANDS, Found
from inbox.reports.shapes import Column, Figure, Report, change, percent, shown
from inbox.tickets import naming

RULES = {
    "rule_closed": "Solved by a rule",
    "rule_trashed": "Put in the trash by a rule",
    "rule_spam": "Marked as spam by a rule",
    "routed": "Sorted by a rule, answered by people",
    "people": "Untouched by rules",
    "spam": "Marked as spam by people",
    "merged": "Merged into another ticket",
}
BY_RULES = ("rule_closed", "rule_trashed", "rule_spam")
# a state in which time is spent → the status that it is
STATES = {"us": "open", "them": "them", "research": "research", "on_hold": "on_hold"}
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MOST_BARS = 12


def volume(found: Found) -> Report:
    """In, out and what was left on the desk at the end of each period."""
    left, rows = found.standing, []
    for n, period in enumerate(found.cut):
        opened = sum(v for (at, kind, _), v in found.series.items() if (at, kind) == (n, "in"))
        back = found.series.get((n, "back", ""), 0)
        ended = sum(v for (at, kind, _), v in found.series.items() if (at, kind) == (n, "out"))
        left += opened + back - ended
        rows.append((period.words, opened, back, ended, left))
    came = sum(row[1] + row[2] for row in rows)
    went = sum(row[3] for row in rows)
    off = came - went
    advice = "As many left as came."
    if off > 0:
        advice = f"{off} more came than left: close what is answered, or ask for a hand."
    elif off < 0:
        advice = f"{-off} more left than came: the desk is getting clear."
    return Report(
        key="volume",
        title="In, out and left over",
        lead="Tickets per period",
        finding=f"{came} came in or came back, {went} ended, {left} were open at the end; "
        f"{found.standing} were open at the beginning.",
        advice=advice,
        columns=(
            Column("Period", is_number=False),
            Column("Opened"),
            Column("Came back"),
            Column("Ended"),
            Column("Open at the end"),
        ),
        rows=rows,
        chart="lines",
        drawing=counts(
            {
                "left": [row[4] for row in rows],
                "out": [row[3] for row in rows],
                "in": [row[1] + row[2] for row in rows],
            },
            [period.label for period in found.cut],
        ),
        legend=(("in", "in"), ("out", "out"), ("left", "left over")),
    )


def categories(found: Found) -> Report:
    """What tickets were about, and what of it rules dealt with."""
    rows = []
    for value in {*found.sorted_now.values("in"), *found.sorted_before.values("in")}:
        n = found.sorted_now.count("in", value=value)
        rules = sum(found.sorted_now.count("in", value=value, label=label) for label in BY_RULES)
        was = found.sorted_before.count("in", value=value)
        rows.append((found.names.of("category", value), n, n - rules, rules, n - was, was))
    rows.sort(key=lambda row: (-row[1], row[0]))
    grown = max(rows, key=lambda row: row[4], default=None)
    advice = "Nothing grew."
    if grown is not None and grown[4] > 0:
        advice = (
            f"{grown[0]} grew by {grown[4]}: read what they have in common, "
            "a page in the docs may answer them all."
        )
    return Report(
        key="categories",
        title="What it was about",
        lead="Tickets opened, and how many more than before",
        finding="Tickets by category: "
        + (", ".join(f"{row[0]} {row[1]}" for row in rows[:MOST_BARS]) or "none"),
        advice=advice,
        columns=(
            Column("Category", is_number=False),
            Column("Tickets"),
            Column("By people"),
            Column("By rules"),
            Column("Change"),
        ),
        rows=[row[:5] for row in rows],
        chart="bars",
        drawing=bars(
            [
                (name, people, rules, shown(n), change(n, was), "")
                for name, n, people, rules, _, was in rows[:MOST_BARS]
            ]
        ),
        legend=(("people", "by people"), ("rules", "by rules")),
    )


def hours(found: Found) -> Report:
    """When questions arrive, with the hours in which somebody is there."""
    total = sum(found.hours.values())
    closed = sum(n for at, n in found.hours.items() if at not in found.names.open_hours)
    share = percent(closed, total)
    busiest = max(found.hours, key=lambda at: (found.hours[at], at), default=None)
    finding = "Nothing arrived in these days."
    if busiest is not None:
        day, hour = busiest
        finding = (
            f"Most arrive on {WEEKDAYS[day]} from {hour}:00 to {hour + 1}:00. "
            f"{share} % arrive while we are closed."
        )
    advice = "Nothing arrived in these days."
    if share is not None:
        advice = f"{share} % arrive while we are closed; their clocks start when we open."
        if share >= 40:
            advice += " Later hours, or somebody in another zone, would meet more of them."
    return Report(
        key="hours",
        title="When questions arrive",
        lead=f"Hours of {found.asked.zone}. The frame is when we are open.",
        finding=finding,
        advice=advice,
        columns=(Column("Hour", is_number=False), *(Column(day) for day in WEEKDAYS)),
        rows=[
            (f"{hour}:00", *(found.hours.get((day, hour), 0) for day in range(7)))
            for hour in range(24)
        ],
        chart="heat",
        drawing=heat(found.hours, found.names.open_hours),
        wide=True,
        legend=(("heat", ""),),
    )


def rules(found: Found) -> Report:
    """What rules did alone, what they only sorted, and what they left."""
    total = found.sorted_now.count("in")
    rows = []
    for label, name in RULES.items():
        if n := found.sorted_now.count("in", label=label):
            rows.append((name, n, percent(n, total), label))
    alone = sum(found.sorted_now.count("in", label=label) for label in BY_RULES)
    untouched = found.sorted_now.count("in", label="people")
    advice = f"Rules dealt with {alone} of {total} tickets alone."
    if total and untouched * 2 > total:
        advice += f" {untouched} met no rule: the commonest of them may be worth one."
    return Report(
        key="rules",
        title="What rules did",
        lead="Share of the tickets opened",
        finding=", ".join(f"{name} {n}" for name, n, *_ in rows) or "No tickets in these days.",
        advice=advice,
        columns=(Column("How", is_number=False), Column("Tickets"), Column("Share", "%")),
        rows=[row[:3] for row in rows],
        chart="bars",
        drawing=bars(
            [
                (name, 0 if label in BY_RULES else n, n if label in BY_RULES else 0, shown(n),
                 f"{share} %", "")
                for name, n, share, label in rows
            ]
        ),
        legend=(("people", "people"), ("rules", "rules alone")),
    )  # fmt: skip


def waiting(found: Found) -> Report:
    """Where the time of ended tickets went (S58), and how old what stands still is (S66)."""
    rows: list[tuple[Any, ...]] = []
    tally = found.tally
    named = {state: naming.name(key) for state, key in STATES.items()}
    for state, name in named.items():
        cells = [cell for cell in tally.n if cell.kind == "state" and cell.label == state]
        n = sum(tally.n[cell] for cell in cells)
        spent = sum(tally.seconds[cell] for cell in cells) / 3600
        bands = [found.ageing.get((state, band)) for band in range(len(BANDS) + 1)]
        rows.append((name, n, round(spent / n, 1) if n else None, round(spent, 1), *bands))
    whole = sum(row[3] for row in rows)
    them = next(row[3] for row in rows if row[0] == named["them"])
    old = sum(found.ageing.get((state, len(BANDS)), 0) for state in STATES)
    advice = f"{percent(round(them), round(whole)) or 0} % of the time it was the asker’s turn."
    if old:
        advice += f" {old} stand still for more than {BANDS[-1]} days: decide about them."
    still = [f"{a} to {b} days" for a, b in pairwise(BANDS)]
    return Report(
        key="waiting",
        title="Where the time went",
        lead="Average per ended ticket, plain time",
        finding="Hours in each state, all ended tickets together: "
        + ", ".join(f"{row[0]} {shown(row[3], 'h')}" for row in rows),
        advice=advice,
        columns=(
            Column("State", is_number=False),
            Column("Ended tickets"),
            Column("Average", "h"),
            Column("Together", "h"),
            Column(f"Now: under {BANDS[0]} day"),
            *(Column(f"Now: {words}") for words in still),
            Column(f"Now: over {BANDS[-1]} days"),
        ),
        rows=rows,
        chart="bars",
        drawing=bars([(row[0], row[2] or 0, 0, shown(row[2], "h"), "", "") for row in rows]),
    )


def held(found: Found) -> Report:
    """What is on hold for longest, and why."""
    rows = [
        (t.number, t.subject, t.reason, round((found.now - t.since).total_seconds() / 86400, 1))
        for t in found.longest
    ]
    advice = "Nothing is on hold."
    if rows:
        advice = f"#{rows[0][0]} is on hold for longest. Does its reason still stand?"
    return Report(
        key="on-hold",
        title="Longest on hold",
        lead="As of now, whatever the range",
        finding=f"{len(rows)} of the longest on hold.",
        advice=advice,
        columns=(
            Column("Ticket", is_number=False),
            Column("Subject", is_number=False),
            Column("Reason", is_number=False),
            Column("Days"),
        ),
        rows=rows,
        chart="list",
    )


def figure_rules(found: Found) -> Figure:
    """The last number of the page: what nobody had to open."""
    total = found.sorted_now.count("in")
    alone = sum(found.sorted_now.count("in", label=label) for label in BY_RULES)
    share = percent(alone, total)
    return Figure(
        name="Solved by rules",
        state="later",
        value="–" if share is None else f"{share} %",
        share=share or 0,
        says=f"{alone} tickets nobody had to open",
    )
