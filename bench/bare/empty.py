"""An empty page: what a page of the desk is measured against."""

from django.http import HttpRequest, HttpResponse
from django.urls import path


def empty(request: HttpRequest) -> HttpResponse:
    """Nothing."""
    del request
    return HttpResponse("")


urlpatterns = [path("", empty)]
