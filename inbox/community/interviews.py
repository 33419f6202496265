"""Interviews: from an invitation while the conversation is live to what was learned (S36, S81)."""

from datetime import datetime

from inbox.accounts.models import User
from inbox.channels.contract import Capability
from inbox.common import work
from inbox.common.config import setting
from inbox.community import referring
from inbox.community.records import DirectoryNote, Interview, InterviewState
from inbox.people.models import Contact
from inbox.tickets import kinds, scheduling
from inbox.tickets import services as tickets
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.models import Ticket

LONGEST_NOTES = 20_000


def inviting_words(ticket: Ticket, *, is_story: bool = False) -> str:
    """The invitation, to be changed before it leaves (S81, S39)."""
    asker = ticket.asker
    name = ""
    if asker is not None:
        kind = ticket.channel.type
        name = kind.mention(asker.external_id, asker.name, asker.handle)
    words = str(setting("story_text" if is_story else "interview_text"))
    link = scheduling.link(ticket) or "(tell us when it suits you)"
    return words.replace("{name}", name or "there").replace("{link}", link)


def invite(
    ticket: Ticket,
    *,
    body: str,
    about: str,
    user: User,
    is_story: bool = False,
    delay_seconds: int = 0,
) -> Interview:
    """Invite whoever asked; the invitation goes out as an answer. Raises `VerbError`.

    A use case that deserves a product call is one that product should see (S81 with S46).
    """
    about = _about(about)
    if ticket.asker is None:
        raise NotAllowed("Nobody is known here whom one could invite.")
    if not ticket.is_live:
        raise NotAllowed("The conversation is over: open it again, or write to them anew.")
    with_people = Capability.RECIPIENTS in ticket.channel.type.capabilities
    tickets.reply(
        ticket,
        body=body,
        user=user,
        to=[ticket.asker.external_id] if with_people else None,
        cc=[] if with_people else None,
        delay_seconds=delay_seconds,
    )
    current = work.current()
    row = Interview.objects.create(
        identity=ticket.asker,
        ticket=ticket,
        about=about,
        is_story=is_story,
        link=scheduling.link(ticket, person=False)[:500],
        made_by=user,
        made_at=current.now,
    )
    tickets.record(tickets.lock(ticket.pk), kinds.INTERVIEW, interview=row.pk, effect=row.state)
    if not is_story and not ticket.referrals.exists():
        referring.refer(ticket, why=about)
    return row


def take_back(ticket: int, said_at: datetime) -> None:
    """An invitation that never left invited nobody."""
    rows = Interview.objects.filter(ticket=ticket, state=InterviewState.INVITED, made_at=said_at)
    rows.delete()


def begin(contact: Contact, *, about: str, held_at: datetime | None, user: User) -> Interview:
    """Write an interview down that came about elsewhere. Raises `VerbError`."""
    identity = contact.identities.order_by("pk").first()
    if identity is None:
        raise NotAllowed("No account of theirs is known.")
    return Interview.objects.create(
        identity=identity,
        state=InterviewState.SCHEDULED if held_at else InterviewState.INVITED,
        about=_about(about),
        at=held_at,
        made_by=user,
        made_at=work.current().now,
    )


def change(
    row: Interview, *, state: str, held_at: datetime | None, about: str, notes: str
) -> Interview:
    """Where it stands, and what was learned. Raises `VerbError`."""
    if state not in InterviewState.values:
        raise VerbError("Say how far it is.", field="state")
    if state in (InterviewState.SCHEDULED, InterviewState.HELD) and held_at is None:
        raise VerbError("When is it, or was it?", field="at")
    if len(notes) > LONGEST_NOTES:
        raise VerbError(f"Notes have at most {LONGEST_NOTES} signs.", field="notes")
    row = Interview.objects.select_for_update().get(pk=row.pk)
    before, row.state = row.state, state
    row.at, row.about, row.notes = held_at, _about(about), notes.strip()
    row.save(update_fields=["state", "at", "about", "notes"])
    DirectoryNote.objects.filter(interview=row).update(due_at=work.current().now, attempts=0)
    if before != state and row.ticket_id is not None:
        ticket = tickets.lock(row.ticket_id)
        tickets.record(ticket, kinds.INTERVIEW, interview=row.pk, effect=state)
    return row


def _about(text: str) -> str:
    text = " ".join(text.split())[:250]
    if not text:
        raise VerbError("What is it about?", field="about")
    return text
