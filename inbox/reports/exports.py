"""Reports as CSV. A cell that a spreadsheet would take for a formula is made plain text.

UTF-8 with a byte order mark: without it Excel reads “Tomás” as “TomÃ¡s”; every other reader of
CSV skips it (RFC 4180 leaves the encoding open). Rows end in CR LF as the RFC says.
"""

import csv
import io
from collections.abc import Iterable, Sequence

from inbox.common.cells import inert
from inbox.reports.shapes import Report

BOM = "\ufeff"


def as_csv(reports: Iterable[Report]) -> str:
    """One table after the other, an empty line between them; several carry their titles."""
    many: Sequence[Report] = list(reports)
    out = io.StringIO()
    out.write(BOM)
    writer = csv.writer(out)
    for n, report in enumerate(many):
        if n:
            writer.writerow([])
        if len(many) > 1:
            writer.writerow([inert(report.title)])
        writer.writerow([inert(column.heading) for column in report.columns])
        writer.writerows([inert(value) for value in row] for row in report.rows)
    return out.getvalue()
