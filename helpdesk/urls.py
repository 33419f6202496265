"""The whole URL table."""

from django.contrib import admin
from django.urls import include, path

from inbox.channels.views import webhook
from inbox.operations.views import healthz, metrics, readyz

urlpatterns = [
    path("hooks/<slug:kind>/<slug:key>/", webhook, name="webhook"),
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("api/", include("inbox.api.urls")),
    path("admin/", admin.site.urls),
    path("", include("inbox.web.urls")),
]

handler403 = "inbox.web.pages.denied"
handler404 = "inbox.web.pages.not_found"
handler429 = "inbox.web.pages.too_often"
handler500 = "inbox.web.pages.failed"
