"""Who gets a ticket by itself: the channel's owner, who is on duty, the next one of a team."""

from datetime import datetime

from inbox.accounts.models import Team, User
from inbox.channels.models import Channel
from inbox.common import work
from inbox.notify import services as notify
from inbox.oncall.models import RoundRobin
from inbox.oncall.services import is_away, on_duty
from inbox.tickets import counts, kinds
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import LIVE, Ticket, TicketEvent

OPENS_AGAIN = {kinds.REOPENED, kinds.WOKEN, kinds.RESTORED}


def on_event(event: TicketEvent) -> None:
    """The pipeline's step: an owner for new tickets, another one for absent owners' (L20)."""
    if work.current().historic:
        return
    ticket = event.ticket
    if event.kind == kinds.MESSAGE_IN and event.data.get("first"):
        _give_default_owner(ticket)
    elif event.kind in OPENS_AGAIN or (event.kind == kinds.STATUS and event.data["to"] == "open"):
        _relieve_absent_owner(ticket, event)


def _give_default_owner(ticket: Ticket) -> None:
    """Rules come first (S17): only a live ticket that nobody owns gets its channel's owner."""
    if ticket.owner_id or ticket.status not in LIVE or ticket.opener_class == "robot":
        return
    channel, now = ticket.channel, work.current().now
    group = ticket.source.group if ticket.source and ticket.source.group_id else None
    owner = default_owner(channel, now, first=group.owner if group else None)
    if owner is not None and _may_own(owner, ticket):
        tickets.assign(ticket, owner, why="the channel's owner" if channel.owner else "on duty")


def default_owner(channel: Channel, now: datetime, *, first: User | None = None) -> User | None:
    """Who gets what comes in there: the named person, and whoever is on duty for who is away."""
    owner = first or channel.owner
    if owner is not None:
        return on_duty(now) if is_away(owner, now) else owner
    return on_duty(now) if channel.owner_on_duty else None


def _relieve_absent_owner(ticket: Ticket, event: TicketEvent) -> None:
    if ticket.owner is None or ticket.status != "open" or event.actor_kind == "user":
        return
    now = work.current().now
    if not is_away(ticket.owner, now):
        return
    duty = on_duty(now)
    if duty is not None and duty.pk != ticket.owner_id and _may_own(duty, ticket):
        why = f"{ticket.owner.display_name} is away; on duty now"
        tickets.assign(ticket, duty, why=why)


def _may_own(user: User, ticket: Ticket) -> bool:
    team = ticket.restricted_team_id
    return team is None or user.is_admin or user.teams.filter(pk=team).exists()


def hand_over(ticket: Ticket, *, to: User | None, note: str, by: User) -> User:
    """Give a ticket to somebody, or to whoever is on duty, with what they have to know (S80)."""
    ticket, receiver = tickets.lock(ticket.pk), to or on_duty(work.current().now)
    if receiver is None:
        raise VerbError("Nobody is on duty; say to whom.", field="to")
    _need_note(note)
    if not _may_own(receiver, ticket):
        raise VerbError(f"{receiver.display_name} may not see this ticket.", field="to")
    if receiver.pk == by.pk:
        raise VerbError("It would stay with you.", field="to")
    tickets.add_note(ticket, body=note, user=by)
    tickets.assign(ticket, receiver, why="handed over")
    tickets.record(ticket, kinds.HANDED_OVER, to=receiver.username, note=note[:200])
    _tell_of_hand_over(ticket, receiver, "you", note=note, by=by)
    return receiver


def hand_over_to_team(ticket: Ticket, *, team: Team, note: str, by: User) -> None:
    """Give a ticket to a team: nobody owns it until one of them takes it, all of them are told."""
    _need_note(note)
    ticket = tickets.lock(ticket.pk)
    if ticket.restricted_team_id not in (None, team.pk):
        raise VerbError(f"{team.name} may not see this ticket.", field="to")
    now = work.current().now
    members = User.objects.filter(teams=team, is_active=True).exclude(pk=by.pk)
    here = [user for user in members if not is_away(user, now)]
    if not here:
        raise VerbError(f"Nobody else of {team.name} is here.", field="to")
    tickets.add_note(ticket, body=note, user=by)
    tickets.set_team(ticket, team)
    tickets.assign(ticket, None, why="handed over")
    tickets.record(ticket, kinds.HANDED_OVER, to=team.name, note=note[:200])
    for user in here:
        _tell_of_hand_over(ticket, user, team.name, note=note, by=by)


def _need_note(note: str) -> None:
    if not note.strip():
        raise VerbError("Write what they have to know.", field="note")


def _tell_of_hand_over(ticket: Ticket, user: User, to: str, *, note: str, by: User) -> None:
    text = f"{by.display_name} handed #{ticket.pk} over to {to}: {note[:120]}"
    key = f"handover:{ticket.pk}:{ticket.last_message_id}:{user.pk}"
    notify.tell(user, key=key, kind="handover", text=text, ticket=ticket)


def assign_round_robin(ticket: Ticket, team: Team) -> User | None:
    """Give a ticket to the next of a team who is here, takes tickets and is under the cap.

    The row lock on the team's pointer makes the claim atomic: of two tickets at one moment each
    goes to another person. None when nobody can take it; the ticket then waits for the team.
    """
    now = work.current().now
    RoundRobin.objects.get_or_create(team=team)
    pointer = RoundRobin.objects.select_for_update().get(team=team)
    members = list(User.objects.filter(teams=team, is_active=True).order_by("pk"))
    after = [u for u in members if u.pk > (pointer.last_user_id or 0)]
    order = after + [u for u in members if u not in after]
    owned = counts.owned([user.pk for user in order])
    chosen: User | None = next((u for u in order if _can_take(u, owned.get(u.pk, 0), now)), None)
    if chosen is None:
        tickets.set_team(ticket, team)
        return None
    pointer.last_user_id = chosen.pk
    pointer.save(update_fields=["last_user_id"])
    tickets.assign(ticket, chosen, why=f"next of {team.name}")
    return chosen


def _can_take(user: User, owned: int, now: datetime) -> bool:
    under_cap = user.most_tickets is None or owned < user.most_tickets
    return user.available and under_cap and not is_away(user, now)
