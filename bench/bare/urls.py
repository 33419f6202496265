"""One view: check an HMAC, insert one row, answer."""

import hashlib
import hmac

from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest, HttpResponse
from django.urls import path

KEY = b"floor"


def hook(request: HttpRequest) -> HttpResponse:
    """The least a durable signed webhook does."""
    signature = hmac.new(KEY, request.body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signature, request.headers.get("X-Signature", "")):
        return HttpResponse(status=401)
    ContentType.objects.create(app_label="floor", model=signature)
    return HttpResponse("stored\n", content_type="text/plain")


urlpatterns = [path("hook/", hook)]
