"""Reports as CSV. A cell that a spreadsheet would take for a formula is made plain text.

UTF-8 with a byte order mark: without it Excel reads “Tomás” as “TomÃ¡s”; every other reader of
CSV skips it (RFC 4180 leaves the encoding open). Rows end in CR LF as the RFC says.
"""

import csv
import io
from collections.abc import Iterable, Sequence

from inbox.reports.shapes import Report, Value

BOM = "\ufeff"
# https://owasp.org/www-community/attacks/CSV_Injection
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def inert(value: Value) -> Value:
    """A text that begins like a formula gets an apostrophe before it; numbers stay numbers."""
    if isinstance(value, str) and value.lstrip(" ").startswith(DANGEROUS):
        return f"'{value}"
    return value


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
