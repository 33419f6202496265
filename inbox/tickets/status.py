"""Where a ticket stands: every move between statuses, and snoozing."""

from datetime import datetime, timedelta
from typing import Any

from inbox.tickets import kinds
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.models import ENDED, LIVE, Resolution, Status, Ticket, WaitingOn
from inbox.tickets.recording import now, own, record, touch

NEEDS_LINK = {Resolution.BECAME_ISSUE, Resolution.DOCS_GAP}
TRASH_WINDOW = timedelta(days=30)


def set_status(
    ticket: Ticket, status: str, *, waiting_on: str, why: str = "", **fields: Any
) -> Ticket:
    """Move a ticket between statuses; every status verb ends here."""
    ticket = own(ticket)
    if ticket.status == Status.MERGED and status != Status.OPEN:
        raise NotAllowed("This ticket was merged; undo the merge first.")
    before = (ticket.status, ticket.waiting_on)
    values = {"status": status, "waiting_on": waiting_on, **fields}
    changed = [name for name, value in values.items() if getattr(ticket, name) != value]
    if not changed:
        return ticket
    for name in changed:
        setattr(ticket, name, values[name])
    if before != (status, waiting_on):
        _count_state(ticket, before)
        ticket.waiting_since, ticket.episode = now(), ticket.episode + 1
        changed += ["waiting_since", "episode", "state_seconds"]
    touch(ticket, *changed)
    data = {"from": before[0], "to": status, "waiting_on": waiting_on, "why": why}
    record(ticket, kinds.STATUS, **data)
    return ticket


def _count_state(ticket: Ticket, before: tuple[str, str]) -> None:
    """Add the time in the state that ends now: waiting, researching, on hold (S58, S66)."""
    state = before[1] or before[0]
    spent = (now() - (ticket.waiting_since or ticket.created_at)).total_seconds()
    known = ticket.state_seconds.get(state, 0)
    ticket.state_seconds = {**ticket.state_seconds, state: round(known + max(spent, 0))}


def close(ticket: Ticket, *, resolution: str = "answered", note: str = "", why: str = "") -> Ticket:
    """End a ticket. Some resolutions need a link or a note first."""
    ticket = own(ticket)
    if resolution not in Resolution.values:
        raise VerbError(f"There is no resolution “{resolution}”.", field="resolution")
    if resolution in NEEDS_LINK and not ticket.links.exists():
        raise VerbError("This resolution needs a link to the issue or page.", field="link")
    note = note or ticket.resolution_note
    if resolution == Resolution.MOVED_TO_DM and not note.strip():
        raise VerbError("Write how the direct messages ended, then close.", field="note")
    if ticket.status in (Status.TRASHED, Status.SPAM):
        raise NotAllowed("Restore this ticket before closing it.")
    if ticket.status == Status.CLOSED and ticket.resolution == resolution:
        return ticket
    unsnooze(ticket, why="closed")
    set_status(
        ticket,
        Status.CLOSED,
        waiting_on="",
        why=why,
        resolution=resolution,
        resolution_note=note,
        closed_at=now(),
        hold_reason="",
    )
    record(ticket, kinds.CLOSED, resolution=resolution, note=note)
    return ticket


def reopen(ticket: Ticket, *, why: str = "") -> Ticket:
    """Make a ticket ours to answer again, from any status but merged."""
    ticket = own(ticket)
    if ticket.status == Status.MERGED:
        raise NotAllowed("This ticket was merged; undo the merge first.")
    ended = ticket.status in ENDED
    unsnooze(ticket, why=why or "reopened")
    set_status(
        ticket,
        Status.OPEN,
        waiting_on=WaitingOn.US,
        why=why,
        resolution="",
        closed_at=None,
        trashed_at=None,
        hold_reason="",
    )
    if ended:
        record(ticket, kinds.REOPENED, why=why)
    return ticket


def wait(ticket: Ticket, *, on: str = WaitingOn.THEM, why: str = "") -> Ticket:
    """In progress: we wait for them, or somebody is still researching (S58)."""
    if on not in (WaitingOn.THEM, WaitingOn.RESEARCH):
        raise VerbError(f"A ticket cannot wait on “{on}”.", field="waiting_on")
    _need_live(own(ticket))
    return set_status(ticket, Status.IN_PROGRESS, waiting_on=on, why=why, hold_reason="")


def hold(ticket: Ticket, *, reason: str) -> Ticket:
    """Put on hold; the reason is mandatory (S65)."""
    ticket = own(ticket)
    if not reason.strip():
        raise VerbError("Say why this is on hold.", field="reason")
    _need_live(ticket)
    before = (ticket.status, ticket.hold_reason)
    set_status(ticket, Status.ON_HOLD, waiting_on="", hold_reason=reason.strip()[:500])
    if before != (ticket.status, ticket.hold_reason):
        record(ticket, kinds.HELD, reason=ticket.hold_reason)
    return ticket


def trash(ticket: Ticket, *, why: str = "") -> Ticket:
    """Put in the trash, restorable for 30 days (S28)."""
    return _put_away(ticket, Status.TRASHED, kinds.TRASHED, why)


def mark_spam(ticket: Ticket, *, why: str = "") -> Ticket:
    """Spam never triggers anything outbound (L21); it is restorable like trash."""
    return _put_away(ticket, Status.SPAM, kinds.SPAM, why)


def restore(ticket: Ticket) -> Ticket:
    """Bring back from trash or spam, to the status it had."""
    ticket = own(ticket)
    if ticket.status not in (Status.TRASHED, Status.SPAM):
        raise NotAllowed("Only trashed tickets and spam can be restored.")
    back = ticket.status_before or Status.OPEN
    if (back == Status.CLOSED and ticket.resolution) or (
        back == Status.ON_HOLD and ticket.hold_reason
    ):
        set_status(ticket, back, waiting_on="", trashed_at=None)
    else:
        on = WaitingOn.THEM if back == Status.IN_PROGRESS else WaitingOn.US
        live = back if back in (Status.OPEN, Status.IN_PROGRESS) else Status.OPEN
        set_status(ticket, live, waiting_on=on, trashed_at=None)
    record(ticket, kinds.RESTORED)
    return ticket


def _put_away(ticket: Ticket, status: str, kind: str, why: str) -> Ticket:
    ticket = own(ticket)
    if ticket.status == Status.MERGED:
        raise NotAllowed("This ticket was merged; undo the merge first.")
    if ticket.status == status:
        return ticket
    unsnooze(ticket, why=kind)
    before = ticket.status
    set_status(ticket, status, waiting_on="", why=why, trashed_at=now(), status_before=before)
    record(ticket, kind, why=why)
    return ticket


def _need_live(ticket: Ticket) -> None:
    if ticket.status not in LIVE:
        raise NotAllowed("Reopen this ticket first.")


def snooze(ticket: Ticket, *, until: datetime, mode: str = "time") -> Ticket:
    """Hide until a time, or until a time or a reply (`mode="reply"`) (L14)."""
    ticket = own(ticket)
    _need_live(ticket)
    if mode not in ("time", "reply"):
        raise VerbError("Snooze until a time, or until a time or a reply.", field="mode")
    if until <= now():
        raise VerbError("Snooze until a time that is still to come.", field="until")
    if (ticket.snoozed_until, ticket.snooze_mode) == (until, mode):
        return ticket
    ticket.snoozed_until, ticket.snooze_mode = until, mode
    touch(ticket, "snoozed_until", "snooze_mode")
    record(ticket, kinds.SNOOZED, until=until.isoformat(), mode=mode)
    return ticket


def unsnooze(ticket: Ticket, *, why: str = "") -> Ticket:
    """Wake a ticket; does nothing when it is awake."""
    ticket = own(ticket)
    if ticket.snoozed_until is not None:
        ticket.snoozed_until, ticket.snooze_mode = None, ""
        touch(ticket, "snoozed_until", "snooze_mode")
        record(ticket, kinds.WOKEN, why=why)
    return ticket
