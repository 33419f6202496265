"""Discussions of a repository, which only GraphQL knows: saying, changing, listing.

What is listed has the shape of a webhook's body, so that one reader reads both.
https://docs.github.com/en/graphql/guides/using-the-graphql-api-for-discussions
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from inbox.channels.contract import ChannelConfig
from inbox.channels.jsontext import moment
from integrations.github import client
from integrations.github.client import GitHubError

Row = dict[str, Any]
# the mutation's word for our word; GitHub has no other
REASONS = {"completed": "RESOLVED", "not_planned": "OUTDATED", "duplicate": "DUPLICATE"}

AUTHOR = """author{login __typename ... on User{databaseId} ... on Bot{databaseId}
  ... on Mannequin{databaseId} ... on Organization{databaseId}} authorAssociation"""
WORDS = f"id databaseId url body createdAt updatedAt lastEditedAt {AUTHOR}"
COMMENTS = f"""pageInfo{{startCursor hasPreviousPage}}
  nodes{{{WORDS} replies(last:50){{nodes{{{WORDS}}}}}}}"""
FIND = """query Find($o:String!,$r:String!,$n:Int!){
  repository(owner:$o,name:$r){discussion(number:$n){id closed}}}"""
# the last ones first: what is looked for is new
LATEST = f"""query Latest($o:String!,$r:String!,$n:Int!,$before:String){{
  repository(owner:$o,name:$r){{discussion(number:$n){{
    comments(last:100,before:$before){{{COMMENTS}}}}}}}}}"""
CHANGED = f"""query Changed($o:String!,$r:String!,$after:String){{
  repository(owner:$o,name:$r){{databaseId nameWithOwner
    discussions(first:25,after:$after,orderBy:{{field:UPDATED_AT,direction:DESC}}){{
      pageInfo{{endCursor hasNextPage}}
      nodes{{{WORDS} number title closed closedAt stateReason locked answerChosenAt
        category{{name isAnswerable}} labels(first:50){{nodes{{name}}}}
        comments(last:100){{{COMMENTS}}}}}}}}}}}"""
ADD = """mutation Add($id:ID!,$body:String!){
  addDiscussionComment(input:{discussionId:$id,body:$body}){comment{databaseId url}}}"""
UPDATE = """mutation Update($id:ID!,$body:String!){
  updateDiscussionComment(input:{commentId:$id,body:$body}){comment{databaseId}}}"""
DELETE = """mutation Delete($id:ID!){
  deleteDiscussionComment(input:{id:$id}){comment{databaseId}}}"""
CLOSE = """mutation Close($id:ID!,$reason:DiscussionCloseReason!){
  closeDiscussion(input:{discussionId:$id,reason:$reason}){discussion{closed}}}"""
REOPEN = """mutation Reopen($id:ID!){
  reopenDiscussion(input:{discussionId:$id}){discussion{closed}}}"""


def _asked(config: ChannelConfig, query: str, place: str, **more: Any) -> Row:
    owner, _, name = place.partition("/")
    found = client.graphql(config, query, {"o": owner, "r": name, **more})
    row = found.get("repository")
    if not isinstance(row, dict):
        raise GitHubError(client.REMEDIES[404], status=404, permanent=True)
    return row


def _discussion(config: ChannelConfig, query: str, place: str, number: int, **more: Any) -> Row:
    row = _asked(config, query, place, n=number, **more).get("discussion")
    if not isinstance(row, dict):
        raise GitHubError(client.REMEDIES[404], status=404, permanent=True)
    return row


# ------------------------------------------------------------------ out


def comment(config: ChannelConfig, place: str, number: int, body: str) -> Row:
    """Say something; {databaseId, url}. Raises `GitHubError`."""
    node = _discussion(config, FIND, place, number)["id"]
    found = client.graphql(config, ADD, {"id": node, "body": body})
    row: Row = found["addDiscussionComment"]["comment"]
    return row


def latest(config: ChannelConfig, place: str, number: int) -> list[Row]:
    """The last hundred comments, as webhooks show them. Raises `GitHubError`."""
    rows: list[Row] = _discussion(config, LATEST, place, number)["comments"]["nodes"]
    return [_words(row) for row in rows]


def change(config: ChannelConfig, place: str, number: int, key: int, body: str) -> None:
    """Other words for a comment of ours. Raises `GitHubError`."""
    node = _node(config, place, number, key)
    if node is None:
        raise GitHubError(client.REMEDIES[410], status=404, permanent=True)
    client.graphql(config, UPDATE, {"id": node, "body": body})


def remove(config: ChannelConfig, place: str, number: int, key: int) -> None:
    """Delete a comment of ours; one that is gone is gone. Raises `GitHubError`."""
    node = _node(config, place, number, key)
    if node is not None:
        client.graphql(config, DELETE, {"id": node})


def close(config: ChannelConfig, place: str, number: int, reason: str) -> None:
    """Close for a reason of an issue's, unless it is closed. Raises `GitHubError`."""
    row = _discussion(config, FIND, place, number)
    if not row["closed"]:
        given = {"id": row["id"], "reason": REASONS.get(reason, "RESOLVED")}
        client.graphql(config, CLOSE, given)


def reopen(config: ChannelConfig, place: str, number: int) -> None:
    """Open again, unless it is open. Raises `GitHubError`."""
    row = _discussion(config, FIND, place, number)
    if row["closed"]:
        client.graphql(config, REOPEN, {"id": row["id"]})


def _node(config: ChannelConfig, place: str, number: int, key: int) -> str | None:
    """The name by which GraphQL knows a comment; it cannot be asked for by its number."""
    for row in _comments(config, place, number, ""):
        for each in (row, *row["replies"]["nodes"]):
            if each["databaseId"] == key:
                return str(each["id"])
    return None


def _comments(config: ChannelConfig, place: str, number: int, before: str) -> Iterator[Row]:
    """Comments with their replies, page by page from the end, older than a cursor."""
    cursor: str | None = before or None
    while True:
        found = _discussion(config, LATEST, place, number, before=cursor)["comments"]
        yield from found["nodes"]
        if not found["pageInfo"]["hasPreviousPage"]:
            return
        cursor = found["pageInfo"]["startCursor"]


# ------------------------------------------------------------------ in


def deliveries(
    config: ChannelConfig, place: str, since: datetime
) -> Iterator[tuple[str, dict[str, Any]]]:
    """What changed since a moment, the last first, as (event, body). Raises `GitHubError`."""
    after = None
    while True:
        found = _asked(config, CHANGED, place, after=after)
        repository = {"id": found["databaseId"], "full_name": found["nameWithOwner"]}
        for node in found["discussions"]["nodes"]:
            if not _since(node, since):
                return
            yield from _bodies(config, repository, node, since)
        page = found["discussions"]["pageInfo"]
        if not page["hasNextPage"]:
            return
        after = page["endCursor"]


def _since(node: Mapping[str, Any], since: datetime) -> bool:
    at = moment(node["updatedAt"])
    return at is not None and at >= since


def _bodies(
    config: ChannelConfig, repository: Row, node: Row, since: datetime
) -> Iterator[tuple[str, dict[str, Any]]]:
    thing = _thing(node)
    yield "discussion", _body(repository, node, discussion=thing)
    page = node["comments"]["pageInfo"]
    rows = list(node["comments"]["nodes"])
    if page["hasPreviousPage"]:
        place = repository["full_name"]
        rows += _comments(config, place, node["number"], page["startCursor"])
    for row in rows:
        for each in (row, *row["replies"]["nodes"]):
            if _since(each, since):
                said = {**_words(each), "parent_id": None if each is row else row["databaseId"]}
                yield "discussion_comment", _body(repository, each, discussion=thing, comment=said)


def _body(repository: Row, node: Row, **things: Any) -> Row:
    """The last thing that happened to it, as far as it shows."""
    action = "edited" if node["lastEditedAt"] else "created"
    return {"action": action, "repository": repository, "sender": _author(node), **things}


def _thing(node: Row) -> Row:
    category = node["category"] or {}
    reason = node["stateReason"]
    return {
        **_words(node),
        "number": node["number"],
        "title": node["title"],
        "state": "closed" if node["closed"] else "open",
        "state_reason": reason.lower() if reason else None,
        "closed_at": node["closedAt"],
        "locked": node["locked"],
        "answer_chosen_at": node["answerChosenAt"],
        "category": {
            "name": category.get("name"),
            "is_answerable": category.get("isAnswerable"),
        },
        "labels": [{"name": label["name"]} for label in node["labels"]["nodes"]],
    }


def _words(node: Row) -> Row:
    """What a discussion and a comment have in common."""
    return {
        "id": node["databaseId"],
        "node_id": node["id"],
        "html_url": node["url"],
        "body": node["body"],
        "created_at": node["createdAt"],
        "updated_at": node["updatedAt"],
        "user": _author(node),
        "author_association": node["authorAssociation"],
    }


def _author(node: Row) -> Row | None:
    """A webhook's user: bots carry a suffix there; a deleted account is nobody."""
    author = node["author"]
    if not author:
        return None
    kind = author["__typename"]
    login = author["login"] + ("[bot]" if kind == "Bot" else "")
    return {"login": login, "id": author.get("databaseId"), "type": kind}
