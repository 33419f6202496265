"""Filing a page of another desk's history: all of it at once, in one change.

What is here already is left as it is (the unique keys say what that is), so a page may be filed
any number of times. No step of the pipeline sees these events: nothing is routed, promised,
announced or sent. Figures and search follow, as for any other ticket.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from django.db.models import Model

from inbox.accounts.models import User
from inbox.channels import sources
from inbox.channels.contract import InboundMessage
from inbox.channels.models import Channel, Fetch
from inbox.channels.ports import ImportedTicket
from inbox.common import rows, work
from inbox.guard import screening
from inbox.history.models import ImportItem, ImportRun
from inbox.history.shaping import (
    ACTOR,
    Case,
    count_in,
    events_of,
    standing,
    status_of,
    tags_of,
    title_of,
)
from inbox.people import meeting
from inbox.people import services as people
from inbox.people.models import Identity
from inbox.search import indexing
from inbox.tickets import files
from inbox.tickets import services as tickets
from inbox.tickets.models import (
    Attachment,
    AuthorRole,
    Direction,
    Message,
    Status,
    Tag,
    Thread,
    Ticket,
    TicketCount,
    TicketEvent,
    Tombstone,
    Touched,
    Visibility,
)
from inbox.tickets.recording import counted

CHUNK = 100
FOLLOWED = (
    "status", "waiting_on", "resolution", "closed_at", "hold_reason", "trashed_at",
    "status_before", "priority", "owner", "waiting_since",
)  # fmt: skip
COUNTED = ("message_count", "last_message_at", "last_message_id", "asked_at", "answered_at")
Counts = Counter[tuple[str, str]]


@dataclass(kw_only=True)
class Filed:
    """What a page brought."""

    tickets: int = 0
    messages: int = 0


def prepare(told: Iterable[ImportedTicket]) -> list[Case]:
    """Files to disk, before the transaction; of a ticket that a page names twice the later one."""
    last = {ticket.thread_key: _without_secrets(ticket) for ticket in told}
    return [
        Case(
            told=ticket,
            files={m.message_key: [files.keep(f) for f in m.files] for m in ticket.batch.messages},
        )
        for ticket in last.values()
    ]


def _without_secrets(ticket: ImportedTicket) -> ImportedTicket:
    """What somebody sent long ago is masked, and nobody is told of it any more."""
    batch = screening.screen(ticket.batch).batch
    return replace(ticket, batch=batch, hold_reason=screening.clean_text(ticket.hold_reason))


def file_page(cases: Sequence[Case], run: ImportRun) -> Filed:
    """File tickets with everything in them, inside a historic change.

    Raises `IntegrityError` when somebody filed one of them at this moment: try once more.
    """
    page = _Page(run.channel, cases)
    page.recognise()
    page.open(run)
    page.write()
    page.settle()
    return Filed(tickets=len(cases), messages=len(page.messages))


def _insert(made: Iterable[Model]) -> None:
    """INSERT in statements of one size, so that their text is made once."""
    left = iter(made)
    while part := list(islice(left, CHUNK)):
        rows.insert(part)


class _Page:
    """One page while it is filed."""

    def __init__(self, channel: Channel, cases: Sequence[Case]) -> None:
        self.channel, self.realm = channel, channel.realm
        self.all, self.cases = cases, list(cases)
        self.owners: dict[str, User] = meeting.accounts(case.told.assignee_email for case in cases)
        self.met: dict[meeting.Key, Identity] = {}
        self.before: Counts = Counter()

    @property
    def messages(self) -> list[Message]:
        """Everything that was not here."""
        return [message for case in self.cases for message in case.messages]

    # -------------------------------------------------------------- what is here

    def recognise(self) -> None:
        """Which tickets and messages are here; who is not known yet is met."""
        keys = {case.told.thread_key[:250]: case for case in self.cases}
        known = Thread.objects.filter(realm=self.realm, thread_key__in=keys)
        for thread in known.select_related("channel"):
            case = keys[thread.thread_key]
            case.thread, case.is_new = thread, False
        self._lock_known([case for case in self.cases if not case.is_new])
        self._drop_erased()
        self._meet()
        here = {case.ticket.pk: case.ticket for case in self.cases if not case.is_new}
        self.before = _counted(here.values())

    def _lock_known(self, here: list[Case]) -> None:
        numbers = sorted({case.thread.ticket_id for case in here})
        found = Ticket.objects.select_for_update().filter(pk__in=numbers).order_by("pk")
        # locked alone first: a join would lock its other tables, too
        locked = {ticket.pk: ticket for ticket in found}
        ours = set(ImportItem.objects.filter(ticket__in=numbers).values_list("ticket", flat=True))
        worked = TicketEvent.objects.filter(ticket__in=numbers).exclude(
            actor_kind="system", actor_label=ACTOR
        )
        ours -= set(worked.values_list("ticket", flat=True))
        for case in here:
            case.ticket = locked[case.thread.ticket_id]
            case.follows = case.ticket.pk in ours
            case.was = (case.ticket.status, case.ticket.owner_id)

    def _drop_erased(self) -> None:
        """A ticket whose every message was erased with its writer does not come back."""
        kept = []
        for case in self.cases:
            told = case.told.batch.messages
            left = [m for m in told if not tickets.is_forgotten(self.realm, m.message_key)]
            case.messages = []
            case.files = {m.message_key: case.files.get(m.message_key, []) for m in left}
            if left or not told:
                kept.append(case)
        self.cases = kept

    def _meet(self) -> None:
        heard: dict[meeting.Key, Any] = {}
        authors = [case.told.asker for case in self.cases if case.told.asker]
        for case in self.cases:
            for message in case.told.batch.messages:
                authors.append(message.author)
                key = meeting.key_of(self.realm, message.author)
                heard[key] = max(heard.get(key, message.sent_at), message.sent_at)
        self.met = meeting.meet(self.channel.kind, self.realm, authors, heard)

    # -------------------------------------------------------------- tickets and threads

    def open(self, run: ImportRun) -> None:
        """New tickets with their threads; what follows the other desk stands as it does there."""
        now = work.current().now
        for case in self.cases:
            told = case.told
            if case.is_new:
                case.ticket, case.was = self._ticket(told), (Status.OPEN, None)
            if case.follows:
                owner = self.owners.get(told.assignee_email.lower())
                for name, value in standing(told, owner, now).items():
                    setattr(case.ticket, name, value)
        new = [case for case in self.cases if case.is_new]
        _insert(case.ticket for case in new)
        for case in new:
            case.thread = self._thread(case)
        _insert(case.thread for case in new)
        _insert(ImportItem(run=run, ticket=case.ticket) for case in new)

    def _ticket(self, told: ImportedTicket) -> Ticket:
        first = told.batch.messages[0] if told.batch.messages else None
        author = told.asker or (first.author if first else None)
        return Ticket(
            subject=title_of(told),
            channel=self.channel,
            source=sources.resolve(self.channel, first.source_key, first.source_label)
            if first
            else None,
            asker=self.met[meeting.key_of(self.realm, author)] if author else None,
            permalink=(first.permalink if first else "")[:500],
            created_at=told.created_at,
            status=status_of(told),
        )

    def _thread(self, case: Case) -> Thread:
        ticket = case.ticket
        return Thread(
            realm=self.realm,
            thread_key=case.told.thread_key[:250],
            ticket=ticket,
            channel=self.channel,
            source=ticket.source,
            is_closed=ticket.status == Status.CLOSED,
            state_at=case.told.updated_at,
        )

    # -------------------------------------------------------------- messages

    def write(self) -> None:
        """Messages that are not here, with their files."""
        told = {
            m.message_key[:500]: (case, m)
            for case in self.cases
            for m in case.told.batch.messages
            if m.message_key in case.files
        }
        known = Message.objects.filter(realm=self.realm, external_id__in=told)
        here = set(known.values_list("external_id", "sender_key"))
        buried = Tombstone.objects.filter(
            realm=self.realm, message_key__in=[key[:250] for key in told]
        )
        gone = dict(buried.values_list("message_key", "at"))
        for key, (case, inbound) in told.items():
            if (key, inbound.sender_key) not in here:
                case.messages.append(self._message(case, inbound, gone.get(key[:250])))
        _insert(self.messages)
        self._keep_files()

    def _message(self, case: Case, inbound: InboundMessage, deleted_at: Any) -> Message:
        sender = self.met[meeting.key_of(self.realm, inbound.author)]
        role = _role(case.ticket, sender, inbound)
        ours = role == AuthorRole.TEAM
        words = "" if deleted_at else inbound.text
        return Message(
            ticket=case.ticket,
            thread=case.thread,
            direction=Direction.OUT if ours else Direction.IN,
            visibility=Visibility.INTERNAL if inbound.is_internal else Visibility.PUBLIC,
            realm=self.realm,
            external_id=inbound.message_key[:500],
            sender_key=inbound.sender_key,
            author=sender,
            author_user=sender.user if ours else None,
            author_label=sender.label[:250],
            role=role,
            subject=inbound.subject[:250],
            body_text=words,
            new_text="" if deleted_at else inbound.new_text or words,
            body_html="" if deleted_at else inbound.html,
            to=list(inbound.to),
            cc=list(inbound.cc),
            message_class="auto_reply"
            if inbound.author.is_bot and inbound.message_class == "normal"
            else inbound.message_class,
            matched_by=ACTOR,
            notes=list(inbound.notes),
            sent_at=inbound.sent_at,
            filed_at=work.current().now,
            version=inbound.version[:40],
            edited_at=inbound.edited_at,
            deleted_at=deleted_at,
        )

    def _keep_files(self) -> None:
        found: list[Attachment] = []
        known = work.current().objects
        for case in self.cases:
            for message in case.messages:
                files = case.files.get(message.external_id, [])
                known["files", message.pk] = files  # search reads their names
                for file in files:
                    file.message, file.pk = message, None
                found += files
        Attachment.objects.bulk_create(found)
        # rung for by nobody: the sweep sees to them, after what comes in just now
        Fetch.objects.bulk_create(
            Fetch(
                channel=self.channel,
                attachment=file,
                url=str(url)[:1000],
                not_before=work.current().now,
            )
            for file in found
            if (url := getattr(file, "fetch_from", ""))
        )

    # -------------------------------------------------------------- what follows

    def settle(self) -> None:
        """Tags, counts, events, figures and the index."""
        self._tag()
        with rows.together():
            for case in self.cases:
                count_in(case.ticket, case.messages)
                if case.messages or (case.follows and not case.is_new):
                    names = COUNTED + (FOLLOWED if case.follows and not case.is_new else ())
                    rows.update(case.ticket, names, add={"version": 1})
        _insert(event for case in self.cases for event in events_of(case, self.channel))
        _insert(Touched(ticket_id=case.ticket.pk) for case in self.cases)
        deltas = _counted({case.ticket.pk: case.ticket for case in self.cases}.values())
        deltas.subtract(self.before)
        _insert(TicketCount(scope=s, key=key, n=n) for (s, key), n in deltas.items() if n)
        new = [
            (case.ticket, case.thread.thread_key, case.tags) for case in self.cases if case.is_new
        ]
        indexing.index_past(new, self.messages)

    def _tag(self) -> None:
        wanted = {case.ticket.pk: tags_of(case.told) for case in self.cases if case.follows}
        names = {name for found in wanted.values() for name in found}
        known = dict(Tag.objects.filter(name__in=names).values_list("name", "pk"))
        missing = sorted(names - set(known))
        if missing:
            Tag.objects.bulk_create([Tag(name=name) for name in missing], ignore_conflicts=True)
            known |= dict(Tag.objects.filter(name__in=missing).values_list("name", "pk"))
        link = Ticket.tags.through
        here = set(link.objects.filter(ticket__in=wanted).values_list("ticket_id", "tag__name"))
        for case in self.cases:
            number = case.ticket.pk
            case.tags = [name for name in wanted.get(number, []) if (number, name) not in here]
        _insert(
            link(ticket_id=case.ticket.pk, tag_id=known[name])
            for case in self.cases
            for name in case.tags
        )


def _role(ticket: Ticket, sender: Identity, inbound: InboundMessage) -> str:
    """As when it is filed; but whoever the other desk calls a full member was the team there."""
    if inbound.is_internal or inbound.is_own:
        return AuthorRole.TEAM
    if ticket.asker is not None and ticket.asker.contact_id == sender.contact_id:
        return AuthorRole.ASKER
    there = inbound.author.member_kind == people.FULL
    return AuthorRole.TEAM if there or people.is_team(sender) else AuthorRole.COMMUNITY


def _counted(found: Iterable[Ticket]) -> Counts:
    return Counter(place for ticket in found for place in counted(ticket))
