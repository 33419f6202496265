"""What a delivery is about: which ticket changed, and how. The rest is asked for; pure.

Events say little for sure and come in any order, so they are only hints:
https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inbox.channels.contract import MalformedBody, RawRequest, UnknownEvent
from inbox.channels.jsontext import moment
from integrations.zendesk.payloads import is_number

EVENT, TICKET = "zen:event-type:", "ticket."
TRIGGER, EXPORT = "trigger", "export"
GONE = {"soft_deleted", "permanently_deleted", "marked_as_spam"}
NUMBERS = ("ticket_id", "ticketID", "ticketId")  # what admins call it in their triggers
# changes of a ticket after which nothing here reads otherwise
QUIET = frozenset(
    "brand_changed custom_field_changed email_ccs_changed external_id_changed followers_changed "
    "form_changed group_assignment_changed ola_policy_changed organization_changed "
    "problem_link_changed schedule_changed sla_policy_changed submitter_changed "
    "task_due_at_changed type_changed".split()
)
# known events of other parts of Zendesk, by the first word of their type
ELSEWHERE = {
    "messaging_ticket": (
        "a message of Zendesk messaging: its words come with the ticket's comments, "
        "and answering in the chat itself needs Sunshine Conversations"
    ),
    "user": "about a user, not a ticket",
    "organization": "about an organization, not a ticket",
    "article": "about the help centre, not a ticket",
    "community_post": "about the help centre, not a ticket",
    "agent": "about an agent's availability, not a ticket",
    "omnichannel_config": "about routing at Zendesk, not a ticket",
}


@dataclass(frozen=True, kw_only=True)
class Hint:
    """One ticket to look at; `ignored` says why none."""

    number: str = ""
    what: str = ""  # the event without its prefix, or trigger, or export
    comment: str = ""
    actor: str = ""
    target: str = ""  # the ticket that it was merged into
    at: datetime | None = None
    ignored: str = ""


def hint_of(raw: RawRequest) -> Hint:
    """What the body says. Raises `MalformedBody`, `UnknownEvent`."""
    body = raw.json()
    if not isinstance(body, dict) or not body:
        raise MalformedBody("the body is no object")
    name = str(body.get("type") or "")
    if name.startswith(EVENT):
        return _event(name.removeprefix(EVENT), body)
    return _trigger(name, body)


def _event(name: str, body: Mapping[str, Any]) -> Hint:
    if not name.startswith(TICKET):
        known = ELSEWHERE.get(name.partition(".")[0])
        if known is None:
            raise UnknownEvent(name[:100])
        return Hint(ignored=known)
    what = name.removeprefix(TICKET)
    if what in QUIET:
        return Hint(ignored=f"{what}: nothing that is kept here")
    detail, event = _dict(body, "detail"), _dict(body, "event")
    number = detail.get("id") or str(body.get("subject") or "").removeprefix("zen:ticket:")
    if not is_number(number):
        raise MalformedBody("the event names no ticket")
    return Hint(
        number=str(number),
        what=what,
        comment=_id(_dict(event, "comment").get("id")),
        actor=_id(detail.get("actor_id")),
        target=_id(event.get("target_ticket_id") or _dict(event, "target_ticket").get("id")),
        at=moment(body.get("time")),
    )


def _trigger(name: str, body: Mapping[str, Any]) -> Hint:
    """A body that an admin wrote; ours says only which ticket it was."""
    given = next((body[known] for known in NUMBERS if known in body), None)
    if given is None:
        raise UnknownEvent((name or "a body without a ticket's number")[:100])
    if not is_number(given):
        raise MalformedBody("the trigger's body holds no ticket number: check its placeholder")
    what = name if name in (EXPORT, *GONE) else TRIGGER
    return Hint(number=str(given), what=what, at=moment(body.get("updated_at")))


def _dict(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def _id(value: Any) -> str:
    return str(value) if is_number(value) else ""
