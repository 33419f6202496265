"""What each action of a rule does: one verb of the ticket each."""

from collections.abc import Callable
from typing import Any

from inbox.accounts.models import Team, User
from inbox.calendars.clock import ALWAYS
from inbox.calendars.services import newest
from inbox.common import work
from inbox.followups import promises
from inbox.macros import services as macros
from inbox.macros import wording
from inbox.oncall.assigning import assign_round_robin
from inbox.oncall.services import on_duty
from inbox.outbox import services as outbox
from inbox.playbooks import starting as playbooks
from inbox.playbooks.models import Playbook
from inbox.sla import arithmetic
from inbox.sla.clocks import policy_of
from inbox.sla.models import Policy
from inbox.tickets import drafts
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Message, Ticket


class CannotAct(Exception):
    """An action names somebody or something that is not there any more."""


def act(ticket: Ticket, message: Message | None, name: str, value: Any, *, rule_key: str) -> None:
    """Do one action. Raises `CannotAct`."""
    try:
        VERBS[name](ticket, message, value, rule_key)
    except VerbError as error:
        raise CannotAct(error.text) from error


def _user(username: str) -> User:
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CannotAct(f"there is no active account “{username}”")
    return user


def _team(key: str) -> Team:
    team = Team.objects.filter(key=key).first()
    if team is None:
        raise CannotAct(f"there is no team “{key}”")
    return team


def _words(value: Any) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]


def _assign_on_duty(ticket: Ticket, message: Message | None, value: Any, rule_key: str) -> None:
    user = on_duty(work.current().now)
    if user is not None:
        tickets.assign(ticket, user, why="on duty")


def _policy(ticket: Ticket, message: Message | None, value: Any, rule_key: str) -> None:
    reason = f"rule {rule_key}"
    if value in (None, "none"):
        tickets.set_policy(ticket, None, reason=reason)
        return
    policy = Policy.objects.filter(key=value).first()
    if policy is None:
        raise CannotAct(f"there is no SLA policy “{value}”")
    tickets.set_policy(ticket, policy, reason=reason)


def _promise(ticket: Ticket, message: Message | None, value: Any, rule_key: str) -> None:
    """A promise counted from now on the calendar of the ticket's SLA (S74, S76)."""
    amount, unit = str(value).split()
    policy = policy_of(ticket)
    calendar = newest(policy.calendar_id)[1] if policy and policy.calendar_id else ALWAYS
    now = work.current().now
    if unit == "days":
        amount, unit = str(int(amount) * 24), "hours"
    due_at = arithmetic.due_at(
        amount=int(amount), unit=unit, resumed_at=now, consumed=0, calendar=calendar
    )
    promises.promise(ticket, due_at=due_at, words=f"rule {rule_key}")


def _forward(*, unless_copied: bool) -> Callable[..., None]:
    def verb(ticket: Ticket, message: Message | None, value: Any, rule_key: str) -> None:
        if message is not None:
            send = outbox.forward_unless_copied if unless_copied else outbox.forward
            send(ticket, message, address=str(value))

    return verb


def _suggest(ticket: Ticket, message: Message | None, value: Any, rule_key: str) -> None:
    """A suggestion is a tag that the desk shows with one-key choices (S30)."""
    tickets.add_tags(ticket, [f"suggest: {value}"])


def _draft(ticket: Ticket, message: Message | None, value: Any, rule_key: str) -> None:
    """Words for somebody to take over; none where a place of them has nothing to say (S25)."""
    asked = message.new_text if message else macros.first_words(ticket)
    about = {**macros.of_ticket(ticket), **macros.of_roles(f"{ticket.subject}\n{asked}")}
    found = wording.fill(str(value).strip(), about)
    if not found.missing:
        drafts.propose(ticket, body=found.text, label=work.current().actor.label)


def _playbook(ticket: Ticket, message: Message | None, value: Any, rule_key: str) -> None:
    """A playbook about this ticket, once."""
    playbook = Playbook.objects.filter(key=str(value)).first()
    if playbook is None:
        raise CannotAct(f"there is no playbook “{value}”")
    playbooks.start_on(ticket, playbook=playbook)


Verb = Callable[[Ticket, Message | None, Any, str], Any]
VERBS: dict[str, Verb] = {
    "category": lambda t, m, v, r: tickets.set_category(t, str(v)),
    "priority": lambda t, m, v, r: tickets.set_priority(t, str(v)),
    "kind": lambda t, m, v, r: tickets.set_kind(t, str(v)),
    "assign": lambda t, m, v, r: tickets.assign(t, _user(str(v)), why=f"rule {r}"),
    "assign_on_duty": _assign_on_duty,
    "assign_team": lambda t, m, v, r: tickets.set_team(t, _team(str(v))),
    "assign_next": lambda t, m, v, r: assign_round_robin(t, _team(str(v))),
    "restrict_to": lambda t, m, v, r: tickets.restrict(t, _team(str(v))),
    "tag": lambda t, m, v, r: tickets.add_tags(t, _words(v)),
    "untag": lambda t, m, v, r: tickets.remove_tags(t, _words(v)),
    "add_cc": lambda t, m, v, r: tickets.add_cc(t, str(v)),
    "forward": _forward(unless_copied=False),
    "forward_unless_copied": _forward(unless_copied=True),
    "close": lambda t, m, v, r: tickets.close(t, resolution=str(v), why=f"rule {r}"),
    "wait": lambda t, m, v, r: tickets.wait(t, why=f"rule {r}"),
    "trash": lambda t, m, v, r: tickets.trash(t, why=f"rule {r}"),
    "spam": lambda t, m, v, r: tickets.mark_spam(t, why=f"rule {r}"),
    "answer": lambda t, m, v, r: outbox.send_automatic(t, text=str(v)),
    "draft": _draft,
    "policy": _policy,
    "promise": _promise,
    "suggest": _suggest,
    "playbook": _playbook,
}
