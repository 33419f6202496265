"""What leaves the desk as a table, and numbers as forms and addresses bring them."""

import csv
import io
from collections.abc import Iterable, Sequence
from itertools import chain

from django.http import HttpResponse
from django.utils import timezone

from inbox.common.cells import inert
from inbox.reports.exports import BOM
from inbox.reports.shapes import Value

LONGEST_PAGE = 5


def csv_of(name: str, headings: Sequence[str], lines: Iterable[Sequence[Value]]) -> HttpResponse:
    """A file of today's date; no cell of it is a formula."""
    out = io.StringIO()
    out.write(BOM)
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerows([inert(cell) for cell in line] for line in chain([headings], lines))
    return HttpResponse(
        out.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}-{timezone.now():%F}.csv"',
            "Cache-Control": "private, no-store",
        },
    )


def numbered(text: str) -> int:
    """The id that a text names; 0 where it names none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def paged(text: str) -> int:
    """The page that an address asks for; the first where it asks for none."""
    return max(numbered(text), 1) if len(text) < LONGEST_PAGE else 1
