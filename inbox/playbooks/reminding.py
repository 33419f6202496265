"""Who hears of a step: whoever does it; while that is nobody, somebody who can see to it."""

from collections.abc import Iterator

from inbox.accounts.models import Role, User
from inbox.common import work
from inbox.notify.services import tell
from inbox.oncall.services import on_duty
from inbox.playbooks.models import RunStep
from inbox.playbooks.shapes import NOT
from inbox.tickets import queries


def remind(row: RunStep, why: str, *, says: str = "") -> None:
    """Tell them of a step, once for each reason; without an owner it is said whose part lacks."""
    owner = row.owner if row.owner and row.owner.is_active else None
    hearers = [owner] if owner else _instead(row)
    words = f"{row.step.title}{f' {says}' if says else ''} ({row.run.title})"
    text = words if owner else f"{words}{_lacking(row)}"
    for user in hearers:
        tell(
            user,
            key=f"playbook:{row.pk}:{user.pk}:{why}",
            kind="playbook",
            ticket=row.run.ticket,
            text=text,
            url=f"{row.run.get_absolute_url()}#step-{row.key}",
            at_once=is_urgent(row),
        )


def is_urgent(row: RunStep) -> bool:
    """What is counted in minutes cannot wait for the morning."""
    when = row.step.at
    return when.kind in ("called", "once") or when.unit == "m"


def _instead(row: RunStep) -> list[User]:
    """The first who may know of it; where nobody is named anywhere, the whole team."""
    ticket = row.run.ticket
    named = (one for one in _named(row) if one.is_active)
    first = next((one for one in named if not ticket or queries.sees(one, ticket)), None)
    if first is not None:
        return [first]
    team = User.objects.filter(is_active=True, role__in=(Role.ADMIN, Role.AGENT)).order_by("pk")
    return [one for one in team if not ticket or queries.sees(one, ticket)]


def _named(row: RunStep) -> Iterator[User]:
    """Who started the run, who has a part in it, whose ticket it is about, who is on duty."""
    run = row.run
    parts = [run.roles[role.key] for role in run.template.roles if role.key in run.roles]
    people = User.objects.in_bulk(parts)
    yield from filter(None, [run.started_by, *(people.get(pk) for pk in parts)])
    yield from filter(None, [run.ticket.owner if run.ticket else None])
    yield from filter(None, [on_duty(work.current().now)])


def _lacking(row: RunStep) -> str:
    """` Nobody is “Host” yet.`; a step without a role lacks nobody."""
    labels = {role.key: role.label for role in row.run.template.roles}
    role = row.step.role
    if role.startswith(NOT):
        return f" Nobody is there besides “{labels[role.removeprefix(NOT)]}” yet."
    return f" Nobody is “{labels[role]}” yet." if role else ""
