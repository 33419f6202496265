"""The fake GitHub's lists: what changed since a moment, and the log of webhook deliveries."""

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from rig import github_git
from rig.vendor import Answer, Call

if TYPE_CHECKING:
    from rig.github import FakeGitHub

Row = dict[str, Any]
HOOK_ID = 4711


@dataclass
class Lists:
    """What only the lists show; issues and their comments are the fake's own."""

    releases: dict[int, Row] = field(default_factory=dict)
    hooks: dict[str, str] = field(default_factory=dict)  # repository name to the hook's address
    deliveries: list[Row] = field(default_factory=list)  # newest last
    quota: int | None = None  # requests that are left until somebody fills it up
    refused: int = 0  # requests that came all the same
    ids: Any = field(default_factory=lambda: itertools.count(500_001))


_lists: "WeakKeyDictionary[FakeGitHub, Lists]" = WeakKeyDictionary()


def of(fake: "FakeGitHub") -> Lists:
    """The lists of a fake."""
    return _lists.setdefault(fake, Lists())


# ------------------------------------------------------------------ what people do


def review(fake: "FakeGitHub", login: str, name: str, number: int, state: str, text: str) -> Row:
    """Somebody reviews a pull request; the delivery's body."""
    row = _said(fake, login, name, number, text, fake.reviews)
    row.update(state=state, submitted_at=row.pop("created_at"))
    del row["updated_at"]
    return _about(fake, login, name, number, "submitted", "pull_request_review", review=row)


def review_comment(fake: "FakeGitHub", login: str, name: str, number: int, text: str) -> Row:
    """Somebody comments on a line; the delivery's body."""
    row = _said(fake, login, name, number, text, fake.review_comments)
    event = "pull_request_review_comment"
    return _about(fake, login, name, number, "created", event, comment=row)


def release(fake: "FakeGitHub", login: str, name: str, tag: str) -> Row:
    """A release; the delivery's body."""
    repository, at, key = fake.repository(name), fake.now(), next(of(fake).ids)
    row = {
        "id": key, "tag_name": tag, "name": tag, "body": "", "draft": False, "prerelease": False,
        "created_at": at, "published_at": at, "author": _user(fake, login),
        "html_url": f"https://github.com/{name}/releases/tag/{tag}",
    }  # fmt: skip
    of(fake).releases[key] = {**row, "where": [repository["id"], 0]}
    return {"event": "release", "action": "published", "release": row, "repository": repository,
            "sender": row["author"]}  # fmt: skip


def _said(
    fake: "FakeGitHub", login: str, name: str, number: int, text: str, kept: dict[int, Row]
) -> Row:
    repository, at, key = fake.repository(name), fake.now(), next(of(fake).ids)
    row = {
        "id": key, "body": text, "user": _user(fake, login), "created_at": at, "updated_at": at,
        "author_association": fake.people[login]["association"],
        "html_url": f"https://github.com/r/{key}", "where": [repository["id"], number],
    }  # fmt: skip
    kept[key] = row
    fake.things[repository["id"], number]["updated_at"] = at
    return row


def _about(
    fake: "FakeGitHub", login: str, name: str, number: int, action: str, event: str, **more: Row
) -> Row:
    repository = fake.repository(name)
    return {
        "event": event, "action": action, "repository": repository,
        "pull_request": _shown(fake.things[repository["id"], number]),
        "sender": _user(fake, login), **{key: _shown(row) for key, row in more.items()},
    }  # fmt: skip


def _user(fake: "FakeGitHub", login: str) -> Row:
    row = fake.person(login)
    return {name: row[name] for name in ("login", "id", "type")}


# ------------------------------------------------------------------ the log of deliveries


def failed(fake: "FakeGitHub", body: Row, guid: str, *, status: int = 502) -> None:
    """A delivery that did not arrive: it stands in the log and nowhere else."""
    _log(fake, body, guid, status, repeated=False)


def _log(fake: "FakeGitHub", body: Row, guid: str, status: int, *, repeated: bool) -> None:
    lists = of(fake)
    at = datetime.now(UTC) - timedelta(minutes=1)
    lists.deliveries.append({
        "id": next(lists.ids), "guid": guid, "delivered_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "redelivery": repeated, "status": "OK" if status < 300 else "Invalid HTTP Response",
        "status_code": status, "event": body["event"], "action": body.get("action"),
        "repository_id": body["repository"]["id"], "body": body,
    })  # fmt: skip


def _deliveries(fake: "FakeGitHub", call: Call, repository: int | None) -> Answer:
    rows = [
        {key: value for key, value in row.items() if key != "body"}
        for row in reversed(of(fake).deliveries)
        if repository in (None, row["repository_id"])
    ]
    size = int(call.query.get("per_page", ["30"])[0])
    begin = int(call.query.get("cursor", ["v1_0"])[0].removeprefix("v1_"))
    more = begin + size < len(rows)
    link = f'<{fake.url}{call.path}?per_page={size}&cursor=v1_{begin + size}>; rel="next"'
    return Answer(200, rows[begin : begin + size], {"link": link} if more else {})


def _repeat(fake: "FakeGitHub", key: int) -> Answer:
    found = next((row for row in of(fake).deliveries if row["id"] == key), None)
    if found is None:
        return Answer(404, {"message": "Not Found"})
    status = fake.post(found["body"], guid=found["guid"]) if fake.hook else 502
    _log(fake, found["body"], found["guid"], status, repeated=True)
    return Answer(202, {})


# ------------------------------------------------------------------ the REST API


def answer(fake: "FakeGitHub", call: Call) -> Answer | None:
    """One request, None when it is none of these."""
    lists = of(fake)
    if lists.quota is not None:
        if lists.quota <= 0:
            lists.refused += 1
            spent = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}
            return Answer(403, {"message": "API rate limit exceeded"}, spent)
        lists.quota -= 1
    for path, read in READERS.items():
        found = re.fullmatch(path, call.path)
        if found:
            return read(fake, call, found.groupdict())
    return None


def _of(fake: "FakeGitHub", given: Mapping[str, str]) -> Row | None:
    return fake.repositories.get(f"{given['owner']}/{given['name']}")


def _about_hooks(fake: "FakeGitHub", call: Call, given: Mapping[str, str]) -> Answer | None:
    place = _of(fake, given)
    if place is None or place["full_name"] not in of(fake).hooks:
        return Answer(404, {"message": "Not Found"})
    if given.get("delivery"):
        return _repeat(fake, int(given["delivery"]))
    if call.path.endswith("/deliveries"):
        return _deliveries(fake, call, place["id"])
    here = [row for row in of(fake).deliveries if row["repository_id"] == place["id"]]
    last = {"code": here[-1]["status_code"], "message": here[-1]["status"]} if here else {}
    address = of(fake).hooks[place["full_name"]]
    row = {"id": HOOK_ID, "active": True, "config": {"url": address}, "last_response": last}
    return Answer(200, [row] if address else [])


def _app_hook(fake: "FakeGitHub", call: Call, given: Mapping[str, str]) -> Answer | None:
    if "" not in of(fake).hooks:
        return Answer(404, {"message": "Not Found"})
    if given.get("delivery"):
        return _repeat(fake, int(given["delivery"]))
    if call.path.endswith("/config"):
        return Answer(200, {"url": of(fake).hooks[""], "content_type": "json"})
    return _deliveries(fake, call, None)


def _installed(fake: "FakeGitHub", call: Call, given: Mapping[str, str]) -> Answer | None:
    rows = list(fake.repositories.values())
    if call.path == "/user/repos":
        return _listed(fake, call, rows)
    size, page = int(call.query["per_page"][0]), int(call.query["page"][0])
    return Answer(200, {"total_count": len(rows), "repositories": rows[size * (page - 1) :][:size]})


def _repository(fake: "FakeGitHub", call: Call, given: Mapping[str, str]) -> Answer | None:
    place = _of(fake, given)
    return Answer(200, place) if place is not None and call.method == "GET" else None


def _issues(fake: "FakeGitHub", call: Call, given: Mapping[str, str]) -> Answer | None:
    place = _of(fake, given)
    if place is None or call.method != "GET":
        return None
    mine = [row for (key, _), row in fake.things.items() if key == place["id"]]
    return _since(fake, call, [_as_issue(row) for row in mine])


def _comments(fake: "FakeGitHub", call: Call, given: Mapping[str, str]) -> Answer | None:
    place = _of(fake, given)
    if place is None:
        return None
    is_issue = given["of"] == "issues"
    rows = (fake.comments if is_issue else fake.review_comments).values()
    field_name = "issue_url" if is_issue else "pull_request_url"
    base = f"{fake.url}/repos/{place['full_name']}/{given['of']}/"
    mine = [
        {**_shown(row), field_name: f"{base}{row['where'][1]}"}
        for row in rows
        if row["where"][0] == place["id"] and not row.get("gone")
    ]
    return _since(fake, call, mine)


def _one(fake: "FakeGitHub", call: Call, given: Mapping[str, str]) -> Answer | None:
    place = _of(fake, given)
    row = fake.things.get((place["id"], int(given["number"]))) if place else None
    if row is None or call.method != "GET":
        return None
    if given["of"] == "issues":
        return Answer(200, _as_issue(row))
    return Answer(200, _shown(row)) if row["kind"] == "pull_request" else None


def _reviews(fake: "FakeGitHub", call: Call, given: Mapping[str, str]) -> Answer | None:
    place = _of(fake, given)
    where = [place["id"], int(given["number"])] if place else []
    rows = [_shown(row) for row in fake.reviews.values() if row["where"] == where]
    return _listed(fake, call, rows)


def _releases(fake: "FakeGitHub", call: Call, given: Mapping[str, str]) -> Answer | None:
    place = _of(fake, given)
    rows = [r for r in of(fake).releases.values() if place and r["where"][0] == place["id"]]
    if place is None or rows:
        return _listed(fake, call, [_shown(row) for row in reversed(rows)]) if place else None
    # a repository with a git history of its own lists them from there
    return github_git.answer(fake, call) or _listed(fake, call, [])


def _shown(row: Row) -> Row:
    return {key: value for key, value in row.items() if key not in ("kind", "where", "gone")}


def _as_issue(row: Row) -> Row:
    is_pull = row["kind"] == "pull_request"
    return {**_shown(row), **({"pull_request": {"url": "x"}} if is_pull else {})}


def _since(fake: "FakeGitHub", call: Call, rows: list[Row]) -> Answer:
    """Sorted and cut as GitHub does it: `since` is inclusive, to the second."""
    since = call.query.get("since", [""])[0]
    wanted = [row for row in rows if row["updated_at"] >= since]
    downwards = call.query.get("direction", ["desc"])[0] == "desc"
    by = call.query.get("sort", ["created"])[0] + "_at"
    return _listed(fake, call, sorted(wanted, key=lambda row: str(row[by]), reverse=downwards))


def _listed(fake: "FakeGitHub", call: Call, rows: list[Row]) -> Answer:
    """One page with its link."""
    size = int(call.query.get("per_page", ["30"])[0])
    page = int(call.query.get("page", ["1"])[0])
    shown = rows[size * (page - 1) :][:size]
    headers = {}
    if size * page < len(rows):
        given = "&".join(f"{k}={v[0]}" for k, v in call.query.items() if k != "page")
        headers["link"] = f'<{fake.url}{call.path}?{given}&page={page + 1}>; rel="next"'
    return Answer(200, shown, headers)


Reader = Callable[["FakeGitHub", Call, Mapping[str, str]], Answer | None]
REPO = r"/repos/(?P<owner>[^/]+)/(?P<name>[^/]+)"
READERS: dict[str, Reader] = {
    REPO: _repository,
    REPO + r"/issues": _issues,
    REPO + r"/(?P<of>issues|pulls)/comments": _comments,
    REPO + r"/(?P<of>issues|pulls)/(?P<number>\d+)": _one,
    REPO + r"/pulls/(?P<number>\d+)/reviews": _reviews,
    REPO + r"/releases": _releases,
    REPO + r"/hooks(/\d+/deliveries(/(?P<delivery>\d+)/attempts)?)?": _about_hooks,
    r"/app/hook/(config|deliveries(/(?P<delivery>\d+)/attempts)?)": _app_hook,
    r"/installation/repositories|/user/repos": _installed,
}
