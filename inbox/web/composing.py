"""What the composer shows: the words so far, who gets them, by which channel, which files."""

from typing import Any

from django.http import QueryDict

from inbox.accounts.models import User
from inbox.channels import use
from inbox.channels.contract import Capability
from inbox.common.config import setting
from inbox.tickets import drafts, recipients, scheduling
from inbox.tickets import services as tickets
from inbox.tickets.drafts import Draft
from inbox.tickets.errors import NotAllowed
from inbox.tickets.models import Attachment, Direction, Message, Thread, Ticket, Visibility
from inbox.tickets.replying import NO_ADDRESS, Route
from inbox.web.conversation import Talk
from inbox.web.files import ids_of


def context(row: Ticket, user: User, talk: Talk, given: QueryDict | None) -> dict[str, Any]:
    """The composer's part of the page; `given`: a form that is shown again as it was sent."""
    found = drafts.on_page(row, user)
    mine = [draft for draft in found if draft.user_id == user.pk]
    route = _route(row, talk)
    last = _last_answer(row, talk)
    channel = route.thread.channel if route else row.channel
    return {
        "draft": _as_form(mine),
        "files": _files(mine, user, given),
        "proposals": [draft for draft in found if draft.user_id != user.pk],
        "mine_shared": any(draft.shared for draft in mine),
        "route": route,
        "said_by": channel,
        "no_use": use.why_not(channel, user.pk) or (NO_ADDRESS if route and route.nobody else ""),
        "takes_files": Capability.ATTACHMENTS in channel.type.capabilities,
        "also": given.getlist("also") if given is not None else [],
        "new_people": recipients.new_in(row, route, last) if route else (),
        "gone_people": _gone(route, last) if route else (),
        "schedule_link": scheduling.link(row),
        "undo_seconds": int(setting("undo_seconds")),
    }


def _route(row: Ticket, talk: Talk) -> Route | None:
    """How an answer would leave; None where a merge has taken the conversation away."""
    try:
        route = tickets.reply_route(row, newest=talk.newest or ())
    except (Thread.DoesNotExist, NotAllowed):  # perhaps since the ticket was read a moment ago
        return None
    if route.thread.source_id == row.source_id:  # known already, and the page names it
        route.thread.source = row.source
    return route


def _as_form(mine: list[Draft]) -> dict[str, str]:
    """One's own drafts as the composer's fields; a merge may have brought a second one."""
    bodies = [draft.body for draft in mine if draft.body.strip()]
    return {"body": "\n\n".join(bodies), "mode": mine[-1].mode if mine else "reply"}


def _files(mine: list[Draft], user: User, given: QueryDict | None) -> list[Attachment]:
    if given is not None and given.getlist("file"):
        rows = Attachment.objects.filter(pk__in=ids_of(given), uploader=user, message=None)
    elif mine:
        rows = Attachment.objects.filter(draft__in=mine, message=None)
    else:
        return []
    return list(rows.order_by("pk"))


def _last_answer(row: Ticket, talk: Talk) -> Message | None:
    for message in reversed(talk.newest or ()):
        public = message.visibility == Visibility.PUBLIC and message.deleted_at is None
        if public and message.direction == Direction.OUT:
            return message
    # an older window does not know; a whole conversation without an answer has none
    unsure = row.answered_at is not None and (talk.newest is None or talk.older)
    return recipients.last_answer(row) if unsure else None


def _gone(route: Route, last: Message | None) -> tuple[str, ...]:
    """Who got the last answer and would not get this one."""
    now = {*route.to, *route.cc}
    before = (*last.to, *last.cc) if last and route.to else ()
    return tuple(one for one in before if one.lower() not in now)
