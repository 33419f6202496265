"""A fake GitHub: issues and comments behind the REST API, and signed deliveries to the desk."""

import hmac
import itertools
import json
import re
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from rig import github_git, github_lists
from rig.vendor import Answer, Call, FakeVendor

TOKEN, SECRET = "github-test-token", "gh-webhook-secret"
BOT = {"login": "switchboard[bot]", "id": 900, "type": "Bot"}


class FakeGitHub(FakeVendor):
    """Repositories with issues, pull requests and comments."""

    def __init__(self) -> None:
        super().__init__()
        self.hook = ""
        self.at = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
        self.repositories: dict[str, dict[str, Any]] = {}
        self.things: dict[tuple[int, int], dict[str, Any]] = {}
        self.comments: dict[int, dict[str, Any]] = {}
        self.people: dict[str, dict[str, Any]] = {}
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
        repository, number = self.repository(name), len(self.things) + 1
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

    # ------------------------------------------------------------ the REST API

    def answer(self, call: Call) -> Answer:
        """One request."""
        refused = self._refused(call)
        if refused is not None:
            return refused
        if call.path == "/rate_limit":
            return Answer(200, {"resources": {"core": {"remaining": 5000}}})
        for part in (FakeGitHub._conversation, github_lists.answer, github_git.answer):
            known = part(self, call)
            if known is not None:
                return known
        return Answer(404, {"message": "Not Found"})

    def _refused(self, call: Call) -> Answer | None:
        if call.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer(401, {"message": "Bad credentials"})
        wanted = {"x-github-api-version": "2022-11-28", "user-agent": "switchboard"}
        if any(call.headers.get(name) != value for name, value in wanted.items()):
            return Answer(400, {"message": "headers"})
        if call.method != "GET":
            self.writes_left -= 1
            if self.writes_left < 0:
                return Answer(
                    403,
                    {"message": "You have exceeded a secondary rate limit"},
                    {"retry-after": "1"},
                )
        return None

    def _conversation(self, call: Call) -> Answer | None:
        found = re.fullmatch(r"/repositories/(\d+)/issues/(\d+)/comments", call.path)
        if found:
            return self._comments(call, int(found[1]), int(found[2]))
        found = re.fullmatch(r"/repositories/(\d+)/issues/comments/(\d+)", call.path)
        if found and int(found[2]) in self.comments:
            return self._one_comment(call, int(found[2]))
        return None

    def _one_comment(self, call: Call, key: int) -> Answer:
        if call.method == "DELETE":
            del self.comments[key]
            return Answer(204, b"")
        self.comments[key]["body"] = call.json()["body"]
        return Answer(200, self.comments[key])

    def _comments(self, call: Call, repository: int, number: int) -> Answer:
        thing = self.things.get((repository, number))
        if thing is None:
            return Answer(404, {"message": "Not Found"})
        if call.method == "POST":
            if thing.get("locked"):
                return Answer(403, {"message": "Unable to create comment because issue is locked"})
            return Answer(201, self._comment(repository, number, BOT, call.json()["body"]))
        rows = [row for row in self.comments.values() if row["where"] == [repository, number]]
        page, size = (
            int(call.query.get("page", ["1"])[0]),
            int(call.query.get("per_page", ["30"])[0]),
        )
        shown = rows[(page - 1) * size : page * size]
        more = page * size < len(rows)
        link = (
            f'<{self.url}{call.path}?page={page + 1}&per_page={size}>; rel="next"' if more else ""
        )
        return Answer(200, shown, {"link": link} if link else {})

    def said(self, name: str, number: int) -> list[str]:
        """Our own comments, without their marks."""
        repository = self.repository(name)["id"]
        rows = [row for row in self.comments.values() if row["where"] == [repository, number]]
        return [row["body"].partition("\n\n<!--")[0] for row in rows if row["user"] == BOT]


def signed(raw: bytes, *, secret: str = SECRET) -> dict[str, str]:
    """GitHub's header."""
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), raw, sha256).hexdigest()}
