"""The product's addresses and one that is empty: a signed-in page with a template of one line."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from helpdesk.urls import handler403, handler404, handler500
from helpdesk.urls import urlpatterns as product

__all__ = ["handler403", "handler404", "handler500", "urlpatterns"]


@login_required
def empty(request: HttpRequest) -> HttpResponse:
    """What Django, our middleware, the session and the sign-in cost by themselves."""
    page = engines["django"].from_string("<!doctype html><title>{{ user.username }}</title>")
    return HttpResponse(page.render({"user": request.user}, request))


urlpatterns = [path("empty/", empty), *product]
