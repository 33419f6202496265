"""Runs that begin by themselves: a rule says so, or something happens to a ticket."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from inbox.accounts.models import User
from inbox.common import work
from inbox.common.versions import kept
from inbox.oncall.services import on_duty
from inbox.people.models import Identity
from inbox.playbooks import services
from inbox.playbooks.models import Event, Playbook, Run, RunState
from inbox.playbooks.shapes import BadPlaybook, Template
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Message, Ticket, TicketEvent

STAMP = "playbooks"
SAME_CAUSE = timedelta(minutes=10)  # who presses so soon after another has seen the same thing


def on_event(event: TicketEvent) -> None:
    """Start the playbooks that begin with what happened, once per ticket."""
    if event.echo or work.current().historic:
        return
    if event.kind in kept(STAMP, _load):
        said = Message.objects.select_related("author").filter(pk=event.data.get("message"))
        by = next((message.author for message in said), None)
        begin(event.kind, ticket=event.ticket, by=by)


def begin(cause: str, *, ticket: Ticket, by: Identity | None = None) -> list[Run]:
    """Start every playbook with this cause on a ticket; `by`: whose doing it was, else the asker's.

    Raises `VerbError`.
    """
    found = Playbook.objects.filter(pk__in=kept(STAMP, _load).get(cause, ())).order_by("pk")
    return [start_on(ticket, playbook=playbook, by=by) for playbook in found]


def _load() -> Mapping[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for book in Playbook.objects.filter(active=True):
        cause = str(book.definition.get("starts_on") or "")
        if cause:
            found[cause] = (*found.get(cause, ()), book.pk)
    return found


def is_command(word: str) -> bool:
    """Whether a playbook is started by this word in a chat."""
    return _commanded(word) is not None


def _commanded(word: str) -> Playbook | None:
    books = Playbook.objects.filter(active=True, definition__command=word).exclude(
        definition__command=""
    )
    return books.order_by("pk").first()


def start_by_command(word: str, *, user: User, about: str = "") -> tuple[Run, bool]:
    """Start a playbook from a chat: the first part is the writer's, `about` its first person.

    Whoever writes it again about the same person, or about nobody, joins the run that goes on.
    Returns the run, and whether it is a new one. Raises `VerbError`.
    """
    playbook = _commanded(word)
    if playbook is None:
        raise VerbError(f"There is no command “{word}”.")
    template, now = playbook.template, work.current().now
    person = next((one.key for one in template.fields if one.kind == "person"), "")
    bare = about.strip("<@> ").partition("|")[0]
    values = {person: bare} if person and bare else {}
    for run in _going(playbook, ticket=None, started_at__gt=now - SAME_CAUSE):
        if not values or run.values.get(person) == bare:
            return run, False
    run = services.start(
        playbook=playbook,
        anchor_at=now,
        roles={template.roles[0].key: user.pk} if template.roles else {},
        values=values,
        once=f"{playbook.key}:{user.pk}:{now.isoformat()}",
    )
    return run, True


def respond(
    *, playbook: Playbook, user: User, event: Event | None = None, ticket: Ticket | None = None
) -> Run:
    """Start one at once by a press; whoever presses second joins the run that goes on.

    Parts that somebody must have are theirs who pressed, until they hand them over. Raises
    `VerbError` where more has to be known first.
    """
    now = work.current().now
    going = _going(playbook, ticket=ticket)
    if ticket is None:
        going = going.filter(event=event, started_at__gt=now - SAME_CAUSE)
    run = going.first()
    if run is not None:
        return run
    must = [role.key for role in playbook.template.roles if role.required]
    return services.start(
        playbook=playbook,
        anchor_at=now,
        roles=dict.fromkeys(must, user.pk),
        values={},
        event=event,
        ticket=ticket,
    )


def _going(playbook: Playbook, **about: Any) -> QuerySet[Run]:
    """Runs that go on, the first first; two who ask wait for each other."""
    Playbook.objects.select_for_update().get(pk=playbook.pk)
    found = Run.objects.filter(playbook=playbook, state=RunState.RUNNING, **about)
    return found.order_by("pk")


def start_on(ticket: Ticket, *, playbook: Playbook, by: Identity | None = None) -> Run:
    """Start one on a ticket, unless it has been there: its first part is the owner's or on duty's.

    Its fields `sharer` and `place` say who did it and where (S102). Raises `VerbError`.
    """
    try:
        template = playbook.template
    except BadPlaybook as error:
        raise VerbError(f"“{playbook}” cannot be read: {error}") from error
    return services.start(
        playbook=playbook,
        anchor_at=work.current().now,
        roles=_roles(template, ticket),
        values=_values(template, ticket, by or ticket.asker),
        ticket=ticket,
        title=f"{playbook.name} (#{ticket.pk})",
        once=f"{playbook.key}:ticket:{ticket.pk}",
    )


def _roles(template: Template, ticket: Ticket) -> dict[str, int]:
    user = ticket.owner or on_duty(work.current().now)
    return {template.roles[0].key: user.pk} if user and template.roles else {}


def _values(template: Template, ticket: Ticket, by: Identity | None) -> dict[str, str]:
    """By handle or address, for so an erasure finds them again."""
    address = ticket.permalink or str(settings.BASE_URL).rstrip("/") + ticket.get_absolute_url()
    known = {"sharer": (by.handle or by.external_id) if by else "", "place": address}
    fields = {one.key for one in template.fields if one.kind != "list"}
    return {key: value for key, value in known.items() if value and key in fields}
