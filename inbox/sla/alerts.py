"""Who is told that a promise is due or late: the owner, then who is on duty, then a channel."""

from inbox.accounts.models import User
from inbox.common import work
from inbox.common.config import setting
from inbox.notify import services as notify
from inbox.oncall import services as oncall
from inbox.sla.explain import METRICS
from inbox.sla.models import Clock
from inbox.tickets import kinds
from inbox.tickets.models import Ticket

WORDS = {
    kinds.DUE_WARNING: "is due soon",
    kinds.BREACHED: "is breached",
    kinds.MISSED: "missed its target",
    kinds.ESCALATED: "is still late, nobody has answered",
}


def raise_alert(ticket: Ticket, clock: Clock, kind: str) -> None:
    """One notice per clock and level, whoever asks how often.

    A warning and a breach go to the owner, or to whoever is on duty when the owner is away or
    asleep. A late promise goes to the channel too, and to both of them. Nobody's night is
    disturbed: what finds only sleepers waits for the morning of the first of them (S78).
    """
    now = work.current().now
    owner = ticket.owner if ticket.owner and not oncall.is_away(ticket.owner, now) else None
    duty = oncall.on_duty(now)
    wanted = [user for user in (owner, duty) if user is not None and _may_see(user, ticket)]
    if kind == kinds.ESCALATED:
        _to_channel(ticket, clock, kind)
        readers = wanted
    else:
        awake = [user for user in wanted if not notify.is_quiet(user, now)]
        readers = (awake or wanted)[:1]
    for user in dict.fromkeys(readers):
        notify.tell(
            user,
            key=f"clock:{clock.pk}:{kind}:{user.pk}",
            kind=kind,
            text=_words(ticket, clock, kind),
            ticket=ticket,
        )


def _to_channel(ticket: Ticket, clock: Clock, kind: str) -> None:
    address = setting("alert_address")
    # a restricted ticket is named nowhere outside its team
    if address and ticket.restricted_team_id is None:
        key = f"clock:{clock.pk}:{kind}:channel"
        text = _words(ticket, clock, kind)
        notify.tell_address(address, key=key, kind=kind, text=text, ticket=ticket)


def _words(ticket: Ticket, clock: Clock, kind: str) -> str:
    name = METRICS.get(clock.metric, clock.metric)
    return f"#{ticket.pk} {ticket.subject[:120]}: {name.lower()} {WORDS[kind]}"


def _may_see(user: User, ticket: Ticket) -> bool:
    team = ticket.restricted_team_id
    return team is None or user.is_admin or user.teams.filter(pk=team).exists()
