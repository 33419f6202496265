"""Addresses of the API."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView

from inbox.api import (
    errors,
    people,
    playbooks,
    quotes,
    referrals,
    reports,
    rooms,
    schema,
    tickets,
    verbs,
    webhooks,
)

VERBS = (
    "reply assign close hold wait reopen snooze tags merge unmerge split link unlink issue fields "
    "trash restore spam refer"
).split()
PEOPLE_VERBS = "champion champion_off note name alias nominate merge apart split undo".split()
QUOTE_VERBS = "ask answer withdraw".split()

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("v1/tickets/", tickets.ticket_list, name="api-tickets"),
    path("v1/tickets/<int:number>/", tickets.ticket_detail, name="api-ticket"),
    path("v1/tickets/<int:number>/messages/", tickets.messages),
    path("v1/tickets/<int:number>/events/", tickets.events),
    path("v1/tickets/<int:number>/trace/", tickets.trace),
    *(path(f"v1/tickets/<int:number>/{name}/", getattr(verbs, name)) for name in VERBS),
    path("v1/tickets/<int:number>/quote/", quotes.keep),
    path("v1/people/", people.people),
    path("v1/people/proposals/", people.proposals),
    path("v1/people/<int:pk>/", people.person),
    *(path(f"v1/people/<int:pk>/{name}/", getattr(people, name)) for name in PEOPLE_VERBS),
    path("v1/quotes/", quotes.listing),
    path("v1/quotes/<int:pk>/", quotes.quote),
    *(path(f"v1/quotes/<int:pk>/{name}/", getattr(quotes, name)) for name in QUOTE_VERBS),
    path("v1/referrals/", referrals.listing),
    path("v1/referrals/<int:pk>/answer/", referrals.answer),
    path("v1/rules/", rooms.rules),
    path("v1/rules/<int:pk>/backtest/", rooms.rule_backtest),
    path("v1/channels/", rooms.channels),
    path("v1/deliveries/", rooms.deliveries),
    path("v1/deliveries/<int:pk>/retry/", rooms.delivery_retry),
    path("v1/deliveries/<int:pk>/ignore/", rooms.delivery_ignore),
    path("v1/outgoing/", rooms.outgoing),
    path("v1/outgoing/<int:pk>/<slug:verb>/", rooms.outgoing_decide),
    path("v1/macros/", rooms.macros),
    path("v1/playbooks/", playbooks.playbooks),
    path("v1/playbooks/runs/", playbooks.runs),
    path("v1/playbooks/runs/<int:pk>/", playbooks.run),
    path("v1/oncall/now/", rooms.oncall_now),
    path("v1/reports/", reports.reports),
    path("v1/reports/<slug:key>/", reports.report),
    path("v1/webhooks/", webhooks.webhooks),
    path("v1/webhooks/<int:pk>/", webhooks.webhook),
    path("v1/webhooks/<int:pk>/deliveries/", webhooks.deliveries),
    path("v1/webhooks/<int:pk>/ping/", webhooks.ping),
    path("v1/webhooks/<int:pk>/secret/", webhooks.secret),
    path("v1/webhooks/<int:pk>/replay/", webhooks.replay),
    re_path(r"^.*$", errors.not_found),
]

__all__ = ["schema", "urlpatterns"]
