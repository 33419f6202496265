"""One repository's lists of what changed since a moment, as the deliveries they would have been.

https://docs.github.com/en/rest/issues/issues#list-repository-issues ·
https://docs.github.com/en/rest/issues/comments#list-issue-comments-for-a-repository ·
https://docs.github.com/en/rest/pulls/comments#list-review-comments-in-a-repository
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from inbox.channels.contract import ChannelConfig, Polled, Store
from inbox.channels.jsontext import moment
from integrations.github import client, discussions
from integrations.github.client import GitHubError
from integrations.github.payloads import EPOCH, stamp

Row = dict[str, Any]
T = TypeVar("T")
OVERLAP = timedelta(minutes=2)
RESERVE = 100  # requests of the hour that stay for answers to people
TRIES = 4
GONE = {404, 410}
PAGE = 100


class Spent(Exception):
    """The time or the requests of this poll are used up; the next one goes on."""


@dataclass(kw_only=True)
class Asking:
    """Asks within a poll's limits; what fails is tried again. Raises `Spent`, `GitHubError`."""

    config: ChannelConfig
    until: float  # of `time.monotonic`
    left: int = RESERVE + 1

    def get(
        self, path: str, query: Mapping[str, Any] | None = None, *, etag: str = ""
    ) -> tuple[Any, Mapping[str, str]]:
        """(JSON, headers); None as JSON when nothing has changed since the answer with `etag`."""
        found, headers = self._patiently(
            lambda: client.call(self.config, "GET", path, query=query, etag=etag)
        )
        left = headers.get("x-ratelimit-remaining", "")
        self.left = int(left) if left.isdigit() else self.left
        return found, headers

    def all(self, path: str, query: Mapping[str, Any]) -> list[Row]:
        """Every row of a list."""
        return self._patiently(lambda: client.pages(self.config, path, query))

    def _patiently(self, ask: Callable[[], T]) -> T:
        for tried in range(TRIES):
            if time.monotonic() > self.until or self.left <= RESERVE:
                raise Spent
            try:
                return ask()
            except GitHubError as error:
                waits = error.retry_after_seconds is not None
                if error.permanent or waits or tried == TRIES - 1:
                    raise
            time.sleep(0.25 * 2**tried)
        raise Spent  # not reached: the last try returns or raises


@dataclass(kw_only=True)
class Place:
    """One repository; `marks` say how far each list was read, and are moved row by row."""

    asking: Asking
    store: Store
    name: str
    floor: datetime  # where lists begin that were never read
    begin: str  # when this pass began: what it has read itself needs no overlap
    marks: dict[str, Row]
    repository: Row = field(default_factory=dict)
    has_discussions: bool = True
    issues: dict[int, Row | None] = field(default_factory=dict)
    pulls: dict[int, Row | None] = field(default_factory=dict)

    def read(self) -> list[str]:
        """Store what changed; what could not be read, in words. Raises `Spent`, `GitHubError`."""
        try:
            row, _ = self.asking.get(f"/repos/{self.name}")
        except GitHubError as error:
            return [_refused(error, self.name)]
        keep = ("id", "full_name", "private", "html_url")
        self.repository = {name: row.get(name) for name in keep}
        self.has_discussions = bool(row.get("has_discussions", True))
        self._renamed()
        missing = []
        for name, part in (
            ("issues", self._issues),
            ("comments", self._comments),
            ("review comments", self._review_comments),
            ("releases", self._releases),
            ("discussions", self._discussions),
        ):
            try:
                part()
            except GitHubError as error:
                if error.status != 410:  # switched off there: nothing can be missed
                    missing.append(_refused(error, f"{name} of {self.name}"))
        return missing

    # ------------------------------------------------------------ lists with a since

    def _issues(self) -> None:
        self._walk("issues", "/issues", {"state": "all"}, self._issue)

    def _comments(self) -> None:
        self._walk("comments", "/issues/comments", {}, self._comment)

    def _review_comments(self) -> None:
        self._walk("review_comments", "/pulls/comments", {}, self._review_comment)

    def _walk(
        self, name: str, path: str, query: Mapping[str, Any], take: Callable[[Row], None]
    ) -> None:
        """Oldest change first. A page begins where the last one ended, for rows that change
        meanwhile move to the end and would push others over a page's border."""
        mark = self.marks.setdefault(name, {})
        path = f"/repos/{self.name}{path}"
        fixed = {**query, "sort": "updated", "direction": "asc", "per_page": PAGE}
        since, more = stamp(self._start(mark)), True
        while more:
            asked = {**fixed, "since": since}
            etag = str(mark.get("etag") or "") if mark.get("of") == since else ""
            rows, headers = self.asking.get(path, asked, etag=etag)
            if rows is None:
                return
            more = 'rel="next"' in headers.get("link", "")
            if more and rows[-1]["updated_at"] == since:
                rows, more = self.asking.all(path, asked), False  # a second full of changes
            for row in rows:
                take(row)
                mark.update(at=row["updated_at"], begin=self.begin)
            mark.update(of=since, etag="" if more else headers.get("etag", ""))
            since = mark["at"] if more else since

    def _start(self, mark: Row) -> datetime:
        at = moment(mark.get("at"))
        if at is None:  # empty so far: asked the same again, GitHub can say that it still is
            return min(self.floor, moment(mark.get("of")) or self.floor)
        return at if mark.get("begin") == self.begin else at - OVERLAP

    def _issue(self, row: Row) -> None:
        number = int(row["number"])
        self.issues[number] = row
        if row.get("pull_request"):
            self._pull(number)
            return
        sender = row.get("closed_by") if row.get("state") == "closed" else None
        self._found("issues", row, {"issue": row}, action=self._action(row), sender=sender)

    def _pull(self, number: int) -> None:
        """Only the pull request itself knows whether it was merged; reviews have no `since`."""
        row = self._one(f"/pulls/{number}")
        self.pulls[number] = row
        if row is None:
            return
        sender = row.get("merged_by")
        body = {"pull_request": row, "number": number}
        self._found("pull_request", row, body, action=self._action(row), sender=sender)
        for said in self.asking.all(
            f"/repos/{self.name}/pulls/{number}/reviews", {"per_page": PAGE}
        ):
            if said.get("submitted_at"):
                action = "dismissed" if said.get("state") == "DISMISSED" else "submitted"
                body = {"review": said, "pull_request": row}
                self._found("pull_request_review", said, body, action=action)

    def _comment(self, row: Row) -> None:
        issue = self._known(self.issues, row.get("issue_url"), "/issues/")
        if issue is not None:
            body = {"comment": row, "issue": issue}
            self._found("issue_comment", row, body, action=_edited(row))

    def _review_comment(self, row: Row) -> None:
        pull = self._known(self.pulls, row.get("pull_request_url"), "/pulls/")
        if pull is not None:
            body = {"comment": row, "pull_request": pull}
            self._found("pull_request_review_comment", row, body, action=_edited(row))

    def _known(self, kept: dict[int, Row | None], url: Any, path: str) -> Row | None:
        """What a row names only by its address, looked up once; None when it is gone."""
        number = int(str(url).rpartition("/")[2])
        if number not in kept:
            kept[number] = self._one(f"{path}{number}")
        return kept[number]

    def _one(self, path: str) -> Row | None:
        try:
            found, _ = self.asking.get(f"/repos/{self.name}{path}")
        except GitHubError as error:
            if error.status in GONE:
                return None
            raise
        return found if isinstance(found, dict) else None

    # ------------------------------------------------------------ lists without one

    def _releases(self) -> None:
        """https://docs.github.com/en/rest/releases/releases#list-releases: newest first."""
        mark = self.marks.setdefault("releases", {})
        since = self._start(mark)
        path = f"/repos/{self.name}/releases"
        rows, headers = self.asking.get(path, {"per_page": 30}, etag=mark.get("etag", ""))
        for row in reversed(rows or []):
            at = moment(row.get("updated_at")) or moment(row.get("published_at"))
            if row.get("draft") or at is None or at < since:
                continue
            published = moment(row.get("published_at")) or EPOCH
            action = "published" if published >= since else "edited"
            sender = row.get("author")
            row = {**row, "updated_at": stamp(at)}
            self._found("release", row, {"release": row}, action=action, sender=sender)
            mark["at"] = max(stamp(at), str(mark.get("at") or ""))
        mark.update(begin=self.begin, etag=headers.get("etag", ""))

    def _discussions(self) -> None:
        """GraphQL only, newest first; so the mark moves at the end."""
        if not self.has_discussions:
            return
        mark = self.marks.setdefault("discussions", {})
        newest, since = str(mark.get("at") or ""), self._start(mark)
        for event, body in discussions.deliveries(self.asking.config, self.name, since):
            row = body["comment" if event == "discussion_comment" else "discussion"]
            sender, body = body.get("sender"), {**body, "repository": self.repository}
            self._found(event, row, body, action=str(body["action"]), sender=sender)
            newest = max(newest, str(row["updated_at"]))
        if newest:
            mark.update(at=newest, begin=self.begin)

    def _renamed(self) -> None:
        """A request by the old name was answered: the repository lives on under another one."""
        new, key = str(self.repository["full_name"]), f"history:renamed:{self.repository['id']}"
        if new.lower() == self.name.lower():
            return
        owner, _, name = self.name.partition("/")
        body = {
            "action": "renamed",
            "changes": {
                "repository": {"name": {"from": name}},
                "owner": {"from": {"user": {"login": owner}}},
            },
            "repository": self.repository,
        }
        self._keep("repository", f"{key}:{new}", body)

    # ------------------------------------------------------------ deliveries

    def _action(self, row: Row) -> str:
        created = moment(row.get("created_at")) or EPOCH
        return "opened" if created >= self.floor else "edited"

    def _found(
        self, event: str, row: Row, body: Row, *, action: str, sender: Row | None = None
    ) -> None:
        at = row.get("updated_at") or f"{row.get('submitted_at')}:{row.get('state')}"
        whole = {"action": action, **body, "repository": self.repository}
        whole["sender"] = sender or row.get("user")
        self._keep(event, f"history:{event}:{row.get('id')}:{at}", whole)

    def _keep(self, event: str, key: str, body: Row) -> None:
        headers = {"content-type": "application/json", "x-github-event": event}
        self.store(Polled(body=json.dumps(body).encode(), headers=headers, dedupe_key=key[:250]))


def _edited(row: Row) -> str:
    return "created" if row.get("updated_at") == row.get("created_at") else "edited"


def _refused(error: GitHubError, what: str) -> str:
    """What cannot be read, in words; what concerns the whole connection is raised again."""
    if not error.permanent or error.status == 401:
        raise error
    return f"{what}: {error.text}"
