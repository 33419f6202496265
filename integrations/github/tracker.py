"""Issues, pull requests, histories and releases of repositories, asked by REST.

https://docs.github.com/en/rest/issues/timeline · https://docs.github.com/en/rest/commits/commits ·
https://docs.github.com/en/rest/releases/releases · https://docs.github.com/en/rest/pulls/pulls
"""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from inbox.channels.contract import ChannelConfig
from inbox.channels.jsontext import moment
from inbox.channels.tracker import (
    Commit,
    Comparison,
    IssueTemplate,
    ItemRef,
    TrackedItem,
    TrackedRelease,
    Tracker,
)
from integrations.github import client, forms
from integrations.github.payloads import EPOCH, changed_at, thread_key
from integrations.github.words import backport_of, closes

Row = dict[str, Any]
PER_PAGE = 100  # the most that GitHub gives
MOST_PAGES = 100  # 10,000 rows: where GitHub's own lists end
RELEASE_PAGES = 10  # the newest thousand
MOST_TEMPLATES = 30
ADDRESS = re.compile(
    r"/(?!orgs/)([\w.-]+/[\w.-]+)/(issues|pull|discussions)/(\d{1,9})(?:/.*)?", re.ASCII
)
COMMIT_URL = re.compile(r"/repos/([^/]+/[^/]+)/commits/")
KINDS = {"issues": "issue", "pull": "pull", "discussions": "discussion"}
GONE = (404, 410, 422)  # 422: no such commit
TEMPLATES = ".github/ISSUE_TEMPLATE"
# REST's `connected` does not say what was connected; GraphQL does
# https://docs.github.com/en/graphql/reference/objects#issue
CONNECTED = """query($owner:String!,$name:String!,$number:Int!){repository(owner:$owner,name:$name){
issue(number:$number){closedByPullRequestsReferences(first:50,includeClosedPrs:true){
nodes{number merged repository{nameWithOwner}}}}}}"""


def locate(url: str) -> ItemRef | None:
    """The issue, pull request or discussion that an address shows, on any host."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    found = ADDRESS.fullmatch(parts.path)
    if found is None or parts.scheme not in ("http", "https"):
        return None
    return ItemRef(kind=KINDS[found[2]], place=found[1], number=int(found[3]))


def _get(config: ChannelConfig, path: str, **query: Any) -> Any:
    return client.call(config, "GET", path, query=query or None)[0]


def _rows(config: ChannelConfig, path: str, *, most_pages: int = MOST_PAGES) -> Iterator[Row]:
    """The rows of a list, page by page, up to a bound."""
    for page in range(1, most_pages + 1):
        found = _get(config, path, per_page=PER_PAGE, page=page)
        rows = found if isinstance(found, list) else []
        yield from (row for row in rows if isinstance(row, dict))
        if len(rows) < PER_PAGE:
            return


def _if_there(config: ChannelConfig, path: str) -> Any:
    """The answer, None when there is nothing, or nothing that the token may see."""
    try:
        return _get(config, path)
    except client.GitHubError as error:
        if error.status in GONE:
            return None
        raise


# ------------------------------------------------------------------ issues and pull requests


def read(config: ChannelConfig, place: str, number: int) -> TrackedItem:
    """An issue or a pull request as it stands. Raises `GitHubError`."""
    row = _get(config, f"/repos/{place}/issues/{number}")
    if row.get("pull_request"):
        return pull_of(_get(config, f"/repos/{place}/pulls/{number}"))
    repository = _get(config, f"/repos/{place}")
    return TrackedItem(
        **_common(row, repository),
        kind="issue",
        state=str(row.get("state") or "open"),
        reason=str(row.get("state_reason") or ""),
    )


def _common(row: Row, repository: Row) -> Row:
    return {
        "key": thread_key(repository.get("id"), row.get("number")),
        "place": str(repository.get("full_name") or ""),
        "number": int(row.get("number") or 0),
        "url": str(row.get("html_url") or ""),
        "title": str(row.get("title") or ""),
        "at": changed_at(row),
        "ended_at": moment(row.get("merged_at")) or moment(row.get("closed_at")),
    }


def pull_of(row: Row) -> TrackedItem:
    """A pull request as `GET /repos/…/pulls/{n}` and webhooks show it."""
    base, head = row.get("base") or {}, row.get("head") or {}
    merged = bool(row.get("merged") or row.get("merged_at"))
    common = _common(row, base.get("repo") or {})
    return TrackedItem(
        **common,
        kind="pull",
        state="merged" if merged else str(row.get("state") or "open"),
        # before the merge this is a trial merge that lies on no branch
        commit=str(row.get("merge_commit_sha") or "") if merged else "",
        base=str(base.get("ref") or ""),
        head=str(head.get("sha") or ""),
        draft=bool(row.get("draft")),
        closes=closes(f"{row.get('title') or ''}\n{row.get('body') or ''}", common["place"]),
        backport_of=backport_of(row),
    )


def fixes(config: ChannelConfig, place: str, number: int) -> Sequence[TrackedItem]:
    """The merged pull requests that close an issue, their backports, and commits without either.

    A backport names its original in `backport_of`. A commit comes as an item of the kind `commit`
    without a number. Raises `GitHubError`.
    """
    found: dict[tuple[str, int], TrackedItem] = {}
    wanted = ItemRef(kind="issue", place=place.lower(), number=number)
    events = list(_rows(config, f"/repos/{place}/issues/{number}/timeline"))
    for where, pull in [*_closing(events, wanted), *_connected(config, events, wanted)]:
        _add(config, found, where, pull)
    closing = _commits(events, place)
    commits = [item for where, sha in closing for item in _by(config, found, where, sha)]
    for item in list(found.values()):
        if not item.backport_of:
            for pull in _backports(config, item):
                _add(config, found, item.place, pull)
    return sorted([*found.values(), *commits], key=lambda item: item.at)


def _add(
    config: ChannelConfig, found: dict[tuple[str, int], TrackedItem], place: str, number: int
) -> None:
    if (place.lower(), number) in found:
        return
    row = _if_there(config, f"/repos/{place}/pulls/{number}")
    if row and row.get("merged_at"):
        found[place.lower(), number] = pull_of(row)


def _sources(events: Sequence[Row]) -> Iterator[tuple[str, Row]]:
    """(place, row) of each merged pull request that refers to the thing."""
    for event in events:
        row = (event.get("source") or {}).get("issue") or {}
        if event.get("event") == "cross-referenced" and row.get("pull_request"):
            merged = row["pull_request"].get("merged_at")
            place = str((row.get("repository") or {}).get("full_name") or "")
            if merged and place:
                yield place, row


def _closing(events: Sequence[Row], wanted: ItemRef) -> Iterator[tuple[str, int]]:
    for place, row in _sources(events):
        text = f"{row.get('title') or ''}\n{row.get('body') or ''}"
        for ref in closes(text, place):
            if (ref.place.lower(), ref.number) == (wanted.place, wanted.number):
                yield place, int(row["number"])
                break


def _connected(
    config: ChannelConfig, events: Sequence[Row], wanted: ItemRef
) -> Iterator[tuple[str, int]]:
    """Pull requests that were linked by hand; asked only when the timeline has such an event."""
    if not any(event.get("event") == "connected" for event in events):
        return
    owner, _, name = wanted.place.partition("/")
    variables = {"owner": owner, "name": name, "number": wanted.number}
    data = client.graphql(config, CONNECTED, variables)
    issue = (data.get("repository") or {}).get("issue") or {}
    for row in (issue.get("closedByPullRequestsReferences") or {}).get("nodes") or []:
        if row.get("merged"):
            yield str(row["repository"]["nameWithOwner"]), int(row["number"])


def _commits(events: Sequence[Row], place: str) -> list[tuple[str, str]]:
    """(place, sha) of commits whose message closed the issue, each once."""
    found: dict[tuple[str, str], None] = {}
    for event in events:
        if event.get("event") == "closed" and event.get("commit_id"):
            where = COMMIT_URL.search(str(event.get("commit_url") or ""))
            found[where[1] if where else place, str(event["commit_id"])] = None
    return list(found)


def _by(
    config: ChannelConfig, found: dict[tuple[str, int], TrackedItem], place: str, sha: str
) -> Iterator[TrackedItem]:
    """The commit as an item, unless a pull request brought it, which is then found."""
    if any(sha in (item.commit, item.head) for item in found.values()):
        return
    row = _if_there(config, f"/repos/{place}/commits/{sha}")
    if row is None:
        return
    # https://docs.github.com/en/rest/commits/commits#list-pull-requests-associated-with-a-commit
    for pull in _rows(config, f"/repos/{place}/commits/{sha}/pulls", most_pages=1):
        if pull.get("merged_at"):
            _add(config, found, place, int(pull["number"]))
            return
    told = row.get("commit") or {}
    yield TrackedItem(
        key=f"{place}@{sha}",
        kind="commit",
        place=place,
        number=0,
        url=str(row.get("html_url") or ""),
        at=moment((told.get("committer") or {}).get("date")) or EPOCH,
        ended_at=moment((told.get("committer") or {}).get("date")),
        title=str(told.get("message") or "").partition("\n")[0],
        state="merged",
        commit=sha,
    )


def _backports(config: ChannelConfig, item: TrackedItem) -> Iterator[int]:
    """Merged pull requests of the same place that refer to this one; `_add` reads them whole."""
    path = f"/repos/{item.place}/issues/{item.number}/timeline"
    for place, row in _sources(list(_rows(config, path))):
        told = {**row, "base": {"repo": {"full_name": place}}}  # listed without its branches
        if place.lower() == item.place.lower() and backport_of(told) == item.number:
            yield int(row["number"])


def files(config: ChannelConfig, place: str, what: int | str) -> Sequence[str]:
    """Paths that a pull request, or the commit of this sha, has changed, old names too."""
    if isinstance(what, int):
        rows = list(_rows(config, f"/repos/{place}/pulls/{what}/files", most_pages=30))
    else:
        rows = _get(config, f"/repos/{place}/commits/{what}").get("files") or []
    names = [row.get(key) for row in rows for key in ("previous_filename", "filename")]
    return tuple(dict.fromkeys(str(name) for name in names if name))


# ------------------------------------------------------------------ histories and releases


def commit(config: ChannelConfig, place: str, sha: str) -> Commit:
    """One commit. Raises `GitHubError`."""
    return _commit(_get(config, f"/repos/{place}/commits/{quote(sha, safe='')}"))


def _commit(row: Row) -> Commit:
    told = row.get("commit") or {}
    author = told.get("author") or {}
    return Commit(
        sha=str(row.get("sha") or ""),
        message=str(told.get("message") or ""),
        author=f"{author.get('name')} <{author.get('email')}>",
        authored_at=str(author.get("date") or ""),
        parents=tuple(str(parent.get("sha")) for parent in row.get("parents") or []),
    )


def compare(config: ChannelConfig, place: str, base: str, head: str) -> Comparison:
    """What `head` has beyond `base`: the oldest 10,000 commits of it. Raises `GitHubError`.

    A head that is gone, or has no ancestor in common, contains nothing of the base.
    https://docs.github.com/en/rest/commits/commits#compare-two-commits
    """
    path = f"/repos/{place}/compare/{quote(base, safe='')}...{quote(head, safe='')}"
    commits: list[Commit] = []
    missing = 0
    for page in range(1, MOST_PAGES + 1):
        try:
            row = _get(config, path, per_page=PER_PAGE, page=page)
        except client.GitHubError as error:
            if error.status != 404:
                raise
            commit(config, place, base)  # raises when it is the base or the place that is gone
            return Comparison(missing=1)
        missing = int(row.get("behind_by") or 0)
        found = row.get("commits") or []
        commits += [_commit(one) for one in found]
        if not found or len(commits) >= int(row.get("total_commits") or 0):
            break
    return Comparison(commits=tuple(commits), missing=missing)


def releases(config: ChannelConfig, place: str) -> Sequence[TrackedRelease]:
    """The newest thousand releases, drafts only where the token may see them."""
    rows = _rows(config, f"/repos/{place}/releases", most_pages=RELEASE_PAGES)
    return tuple(release_of(row, place) for row in rows)


def release_of(row: Row, place: str) -> TrackedRelease:
    """A release as REST and webhooks show it."""
    published = moment(row.get("published_at"))
    changed = moment(row.get("updated_at")) or published or moment(row.get("created_at"))
    return TrackedRelease(
        place=place,
        tag=str(row.get("tag_name") or ""),
        at=changed or EPOCH,
        name=str(row.get("name") or ""),
        url=str(row.get("html_url") or ""),
        notes=str(row.get("body") or ""),
        prerelease=bool(row.get("prerelease")),
        draft=bool(row.get("draft")),
        published_at=published,
    )


# ------------------------------------------------------------------ forms for new issues


def templates(config: ChannelConfig, place: str) -> Sequence[IssueTemplate]:
    """The issue templates and forms of a repository's default branch; () when it has none."""
    listed = _if_there(config, f"/repos/{place}/contents/{TEMPLATES}")
    rows = listed if isinstance(listed, list) else []
    names = [str(row.get("name")) for row in rows if row.get("type") == "file"]
    wanted = sorted(name for name in names if forms.is_template(name))[:MOST_TEMPLATES]
    found = [forms.template_of(name, _text(config, place, name)) for name in wanted]
    return tuple(form for form in found if form is not None)


def _text(config: ChannelConfig, place: str, name: str) -> str:
    row: Mapping[str, Any] = _get(config, f"/repos/{place}/contents/{TEMPLATES}/{quote(name)}")
    return base64.b64decode(str(row.get("content") or "")).decode("utf-8", "replace")


TRACKER = Tracker(
    locate=locate,
    read=read,
    fixes=fixes,
    commit=commit,
    compare=compare,
    files=files,
    releases=releases,
    templates=templates,
)
