"""The page of reports as a value: four figures, and every report that has something to say."""

from collections.abc import Callable
from dataclasses import dataclass

from inbox.reports import flow, helping, promises
from inbox.reports.gathering import Found
from inbox.reports.shapes import Figure, Report

# in the order of the page
REPORTS: dict[str, Callable[[Found], Report]] = {
    "first-response": promises.first_response,
    "sla": promises.sla,
    "categories": flow.categories,
    "hours": flow.hours,
    "volume": flow.volume,
    "community": helping.community,
    "resolution": promises.resolution,
    "waiting": flow.waiting,
    "on-hold": flow.held,
    "rules": flow.rules,
    "champions": helping.champions,
    "docs-gaps": helping.gaps,
    "ratings": helping.ratings,
}


@dataclass(frozen=True, kw_only=True)
class Overview:
    """What a page shows."""

    figures: list[Figure]
    reports: list[Report]
    is_empty: bool


def overview(found: Found) -> Overview:
    """All of it; a report with nothing in it is left out."""
    made = [make(found) for make in REPORTS.values()]
    said = [report for report in made if _says_something(report)]
    return Overview(
        figures=[
            promises.figure_sla(found),
            promises.figure_first(found),
            helping.figure_community(found),
            flow.figure_rules(found),
        ],
        reports=said,
        is_empty=not said,
    )


def _says_something(report: Report) -> bool:
    """Whether any number of the table is more than nothing."""
    places = [n for n, column in enumerate(report.columns) if column.is_number]
    return any(row[n] for row in report.rows for n in places)
