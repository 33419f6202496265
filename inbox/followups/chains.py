"""Chains of follow-ups: when nobody answers us, a message and an end, once per episode (S63).

Each step is a delayed action of the waiting episode. When its time has come the episode is looked
at again under the lock: still in progress, still waiting on them, awake, not on hold. In the
asker's quiet hours the step waits for the morning.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from inbox.common import hours, work
from inbox.common.config import setting
from inbox.common.versions import kept
from inbox.common.work import Actor
from inbox.followups.models import ActionState, DelayedAction, FollowUp
from inbox.outbox import services as outbox
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket, TicketEvent

PREFIX = "follow:"


def on_event(event: TicketEvent) -> None:
    """Plan when waiting begins, plan anew when we write again, cancel when it ends."""
    ticket = event.ticket
    if event.kind in (kinds.STATUS, kinds.WOKEN):
        if _waits(ticket):
            plan(ticket, event.at)
        else:
            cancel(ticket, "the waiting is over")
    elif event.kind == kinds.SNOOZED:
        cancel(ticket, "snoozed")
    elif event.kind == kinds.MESSAGE_OUT and not event.data.get("automatic") and _waits(ticket):
        plan(ticket, event.at)
    elif event.kind == kinds.MESSAGE_IN and event.data.get("class", "normal") == "normal":
        # any word of theirs, be it only thanks, answers the question
        cancel(ticket, "they answered")


def _waits(ticket: Ticket) -> bool:
    on_them = (ticket.status, ticket.waiting_on) == ("in_progress", "them")
    return on_them and ticket.snoozed_until is None


def chains_for(ticket: Ticket) -> list[FollowUp]:
    """The chains that are on for this ticket's channel."""
    names = {ticket.channel.kind, str(ticket.channel)}
    return [c for c in kept("follow_ups", _load) if not c.channels or names & set(c.channels)]


def _load() -> list[FollowUp]:
    return list(FollowUp.objects.filter(enabled=True).order_by("pk"))


def plan(ticket: Ticket, at: datetime) -> None:
    """Plan every chain's next step from now on; a step that fired in this episode stays fired."""
    chains = chains_for(ticket)
    if not chains:
        return
    known = {a.feature: a for a in _of_episode(ticket)}
    for chain in chains:
        for number in range(len(chain.steps)):
            action = known.get(_feature(chain, number))
            if action is not None and action.state == ActionState.FIRED:
                continue
            _put(ticket, chain, number, at, action)
            break


def _put(
    ticket: Ticket, chain: FollowUp, number: int, at: datetime, known: DelayedAction | None
) -> None:
    minutes = int(chain.steps[number].get("after_minutes", 0))
    values = {"due_at": at + timedelta(minutes=minutes), "state": ActionState.PENDING, "why": ""}
    if known is not None:
        DelayedAction.objects.filter(pk=known.pk).exclude(state=ActionState.FIRED).update(
            fired_at=None, **values
        )
    else:
        DelayedAction.objects.create(
            feature=_feature(chain, number), ticket=ticket, episode=_episode(ticket), **values
        )


def cancel(ticket: Ticket, why: str) -> None:
    """Nothing that was planned for the ticket's waiting happens any more."""
    if ticket.version == 0 and ticket.message_count <= 1:
        return  # a ticket of this very change has nothing planned
    rows = DelayedAction.objects.filter(ticket=ticket, state=ActionState.PENDING)
    rows.filter(feature__startswith=PREFIX).update(
        state=ActionState.CANCELLED, why=why, fired_at=work.current().now
    )


def fire(ticket: Ticket, action: DelayedAction, now: datetime) -> bool:
    """Do one step, or put it off until the morning. True when it was done."""
    chain, number = _step_of(action)
    if chain is None or action.episode != _episode(ticket) or not _waits(ticket):
        _end(action, ActionState.CANCELLED, now, "its episode is over")
        return False
    morning = hours.after(now, zone_of_asker(ticket), setting("quiet_hours"))
    if morning > now:
        DelayedAction.objects.filter(pk=action.pk).update(due_at=morning, why="quiet hours")
        return False
    _end(action, ActionState.FIRED, now, "")
    with work.current().acting_as(Actor.system(f"follow-up {chain}")):
        done = _do(ticket, chain, number)
    if done and number + 1 < len(chain.steps) and _waits(ticket):
        _put(ticket, chain, number + 1, now, None)
    return True


def _do(ticket: Ticket, chain: FollowUp, number: int) -> bool:
    """The message and the end belong together; a message that may not be sent ends nothing."""
    step = chain.steps[number]
    text = step.get("message", "")
    if text:
        sent = outbox.send_automatic(ticket, text=outbox.addressed(ticket, text))
        if sent is None:
            return False  # said on the ticket, with the reason: a person decides
    tickets.record(ticket, kinds.FOLLOWED_UP, chain=chain.key, step=number + 1)
    if step.get("close"):
        tickets.close(ticket, resolution=step["close"], why=f"nobody answered: {chain}")
    return True


def zone_of_asker(ticket: Ticket) -> str | int:
    """Where the asker's nights are: their zone, their mail's offset, else the installation's."""
    asker = ticket.asker
    if asker is not None and asker.timezone:
        return asker.timezone
    if asker is not None and asker.utc_offset_minutes is not None:
        return asker.utc_offset_minutes
    return str(settings.TIME_ZONE)


def _step_of(action: DelayedAction) -> tuple[FollowUp | None, int]:
    _, key, number = action.feature.split(":")
    chain = next((c for c in kept("follow_ups", _load) if c.key == key), None)
    if chain is None or int(number) >= len(chain.steps):
        return None, 0
    return chain, int(number)


def _end(action: DelayedAction, state: str, now: datetime, why: str) -> None:
    DelayedAction.objects.filter(pk=action.pk).update(state=state, fired_at=now, why=why)


def _of_episode(ticket: Ticket) -> list[DelayedAction]:
    rows = DelayedAction.objects.filter(Q(feature__startswith=PREFIX), ticket=ticket)
    return list(rows.filter(episode=_episode(ticket)))


def _feature(chain: FollowUp, number: int) -> str:
    return f"{PREFIX}{chain.key}:{number}"


def _episode(ticket: Ticket) -> str:
    return f"waiting {ticket.episode}"
