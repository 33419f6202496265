"""Small pages: Markdown preview, who is on duty, errors."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inbox.oncall.services import duties
from inbox.outbox.rendering import to_html
from inbox.web.page import page


@login_required
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """Markdown as it will be sent."""
    return HttpResponse(to_html(request.POST.get("body", "")))


@login_required
@require_safe
def oncall(request: HttpRequest) -> HttpResponse:
    """Who is on duty now, by rotation."""
    return page(request, "pages/oncall.html", {"duties": duties(timezone.now())})


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404, also for what somebody may not see."""
    return render(request, "pages/error.html", {"code": 404}, status=404)


def denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return render(request, "pages/error.html", {"code": 403}, status=403)


def failed(request: HttpRequest) -> HttpResponse:
    """500, without a word of what went wrong inside."""
    return render(request, "pages/error.html", {"code": 500}, status=500)
