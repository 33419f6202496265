"""Live chats shown to the team as threads of a forum, line by line (S15).

What is said under the card comes back by the intake; here is only the way out. A forum that is
down stops nothing: the lines are rows, and leave in their order when it is back.
"""

from datetime import timedelta
from html import unescape
from typing import Any

from inbox.channels.contract import Capability
from inbox.common import work
from inbox.mirrors import services as mirrors
from inbox.mirrors.models import MirrorCard, MirrorTarget, Purpose
from inbox.outbox import services as outbox
from inbox.outbox.effects import queue_effect
from inbox.outbox.models import Outgoing
from inbox.outbox.sending import BRIDGED
from inbox.tickets import kinds
from inbox.tickets.models import Message, ThreadRole, TicketEvent, Visibility


def on_event(event: TicketEvent) -> None:
    """Public lines of a chat go to its thread; edits and deletions follow them."""
    ticket = event.ticket
    if work.current().historic or ticket.restricted_team_id:
        return
    if Capability.LIVE not in ticket.channel.type.capabilities:
        return
    if event.kind in (kinds.MESSAGE_IN, kinds.MESSAGE_OUT):
        message = work.current().objects["message", event.data["message"]]
        if message.visibility == Visibility.PUBLIC and message.thread.role == ThreadRole.CUSTOMER:
            for target in mirrors.targets(Purpose.BRIDGE):
                _pass_on(message, target)
    elif event.kind in (kinds.MESSAGE_EDITED, kinds.MESSAGE_DELETED):
        _follow(event.data["message"], "edit" if event.kind == kinds.MESSAGE_EDITED else "delete")


def _pass_on(message: Message, target: MirrorTarget) -> None:
    ticket = message.ticket
    mirrors.show(ticket, target, message)
    card = MirrorCard.objects.get(ticket=ticket, channel=target.channel, purpose=Purpose.BRIDGE)
    outbox.insert(
        ticket=ticket,
        channel=target.channel,
        kind=BRIDGED,
        automatic=True,
        lane=card.outgoing.lane,
        delay=timedelta(),
        key=f"bridge:{message.pk}:{target.pk}",
        payload={
            "of": message.pk,
            "thread_of": card.outgoing_id,
            "text": _words(message),
            "author_name": message.author_label or "Visitor",
            "author_key": outbox.author_key(message.author_user_id, target.channel),
            "files": [[f.filename, f.content_type, f.sha256] for f in message.attachments.all()],
        },
    )


def _words(message: Message) -> str:
    """A visitor's words call nobody: `mention:` is our own way to do so."""
    text = message.new_text or message.body_text
    # Markdown decodes entities and escapes in an address, so the word is looked for behind them
    if message.direction == "in" and "mention" in unescape(text).replace("\\", ""):
        text = text.replace("[", "\\[").replace("<", "\\<")
    names = ", ".join(file.filename for file in message.attachments.all())
    return text or f"sent {names}"


def _follow(message_id: int, effect: str) -> None:
    for row in Outgoing.objects.filter(kind=BRIDGED, payload__of=message_id):
        message = Message.objects.get(pk=message_id)
        data: dict[str, Any] = {"target_of": row.pk}
        if effect == "edit":
            data["text"] = _words(message)
        queue_effect(row.channel, effect, data=data, ticket=message.ticket, lane=row.lane)
