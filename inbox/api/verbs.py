"""What can be done to a ticket by the API: one verb of `tickets.services` each."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from inbox import pipeline
from inbox.accounts.models import Team, User
from inbox.accounts.permissions import Right, can
from inbox.api import bodies
from inbox.api.auth import MayAct, MayReply, account
from inbox.api.posting import posted, told
from inbox.api.tickets import shown, visible
from inbox.common import work
from inbox.common.work import Actor
from inbox.community import referring
from inbox.guard import secrets
from inbox.guard import services as guard
from inbox.loop import issues, ties, triage
from inbox.loop import services as loop
from inbox.notify import mentions
from inbox.outbox import effects
from inbox.tickets import queries
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket

Verb = Callable[[Ticket, dict[str, Any], User], Any]


def verb(
    name: str, fields: type[bodies.Strict], *, may: type[BasePermission] = MayAct
) -> Callable[[Verb], Any]:
    """Make a function of (ticket, data, user) a POST of the API; it answers with the ticket."""

    def wrap(act: Verb) -> Any:
        def do(request: Request, number: int) -> Response:
            user, ticket = account(request), visible(request, number)
            data = told(fields, request)
            with pipeline.change(Actor.user(user)):
                made = act(ticket, data, user)
            return Response(shown(request, made.pk if isinstance(made, Ticket) else number))

        do.__doc__ = act.__doc__
        return posted(f"tickets_{name}", fields, may)(do)

    return wrap


@verb("reply", bodies.Reply, may=MayReply)
def reply(ticket: Ticket, data: dict[str, Any], user: User) -> None:
    """Answer in public, or write an internal note."""
    if data["internal"]:
        mentions.check(ticket, data["body"])
        tickets.add_note(ticket, body=data["body"], user=user)
        return
    if not can(user, Right.REPLY):
        raise PermissionDenied("A light agent writes internal notes only.")
    work.current().cache[secrets.ANYWAY] = data["anyway"]
    tickets.reply(
        ticket,
        body=data["body"],
        user=user,
        then=data["then"],
        last_seen_message=data.get("last_seen_message"),
    )


@verb("assign", bodies.Assign)
def assign(ticket: Ticket, data: dict[str, Any], user: User) -> None:
    """Give the ticket to somebody, or to nobody."""
    if "assignee" in data:
        name = data["assignee"]
        owner = User.objects.filter(username=name, is_active=True).first() if name else None
        if name and owner is None:
            raise ValidationError({"assignee": ["There is no active account of this name."]})
        tickets.assign(ticket, owner)
    if "team" in data:
        team = Team.objects.filter(key=data["team"]).first() if data["team"] else None
        if data["team"] and team is None:
            raise ValidationError({"team": ["There is no team of this name."]})
        tickets.set_team(ticket, team)


@verb("close", bodies.Close)
def close(ticket: Ticket, data: dict[str, Any], user: User) -> None:
    """End the ticket with a resolution."""
    if data.get("link"):
        loop.add_link(ticket, url=data["link"])
    ticket = tickets.close(ticket, resolution=data["resolution"], note=data["note"])
    if data["there"]:
        effects.stand_there(ticket, closed=True)


@verb("hold", bodies.Hold)
def hold(ticket: Ticket, data: dict[str, Any], user: User) -> None:
    """Put the ticket on hold, with a reason."""
    tickets.hold(ticket, reason=data["reason"])


@verb("wait", bodies.Wait)
def wait(ticket: Ticket, data: dict[str, Any], user: User) -> None:
    """In progress: waiting on them, or researching."""
    tickets.wait(ticket, on=data["on"])


@verb("reopen", bodies.Empty)
def reopen(ticket: Ticket, data: dict[str, Any], user: User) -> None:
    """Make the ticket ours to answer again."""
    if ticket.status == "merged":
        tickets.unmerge(ticket)
    else:
        tickets.reopen(ticket)


@verb("snooze", bodies.Snooze)
def snooze(ticket: Ticket, data: dict[str, Any], user: User) -> None:
    """Hide until a time, or until a time or a reply; null wakes."""
    if data["until"] is None:
        tickets.unsnooze(ticket, why="woken by hand")
        return
    until = serializers.DateTimeField().to_internal_value(data["until"])
    if (
        not data["until"].rstrip().endswith("Z")
        and "+" not in data["until"][10:]
        and "-" not in data["until"][10:]
    ):
        raise ValidationError({"until": ["An ISO time with a zone is needed."]})
    tickets.snooze(ticket, until=until, mode=data["mode"])


@verb("tags", bodies.Tags)
def tags(ticket: Ticket, data: dict[str, Any], user: User) -> None:
    """Put tags on, take tags off."""
    tickets.add_tags(ticket, data["add"])
    tickets.remove_tags(ticket, data["remove"])


@verb("merge", bodies.Merge)
def merge(ticket: Ticket, data: dict[str, Any], user: User) -> Ticket:
    """Merge into another ticket that the account may see; answers with that one."""
    into = get_object_or_404(queries.visible_to(user), pk=data["into"])
    return tickets.merge(ticket, into=into)


@verb("unmerge", bodies.Empty)
def unmerge(ticket: Ticket, data: dict[str, Any], user: User) -> Ticket:
    """Undo a merge."""
    return tickets.unmerge(ticket)


@verb("split", bodies.Split)
def split(ticket: Ticket, data: dict[str, Any], user: User) -> Ticket:
    """Take messages out into a new ticket; answers with that one."""
    return tickets.split(ticket, data["messages"], subject=data["subject"])


@verb("link", bodies.Link)
def link(ticket: Ticket, data: dict[str, Any], user: User) -> None:
    """Link the ticket to something outside, or to another ticket (`related`, `duplicate`)."""
    other = ties.other_of(user, data["url"])
    if other is None:
        loop.add_link(ticket, url=data["url"], kind=data["kind"])
    else:
        ties.tie(ticket, other, kind=data["kind"])


@verb("unlink", bodies.Unlink)
def unlink(ticket: Ticket, data: dict[str, Any], user: User) -> None:
    """Take a link off."""
    ties.untie(ticket, url=data["url"])


@verb("issue", bodies.Issue)
def issue(ticket: Ticket, data: dict[str, Any], user: User) -> None:
    """Open an issue from the ticket; quotes leave without names, everything without secrets."""
    places = issues.places()
    source = next((row for row in places if row.external_key == data["place"]), None)
    if source is None:
        raise ValidationError({"place": ["No issue can be opened there."]})
    quoted = issues.quote(ticket, data["quote"], named=data["named"])
    wanted = issues.Wanted(
        source=source,
        title=data["title"],
        text=f"{data['body'].strip()}\n\n{quoted}",
        labels=data["labels"],
        close=data["close"],
        confirmed=data["confirmed"],
        token=uuid.uuid4().hex,
    )
    issues.open_issue(wanted, user=user, ticket=ticket, delay=timedelta())


@verb("fields", bodies.Fields)
def fields(ticket: Ticket, data: dict[str, Any], user: User) -> None:
    """Category, priority, kind, subject."""
    for name, act in (
        ("category", tickets.set_category),
        ("priority", tickets.set_priority),
        ("kind", tickets.set_kind),
        ("subject", tickets.set_subject),
    ):
        if name in data:
            act(ticket, data[name])


@verb("trash", bodies.Empty)
def trash(ticket: Ticket, data: dict[str, Any], user: User) -> None:
    """Put in the trash, restorable for 30 days."""
    tickets.trash(ticket)


@verb("restore", bodies.Empty)
def restore(ticket: Ticket, data: dict[str, Any], user: User) -> None:
    """Bring back from trash or spam."""
    tickets.restore(ticket)


@verb("spam", bodies.Spam)
def spam(ticket: Ticket, data: dict[str, Any], user: User) -> None:
    """Mark as spam: nothing is ever sent; its sender may be blocked with it."""
    tickets.mark_spam(ticket)
    if data["block"]:
        guard.block_sender(ticket, by=user, what=data["block"], reason="spam")


@verb("refer", bodies.Refer)
def refer(ticket: Ticket, data: dict[str, Any], user: User) -> None:
    """Put it on product's list; the reason is a note, too (S46)."""
    triage.refer(ticket, why=data["reason"], user=user)
    referring.refer(ticket, why=data["reason"], area=data["area"])
