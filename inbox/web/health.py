"""The health page: every connection and process, what is wrong, and what to do."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from inbox.accounts.permissions import Right, can
from inbox.operations import checking
from inbox.operations import health as operations
from inbox.web.page import page


@login_required
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """For admins and agents; it asks for itself anew every half minute."""
    now = timezone.now()
    lines, processes = operations.lines(now), operations.processes(now)
    context = {
        "lines": lines,
        "processes": processes,
        "worst": operations.worst([*lines, *processes]),
        "warnings": checking.warnings() if can(request.user, Right.MANAGE) else [],
        "at": now,
    }
    return page(request, "health/health.html", context, fragments={"health"})
