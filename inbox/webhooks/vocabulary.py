"""The events that can be subscribed to: our public names for what happens to a ticket."""

from inbox.tickets import kinds

PING = "ping"
# name → (what happens, the kinds of ticket events that it stands for)
EVENTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ticket.opened": ("A ticket is opened", (kinds.OPENED,)),
    "message.in": ("Somebody writes", (kinds.MESSAGE_IN,)),
    "message.out": ("An answer is given", (kinds.MESSAGE_OUT,)),
    "message.note": ("A note is written, with its text", (kinds.NOTE,)),
    "message.edited": ("A message is changed", (kinds.MESSAGE_EDITED,)),
    "message.deleted": ("A message is deleted", (kinds.MESSAGE_DELETED,)),
    "message.failed": ("An answer could not be sent", (kinds.SEND_FAILED,)),
    "ticket.status": ("The status changes", (kinds.STATUS,)),
    "ticket.assigned": ("Somebody gets it, or nobody", (kinds.ASSIGNED,)),
    "ticket.team": ("A team gets it", (kinds.TEAM,)),
    "ticket.closed": ("It is closed", (kinds.CLOSED,)),
    "ticket.reopened": ("It is opened again", (kinds.REOPENED,)),
    "ticket.held": ("It is put on hold", (kinds.HELD,)),
    "ticket.snoozed": ("It is snoozed, or wakes", (kinds.SNOOZED, kinds.WOKEN)),
    "ticket.merged": ("It is merged, or a merge is undone", (kinds.MERGED, kinds.UNMERGED)),
    "ticket.split": ("Messages leave for a ticket of their own", (kinds.SPLIT,)),
    "ticket.tags": ("Tags are put on or taken off", (kinds.TAGGED, kinds.UNTAGGED)),
    "ticket.category": ("The category changes", (kinds.CATEGORY,)),
    "ticket.priority": ("The priority changes", (kinds.PRIORITY,)),
    "ticket.linked": ("A link is put on or taken off", (kinds.LINKED, kinds.UNLINKED)),
    "ticket.removed": (
        "It goes to the trash or to spam, or comes back",
        (kinds.TRASHED, kinds.SPAM, kinds.RESTORED),
    ),
    "sla.warning": ("An SLA is due soon", (kinds.DUE_WARNING,)),
    "sla.breach": ("An SLA is breached", (kinds.BREACHED,)),
    "sla.missed": ("A soft target is missed", (kinds.MISSED,)),
}
NAMES = {kind: name for name, (_, found) in EVENTS.items() for kind in found}
