"""Standing in for each other: overrides, absences, swap requests, cover for right now.

asked → taken → approved, and only then the table changes; without an approver, or for cover right
now, taking it is enough (S75, S79).
"""

from datetime import datetime

from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.common import work
from inbox.common.versions import bump
from inbox.notify import services as notify
from inbox.oncall.models import Absence, Override, Rotation, SwapRequest, SwapState
from inbox.oncall.services import is_away, table
from inbox.tickets.errors import NotAllowed, VerbError

LONGEST_DAYS = 366


def override(
    rotation: Rotation, user: User, *, starts_at: datetime, ends_at: datetime, reason: str, by: User
) -> Override:
    """Put somebody on duty for a time, whatever the turns say."""
    _check_span(starts_at, ends_at)
    row = Override.objects.create(
        rotation=rotation,
        user=user,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason[:200],
        made_by=by,
        made_at=work.current().now,
    )
    bump("rotations")
    return row


def drop_override(row: Override) -> None:
    """Take an override away; the turns count again."""
    row.delete()
    bump("rotations")


def add_absence(user: User, *, starts_at: datetime, ends_at: datetime, reason: str) -> Absence:
    """Somebody is away: their turns go to the next ones in the order."""
    _check_span(starts_at, ends_at)
    row = Absence.objects.create(
        user=user, starts_at=starts_at, ends_at=ends_at, reason=reason[:200]
    )
    bump("rotations")
    return row


def drop_absence(row: Absence) -> None:
    """Somebody is back, or was never going to be away."""
    row.delete()
    bump("rotations")


def ask(
    rotation: Rotation,
    *,
    by: User,
    starts_at: datetime,
    ends_at: datetime,
    reason: str = "",
    of: User | None = None,
    is_cover: bool = False,
) -> SwapRequest:
    """Ask one colleague, or all of the rotation, to stand in. Nothing changes until one does."""
    _check_span(starts_at, ends_at)
    now = work.current().now
    if ends_at <= now:
        raise VerbError("That time is over.", field="ends_at")
    row = SwapRequest.objects.create(
        rotation=rotation,
        asked_by=by,
        of=of,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason[:200],
        is_cover=is_cover,
        asked_at=now,
    )
    asked = [of] if of else [u for u in table().members.get(rotation.pk, []) if u.pk != by.pk]
    what = "cover for now" if is_cover else f"a swap from {starts_at:%d %b %H:%M}"
    for user in asked:
        if of or not is_away(user, now):
            text = f"{by.display_name} asks for {what}{': ' if reason else ''}{reason}"
            notify.tell(
                user, key=f"swap:{row.pk}:{user.pk}", kind="swap", text=text, url="/oncall/"
            )
    return row


def take(row: SwapRequest, *, by: User) -> SwapRequest:
    """Say yes. The approver is asked next, unless there is none or it is for right now."""
    row = _locked(row, SwapState.ASKED)
    if row.of_id and row.of_id != by.pk:
        raise NotAllowed("Somebody else was asked.")
    if row.asked_by_id == by.pk:
        raise NotAllowed("You cannot stand in for yourself.")
    row.taken_by = by
    approver = row.rotation.approver
    if row.is_cover or approver is None or approver.pk == by.pk:
        return _approve(row, by=by)
    row.state = SwapState.TAKEN
    row.save(update_fields=["taken_by", "state"])
    text = f"{by.display_name} would stand in for {row.asked_by.display_name}: say yes or no"
    notify.tell(approver, key=f"swap:{row.pk}:approve", kind="swap", text=text, url="/oncall/")
    return row


def approve(row: SwapRequest, *, by: User) -> SwapRequest:
    """The schedule's owner says yes: the override is made."""
    row = _locked(row, SwapState.TAKEN)
    _need_approver(row, by)
    return _approve(row, by=by)


def decline(row: SwapRequest, *, by: User) -> SwapRequest:
    """The colleague or the schedule's owner says no; nothing changes."""
    row = _locked(row, SwapState.ASKED, SwapState.TAKEN)
    if by.pk != row.of_id:
        _need_approver(row, by)
    return _end(row, SwapState.DECLINED, by)


def withdraw(row: SwapRequest, *, by: User) -> SwapRequest:
    """Take the request back."""
    row = _locked(row, SwapState.ASKED, SwapState.TAKEN)
    if by.pk != row.asked_by_id and not can(by, Right.MANAGE):
        raise NotAllowed("Only who asked can take it back.")
    return _end(row, SwapState.WITHDRAWN, by)


def _approve(row: SwapRequest, *, by: User) -> SwapRequest:
    assert row.taken_by is not None  # noqa: S101 - the callers set or checked it
    row.override = override(
        row.rotation,
        row.taken_by,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        reason=row.reason or f"for {row.asked_by.display_name}",
        by=by,
    )
    row.state, row.decided_by = SwapState.APPROVED, by
    row.save(update_fields=["taken_by", "override", "state", "decided_by"])
    text = f"{row.taken_by.display_name} stands in from {row.starts_at:%d %b %H:%M}"
    for user in {row.asked_by, row.taken_by} - {by}:
        key = f"swap:{row.pk}:done:{user.pk}"
        notify.tell(user, key=key, kind="swap", text=text, url="/oncall/")
    return row


def _end(row: SwapRequest, state: str, by: User) -> SwapRequest:
    row.state, row.decided_by = state, by
    row.save(update_fields=["state", "decided_by"])
    key = f"swap:{row.pk}:{state}"
    text = f"The swap from {row.starts_at:%d %b %H:%M} was {row.get_state_display().lower()}"
    for user in {row.asked_by, row.taken_by or row.of} - {by, None}:
        if user is not None:
            notify.tell(user, key=f"{key}:{user.pk}", kind="swap", text=text, url="/oncall/")
    return row


def _locked(row: SwapRequest, *states: str) -> SwapRequest:
    """The row under its lock, still in one of these states: two who say yes do not both win."""
    fresh = SwapRequest.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if fresh.state not in states:
        raise NotAllowed(f"This request is {fresh.get_state_display().lower()} already.")
    return fresh


def _need_approver(row: SwapRequest, by: User) -> None:
    if not (can(by, Right.MANAGE) or by.pk == row.rotation.approver_id):
        raise NotAllowed("Only the schedule's owner or an admin decides this.")


def _check_span(starts_at: datetime, ends_at: datetime) -> None:
    if ends_at <= starts_at:
        raise VerbError("The end must come after the start.", field="ends_at")
    if (ends_at - starts_at).days > LONGEST_DAYS:
        raise VerbError("A year is the longest.", field="ends_at")
