"""What is asked about a ticket after a hint, once; the answer is kept with the delivery."""

from collections.abc import Mapping
from typing import Any

from inbox.channels.contract import ChannelConfig, RawRequest
from integrations.zendesk import client
from integrations.zendesk.client import ZendeskError
from integrations.zendesk.hints import GONE, hint_of
from integrations.zendesk.payloads import is_number, is_ours, our_comments

Row = dict[str, Any]
MOST_PAGES = 5  # of the newest comments: five hundred
TICKET = (
    "id", "subject", "status", "priority", "type", "requester_id", "submitter_id", "assignee_id",
    "group_id", "tags", "via", "created_at", "updated_at",
)  # fmt: skip
COMMENT = (
    "id", "author_id", "plain_body", "body", "html_body", "public", "created_at", "attachments",
    "via",
)  # fmt: skip
USER = (
    "id", "name", "alias", "email", "role", "verified", "suspended", "iana_time_zone",
)  # fmt: skip


def complete(raw: RawRequest, config: ChannelConfig) -> Mapping[str, Any] | None:
    """Ticket, comments and people; None where nothing has to be asked. Raises `ChannelError`."""
    hint = hint_of(raw)
    if hint.ignored or hint.what in GONE:
        return None
    return read(config, hint.target or hint.number)


def read(config: ChannelConfig, number: str) -> Row:
    """One ticket as it stands now; `ticket` is None when it is gone. Raises `ZendeskError`."""
    try:
        found = client.call(config, "GET", f"/tickets/{number}", query={"include": "users"})
        comments, users, whole = _comments(config, number)
    except ZendeskError as error:
        if error.status != 404:
            raise
        return {"ticket": None}
    ticket = found.get("ticket") if isinstance(found, dict) else None
    if not isinstance(ticket, dict):
        raise ZendeskError("Zendesk's answer holds no ticket")
    people = {
        str(row.get("id")): _only(row, USER) for row in [*client.rows_of(found, "users"), *users]
    }
    _add_missing(config, people, [ticket.get("requester_id"), ticket.get("assignee_id")])
    return {
        "ticket": _only(ticket, TICKET),
        "comments": [_only(row, COMMENT) for row in comments],
        "users": list(people.values()),
        "own": _own(config, number, comments),
        "whole": whole,  # whether the first comment is among them
    }


def _only(row: Mapping[str, Any], names: tuple[str, ...]) -> Row:
    """What is used of a row: the rest is somebody's data that nobody needs here."""
    return {name: row[name] for name in names if name in row}


def _comments(config: ChannelConfig, number: str) -> tuple[list[Row], list[Row], bool]:
    """(the newest comments, oldest first; who wrote them; whether these are all)."""
    whole = True
    comments: list[Row] = []
    users: list[Row] = []
    query = {"include": "users", "sort": "-created_at"}
    for count, page in enumerate(
        client.pages(config, f"/tickets/{number}/comments", "comments", query), start=1
    ):
        comments += page["comments"]
        users += client.rows_of(page, "users")
        if count == MOST_PAGES:
            whole = not (page.get("meta") or {}).get("has_more")
            break
    return sorted(comments, key=lambda row: int(row.get("id") or 0)), users, whole


def _add_missing(config: ChannelConfig, people: dict[str, Row], keys: list[Any]) -> None:
    """People whom no list brought along."""
    missing = [str(key) for key in keys if is_number(key) and str(key) not in people]
    if not missing:
        return
    found = client.call(config, "GET", "/users/show_many", query={"ids": ",".join(missing)})
    people.update({str(row.get("id")): _only(row, USER) for row in client.rows_of(found, "users")})


def _own(config: ChannelConfig, number: str, comments: list[Row]) -> list[str]:
    """Ids of comments that we wrote; audits are asked only when one came by the API."""
    told = [str(row.get("id")) for row in comments if is_ours(row.get("metadata"), config)]
    own = config.get("user_id")
    unclear = [row for row in comments if str(row.get("id")) not in told and _by_api(row, own)]
    if not unclear:
        return told
    pages = client.pages(config, f"/tickets/{number}/audits", "audits")
    audits = [row for page in pages for row in page["audits"]]
    return sorted({*told, *our_comments(audits, config, by=own)})


def _by_api(comment: Mapping[str, Any], own: str) -> bool:
    via = comment.get("via")
    by_api = isinstance(via, dict) and via.get("channel") == "api"
    return by_api or (own != "" and str(comment.get("author_id")) == own)
