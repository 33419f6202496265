"""The fake GitHub's histories: commits, comparisons, tags and releases of real git repositories.

A story in a test:

    git = attach(fake, "example/core", tmp_path / "core")
    issue = fake.open("kezia", "example/core", "It crashes")          # body of `issues`, opened
    number = git.pull("maya", "Handle nothing", f"Fixes #{issue['issue']['number']}")
    merged = git.merge_pull(number, how="squash")                     # body of `pull_request`
    released = git.release("v1.1")                                    # body of `release`

`merge_pull`, `release`, `edit_release` and `delete_release` return the body of the webhook that
GitHub would send; `fake.post(body)` delivers it. Closing keywords close issues, as at GitHub.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rig import github_rest
from rig.vendor import Answer, Call

if TYPE_CHECKING:
    from rig.github import FakeGitHub

MAINLINE = "main"
PLAIN = ("-c", "gc.auto=0", "-c", "core.quotePath=false")
KEYWORDS = re.compile(
    r"(?i)\b(?:close[sd]?|fix(?:es|ed)?|resolve[sd]?):? (?:([\w.-]+/[\w.-]+))?#(\d+)"
)
MENTIONS = re.compile(r"(?:([\w.-]+/[\w.-]+))?#(\d+)")
Row = dict[str, Any]


def attach(fake: "FakeGitHub", name: str, folder: Path) -> "GitRepository":
    """Give a repository of the fake a git repository, made with a first commit if need be."""
    made = GitRepository(fake, name, folder)
    attached(fake)[name.lower()] = made
    return made


def attached(fake: "FakeGitHub") -> "dict[str, GitRepository]":
    """The git repositories of a fake, by the lower-case names of theirs."""
    found: dict[str, GitRepository] = vars(fake).setdefault("attached", {})
    return found


def answer(fake: "FakeGitHub", call: Call) -> Answer | None:
    """One request, None when it is none of these."""
    known = attached(fake)
    if call.path == "/graphql":
        return github_rest.linked(known, call)
    found = re.fullmatch(r"/repos/([^/]+/[^/]+)(/.*)?", call.path)
    repository = known.get(found[1].lower()) if found else None
    if found is None or repository is None or call.method != "GET":
        return None
    return github_rest.answer(repository, found[2] or "", call)


class GitRepository:
    """A folder with a git repository, and what GitHub knows beside it."""

    def __init__(self, fake: "FakeGitHub", name: str, folder: Path) -> None:
        self.fake, self.name, self.folder = fake, name, folder
        self.row = fake.repository(name)
        self.row["default_branch"] = MAINLINE
        self.releases: dict[int, Row] = {}
        self.timelines: dict[int, list[Row]] = {}
        self.pushed: set[str] = set()
        self.connected: dict[int, list[int]] = {}  # issue: pull requests, linked by hand
        if not (folder / ".git").exists():
            folder.mkdir(parents=True, exist_ok=True)
            self.git("init", "--quiet", f"--initial-branch={MAINLINE}")
            self.commit("First", {"README": "core\n"})

    # ------------------------------------------------------------ git itself

    def git(self, *words: str, check: bool = True, stdin: str = "") -> str:
        """Run git as nobody in particular, one second later than before; what it printed."""
        at = self.fake.now()
        settings = {
            "PATH": os.environ.get("PATH", os.defpath), "HOME": str(self.folder),
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_EDITOR": "true",
            "GIT_AUTHOR_NAME": "maya", "GIT_AUTHOR_EMAIL": "maya@example.org",
            "GIT_COMMITTER_NAME": "maya", "GIT_COMMITTER_EMAIL": "maya@example.org",
            "GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at, "TZ": "UTC", "LC_ALL": "C",
        }  # fmt: skip
        done = subprocess.run(
            ["git", *PLAIN, *words], cwd=self.folder, env=settings, input=stdin,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        if check and done.returncode:
            raise RuntimeError(f"git {' '.join(words)}: {done.stderr or done.stdout}")
        return done.stdout.strip("\n")

    def sha(self, name: str = "HEAD") -> str:
        """The full sha of a commit, "" when there is none."""
        return self.git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", check=False)

    def switch(self, branch: str, at: str = "") -> None:
        """Go to a branch, made at a commit when that is given."""
        self.git("checkout", "--quiet", *(["-b", branch, at] if at else [branch]))

    def commit(self, message: str, files: Mapping[str, str] | None = None) -> str:
        """Commit files, by default one that nothing else touches; the sha."""
        for name, text in (files or {f"file-{self.fake.now()}": message}).items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.sha()

    def merge(self, *branches: str, message: str = "") -> str:
        """A merge commit of branches into the one that is checked out; its sha."""
        text = message or f"Merge {' and '.join(branches)}"
        self.git("merge", "--quiet", "--no-ff", "--message", text, *branches)
        return self.sha()

    def pick(self, sha: str, *, record: bool = False, mainline: int = 0) -> str:
        """Cherry-pick, with `-x` when it is recorded, with `-m` for merges; the new sha."""
        more = ["-x"] if record else []
        more += ["--mainline", str(mainline)] if mainline else []
        self.git("cherry-pick", "--allow-empty", *more, sha)
        return self.sha()

    def revert(self, sha: str, *, mainline: int = 0, message: str = "") -> str:
        """Revert, with git's own words or others; the new sha."""
        more = ["--mainline", str(mainline)] if mainline else []
        self.git("revert", "--no-edit", *more, sha)
        if message:
            self.git("commit", "--quiet", "--amend", "--message", message)
        return self.sha()

    def push(self) -> None:
        """What is on the default branch arrives: closing keywords in its messages take effect."""
        text = self.git("log", "--reverse", "--format=%H%x1f%B%x1e", MAINLINE)
        for entry in text.split("\x1e")[:-1]:
            sha, _, message = entry.strip("\n").partition("\x1f")
            for target, number in self._closes(message) if sha not in self.pushed else []:
                target._close(number, sha, self.name)
            self.pushed.add(sha)

    # ------------------------------------------------------------ pull requests

    def pull(
        self, login: str, title: str, text: str = "", *, files: Mapping[str, str] | None = None,
        base: str = MAINLINE, branch: str = "", commits: int = 1,
    ) -> int:  # fmt: skip
        """Somebody opens a pull request with commits of its own; its number.

        A `branch` that exists is taken as it is. The branch that was checked out stays so.
        """
        body = self.fake.open(login, self.name, title, text, kind="pull_request")
        number = int(body["pull_request"]["number"])
        branch, before = branch or f"patch-{number}", self.git("branch", "--show-current")
        if not self.sha(branch):
            self.switch(branch, base)
            for count in range(commits):
                last = count == commits - 1
                self.commit(
                    title if last else f"{title}: part {count + 1}", files if last else None
                )
            self.switch(before)
        row = self.thing(number)
        repo = {key: self.row[key] for key in ("id", "full_name", "default_branch")}
        row.update(
            draft=False, merged=False, merged_at=None, merge_commit_sha=None, locked=False,
            head={"ref": branch, "sha": self.sha(branch), "repo": repo},
            base={"ref": base, "sha": self.sha(base), "repo": repo},
        )  # fmt: skip
        for place, mentioned in MENTIONS.findall(f"{title} {text}"):
            target = self.neighbour(place)
            if target is not None:
                target._event(int(mentioned), event="cross-referenced", pull=(self.name, number))
        return number

    def merge_pull(self, number: int, *, how: str = "merge", login: str = "maya") -> Row:
        """Merge by `merge`, `squash` or `rebase`; the webhook `pull_request`, closed."""
        row = self.thing(number)
        base, branch, title = row["base"]["ref"], row["head"]["ref"], row["title"]
        before = self.git("branch", "--show-current")
        self.switch(base)
        if how == "merge":
            owner = self.name.partition("/")[0]
            words = f"Merge pull request #{number} from {owner}/{branch}\n\n{title}"
            self.merge(branch, message=words)
        elif how == "squash":
            self.git("merge", "--quiet", "--squash", branch)
            self.git("commit", "--quiet", "--message", f"{title} (#{number})\n\n{row['body']}")
        else:
            self._rebase(base, branch)
        sha = self.sha()
        self.switch(before)
        row.update(merged=True, merged_at=self.fake.now(), merge_commit_sha=sha)
        body = self.fake.change(login, self.name, number, "closed", state="closed")
        if base == MAINLINE:  # keywords count for the default branch only
            self.push()
            for target, issue in self._closes(row["body"]):
                target._close(issue, "")
        return body

    def _rebase(self, base: str, branch: str) -> None:
        """GitHub makes new commits even where nothing would have to move."""
        for sha in self.git("rev-list", "--reverse", f"{base}..{branch}").split():
            self.git("cherry-pick", "--allow-empty", sha)

    def revert_pull(self, number: int, *, how: str = "merge", login: str = "maya") -> int:
        """The Revert button of a merged pull request, and its own merge at once; the number."""
        row = self.thing(number)
        sha, base, before = (
            row["merge_commit_sha"],
            row["base"]["ref"],
            self.git("branch", "--show-current"),
        )
        branch, title = f"revert-{number}-{row['head']['ref']}", f'Revert "{row["title"]}"'
        self.switch(branch, base)
        is_merge = len(self.git("log", "-1", "--format=%P", sha).split()) > 1
        self.revert(sha, mainline=1 if is_merge else 0)
        self.switch(before)
        made = self.pull(login, title, f"Reverts {self.name}#{number}", base=base, branch=branch)
        self.merge_pull(made, how=how, login=login)
        return made

    def connect(self, issue: int, number: int) -> None:
        """Somebody links a pull request to an issue by hand."""
        self.connected.setdefault(issue, []).append(number)
        self._event(issue, event="connected")

    def thing(self, number: int) -> Row:
        """An issue or a pull request."""
        return self.fake.things[self.row["id"], number]

    def neighbour(self, place: str) -> "GitRepository | None":
        """An attached repository by its name, "" for this one."""
        return attached(self.fake).get((place or self.name).lower())

    def _closes(self, text: str) -> "list[tuple[GitRepository, int]]":
        found = [(self.neighbour(place), number) for place, number in KEYWORDS.findall(text or "")]
        return [(target, int(number)) for target, number in found if target is not None]

    def _close(self, number: int, sha: str, place: str = "") -> None:
        row = self.fake.things.get((self.row["id"], number))
        if row is None or row["kind"] != "issue" or row["state"] == "closed":
            return
        row.update(state="closed", state_reason="completed", updated_at=self.fake.now())
        url = f"{self.fake.url}/repos/{place or self.name}/commits/{sha}" if sha else None
        self._event(number, event="closed", commit_id=sha or None, commit_url=url)

    def _event(self, number: int, **fields: Any) -> None:
        self.timelines.setdefault(number, []).append({**fields, "created_at": self.fake.now()})

    # ------------------------------------------------------------ tags and releases

    def tag(self, name: str, at: str = "HEAD", *, annotated: bool = False) -> None:
        """A tag, light or annotated, which belongs to no release by itself."""
        self.git("tag", *(["--annotate", "--message", name] if annotated else []), name, at)

    def move_tag(self, name: str, at: str = "HEAD") -> None:
        """The same tag at another commit."""
        self.git("tag", "--force", name, at)

    def release(
        self, tag: str, name: str = "", *, at: str = "HEAD", notes: str = "",
        prerelease: bool = False, draft: bool = False,
    ) -> Row:  # fmt: skip
        """Publish a release, tagged here when the tag is new; the webhook `release`, published.

        A draft has no time of publication, and its tag is made when it is published.
        """
        key = next(self.fake._ids)
        self.releases[key] = {
            "id": key, "tag_name": tag, "name": name or tag, "body": notes, "draft": draft,
            "prerelease": prerelease, "target_commitish": self.sha(at), "published_at": None,
            "html_url": f"https://github.com/{self.name}/releases/tag/{tag}",
        }  # fmt: skip
        return self._changed(self.releases[key], "created" if draft else "published")

    def edit_release(self, tag: str, **fields: Any) -> Row:
        """Edit, or publish a draft with `draft=False`; the body of the webhook."""
        row = next(row for row in self.releases.values() if row["tag_name"] == tag)
        was_draft = row["draft"]
        row.update(fields)
        return self._changed(row, "published" if was_draft and not row["draft"] else "edited")

    def delete_release(self, tag: str) -> Row:
        """Delete a release; its tag stays, as at GitHub."""
        row = next(row for row in self.releases.values() if row["tag_name"] == tag)
        del self.releases[row["id"]]
        return self._release_body(row, "deleted")

    def _changed(self, row: Row, action: str) -> Row:
        row["updated_at"] = self.fake.now()
        if not row["draft"]:
            row["published_at"] = row["published_at"] or row["updated_at"]
            if not self.sha(f"refs/tags/{row['tag_name']}"):
                self.tag(row["tag_name"], row["target_commitish"])
            dated = self.git("log", "-1", "--format=%cI", row["tag_name"])
            row["created_at"] = dated  # of the commit, not of the release
        row.setdefault("created_at", row["updated_at"])
        return self._release_body(row, action)

    def _release_body(self, row: Row, action: str) -> Row:
        sender = {key: self.fake.person("maya")[key] for key in ("login", "id", "type")}
        repository = self.fake.repository(self.name)
        told = {"action": action, "release": dict(row), "repository": repository}
        return {**told, "sender": sender, "event": "release"}
