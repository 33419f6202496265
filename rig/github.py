"""A fake GitHub: people, what they do, and signed deliveries to the desk."""

import hmac
import itertools
import json
import re
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from rig import github_access, github_git, github_graphql, github_issues, github_lists, openapi
from rig.github_access import TOKEN
from rig.github_issues import BOT
from rig.vendor import Answer, Call, FakeVendor

__all__ = ["BOT", "SECRET", "TOKEN", "FakeGitHub", "signed"]
SECRET = "gh-webhook-secret"


class FakeGitHub(FakeVendor):
    """Repositories with issues, pull requests and comments."""

    description = openapi.GITHUB

    def __init__(self) -> None:
        super().__init__()
        self.hook = ""
        self.at = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
        self.repositories: dict[str, dict[str, Any]] = {}
        self.things: dict[tuple[int, int], dict[str, Any]] = {}
        self.comments: dict[int, dict[str, Any]] = {}
        self.review_comments: dict[int, dict[str, Any]] = {}
        self.reviews: dict[int, dict[str, Any]] = {}
        self.people: dict[str, dict[str, Any]] = {
            "switchboard[bot]": {**BOT, "association": "NONE"}
        }
        self.discussions = github_graphql.Discussions(self)
        self.door = github_access.Door()
        self.owner = BOT  # of the token: who writes what it writes
        self.moved: dict[str, tuple[str, int]] = {}
        self.writes_left = 10_000
        self._ids = itertools.count(1001)

    # ------------------------------------------------------------ what people do

    def now(self) -> str:
        """The next second."""
        self.at += timedelta(seconds=1)
        return f"{self.at:%Y-%m-%dT%H:%M:%SZ}"

    def person(self, login: str, association: str = "NONE") -> dict[str, Any]:
        """Somebody, with what they are to the repositories."""
        if login not in self.people:
            row = {"login": login, "id": next(self._ids), "type": "User"}
            self.people[login] = {**row, "association": association}
        return self.people[login]

    def repository(self, name: str) -> dict[str, Any]:
        """A repository by its full name."""
        return self.repositories.setdefault(
            name, {"id": next(self._ids), "full_name": name, "private": False}
        )

    def next_number(self) -> int:
        """Issues, pull requests and discussions share their numbers."""
        return len(self.things) + len(self.discussions.things) + 1

    def open(
        self,
        login: str,
        name: str,
        title: str,
        text: str = "",
        *,
        kind: str = "issue",
        labels: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        """Somebody opens an issue or a pull request; the delivery's body."""
        repository, number = self.repository(name), self.next_number()
        at = self.now()
        page = "pull" if kind == "pull_request" else "issues"
        row = {
            "id": next(self._ids), "number": number, "title": title, "body": text, "state": "open",
            "user": self._user(login), "author_association": self.people[login]["association"],
            "html_url": f"https://github.com/{name}/{page}/{number}", "created_at": at,
            "updated_at": at, "labels": [{"name": label} for label in labels], "kind": kind,
        }  # fmt: skip
        self.things[repository["id"], number] = row
        return self.body(login, name, number, "opened")

    def _user(self, login: str) -> dict[str, Any]:
        row = self.person(login)
        return {name: row[name] for name in ("login", "id", "type")}

    def body(self, login: str, name: str, number: int, action: str, **more: Any) -> dict[str, Any]:
        """A delivery about an issue or pull request."""
        repository = self.repository(name)
        row = self.things[repository["id"], number]
        shown = {key: value for key, value in row.items() if key != "kind"}
        return {
            "action": action, row["kind"]: shown, "repository": repository,
            "sender": self._user(login), "event": "issues" if row["kind"] == "issue" else row["kind"], **more,  # noqa: E501 - one row
        }  # fmt: skip

    def change(
        self, login: str, name: str, number: int, action: str, **fields: Any
    ) -> dict[str, Any]:
        """Close, reopen, label, edit …"""
        row = self.things[self.repository(name)["id"], number]
        row.update(fields, updated_at=self.now())
        return self.body(login, name, number, action)

    def comment(self, login: str, name: str, number: int, text: str) -> dict[str, Any]:
        """Somebody comments; the delivery's body."""
        row = self._comment(self.repository(name)["id"], number, self._user(login), text)
        row["author_association"] = self.people[login]["association"]
        return self.comment_body(login, name, number, row, "created")

    def comment_body(
        self, login: str, name: str, number: int, row: dict[str, Any], action: str
    ) -> dict[str, Any]:
        """A delivery about a comment."""
        repository = self.repository(name)
        thing = self.things[repository["id"], number]
        shown = {key: value for key, value in thing.items() if key != "kind"}
        if thing["kind"] == "pull_request":
            shown["pull_request"] = {"url": "x"}
        return {
            "action": action, "issue": shown, "comment": dict(row), "repository": repository,
            "sender": self._user(login), "event": "issue_comment",
        }  # fmt: skip

    def _comment(
        self, repository: int, number: int, user: dict[str, Any], text: str
    ) -> dict[str, Any]:
        at, key = self.now(), next(self._ids)
        row = {
            "id": key, "body": text, "user": user, "created_at": at, "updated_at": at,
            "html_url": f"https://github.com/c/{key}", "where": [repository, number],
        }  # fmt: skip
        self.comments[key] = row
        return row

    def post(self, body: dict[str, Any], *, guid: str = "") -> int:
        """A signed delivery; the status."""
        sent = {key: value for key, value in body.items() if key != "event"}
        raw = json.dumps(sent).encode()
        headers = {
            **signed(raw),
            "content-type": "application/json",
            "x-github-event": body["event"],
            "x-github-delivery": guid or str(next(self._ids)),
        }
        request = urllib.request.Request(self.hook, raw, headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    # ------------------------------------------------------------ the API

    def rename(self, old: str, new: str, *, status: int = 301) -> None:
        """The repository has another name; the old one leads to it."""
        self.repositories[new] = self.repositories.pop(old)
        self.repositories[new]["full_name"] = new
        self.moved[old] = (new, status)

    def answer(self, call: Call) -> Answer:
        """One request."""
        answer = self._refused(call) or self._moved(call) or self._known(call)
        return self.door.stamped(call, answer)

    def _refused(self, call: Call) -> Answer | None:
        refused = self.door.refuses(call)
        if refused is None and github_access.is_write(call):
            self.writes_left -= 1
            if self.writes_left < 0:
                return github_access.slow_down(1)
        return refused

    def _moved(self, call: Call) -> Answer | None:
        found = re.fullmatch(r"/repos/([^/]+/[^/]+)(.*)", call.path)
        if found is None or found[1] not in self.moved:
            return None
        name, status = self.moved[found[1]]
        query = "?" + urlencode(call.query, doseq=True) if call.query else ""
        place = f"{self.url}/repos/{name}{found[2]}{query}"
        return Answer(status, {"message": "Moved Permanently", "url": place}, {"location": place})

    def _known(self, call: Call) -> Answer:
        if call.path == "/rate_limit":
            return Answer(200, {"resources": {"core": {"remaining": self.door.requests_left}}})
        if call.path == "/user":
            return Answer(200, self.owner)
        parts = (github_git, github_graphql, github_lists, github_issues)
        found = (part.answer(self, call) for part in parts)
        return next((each for each in found if each is not None), github_issues.LOST)

    def said(self, name: str, number: int) -> list[str]:
        """Our own comments, without their marks."""
        repository = self.repository(name)["id"]
        rows = [row for row in self.comments.values() if row["where"] == [repository, number]]
        return [row["body"].partition("\n\n<!--")[0] for row in rows if row["user"] == BOT]


def signed(raw: bytes, *, secret: str = SECRET) -> dict[str, str]:
    """GitHub's header."""
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), raw, sha256).hexdigest()}
