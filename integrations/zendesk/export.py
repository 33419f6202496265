"""The way out of Zendesk: every ticket with its comments, by the cursor export; resumable.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/

The export gives tickets and people, a thousand a page and ten pages a minute; comments are asked
for ticket by ticket. So one page of ours is a part of theirs: the cursor is their cursor and the
mark (generated_timestamp, id) of the last ticket taken, in whose order the export stands. A
ticket that changes meanwhile comes again further on. A limit that is reached in the middle of a
page ends the page there: nothing that was asked is asked twice.
"""

from collections.abc import Mapping
from typing import Any

from inbox.channels.contract import ChannelConfig, InboundBatch
from inbox.channels.jsontext import moment
from inbox.channels.ports import ImportedTicket, Importer, ImportPage
from integrations.zendesk import client
from integrations.zendesk.client import ZendeskError
from integrations.zendesk.payloads import (
    EPOCH,
    MERGED,
    author_of,
    by_id,
    is_number,
    message_of,
    tags_of,
    thread_key,
)

Row = dict[str, Any]
PART = 100  # tickets of one page of ours, so about as many requests
SIZE = 500  # of the vendor's page: asked for again for each of our pages in it
STATUSES = {
    "new": "open",
    "open": "open",
    "pending": "in_progress",
    "hold": "on_hold",
    "solved": "closed",
    "closed": "closed",
}
HELD = "On hold at Zendesk"
PRIORITIES = {"low": "low", "normal": "normal", "high": "high", "urgent": "urgent"}


def page(config: ChannelConfig, cursor: Mapping[str, Any]) -> ImportPage:
    """The next tickets. Raises `ZendeskError`, also for a limit before anything was read."""
    after, mark = str(cursor.get("after") or ""), _mark(cursor)
    found = client.export(config, cursor=after, start_at=int(EPOCH.timestamp()), size=SIZE)
    people = by_id(client.rows_of(found, "users"))
    rows = [row for row in client.rows_of(found, "tickets") if _place(row) > mark]
    told: list[ImportedTicket] = []
    problems: list[str] = []
    for row in rows[:PART]:
        try:
            _take(config, row, people, told, problems)
        except ZendeskError as error:
            if error.permanent or (not told and mark == _mark(cursor)):
                raise
            # what was read counts; the rest of the page comes with the next one
            return _part(told, after, mark, problems)
        mark = max(mark, _place(row))
    if len(rows) > PART:
        return _part(told, after, mark, problems)
    given = str(found.get("after_cursor") or "")
    is_last = bool(found.get("end_of_stream", True)) or given in ("", after)
    return ImportPage(
        tickets=tuple(told),
        # the last cursor is kept, so that going on later finds what changed since
        cursor={"after": given or after, "mark": list(mark)},
        is_last=is_last,
        problems=tuple(problems),
    )


IMPORTER = Importer(
    page=page,
    cut_over=(
        "Forward your support address to a mailbox that is connected here, or let its MX record"
        " point there; mail that still reaches Zendesk comes by the webhook.",
        "Switch Zendesk's own notices to customers off (Admin Center → Objects and rules →"
        " Triggers), so that nobody is answered twice.",
        "Look for what changed since once more with “Go on” on this page.",
        "Answer here. Agents keep light access at Zendesk until the last open ticket is closed.",
        "Leave this connection in place while tickets are open there, then disconnect it: that"
        " revokes its token.",
    ),
)


def _part(
    told: list[ImportedTicket], after: str, mark: tuple[int, int], problems: list[str]
) -> ImportPage:
    return ImportPage(
        tickets=tuple(told),
        cursor={"after": after, "mark": list(mark)},
        is_last=False,
        problems=tuple(problems),
    )


def _mark(cursor: Mapping[str, Any]) -> tuple[int, int]:
    given = cursor.get("mark") or (0, 0)
    return int(given[0]), int(given[1])


def _place(row: Mapping[str, Any]) -> tuple[int, int]:
    """Where a ticket stands in the export: by its last change, then by its id."""
    changed, number = row.get("generated_timestamp"), row.get("id")
    return int(changed or 0), int(number or 0) if is_number(number) else 0


# ------------------------------------------------------------------ one ticket


def _take(
    config: ChannelConfig,
    row: Row,
    people: dict[str, Mapping[str, Any]],
    told: list[ImportedTicket],
    problems: list[str],
) -> None:
    number = row.get("id")
    if not is_number(number):
        problems.append("a ticket without an id was left out")
        return
    if row.get("status") == "deleted":
        return  # what was thrown away there does not come back here
    try:
        comments = _comments(config, number, people)
    except ZendeskError as error:
        if error.status != 404:
            raise
        problems.append(f"#{number} is not there any more")
        return
    ticket = _ticket(config, row, comments, people)
    if not ticket.batch.messages:
        problems.append(f"#{number} has no comment that can be read")
    if str(row.get("status")) not in STATUSES:
        problems.append(f"#{number} has the status “{row.get('status')}”; it comes as open")
    told.append(ticket)


def _comments(
    config: ChannelConfig, number: Any, people: dict[str, Mapping[str, Any]]
) -> list[Row]:
    """All comments, oldest first; who wrote them joins the people."""
    found: list[Row] = []
    path = f"/tickets/{number}/comments"
    for part in client.pages(config, path, "comments", {"include": "users"}):
        found += part["comments"]
        people.update(by_id(client.rows_of(part, "users")))
    return sorted(found, key=lambda row: int(row.get("id") or 0))


def _ticket(
    config: ChannelConfig,
    row: Row,
    comments: list[Row],
    people: Mapping[str, Mapping[str, Any]],
) -> ImportedTicket:
    assignee = people.get(str(row.get("assignee_id")), {})
    created = moment(row.get("created_at")) or EPOCH
    updated = moment(row.get("updated_at")) or created
    status = STATUSES.get(str(row.get("status")), "open")
    messages = tuple(
        message_of(comment, row, people, config, first=count == 0)
        for count, comment in enumerate(comments)
    )
    asker = row.get("requester_id")
    return ImportedTicket(
        external_id=f"#{row.get('id')}",
        thread_key=thread_key(row.get("id")),
        batch=InboundBatch(messages=messages, historic=True),
        created_at=created,
        updated_at=updated,
        asker=author_of(asker, people) if is_number(asker) else None,
        status=status,
        resolution=_resolution(row) if status == "closed" else "",
        hold_reason=HELD if status == "on_hold" else "",
        # the export has no time of solving; what was solved seldom changes afterwards
        closed_at=updated if status == "closed" else None,
        assignee_email=str(assignee.get("email") or ""),
        priority=PRIORITIES.get(str(row.get("priority")), ""),
        tags=tags_of(row),
    )


def _resolution(row: Row) -> str:
    return "duplicate" if MERGED in tags_of(row) else "solved"
