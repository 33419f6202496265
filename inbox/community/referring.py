"""What product should see, and what is better talked about live; each stays on a list."""

from inbox.accounts.models import User
from inbox.common import work
from inbox.community.models import LiveTopic, Referral, ReferralState, TopicState
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Ticket


def refer(ticket: Ticket, *, why: str, area: str = "") -> Referral:
    """Put a ticket on product's list; once more for the same area is new again (S46)."""
    ticket, current = tickets.lock(ticket.pk), work.current()
    if not why.strip():
        raise VerbError("Say why product should see this.", field="body")
    values = {
        "reason": why.strip()[:500],
        "state": ReferralState.NEW,
        "at": current.now,
        "by_id": current.actor.user_id,
        "changed_at": current.now,
    }
    area = " ".join(area.split())[:60]
    row, _ = Referral.objects.update_or_create(ticket=ticket, area=area, defaults=values)
    tickets.record(ticket, kinds.REFERRED, area=area or "product", state=ReferralState.NEW.label)
    return row


def answer(referral: Referral, *, state: str, user: User, note: str = "") -> Referral:
    """What product made of it; a note stays on the ticket, and inside. Raises `VerbError`."""
    if state not in ReferralState.values:
        raise VerbError("Choose one of the states.", field="state")
    ticket, current = tickets.lock(referral.ticket_id), work.current()
    referral.state, referral.changed_at = state, current.now
    referral.save(update_fields=["state", "changed_at"])
    said = ReferralState(state).label
    tickets.record(ticket, kinds.REFERRED, area=referral.area or "product", state=said)
    if note.strip():
        tickets.add_note(ticket, body=f"Product, {said.lower()}: {note.strip()}", user=user)
    return referral


def talk_about(ticket: Ticket, *, topic: str) -> LiveTopic:
    """Keep a ticket for the office hours; its subject where no topic is given (S84)."""
    ticket, current = tickets.lock(ticket.pk), work.current()
    values = {
        "topic": (" ".join(topic.split()) or ticket.subject)[:200],
        "state": TopicState.WAITING,
        "at": current.now,
        "by_id": current.actor.user_id,
    }
    row, _ = LiveTopic.objects.update_or_create(ticket=ticket, defaults=values)
    tickets.record(ticket, kinds.LIVE_TOPIC, topic=row.topic)
    return row


def settle(topic: LiveTopic, *, state: str) -> LiveTopic:
    """It was talked about, or is not needed; or waits again. Raises `VerbError`."""
    if state not in TopicState.values:
        raise VerbError("Choose one of the states.", field="state")
    topic.state = state
    topic.save(update_fields=["state"])
    return topic
