"""The fake GitHub's REST answers about a git repository that is attached to it."""

import base64
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from rig.vendor import Answer, Call

if TYPE_CHECKING:
    from rig.github_git import GitRepository

Row = dict[str, Any]
MISSING = Answer(404, {"message": "Not Found"})
LINKED = "closedByPullRequestsReferences"


def linked(known: "Mapping[str, GitRepository]", call: Call) -> Answer | None:
    """GraphQL: the pull requests that were linked to an issue by hand."""
    asked = call.json()
    if LINKED not in str(asked.get("query")):
        return None
    told = asked["variables"]
    repository = known[f"{told['owner']}/{told['name']}".lower()]
    rows = [repository.thing(number) for number in repository.connected.get(told["number"], [])]
    place = {"nameWithOwner": repository.name}
    nodes = [
        {"number": row["number"], "merged": row["merged"], "repository": place} for row in rows
    ]
    return Answer(200, {"data": {"repository": {"issue": {LINKED: {"nodes": nodes}}}}})


def answer(repository: "GitRepository", path: str, call: Call) -> Answer | None:
    """One GET below `/repos/{owner}/{name}`."""
    for pattern, reply in ROUTES.items():
        found = re.fullmatch(pattern, path)
        if found:
            return reply(repository, call, *(unquote(part) for part in found.groups()))
    return None


def _page(call: Call, rows: list[Row]) -> Answer:
    """A slice of a list, with the link to the next one."""
    page, size = _paging(call)
    more = page * size < len(rows)
    link = f'<{call.path}?page={page + 1}&per_page={size}>; rel="next"'
    return Answer(200, rows[(page - 1) * size : page * size], {"link": link} if more else {})


def _paging(call: Call) -> tuple[int, int]:
    size = min(int(call.query.get("per_page", ["30"])[0]), 100)
    return int(call.query.get("page", ["1"])[0]), size


def _repository(repository: "GitRepository", _: Call) -> Answer:
    return Answer(200, repository.row)


# ------------------------------------------------------------------ issues and pull requests


def _issue(repository: "GitRepository", _: Call, number: str) -> Answer:
    row = repository.fake.things.get((repository.row["id"], int(number)))
    return Answer(200, _as_issue(repository, row)) if row else MISSING


def _as_issue(repository: "GitRepository", row: Row) -> Row:
    """A pull request as the issues' lists show it: without its branches."""
    shown = {key: value for key, value in row.items() if key not in ("kind", "head", "base")}
    if row["kind"] == "pull_request":
        url = f"{repository.fake.url}/repos/{repository.name}/pulls/{row['number']}"
        shown["pull_request"] = {"url": url, "merged_at": row.get("merged_at")}
        for name in ("merged", "merged_at", "merge_commit_sha"):
            shown.pop(name, None)
    return shown


def _pull(repository: "GitRepository", _: Call, number: str) -> Answer:
    row = repository.fake.things.get((repository.row["id"], int(number)))
    if row is None or row["kind"] != "pull_request":
        return MISSING
    return Answer(200, {key: value for key, value in row.items() if key != "kind"})


def _timeline(repository: "GitRepository", call: Call, number: str) -> Answer:
    rows = []
    for event in repository.timelines.get(int(number), []):
        row = {key: value for key, value in event.items() if key != "pull"}
        if "pull" in event:
            name, pull = event["pull"]
            source = repository.neighbour(name) or repository
            shown = _as_issue(source, source.thing(pull))
            place = {"id": source.row["id"], "full_name": source.name}
            row["source"] = {"type": "issue", "issue": {**shown, "repository": place}}
        rows.append(row)
    return _page(call, rows)


def _pull_files(repository: "GitRepository", call: Call, number: str) -> Answer:
    row = repository.thing(int(number))
    text = repository.git(
        "diff", "--name-status", "-M", f"{row['base']['sha']}...{row['head']['sha']}"
    )
    return _page(call, _changed(text))


def _changed(text: str) -> list[Row]:
    rows = []
    for line in text.splitlines():
        _, *names = line.split("\t")
        old = {"previous_filename": names[0]} if len(names) > 1 else {}
        rows.append({"filename": names[-1], **old})
    return rows


# ------------------------------------------------------------------ commits


def _commits(repository: "GitRepository", *words: str) -> list[Row]:
    form = "--format=%H%x1f%P%x1f%an%x1f%ae%x1f%aI%x1f%cI%x1f%B%x1e"
    text = repository.git("log", "--date=iso-strict", form, *words)
    rows = []
    for entry in text.split("\x1e")[:-1]:
        sha, parents, name, mail, authored, committed, message = entry.lstrip("\n").split("\x1f")
        rows.append({
            "sha": sha, "parents": [{"sha": parent} for parent in parents.split()],
            "html_url": f"https://github.com/{repository.name}/commit/{sha}",
            "commit": {
                "message": message.strip(),
                "author": {"name": name, "email": mail, "date": _zulu(authored)},
                "committer": {"name": name, "email": mail, "date": _zulu(committed)},
            },
        })  # fmt: skip
    return rows


def _zulu(text: str) -> str:
    return text.replace("+00:00", "Z")


def _commit(repository: "GitRepository", _: Call, name: str) -> Answer:
    sha = repository.sha(name)
    if not sha:
        return Answer(422, {"message": f"No commit found for SHA: {name}"})
    changed = repository.git("show", "--name-status", "-M", "--format=", "--first-parent", sha)
    return Answer(200, {**_commits(repository, "-1", sha)[0], "files": _changed(changed)})


def _commit_pulls(repository: "GitRepository", call: Call, name: str) -> Answer:
    """Pull requests whose merge or own commits this is."""
    rows = []
    for row in repository.fake.things.values():
        if (
            row["kind"] == "pull_request"
            and row.get("base", {}).get("repo", {}).get("id") == repository.row["id"]
        ):
            own = f"{row['base']['sha']}..{row['head']['sha']}"
            if name == row["merge_commit_sha"] or name in repository.git("rev-list", own).split():
                rows.append({key: value for key, value in row.items() if key != "kind"})
    return _page(call, rows)


def _compare(repository: "GitRepository", call: Call, base: str, head: str) -> Answer:
    """https://docs.github.com/en/rest/commits/commits#compare-two-commits"""
    ours, theirs = repository.sha(base), repository.sha(head)
    common = repository.git("merge-base", ours, theirs, check=False) if ours and theirs else ""
    if not common:
        return MISSING
    counted = repository.git("rev-list", "--left-right", "--count", f"{ours}...{theirs}")
    behind, ahead = (int(number) for number in counted.split())
    status = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}
    commits = _commits(repository, "--reverse", f"{ours}..{theirs}")
    if "page" in call.query or "per_page" in call.query:
        page, size = _paging(call)
        shown = commits[(page - 1) * size : page * size]
    else:
        shown = commits[-250:]
    return Answer(200, {
        "status": status.get((ahead > 0, behind > 0), "diverged"), "ahead_by": ahead,
        "behind_by": behind, "total_commits": len(commits), "commits": shown,
        "base_commit": {"sha": ours}, "merge_base_commit": {"sha": common}, "files": [],
    })  # fmt: skip


# ------------------------------------------------------------------ releases and files


def _releases(repository: "GitRepository", call: Call) -> Answer:
    """Newest first, drafts too: the token may push."""
    return _page(call, [dict(row) for row in reversed(repository.releases.values())])


def _release(repository: "GitRepository", _: Call, tag: str) -> Answer:
    rows = [row for row in repository.releases.values() if row["tag_name"] == tag]
    return Answer(200, dict(rows[0])) if rows and not rows[0]["draft"] else MISSING


def _contents(repository: "GitRepository", _: Call, path: str) -> Answer:
    """A folder's list or a file of the default branch."""
    name = f"{repository.row['default_branch']}:{path}"
    kind = repository.git("cat-file", "-t", name, check=False)
    if kind == "tree":
        listed = repository.git("ls-tree", name).splitlines()
        return Answer(200, [_entry(path, line) for line in listed])
    if kind != "blob":
        return MISSING
    raw = repository.git("cat-file", "blob", name).encode()
    told = {"name": path.rpartition("/")[2], "path": path, "type": "file", "encoding": "base64"}
    return Answer(200, {**told, "content": base64.encodebytes(raw).decode()})


def _entry(folder: str, line: str) -> Row:
    about, _, name = line.partition("\t")
    kind = "dir" if about.split()[1] == "tree" else "file"
    return {"name": name, "path": f"{folder}/{name}", "type": kind}


ROUTES: dict[str, Callable[..., Answer]] = {
    r"": _repository,
    r"/issues/(\d+)": _issue,
    r"/issues/(\d+)/timeline": _timeline,
    r"/pulls/(\d+)": _pull,
    r"/pulls/(\d+)/files": _pull_files,
    r"/commits/([^/]+)": _commit,
    r"/commits/([^/]+)/pulls": _commit_pulls,
    r"/compare/(.+?)\.\.\.(.+)": _compare,
    r"/releases": _releases,
    r"/releases/tags/(.+)": _release,
    r"/contents/(.+)": _contents,
}
