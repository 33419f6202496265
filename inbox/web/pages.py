"""Small pages: Markdown preview, errors."""

import sys

from django.contrib.auth.decorators import login_required
from django.db import OperationalError
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


def too_often(request: HttpRequest) -> HttpResponse:
    """429: somebody tried so often that it looks like guessing."""
    answer = render(request, "pages/error.html", {"code": 429}, status=429)
    answer["Retry-After"] = "300"
    return answer


def failed(request: HttpRequest) -> HttpResponse:
    """500, without a word of what went wrong inside; 503 when the database is away or too busy."""
    code = 503 if isinstance(sys.exception(), OperationalError) else 500
    if request.path.startswith("/api/"):
        body = {"type": "error", "detail": "Something went wrong here.", "errors": {}}
        answer: HttpResponse = JsonResponse(body, status=code)
    else:
        answer = render(request, "pages/error.html", {"code": code}, status=code)
    if code == 503:
        answer["Retry-After"] = "5"
    return answer
