"""Answering: who gets it, by which thread, under whose name, and what the ticket is afterwards."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from inbox.accounts.models import User
from inbox.channels import directory
from inbox.channels.contract import Capability
from inbox.channels.models import Channel
from inbox.common import work
from inbox.tickets import status
from inbox.tickets.errors import NotAllowed, StaleReply, VerbError
from inbox.tickets.filing import add_message, add_note, home_thread
from inbox.tickets.models import (
    Attachment,
    AuthorRole,
    Direction,
    Message,
    Status,
    Thread,
    Ticket,
    Visibility,
)
from inbox.tickets.recording import own
from inbox.tickets.using import need_use

UNACCEPTED = "unverified_participant"
NO_ADDRESS = "They left no address, so nothing would arrive: tell them yourself."


@dataclass(frozen=True, kw_only=True)
class Route:
    """Where an answer goes: derived from the message that is answered (L22)."""

    answered: Message | None
    thread: Thread
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()

    @property
    def nobody(self) -> bool:
        """Whether the one who is answered left no address, so that nothing would arrive."""
        return self.answered is not None and _by_mail(self.thread) and not self.to


def reply(  # noqa: PLR0913 - what an agent decides in one go, all by name
    ticket: Ticket,
    *,
    body: str,
    user: User | None,
    then: str = "none",
    to: Sequence[str] | None = None,
    cc: Sequence[str] | None = None,
    files: Sequence[Attachment] = (),
    last_seen_message: int | None = None,
    delay_seconds: int = 0,
    thread: Thread | None = None,
) -> Message:
    """Answer in public; the outbox sends it by the thread's own channel.

    `user` None is an automatic answer. `then`: none, wait or close. `thread`: in this one, not
    where somebody wrote last. Raises `StaleReply` when a newer message has come since
    `last_seen_message`, `NotYours` where the connection is for others to use.
    """
    ticket = own(ticket)
    _check(ticket, body, then, last_seen_message)
    route = reply_route(ticket, thread=thread)
    if user is not None:
        need_use(route.thread.channel)
    if route.nobody and not any("@" in address for address in to or ()):
        raise VerbError(NO_ADDRESS, field="to")
    if files:
        _check_files(route)
    message = _file(ticket, route, body=body, user=user, to=to, cc=cc, files=files)
    if delay_seconds and Capability.LIVE not in route.thread.channel.type.capabilities:
        work.current().cache.setdefault("delays", {})[message.pk] = timedelta(seconds=delay_seconds)
    _afterwards(ticket, then)
    return message


def note(
    ticket: Ticket, *, body: str, user: User | None = None, files: Sequence[Attachment] = ()
) -> Message:
    """An internal note with text in it."""
    if not body.strip():
        raise VerbError("Write something first.", field="body")
    return add_note(own(ticket), body=body, user=user, files=files)


def reply_route(
    ticket: Ticket, *, newest: Sequence[Message] = (), thread: Thread | None = None
) -> Route:
    """How an answer would go out now: thread, To and Cc.

    `newest`: the ticket's newest messages, where the caller has read them anyway, oldest first.
    `thread`: the answer goes there; None is where somebody wrote last.
    """
    seen = (m for m in reversed(newest) if _can_be_answered(m))
    answered = next(seen, None) or _newest_to_answer(ticket, thread)
    if answered is None:
        return Route(answered=None, thread=thread or home_thread(ticket), cc=tuple(ticket.cc))
    if not _by_mail(answered.thread):
        return Route(answered=answered, thread=answered.thread)
    return _mail_route(ticket, answered)


def _by_mail(thread: Thread) -> bool:
    return Capability.RECIPIENTS in thread.channel.type.capabilities


def _can_be_answered(message: Message) -> bool:
    return (
        message.visibility == Visibility.PUBLIC
        and message.direction == Direction.IN
        and message.deleted_at is None
        and UNACCEPTED not in message.flags
    )


def _newest_to_answer(ticket: Ticket, thread: Thread | None) -> Message | None:
    messages = ticket.messages.filter(thread=thread) if thread else ticket.messages
    return (
        messages.filter(
            visibility=Visibility.PUBLIC, direction=Direction.IN, deleted_at__isnull=True
        )
        .exclude(flags__icontains=UNACCEPTED)
        .select_related("thread__channel", "thread__source", "author")
        .order_by("-sent_at", "-id")
        .first()
    )


def _mail_route(ticket: Ticket, answered: Message) -> Route:
    ours = directory.own_addresses()
    writer = answered.author.external_id if answered.author else ""
    wanted = [address for address in answered.reply_to if not directory.is_own(address, ours)]
    to = tuple(dict.fromkeys(a.lower() for a in (wanted or [writer]) if "@" in a))
    others = [*answered.to, *answered.cc, *ticket.cc] if _may_copy(answered) else [*ticket.cc]
    cc = (a.lower() for a in others if a.lower() not in to and not directory.is_own(a, ours))
    return Route(answered=answered, thread=answered.thread, to=to, cc=tuple(dict.fromkeys(cc)))


def _may_copy(answered: Message) -> bool:
    # A list's or a robot's mail names strangers; only a person's own mail carries its circle.
    return answered.message_class == "normal"


def _check(ticket: Ticket, body: str, then: str, last_seen_message: int | None) -> None:
    if not body.strip():
        raise VerbError("Write something first.", field="body")
    if then not in ("none", "wait", "close"):
        raise VerbError(f"After an answer a ticket cannot “{then}”.", field="then")
    if ticket.status == Status.MERGED:
        raise NotAllowed("This ticket was merged; answer on the ticket it went into.")
    if ticket.status == Status.SPAM:
        raise NotAllowed("Spam is never answered; restore the ticket first.")
    newest = ticket.last_message_id or 0
    if last_seen_message is not None and newest > last_seen_message:
        raise StaleReply(newest)


def _check_files(route: Route) -> None:
    kind = route.thread.channel.type
    if Capability.ATTACHMENTS not in kind.capabilities:
        raise VerbError(f"{kind.label} takes no files. Link to them instead.", field="files")


def _file(
    ticket: Ticket,
    route: Route,
    *,
    body: str,
    user: User | None,
    to: Sequence[str] | None,
    cc: Sequence[str] | None,
    files: Sequence[Attachment],
) -> Message:
    channel: Channel = route.thread.channel
    marker = uuid.uuid4().hex
    with_people = _by_mail(route.thread)
    return add_message(
        ticket,
        route.thread,
        direction=Direction.OUT,
        visibility=Visibility.PUBLIC,
        role=AuthorRole.TEAM if user else AuthorRole.BOT,
        external_id=channel.type.new_external_id(channel.config, marker) or f"pending:{marker}",
        sender_key=channel.address.lower() if with_people else "",
        sent_at=work.current().now,
        author_user=user,
        author_label=user.display_name if user else work.current().actor.label,
        subject=ticket.subject,
        body_text=body,
        new_text=body,
        to=list(to) if to is not None else list(route.to),
        cc=list(cc) if cc is not None else list(route.cc),
        references=_references(route.answered),
        files=files,
    )


def _afterwards(ticket: Ticket, then: str) -> None:
    if then == "wait":
        if not ticket.is_live:
            status.reopen(ticket, why="answered")
        status.wait(ticket, why="answered")
    elif then == "close":
        status.close(ticket, resolution="answered")


def _references(answered: Message | None) -> list[str]:
    if answered is None:
        return []
    return [*dict.fromkeys([*answered.references, answered.external_id])]
