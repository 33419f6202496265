"""Blocking senders and letting them in again; the pipeline's first step keeps them out."""

from django.db.models import F

from inbox.accounts.models import User
from inbox.common import work
from inbox.common.versions import bump, kept
from inbox.guard.models import Block, BlockKind
from inbox.people import services as people
from inbox.people.models import Identity
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import AuthorRole, Message, Ticket, TicketEvent

STAMP = "blocks"
# whoever blocked one of these would shut out thousands of strangers
PUBLIC_DOMAINS = frozenset(
    "gmail.com googlemail.com outlook.com hotmail.com live.com yahoo.com icloud.com me.com "
    "proton.me protonmail.com gmx.de gmx.net web.de aol.com qq.com 163.com mail.ru "
    "yandex.ru".split()
)


def on_event(event: TicketEvent) -> None:
    """The pipeline's first step: what a blocked sender begins is spam before any rule sees it."""
    if event.kind != kinds.MESSAGE_IN or work.current().historic:
        return
    blocks = kept(STAMP, _load)
    message: Message = work.current().objects["message", event.data["message"]]
    if not blocks or message.author is None or message.role == AuthorRole.TEAM:
        return
    hit = next((key for key in keys_of(message.author) if key in blocks), None)
    if hit is None:
        return
    Block.objects.filter(pk=blocks[hit]).update(hit_at=event.at, hits=F("hits") + 1)
    event.data["quiet"] = True
    _keep_out(event, message)


def _keep_out(event: TicketEvent, message: Message) -> None:
    ticket = tickets.lock(event.ticket_id)
    if ticket.asker_id == message.author_id:
        tickets.mark_spam(ticket, why="blocked sender")


def _load() -> dict[tuple[str, str], int]:
    return {
        (kind, value): pk for pk, kind, value in Block.objects.values_list("pk", "kind", "value")
    }


def keys_of(who: Identity) -> list[tuple[str, str]]:
    """Everything by which somebody may be blocked, the narrowest first."""
    found = [(BlockKind.IDENTITY.value, identity_key(who))]
    address = who.external_id.casefold()
    if "@" in address and who.realm == "mail":
        domain = address.rpartition("@")[2]
        found.append((BlockKind.ADDRESS.value, address))
        while "." in domain:
            found.append((BlockKind.DOMAIN.value, domain))
            domain = domain.partition(".")[2]
    return found


def identity_key(who: Identity) -> str:
    """How an account stands on the list."""
    return f"{who.kind}/{who.realm}/{who.external_id}"[:400]


def block_sender(ticket: Ticket, *, by: User | None, what: str = "", reason: str = "") -> Block:
    """Block whoever asks on a ticket: their address or account, or with `domain` all of it.

    Raises `VerbError` for one of us, and for a domain that everybody uses.
    """
    who = tickets.lock(ticket.pk).asker
    if who is None:
        raise VerbError("Nobody is known to block.", field="block")
    if people.is_team(who):
        raise VerbError("This is one of us.", field="block")
    kind, value = _what(who, what)
    found = block(
        kind, value, by=by, label=who.label if kind != BlockKind.DOMAIN else "", reason=reason
    )
    tickets.record(tickets.lock(ticket.pk), kinds.BLOCKED, who=value, what=kind)
    return found


def _what(who: Identity, what: str) -> tuple[str, str]:
    keys = dict(keys_of(who))
    if what == BlockKind.DOMAIN:
        address = who.external_id.casefold()
        if who.realm != "mail" or "@" not in address:
            raise VerbError("Only mail has a domain.", field="block")
        return what, address.rpartition("@")[2]
    kind = BlockKind.ADDRESS if BlockKind.ADDRESS in keys else BlockKind.IDENTITY
    return kind.value, keys[kind.value]


def block(kind: str, value: str, *, by: User | None, label: str = "", reason: str = "") -> Block:
    """Put something on the list; twice is once. Raises `VerbError` for what is no such thing."""
    value = value.strip() if kind == BlockKind.IDENTITY else value.strip().casefold().lstrip("@")
    if kind not in BlockKind.values or not value or len(value) > 400:
        raise VerbError("Say which address or domain.", field="value")
    if kind == BlockKind.ADDRESS and "@" not in value:
        raise VerbError("An address has an @.", field="value")
    if kind == BlockKind.DOMAIN and ("@" in value or "." not in value):
        raise VerbError("A domain looks like example.com.", field="value")
    if kind == BlockKind.DOMAIN and value in PUBLIC_DOMAINS:
        raise VerbError(f"Too many people write from {value}. Block the address.", field="value")
    facts = {"by": by, "label": label[:250], "reason": reason[:200]}
    row, _ = Block.objects.get_or_create(
        kind=kind, value=value, defaults={**facts, "created_at": work.current().now}
    )
    bump(STAMP)
    return row


def unblock(row: Block) -> None:
    """Take something off the list; what it kept out stays where it is."""
    row.delete()
    bump(STAMP)


def unblock_sender(ticket: Ticket) -> int:
    """Let whoever asks on a ticket be heard again; how many entries went."""
    who = tickets.lock(ticket.pk).asker
    gone = 0
    for kind, value in keys_of(who) if who else ():
        for row in Block.objects.filter(kind=kind, value=value):
            unblock(row)
            gone += 1
            tickets.record(tickets.lock(ticket.pk), kinds.UNBLOCKED, who=value, what=kind)
    return gone


def blocked_by(who: Identity | None) -> list[Block]:
    """The entries that keep somebody out."""
    blocks = kept(STAMP, _load)
    found = [blocks[key] for key in keys_of(who) if key in blocks] if who and blocks else []
    return list(Block.objects.filter(pk__in=found)) if found else []
