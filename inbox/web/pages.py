"""Small pages: Markdown preview, errors."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from inbox.outbox.rendering import to_html


@login_required
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """Markdown as it will be sent."""
    return HttpResponse(to_html(request.POST.get("body", "")))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404, also for what somebody may not see."""
    return render(request, "pages/error.html", {"code": 404}, status=404)


def denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return render(request, "pages/error.html", {"code": 403}, status=403)


def failed(request: HttpRequest) -> HttpResponse:
    """500, without a word of what went wrong inside."""
    if request.path.startswith("/api/"):
        body = {"type": "error", "detail": "Something went wrong here.", "errors": {}}
        return JsonResponse(body, status=500)
    return render(request, "pages/error.html", {"code": 500}, status=500)
