"""The page of reports, and every report as a file."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from inbox.accounts.models import User
from inbox.audit import services as audit
from inbox.reports import asking, services
from inbox.reports.asking import PARAMETERS, PERIODS, USUAL, BadQuestion, Choices
from inbox.reports.exports import as_csv
from inbox.reports.gathering import gather
from inbox.reports.overview import REPORTS, overview
from inbox.reports.summing import DIMENSIONS
from inbox.tickets.models import Ticket
from inbox.web.page import page

EVERYTHING = {
    "channel": "All channels",
    "category": "All categories",
    "person": "Everybody",
    "team": "All teams",
    "priority": "Every priority",
}


@dataclass(frozen=True, kw_only=True)
class Field:
    """One choice of the form: the words in the address and their names."""

    name: str
    everything: str
    chosen: str
    options: list[tuple[str, str]]

    @property
    def says(self) -> str:
        """The name of what is chosen."""
        return next((label for word, label in self.options if word == self.chosen), "")


@login_required
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """Did we keep our word? For any days, narrowed to anything."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    params, known, now = _params(request), asking.choices(user), timezone.now()
    context = _form(params, known)
    try:
        asked, by = asking.ask(user, params, known, now=now)
    except BadQuestion as error:
        context["errors"] = error.errors
        return page(request, "reports/reports.html", context, status=422)
    found = gather(user, asked, known, by=by, now=now)
    context |= {
        "asked": asked,
        "names": found.names,
        "overview": overview(found),
        "is_future": asked.span[0] > now,
        "building": _building(),
        "params": {"first": f"{asked.first}", "last": f"{asked.last}"},
    }
    return page(request, "reports/reports.html", context)


@login_required
@require_safe
def export(request: HttpRequest, key: str) -> HttpResponse:
    """One report, or all of them, as CSV."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    if key not in REPORTS and key != "all":
        raise Http404
    known, now = asking.choices(user), timezone.now()
    try:
        asked, by = asking.ask(user, _params(request), known, now=now)
    except BadQuestion as error:
        return HttpResponse(str(error), content_type="text/plain; charset=utf-8", status=422)
    found = gather(user, asked, known, by=by, now=now)
    audit.record(user, "export.read", f"reports {key}", new=_params(request), request=request)
    wanted = REPORTS.values() if key == "all" else [REPORTS[key]]
    name = f"{key}-{asked.first}-{asked.last}.csv"
    return HttpResponse(
        as_csv(make(found) for make in wanted),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _params(request: HttpRequest) -> dict[str, str]:
    """What was asked, without what we do not know and without what is empty."""
    given = {name: request.GET.get(name, "").replace("\x00", "")[:200] for name in PARAMETERS}
    return {name: value for name, value in given.items() if value.strip()}


def _form(params: dict[str, str], known: Choices) -> dict[str, Any]:
    """The form as it was sent, and the addresses of the usual periods."""
    fields = [
        Field(
            name=dim,
            everything=EVERYTHING[dim],
            chosen=params.get(dim, ""),
            options=[(word, label) for word, _, label in known.of(dim)],
        )
        for dim in DIMENSIONS
    ]
    rest = {name: value for name, value in params.items() if name not in ("from", "to", "period")}
    current = "" if "from" in params or "to" in params else params.get("period", USUAL)
    return {
        "fields": fields,
        "chosen": ", ".join(field.says for field in fields if field.says),
        "params": {"first": params.get("from", ""), "last": params.get("to", "")},
        "periods": [
            (urlencode({"period": name, **rest}), label, name == current)
            for name, label in PERIODS.items()
        ],
        "query": urlencode(params),
        "dimensions": DIMENSIONS,
        "by": params.get("by", DIMENSIONS[0]),
        "errors": {},
    }


def _building() -> int | None:
    """Per cent of the tickets that are counted, while everything is counted anew."""
    state = services.progress()
    if not state.is_building:
        return None
    newest = Ticket.objects.aggregate(newest=Max("pk"))["newest"] or 0
    return min(99, 100 * state.built_to // newest) if newest else None
