"""What joins tickets, parts them, or puts them away: the browser's verbs, with a way back."""

from django.http import QueryDict

from inbox.accounts.models import User
from inbox.bulk import services as bulk
from inbox.guard import services as guard
from inbox.loop import services as loop
from inbox.loop import ties
from inbox.tickets import queries
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Ticket
from inbox.web import toasts
from inbox.web.said import Said


def _merge(row: Ticket, data: QueryDict, user: User) -> str:
    into = _named(data.get("into", ""), user)
    tickets.lock_all([row.pk, into.pk])
    with bulk.step(row, user, "merge") as step:
        tickets.merge(row, into=into)
        step.said = f"Merged into #{into.pk}"
    return Said(f"#{row.pk} is merged into #{into.pk}.", undo=toasts.undo_of(step.run))


def _named(given: str, user: User) -> Ticket:
    text = given.strip().lstrip("#")
    is_number = text.isascii() and text.isdigit() and len(text) < 16
    found = queries.visible_to(user).filter(pk=int(text)).first() if is_number else None
    if found is None:
        raise VerbError("There is no ticket of this number.", field="into")
    return found


def _unmerge(row: Ticket, data: QueryDict, user: User) -> str:
    tickets.lock_all(tickets.way_of(row.pk))
    with bulk.step(row, user, "unmerge") as step:
        tickets.unmerge(row)
        step.said = "Parted again"
    return Said("The merge is undone.", undo=toasts.undo_of(step.run))


def _split(row: Ticket, data: QueryDict, user: User) -> str:
    chosen = [int(pk) for pk in data.getlist("message") if pk.isascii() and pk.isdigit()]
    fresh = tickets.split(row, chosen, subject=data.get("subject", ""))
    run = bulk.keep(
        fresh,
        user,
        "split",
        said=f"Split off #{row.pk}",
        before={"merged": row.pk},
        after={"merged": None},
    )
    return Said(f"Split off into #{fresh.pk}.", undo=toasts.undo_of(run))


def _unsplit(row: Ticket, data: QueryDict, user: User) -> str:
    """Merge back what was split off."""
    event = row.events.filter(kind="split", data__has_key="source").order_by("-pk").first()
    if event is None:
        raise VerbError("This ticket was not split off another one.")
    return _merge(row, QueryDict(f"into={event.data['source']}"), user)


def _trash(row: Ticket, data: QueryDict, user: User) -> str:
    tickets.trash(row)
    return "In the trash. It can be restored for 30 days."


def _spam(row: Ticket, data: QueryDict, user: User) -> str:
    """As spam; with `block` its sender is not heard any more."""
    with bulk.step(row, user, "spam") as step:
        tickets.mark_spam(row)
        step.said = "Marked as spam"
        said = "Marked as spam. Nothing is sent because of it."
        if what := data.get("block", ""):
            block = guard.block_sender(row, by=user, what=what, reason="spam")
            step.params = {bulk.BLOCKED: True}
            said = f"Spam; {block.value} is blocked from now on."
    return Said(said, undo=toasts.undo_of(step.run))


def _unblock(row: Ticket, data: QueryDict, user: User) -> str:
    guard.unblock_sender(row)
    if row.status == "spam":
        tickets.restore(row)
    return "Not blocked any more."


def _restore(row: Ticket, data: QueryDict, user: User) -> str:
    tickets.restore(row)
    return "Restored."


def _link(row: Ticket, data: QueryDict, user: User) -> str:
    other = ties.other_of(user, data.get("url", ""))
    if other is None:
        loop.add_link(row, url=data.get("url", ""))
        return "Linked."
    ties.tie(row, other, kind=data.get("kind", ""))
    return f"Linked with #{other.pk}, both ways."


def _unlink(row: Ticket, data: QueryDict, user: User) -> str:
    ties.untie(row, url=data.get("url", ""))
    return "The link is off. Put it back in the conversation."


VERBS = {
    "merge": _merge,
    "unmerge": _unmerge,
    "split": _split,
    "unsplit": _unsplit,
    "trash": _trash,
    "spam": _spam,
    "unblock": _unblock,
    "restore": _restore,
    "link": _link,
    "unlink": _unlink,
}
