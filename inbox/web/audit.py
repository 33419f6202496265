"""The audit log for admins: who changed what, narrowed down, and as a file."""

import csv
import io
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from inbox.accounts.models import User
from inbox.audit import queries, services
from inbox.audit.models import AuditEntry
from inbox.audit.services import plain
from inbox.common.cells import inert
from inbox.web.page import page, zone_of

PER_PAGE = 50
MOST_ROWS = 50_000
NAMES = ("who", "what", "from", "to")
HEAD = ("number", "at", "who", "what", "target", "before", "after", "address", "seal")


@login_required
@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """Newest first, a page at a time."""
    asked, rows = _asked(request)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 16:
        rows = rows.filter(number__lt=int(before))
    found = list(rows[: PER_PAGE + 1])
    more = found[PER_PAGE - 1].number if len(found) > PER_PAGE else 0
    context = {
        "rows": [(row, _changes(row)) for row in found[:PER_PAGE]],
        "words": queries.words(),
        "asked": asked,
        "older": "?" + urlencode({**asked, "before": more}) if more else "",
        "file": "?" + urlencode(asked),
    }
    return page(request, "pages/audit.html", context)


@login_required
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """What is shown, as CSV; that it was taken is an entry itself."""
    asked, rows = _asked(request)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEAD)
    for row in rows[:MOST_ROWS].iterator():
        at = row.at.astimezone(UTC).isoformat()
        cells = (row.actor, row.what, row.target, plain(row.old), plain(row.new), row.address)
        writer.writerow([row.number, at, *map(inert, cells), row.seal])
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    services.record(user, "export.read", "audit log", new=asked, request=request)
    return HttpResponse(
        text.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="audit.csv"'},
    )


def _asked(request: HttpRequest) -> tuple[dict[str, str], QuerySet[AuditEntry]]:
    """What the entries are narrowed to; a day that is none narrows nothing down."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    given = {name: request.GET.get(name, "").replace("\x00", "").strip()[:150] for name in NAMES}
    zone = ZoneInfo(zone_of(user))
    rows = queries.entries(
        who=given["who"],
        what=given["what"],
        begin=_midnight(given["from"], zone),
        end=_midnight(given["to"], zone, days=1),
    )
    return {name: value for name, value in given.items() if value}, rows


def _midnight(text: str, zone: ZoneInfo, *, days: int = 0) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=days), time(), zone)
    except (ValueError, OverflowError):
        return None


def _changes(row: AuditEntry) -> list[tuple[str, str, str]]:
    """(name, before, after) of each thing that is different."""
    if isinstance(row.old, dict) or isinstance(row.new, dict):
        old, new = _mapping(row.old), _mapping(row.new)
        return [(name, plain(old.get(name)), plain(new.get(name))) for name in {**old, **new}]
    before, after = plain(row.old), plain(row.new)
    return [("", before, after)] if before or after else []


def _mapping(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    return {} if value is None else {"": value}
