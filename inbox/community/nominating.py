"""Who should be a champion: proposed by what they did or by a colleague, decided by the team."""

from datetime import date, timedelta

from django.db.models import F

from inbox.common import work
from inbox.common.config import setting
from inbox.community.models import Nomination, NominationState
from inbox.people import standing
from inbox.people.errors import PeopleError
from inbox.people.models import Championship, Contact, PersonEvent

NOMINATED, DECLINED = "nominated", "not_now"


def propose(contact: Contact, *, why: str) -> Nomination | None:
    """What they did is enough: say so once, and not again soon after somebody said no."""
    now = work.current().now
    theirs = Nomination.objects.filter(standing.parts_of(contact))
    quiet = theirs.filter(quiet_until__gt=now) | theirs.filter(state=NominationState.WAITING)
    if contact.champion or quiet.exists() or _ended_lately(contact):
        return None
    return Nomination.objects.create(contact=contact, reason=why[:250], at=now)


def _ended_lately(contact: Contact) -> bool:
    """Somebody decided that they are no champion any more; a naming taken back is no such no."""
    rows = Championship.objects.filter(standing.parts_of(contact), ended_at__gt=F("named_at"))
    return rows.filter(ended_at__gt=work.current().now - _quiet_days()).exists()


def _quiet_days() -> timedelta:
    return timedelta(days=int(setting("community_quiet_days")))


def nominate(contact: Contact, *, reason: str) -> PersonEvent:
    """A colleague proposes somebody, whatever the figures say. Raises `PeopleError`."""
    current = work.current()
    if not reason.strip():
        raise PeopleError("Say what for: whoever decides reads it.", field="why")
    if contact.champion:
        raise PeopleError("They are a champion already.")
    theirs = Nomination.objects.filter(standing.parts_of(contact))
    if theirs.filter(state=NominationState.WAITING).exists():
        raise PeopleError("They are nominated already.")
    Nomination.objects.create(
        contact=contact,
        reason=" ".join(reason.split())[:250],
        at=current.now,
        by_id=current.actor.user_id,
    )
    return standing.mark(contact, NOMINATED, why=reason.strip()[:250])


def accept(nomination: Nomination, *, reason: str, evidence_url: str = "") -> PersonEvent:
    """They become a champion for this reason. Raises `PeopleError`."""
    contact = _whole(_waiting(nomination))
    return name_champion(contact, reason=reason, evidence_url=evidence_url)


def name_champion(
    contact: Contact, *, reason: str, evidence_url: str = "", since: date | None = None
) -> PersonEvent:
    """Recognise a champion; whoever had proposed it has their answer. Raises `PeopleError`."""
    event = standing.name_champion(contact, reason=reason, evidence_url=evidence_url, since=since)
    current = work.current()
    waiting = Nomination.objects.filter(standing.parts_of(contact), state=NominationState.WAITING)
    waiting.update(
        state=NominationState.ACCEPTED,
        decided_at=current.now,
        decided_by_id=current.actor.user_id,
    )
    return event


def decline(nomination: Nomination, *, because: str) -> PersonEvent:
    """Not now; figures alone bring it up again only after a while. Raises `PeopleError`."""
    nomination, current = _waiting(nomination), work.current()
    if not because.strip():
        raise PeopleError("Say why not, for who asks later.", field="because")
    nomination.state, nomination.declined_because = NominationState.DECLINED, because.strip()[:250]
    nomination.decided_at, nomination.decided_by_id = current.now, current.actor.user_id
    nomination.quiet_until = current.now + _quiet_days()
    nomination.save()
    return standing.mark(_whole(nomination), DECLINED, why=nomination.declined_because)


def _whole(nomination: Nomination) -> Contact:
    return nomination.contact.root or nomination.contact


def _waiting(nomination: Nomination) -> Nomination:
    """The row under its lock. Raises `PeopleError` when somebody was quicker."""
    rows = Nomination.objects.select_for_update(of=("self",)).select_related("contact__root")
    found = rows.get(pk=nomination.pk)
    if found.state != NominationState.WAITING:
        raise PeopleError("Somebody has decided this already.")
    return found
