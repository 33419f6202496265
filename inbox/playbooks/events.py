"""Events: what is planned, whose tickets are talked about, and the link back to each of them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from inbox.channels.contract import Capability
from inbox.common import work
from inbox.guard.screening import clean, clean_text
from inbox.outbox import drafts
from inbox.outbox.models import Outgoing
from inbox.playbooks import attending, describing, recurring, services
from inbox.playbooks.models import Event, EventState, EventTicket, RunState, Series
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Status, Thread, ThreadRole, Ticket

NEVER_TOLD = (Status.SPAM, Status.TRASHED)
CALLED_OFF = "the event was called off"
# what people write; the rest of an event is the clockwork's
WRITTEN = [
    "series", "title", "starts_at", "ends_at", "meeting_url", "stream_url",
    "agenda", "people", "links",
]  # fmt: skip


def minutes_of(event: Event) -> int:
    """How long the event is."""
    return round((event.ends_at - event.starts_at).total_seconds() / 60)


def zone_of(event: Event, otherwise: str = "UTC") -> str:
    """Where its day and hour are told: by its series' calendar, whoever reads."""
    return recurring.calendar_of(event.series).zone if event.series else otherwise


def save(event: Event) -> Event:
    """Keep an event as somebody wrote it; runs that stand at its beginning move with it.

    Raises `VerbError` when its agenda does not fit between its two ends.
    """
    work.current()
    if event.ends_at <= event.starts_at:
        raise VerbError("It ends before it begins.", field="ends_at")
    planned, there = describing.agenda_sum(event.agenda), minutes_of(event)
    if planned > there:
        raise VerbError(
            f"The agenda takes {planned} min, and there are {there}.", field="agenda_minutes"
        )
    _need_own_time(event)
    event.title, event.agenda = clean_text(event.title), clean(event.agenda)
    before = _lock(event.pk) if event.pk else None
    attending.recognise(event)
    event.save(update_fields=WRITTEN if before else None)
    if before is None:
        return event
    event.state = before.state  # the clockwork may have said meanwhile that it is over
    attending.took_part(event)
    for run in event.runs.filter(state=RunState.RUNNING, anchor_at=before.starts_at):
        if event.starts_at != before.starts_at:
            services.reschedule(run, anchor_at=event.starts_at)
    return event


def _need_own_time(event: Event) -> None:
    others = Event.objects.filter(series=event.series_id, starts_at=event.starts_at)
    if event.series_id and others.exclude(pk=event.pk).exists():
        raise VerbError("The series has an event at that time already.", field="starts_at")


def _lock(pk: int) -> Event:
    return Event.objects.select_for_update(of=("self",)).get(pk=pk)


def move(event: Event, *, starts_at: datetime) -> Event:
    """Another time for a planned event, as long as it was; its runs move with it."""
    event = _lock(event.pk)
    if event.state != EventState.PLANNED:
        raise VerbError("This event is not planned any more.")
    event.ends_at += starts_at - event.starts_at
    event.starts_at = starts_at
    return save(event)


def call_off(event: Event) -> None:
    """It does not take place: its runs end, and its series plans the next one."""
    work.current()
    event = _lock(event.pk)
    if event.state != EventState.PLANNED:
        raise VerbError("This event is not planned any more.")
    _put(event, EventState.CANCELLED)
    for run in event.runs.filter(state=RunState.RUNNING):
        services.cancel(run, reason=CALLED_OFF)


def bring_back(event: Event) -> None:
    """It takes place after all; what ended with it goes on."""
    now = work.current().now
    event = _lock(event.pk)
    if event.state != EventState.CANCELLED:
        raise VerbError("This event was not called off.")
    if event.ends_at <= now:
        raise VerbError("It would be over by now.")
    _put(event, EventState.PLANNED)
    for run in event.runs.filter(state=RunState.CANCELLED):
        last = run.entries.filter(kind="cancelled").last()
        if last is not None and last.data.get("reason") == CALLED_OFF:
            services.resume(run)


def _put(event: Event, state: EventState) -> None:
    event.state = state
    event.save(update_fields=["state"])
    if event.series_id:
        Series.objects.filter(pk=event.series_id).update(look_at=None)  # the next one is looked for


def choose(event: Event, ticket: Ticket) -> EventTicket:
    """A ticket is talked about there (S84); choosing it twice is no mistake."""
    work.current()
    return EventTicket.objects.get_or_create(event=event, ticket=ticket)[0]


def drop(chosen: EventTicket) -> None:
    """It is not talked about after all."""
    work.current()
    chosen.delete()


def stamp(chosen: EventTicket, text: str) -> None:
    """When in the recording its part begins; "" for nowhere. Raises `VerbError`."""
    work.current()
    try:
        chosen.timestamp_seconds = describing.seconds_of(text) if text.strip() else None
    except ValueError:
        raise VerbError("Write it as 12:30 or 1:02:30.", field="stamp") from None
    chosen.url = _link(chosen.event, chosen)
    chosen.save(update_fields=["timestamp_seconds", "url"])


def _link(event: Event, chosen: EventTicket) -> str:
    seconds = chosen.timestamp_seconds
    if not event.stream_url or seconds is None:
        return ""
    return describing.at_moment(event.stream_url, seconds)


def link_back(event: Event, chosen: list[EventTicket]) -> int:
    """A draft with the link for everybody who asked, once each; a person approves each of them."""
    work.current()
    made = 0
    for one in chosen:
        # the recording may have been uploaded after the part was marked
        url = _link(event, one)
        if not url or one.ticket.status in NEVER_TOLD:
            continue
        if one.url != url:
            one.url = url
            one.save(update_fields=["url"])
        made += _draft(event, one)
    return made


def _draft(event: Event, one: EventTicket) -> bool:
    threads = one.ticket.threads.filter(role=ThreadRole.CUSTOMER).select_related("channel")
    thread: Thread | None = threads.order_by("pk").first()
    key = f"event:{event.pk}:{one.ticket_id}"
    if thread is None or Capability.REPLY not in thread.channel.type.capabilities:
        return False
    if Outgoing.objects.filter(idempotency_key=key).exists():
        return False
    text = describing.answer_with_moment(
        event, seconds=one.timestamp_seconds, zone=ZoneInfo(zone_of(event))
    )
    drafts.write(one.ticket, thread, text=text, key=key)
    return True
