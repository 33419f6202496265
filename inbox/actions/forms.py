"""Buttons, shortcuts and forms: what is pressed, and what is filled in afterwards."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from inbox.actions import home
from inbox.actions.asking import Ask, numbered, of_thread
from inbox.channels import sources
from inbox.channels.contract import ActionAnswer, Field, Form
from inbox.community import referring
from inbox.intake.subjects import first_words
from inbox.notify.services import zone_of
from inbox.people import services as people
from inbox.playbooks import starting
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Ticket

Do = Callable[[Ask], ActionAnswer]


# ------------------------------------------------------------------ buttons


def _claim(ask: Ask) -> ActionAnswer:
    row = numbered(ask, ask.action.value)
    if row.owner_id is not None and row.owner_id != ask.agent.pk:
        name = row.owner.display_name if row.owner else "somebody"
        raise VerbError(f"{name} was quicker.")
    tickets.assign(row, ask.agent, why="claimed")
    return ActionAnswer(text=f"#{row.pk} is yours.")


def _close(ask: Ask) -> ActionAnswer:
    row = numbered(ask, ask.action.value)
    tickets.close(row, resolution="answered")
    return ActionAnswer(text=f"#{row.pk} is closed.")


def _reopen(ask: Ask) -> ActionAnswer:
    row = numbered(ask, ask.action.value)
    tickets.reopen(row, why="by hand")
    return ActionAnswer(text=f"#{row.pk} is open again.")


def _hold(ask: Ask) -> ActionAnswer:
    """Why is asked first: a hold without a reason is none (S65)."""
    row = numbered(ask, ask.action.value)
    field = Field(name="reason", label="Why is this on hold?", multiline=True)
    title = f"Hold #{row.pk}"
    return ActionAnswer(
        form=Form(key="desk_hold", title=title, fields=(field,), context=str(row.pk))
    )


def _snooze(ask: Ask) -> ActionAnswer:
    number, _, when = ask.action.value.partition(":")
    row = numbered(ask, number)
    local = ask.now.astimezone(ZoneInfo(zone_of(ask.agent)))
    tickets.snooze(row, until=_until(when, local), mode="reply")
    return ActionAnswer(text=f"#{row.pk} sleeps.")


def _until(when: str, local: datetime) -> datetime:
    morning = local.replace(hour=9, minute=0, second=0, microsecond=0)
    if when == "tomorrow":
        return morning + timedelta(days=1)
    if when == "monday":
        return morning + timedelta(days=7 - local.weekday())
    return local + timedelta(hours=1)


def _nothing(ask: Ask) -> ActionAnswer:
    """A link that opens by itself."""
    return ActionAnswer()


PRESSES: dict[str, Do] = {
    "desk_claim": _claim,
    "desk_close": _close,
    "desk_reopen": _reopen,
    "desk_hold": _hold,
    "desk_snooze": _snooze,
    "desk_open": _nothing,
    "home_all": home.switch,
    "home_mine": home.switch,
}


# ------------------------------------------------------------------ shortcuts


def _make_ticket(ask: Ask) -> ActionAnswer:
    """A message that nobody watched becomes a ticket; its thread follows."""
    known = of_thread(ask)
    if known is not None:
        return ActionAnswer(text=f"This is #{known.pk} already.")
    if ask.action.message_author is None or not ask.action.thread_key:
        raise VerbError("There is no message to make a ticket of.")
    ticket = _open(ask)
    return ActionAnswer(text=f"#{ticket.pk} is made.")


def _open(ask: Ask) -> Ticket:
    action, channel = ask.action, ask.channel
    assert action.message_author is not None  # noqa: S101 - the caller asked
    asker = people.resolve(channel.kind, channel.realm, action.message_author)
    ticket, thread = tickets.open_ticket(
        subject=first_words(action.text),
        channel=channel,
        source=sources.resolve(channel, action.place, ""),
        asker=asker,
        thread_key=action.thread_key,
        at=ask.now,
    )
    tickets.add_message(
        ticket,
        thread,
        direction="in",
        visibility="public",
        role="asker",
        external_id=action.message_key,
        sent_at=ask.now,
        author=asker,
        author_label=asker.label,
        body_text=action.text,
        new_text=action.text,
    )
    return ticket


def _kept_live(ticket: Ticket, ask: Ask) -> None:
    referring.talk_about(ticket, topic="")


def _referred(ticket: Ticket, ask: Ask) -> None:
    referring.refer(ticket, why=first_words(ask.action.text) or ticket.subject)


def _exposed(ticket: Ticket, ask: Ask) -> None:
    """The playbook for a pasted secret begins, unless the desk has begun it itself (S94)."""
    writer = ask.action.message_author
    by = people.resolve(ask.channel.kind, ask.channel.realm, writer) if writer else None
    starting.begin(kinds.LEAK_FOUND, ticket=ticket, by=by)


def _nothing_more(ticket: Ticket, ask: Ask) -> None:
    """The tag says it all."""


def _tagged(tag: str, said: str, also: Callable[[Ticket, Ask], None] = _nothing_more) -> Do:
    def do(ask: Ask) -> ActionAnswer:
        ticket = of_thread(ask)
        if ticket is None:
            if ask.action.message_author is None:
                raise VerbError("There is no message here.")
            ticket = _open(ask)
        tickets.add_tags(ticket, [tag])
        also(ticket, ask)
        return ActionAnswer(text=f"#{ticket.pk}: {said}")

    return do


def _document_dm(ask: Ask) -> ActionAnswer:
    """How direct messages ended is written down on the thread (S71)."""
    field = Field(name="note", label="How did it end?", multiline=True)
    number = Field(name="number", label="Ticket", hint="its number, like 42")
    ticket = of_thread(ask)
    fields = (field,) if ticket else (number, field)
    context = str(ticket.pk) if ticket else ""
    form = Form(key="desk_dm", title="Document the DM", fields=fields, context=context)
    return ActionAnswer(form=form)


SHORTCUTS: dict[str, Do] = {
    "desk_create_ticket": _make_ticket,
    "desk_refer_product": _tagged("product", "the product team will see it", _referred),
    "desk_office_hours": _tagged("office-hours", "kept for the office hours", _kept_live),
    "desk_secret": _tagged("secret-exposed", "marked; tell them to rotate it now", _exposed),
    "desk_document_dm": _document_dm,
}


# ------------------------------------------------------------------ filled-in forms


def _held(ask: Ask) -> ActionAnswer:
    row = numbered(ask, ask.action.value)
    tickets.hold(row, reason=ask.action.fields.get("reason", ""))
    return ActionAnswer()


def _documented(ask: Ask) -> ActionAnswer:
    given = ask.action.fields
    row = numbered(ask, ask.action.value or given.get("number", ""))
    note = given.get("note", "")
    if not note.strip():
        raise VerbError("Write how it ended.", field="note")
    tickets.add_note(row, body=note, user=ask.agent)
    if row.is_live:
        tickets.close(row, resolution="moved_to_dm", note=note)
    return ActionAnswer()


SUBMITS: dict[str, Do] = {"desk_hold": _held, "desk_dm": _documented}
