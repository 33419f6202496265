"""The fake GitHub's discussions, and as much GraphQL as it takes to ask for them.

A query is parsed, and only what it selects goes back: a field that nobody asked for is not there,
one that the fake does not know is an error. https://docs.github.com/en/graphql
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from rig.github_issues import BOT
from rig.vendor import Answer, Call

if TYPE_CHECKING:
    from rig.github import FakeGitHub

Row = dict[str, Any]
TOKENS = re.compile(r'\.\.\.|[{}()\[\]:!$,]|"[^"]*"|-?\d+|\w+')


class GraphQLError(Exception):
    """An error that goes back with status 200."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class Discussions:
    """What people write in discussions; rows have the shape that webhooks show."""

    def __init__(self, fake: "FakeGitHub") -> None:
        self.fake = fake
        self.things: dict[tuple[int, int], Row] = {}
        self.comments: dict[int, Row] = {}

    def open(
        self, login: str, name: str, title: str, text: str = "", *, category: str = "Q&A"
    ) -> Row:
        """Somebody opens a discussion; the delivery's body."""
        number = self.fake.next_number()
        row = self._words(login, f"https://github.com/{name}/discussions/{number}", text)
        row |= {
            "node_id": f"D_{row['id']}", "number": number, "title": title, "state": "open",
            "state_reason": None, "closed_at": None, "locked": False, "answer_chosen_at": None,
            "category": {"name": category, "is_answerable": category == "Q&A"}, "labels": [],
        }  # fmt: skip
        self.things[self.fake.repository(name)["id"], number] = row
        return self.body(login, name, number, "created")

    def _words(self, login: str, url: str, text: str) -> Row:
        at, user = self.fake.now(), self.fake._user(login)
        return {
            "id": next(self.fake._ids), "body": text, "user": user, "html_url": url,
            "author_association": self.fake.people[login]["association"],
            "created_at": at, "updated_at": at, "last_edited_at": None,
        }  # fmt: skip

    def comment(
        self, login: str, name: str, number: int, text: str, *, parent: int | None = None
    ) -> Row:
        """Somebody comments, or replies to a comment; the delivery's body."""
        thing = self.thing(name, number)
        row = self._words(login, f"{thing['html_url']}#discussioncomment-{self.fake.at}", text)
        where = (self.fake.repository(name)["id"], number)
        row |= {"node_id": f"DC_{row['id']}", "parent_id": parent, "where": where}
        self.comments[row["id"]] = row
        thing["updated_at"] = row["updated_at"]
        return self.body(login, name, number, "created", comment=dict(row))

    def change(self, login: str, name: str, number: int, action: str, **fields: Any) -> Row:
        """Close, answer, edit …; the delivery's body."""
        at = self.fake.now()
        edited = {"last_edited_at": at} if action == "edited" else {}
        self.thing(name, number).update(fields, updated_at=at, **edited)
        return self.body(login, name, number, action)

    def body(self, login: str, name: str, number: int, action: str, **more: Any) -> Row:
        """A delivery."""
        return {
            "action": action, "discussion": dict(self.thing(name, number)), **more,
            "repository": self.fake.repository(name), "sender": self.fake._user(login),
            "event": "discussion_comment" if more else "discussion",
        }  # fmt: skip

    def thing(self, name: str, number: int) -> Row:
        """A discussion."""
        return self.things[self.fake.repository(name)["id"], number]

    def said(self, name: str, number: int) -> list[str]:
        """Our own comments, without their marks."""
        where = (self.fake.repository(name)["id"], number)
        rows = [row for row in self.comments.values() if row["where"] == where]
        return [row["body"].partition("\n\n<!--")[0] for row in rows if row["user"] == BOT]


# ------------------------------------------------------------------ the schema


def answer(fake: "FakeGitHub", call: Call) -> Answer | None:
    """One query, None when it is none."""
    if call.path != "/graphql":
        return None
    given = call.json()
    try:
        fields = _Reader(given["query"], given["variables"]).operation()
        return Answer(200, {"data": _selected(_Schema(fake).roots(), fields)})
    except GraphQLError as error:
        problem = {"type": error.kind, "message": str(error)} if error.kind else {}
        return Answer(200, {"data": None, "errors": [{"message": str(error), **problem}]})


class _Schema:
    """Queries and mutations; their arguments carry GraphQL's names."""

    def __init__(self, fake: "FakeGitHub") -> None:
        self.fake, self.found = fake, fake.discussions

    def roots(self) -> Row:
        """Every field that an operation may begin with."""
        return {
            "repository": self.repository, "addDiscussionComment": self.add,
            "updateDiscussionComment": self.update, "deleteDiscussionComment": self.delete,
            "closeDiscussion": self.close, "reopenDiscussion": self.reopen,
        }  # fmt: skip

    def repository(self, owner: str, name: str) -> Row:
        """By its name, also by an old one."""
        full = f"{owner}/{name}"
        known = self.fake.repositories.get(self.fake.moved.get(full, (full, 0))[0])
        if known is None:
            raise GraphQLError("NOT_FOUND", "Could not resolve to a Repository with that name.")
        return _repository(self.found, known)

    def add(self, input: Row) -> Row:
        """A comment by the App."""
        key, thing = _at(self.found.things, input["discussionId"])
        if thing["locked"]:
            raise GraphQLError("FORBIDDEN", "The discussion is locked.")
        name = next(n for n, row in self.fake.repositories.items() if row["id"] == key[0])
        made = self.found.comment(BOT["login"], name, key[1], input["body"])
        return {"comment": _comment(self.found, made["comment"])}

    def update(self, input: Row) -> Row:
        """Other words."""
        _, row = _at(self.found.comments, input["commentId"])
        at = self.fake.now()
        row.update(body=input["body"], updated_at=at, last_edited_at=at)
        return {"comment": _comment(self.found, row)}

    def delete(self, input: Row) -> Row:
        """No words."""
        key, row = _at(self.found.comments, input["id"])
        del self.found.comments[key]
        return {"comment": _comment(self.found, row)}

    def close(self, input: Row) -> Row:
        """For one of three reasons."""
        reason = input["reason"]
        if reason not in ("RESOLVED", "OUTDATED", "DUPLICATE"):
            raise GraphQLError("", f"{reason} isn't a valid DiscussionCloseReason")
        return self._state(input, state="closed", reason=reason.lower())

    def reopen(self, input: Row) -> Row:
        """The other way round."""
        return self._state(input, state="open", reason="reopened")

    def _state(self, given: Row, *, state: str, reason: str) -> Row:
        key, row = _at(self.found.things, given["discussionId"])
        at = self.fake.now()
        closed_at = at if state == "closed" else None
        row.update(state=state, state_reason=reason, closed_at=closed_at, updated_at=at)
        return {"discussion": _discussion(self.found, key, row)}


def _at(rows: Mapping[Any, Row], node: str) -> tuple[Any, Row]:
    for key, row in rows.items():
        if row["node_id"] == node:
            return key, row
    raise GraphQLError("NOT_FOUND", f"Could not resolve to a node with the global id of '{node}'")


def _repository(found: Discussions, known: Row) -> Row:
    mine = {key: row for key, row in found.things.items() if key[0] == known["id"]}

    def discussion(number: int) -> Row:
        row = mine.get((known["id"], number))
        if row is None:
            raise GraphQLError("NOT_FOUND", f"Could not resolve to a Discussion with {number}.")
        return _discussion(found, (known["id"], number), row)

    def discussions(first: int, after: str | None, orderBy: Row) -> Row:  # noqa: N803 - GraphQL's
        assert orderBy == {"field": "UPDATED_AT", "direction": "DESC"}
        rows = sorted(mine.items(), key=lambda pair: pair[1]["updated_at"], reverse=True)
        start = int(after or 0)
        more = {"endCursor": str(start + first), "hasNextPage": start + first < len(rows)}
        shown = [_discussion(found, key, row) for key, row in rows[start : start + first]]
        return {"pageInfo": more, "nodes": shown}

    return {
        "databaseId": known["id"], "nameWithOwner": known["full_name"],
        "discussion": discussion, "discussions": discussions,
    }  # fmt: skip


def _discussion(found: Discussions, key: tuple[int, int], row: Row) -> Row:
    rows = [each for each in found.comments.values() if each["where"] == key]
    reason = row["state_reason"]
    category = {**row["category"], "isAnswerable": row["category"]["is_answerable"]}
    return {
        **_written(row), "number": row["number"], "title": row["title"], "category": category,
        "closed": row["state"] == "closed", "closedAt": row["closed_at"], "locked": row["locked"],
        "stateReason": reason.upper() if reason else None,
        "answerChosenAt": row["answer_chosen_at"], "labels": lambda first: {"nodes": row["labels"]},
        "comments": _last([_comment(found, each) for each in rows if each["parent_id"] is None]),
    }  # fmt: skip


def _comment(found: Discussions, row: Row) -> Row:
    replies = [_written(each) for each in found.comments.values() if each["parent_id"] == row["id"]]
    return {**_written(row), "replies": _last(replies)}


def _last(rows: list[Row]) -> Callable[..., Row]:
    def page(last: int, before: str | None = None) -> Row:
        end = int(before) if before else len(rows)
        start = max(end - last, 0)
        info = {"startCursor": str(start), "hasPreviousPage": start > 0}
        return {"pageInfo": info, "nodes": rows[start:end]}

    return page


def _written(row: Row) -> Row:
    user = row["user"]
    author = user and {
        "login": user["login"].removesuffix("[bot]"),
        "databaseId": user["id"],
        "__typename": user["type"],
    }
    return {
        "id": row["node_id"], "databaseId": row["id"], "url": row["html_url"], "body": row["body"],
        "createdAt": row["created_at"], "updatedAt": row["updated_at"],
        "lastEditedAt": row["last_edited_at"], "author": author,
        "authorAssociation": row["author_association"],
    }  # fmt: skip


# ------------------------------------------------------------------ the language


def _selected(value: Any, fields: list[tuple[str, Row, Any]]) -> Any:
    """As much of a value as is asked for; a field is (name, arguments, fields of its own)."""
    if isinstance(value, list):
        return [_selected(each, fields) for each in value]
    if value is None or not fields:
        return value
    shown: Row = {}
    for name, arguments, more in fields:
        if name.startswith("..."):
            shown |= _selected(value, more) if value["__typename"] == name[3:] else {}
        elif name not in value:
            raise GraphQLError("", f"Field '{name}' doesn't exist")
        else:
            found = value[name]
            shown[name] = _selected(found(**arguments) if callable(found) else found, more)
    return shown


class _Reader:
    """One operation with its variables: `query Name($a:T!){field(b:$a){…}}`."""

    def __init__(self, text: str, variables: Row) -> None:
        self.left = TOKENS.findall(text)[::-1]
        self.variables = variables

    def operation(self) -> list[tuple[str, Row, Any]]:
        while self.left[-1] != "{":
            self.left.pop()
        return self._fields()

    def _fields(self) -> list[tuple[str, Row, Any]]:
        found = []
        self.left.pop()
        while self.left[-1] != "}":
            name = self.left.pop()
            if name == "...":
                self.left.pop()
                name = f"...{self.left.pop()}"
            arguments = self._object(")") if self.left[-1] == "(" else {}
            found.append((name, arguments, self._fields() if self.left[-1] == "{" else []))
        self.left.pop()
        return found

    def _object(self, end: str) -> Row:
        found: Row = {}
        self.left.pop()
        while self.left[-1] != end:
            name = self.left.pop()
            assert self.left.pop() == ":"
            found[name] = self._value()
            if self.left[-1] == ",":
                self.left.pop()
        self.left.pop()
        return found

    def _value(self) -> Any:
        if self.left[-1] == "{":
            return self._object("}")
        word = self.left.pop()
        if word == "$":
            return self.variables.get(self.left.pop())
        return int(word) if word.isdigit() else word.strip('"')
