"""Addresses of the desk."""

from allauth.account import views as account
from django.urls import path

from inbox.web import (
    channels,
    deadletters,
    files,
    issues,
    live,
    loop,
    oncall,
    pages,
    people,
    queue,
    review,
    search,
    swapping,
    sweep,
    ticket,
    triage,
    verbs,
)

urlpatterns = [
    path("", queue.home, name="home"),
    path("queue/", queue.queue, name="queue"),
    path("tickets/<int:number>/", ticket.ticket, name="ticket"),
    path("tickets/<int:number>/issue/", issues.ticket_issue, name="ticket-issue"),
    path("issues/new/", issues.new_issue, name="issue-new"),
    path("tickets/<int:number>/<slug:verb>/", verbs.do, name="ticket-do"),
    path("messages/<int:pk>/original/", ticket.original, name="original"),
    path("attachments/<int:pk>/", files.attachment, name="attachment"),
    path("people/", people.people, name="people"),
    path("people/<int:pk>/", people.person, name="person"),
    path("search/", search.search, name="search"),
    path("oncall/", oncall.oncall_page, name="oncall"),
    path("oncall/do/<slug:verb>/", swapping.act, name="oncall-do"),
    path("oncall/handover/<int:pk>/", oncall.handover, name="handover"),
    path("oncall/feed/<str:token>/oncall.ics", oncall.calendar_feed, name="oncall-feed"),
    path("channels/", channels.channels, name="channels"),
    path("channels/<slug:kind>/<slug:key>/", channels.setup, name="channel-setup"),
    path("channels/<slug:kind>/<slug:key>/try/", channels.try_out, name="channel-try"),
    path("loop/", loop.loop, name="loop"),
    path("loop/approve/", loop.approve_all, name="loop-approve"),
    path("loop/<int:pk>/<slug:verb>/", loop.decide, name="loop-do"),
    path("sweep/", sweep.sweep, name="sweep"),
    path("triage/", triage.triage_page, name="triage"),
    path("triage/<int:number>/<slug:verb>/", triage.act, name="triage-do"),
    path("review/", review.review, name="review"),
    path("review/<int:number>/", review.decide, name="review-decide"),
    path("review/undo/<int:pk>/", review.undo, name="review-undo"),
    path("notices/", sweep.notices, name="notices"),
    path("notices/read/", sweep.read, name="notices-read"),
    path("dead-letters/", deadletters.dead_letters, name="dead-letters"),
    path(
        "dead-letters/in/<int:pk>/<slug:verb>/", deadletters.decide_delivery, name="decide-delivery"
    ),
    path(
        "dead-letters/out/<int:pk>/<slug:verb>/",
        deadletters.decide_outgoing,
        name="decide-outgoing",
    ),
    path("preview/", pages.preview, name="preview"),
    path("live/", live.live, name="live"),
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    # allauth asks for these names; nobody signs up and passwords are reset by an admin
    path("signup/", pages.not_found, name="account_signup"),
    path("password/reset/", pages.not_found, name="account_reset_password"),
    path("inactive/", pages.denied, name="account_inactive"),
    path("reauthenticate/", pages.denied, name="account_reauthenticate"),
]
