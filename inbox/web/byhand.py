"""New ticket: what somebody said on the telephone or in the hallway, written down."""

import re
import uuid

from django.contrib.auth.decorators import login_required
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from inbox import pipeline
from inbox.accounts.models import User
from inbox.channels import directory, use
from inbox.channels.contract import Capability
from inbox.channels.models import Channel
from inbox.common.work import Actor
from inbox.intake import byhand
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Thread, Ticket
from inbox.web import toasts
from inbox.web.guard import entered
from inbox.web.menus import menus
from inbox.web.page import page

FIELDS = ("name", "reach", "subject", "text", "category", "mailbox")
LONGEST = 100_000


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_ticket(request: HttpRequest) -> HttpResponse:
    """The form; a post opens the ticket. Addresses may fill in who it is about."""
    user = entered(request)
    boxes = _mailboxes(user)
    problem = None
    if request.method == "POST":
        try:
            ticket = _opened(request.POST, user, boxes)
        except VerbError as error:
            problem = error
        else:
            toasts.say(request, f"#{ticket.pk} is on the desk.")
            return HttpResponseRedirect(reverse("ticket", args=[ticket.pk]))
    given = request.POST if request.method == "POST" else request.GET
    context = {
        "draft": {name: given.get(name, "") for name in FIELDS},
        "takes": "take" in given,
        "key": _key(given),
        "mailboxes": boxes,
        "categories": menus()["categories"],
        "problem": problem,
    }
    return page(request, "tickets/new.html", context, status=422 if problem else 200)


def _mailboxes(user: User) -> list[Channel]:
    """Where it can be kept: mailboxes by which this account may answer."""
    found = [c for c in directory.active() if Capability.RECIPIENTS in c.type.capabilities]
    return [channel for channel in found if not use.why_not(channel, user.pk)]


def _key(given: QueryDict) -> str:
    """The form's own, so that a second click makes no second ticket."""
    key = given.get("key", "")
    return key if re.fullmatch("[0-9a-f]{32}", key) else uuid.uuid4().hex


def _opened(data: QueryDict, user: User, boxes: list[Channel]) -> Ticket:
    words = {name: data.get(name, "").replace("\x00", "").strip()[:LONGEST] for name in FIELDS}
    channel = next((box for box in boxes if str(box.pk) == words["mailbox"]), None)
    if channel is None:
        raise VerbError("Choose the mailbox that answers.", field="mailbox")
    ticket = _written_down(channel, words, _key(data), user)
    # what a person says comes after the rules, so it stands
    with pipeline.change(Actor.user(user)):
        if words["category"]:
            tickets.set_category(ticket, words["category"])
        if "take" in data:
            tickets.assign(ticket, user)
    return ticket


def _written_down(channel: Channel, words: dict[str, str], key: str, user: User) -> Ticket:
    said = {name: words[name] for name in ("name", "reach", "subject", "text")}
    try:
        with pipeline.change(Actor.user(user)):
            return byhand.write_down(channel=channel, key=key, **said)
    except IntegrityError:  # sent twice
        where = {"realm": channel.realm, "thread_key": byhand.thread_key(key)}
        thread = Thread.objects.select_related("ticket").filter(**where).first()
        if thread is None:
            raise
        return thread.ticket
