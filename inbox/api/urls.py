"""Addresses of the API."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView

from inbox.api import errors, reports, rooms, schema, tickets, verbs

VERBS = (
    "reply assign close hold wait reopen snooze tags merge unmerge split link unlink issue fields "
    "trash restore spam"
).split()

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("v1/tickets/", tickets.ticket_list, name="api-tickets"),
    path("v1/tickets/<int:number>/", tickets.ticket_detail, name="api-ticket"),
    path("v1/tickets/<int:number>/messages/", tickets.messages),
    path("v1/tickets/<int:number>/events/", tickets.events),
    path("v1/tickets/<int:number>/trace/", tickets.trace),
    *(path(f"v1/tickets/<int:number>/{name}/", getattr(verbs, name)) for name in VERBS),
    path("v1/people/", rooms.people),
    path("v1/people/<int:pk>/", rooms.person),
    path("v1/rules/", rooms.rules),
    path("v1/rules/<int:pk>/backtest/", rooms.rule_backtest),
    path("v1/channels/", rooms.channels),
    path("v1/deliveries/", rooms.deliveries),
    path("v1/deliveries/<int:pk>/retry/", rooms.delivery_retry),
    path("v1/deliveries/<int:pk>/ignore/", rooms.delivery_ignore),
    path("v1/outgoing/", rooms.outgoing),
    path("v1/outgoing/<int:pk>/<slug:verb>/", rooms.outgoing_decide),
    path("v1/macros/", rooms.macros),
    path("v1/oncall/now/", rooms.oncall_now),
    path("v1/reports/", reports.reports),
    path("v1/reports/<slug:key>/", reports.report),
    re_path(r"^.*$", errors.not_found),
]

__all__ = ["schema", "urlpatterns"]
