"""Conversations and places that live elsewhere now: what we know of them follows.

Tickets are locked before what stands on them, here as everywhere: whoever merges holds them already
when their threads move.
"""

from django.db.models import Q

from inbox.channels import sources
from inbox.channels.contract import InboundMove
from inbox.channels.models import Channel, Source
from inbox.common import work
from inbox.common.versions import bump
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Message, Thread, Ticket


def file_move(found: InboundMove, channel: Channel) -> str:
    """A conversation was transferred. Returns why nothing followed, or ""."""
    known = _locked(channel, found.thread_key[:250], found.new_thread_key[:250])
    thread = known.get(found.thread_key[:250])
    if thread is None:
        return "no ticket has this conversation"
    there = known.get(found.new_thread_key[:250])
    if there is not None:
        return _joined(thread, there)
    place = sources.resolve(channel, found.place, found.place)
    tickets.move_thread(thread, found.new_thread_key, place, permalink=found.permalink)
    mine = Message.objects.filter(realm=channel.realm)
    if not mine.filter(external_id=found.new_message_key[:500]).exists():
        first = mine.filter(external_id=found.message_key[:500])
        first.update(external_id=found.new_message_key[:500])
        # a copy that comes late under the old key is none of its answers
        tickets.bury(channel.realm, found.message_key, work.current().now)
    return ""


def _locked(channel: Channel, *keys: str) -> dict[str, Thread]:
    """The conversations of these keys by their keys, as they stand under their tickets' locks."""
    rows = Thread.objects.filter(realm=channel.realm, thread_key__in=keys).select_related("ticket")
    held: set[int] = set()
    while True:
        known = {thread.thread_key: thread for thread in rows.order_by("pk")}
        wanted = {thread.ticket_id for thread in known.values()}
        if wanted <= held:
            return known
        # a merge that was under way may have moved them while this waited: then once more
        tickets.lock_all(list(wanted))
        held |= wanted


def _joined(thread: Thread, there: Thread) -> str:
    """Something came from the new place first and opened a ticket: it joins the older one."""
    if thread.ticket_id == there.ticket_id:
        return "moved before"
    try:
        tickets.merge(there.ticket, into=thread.ticket)
    except VerbError as error:
        return str(error)
    return ""


def file_rename(old: str, new: str, channel: Channel) -> str:
    """A place has another name now. Returns why nothing followed, or ""."""
    places = {p.external_key: p for p in Source.objects.filter(channel=channel)}
    before, after = places.get(old), places.get(new)
    if before is None or old == new:
        return "nothing came from this place so far"
    if after is None:
        before.external_key, before.label = new[:200], new[:200]
        before.save(update_fields=["external_key", "label"])
    else:
        threads = Thread.objects.filter(source=before)
        mine = Ticket.objects.filter(Q(source=before) | Q(pk__in=threads.values("ticket")))
        # the rows alone, in the order of every other change; a place may have thousands
        list(mine.select_for_update().order_by("pk").values_list("pk", flat=True))
        threads.update(source=after)
        Ticket.objects.filter(source=before).update(source=after)
    bump("sources")
    return ""
