"""The fake GitHub's issues: reading and opening them, comments, labels, reviews."""

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from rig.vendor import Answer, Call

if TYPE_CHECKING:
    from rig.github import FakeGitHub

BOT: dict[str, Any] = {"login": "switchboard[bot]", "id": 900, "type": "Bot"}
LOST = Answer(404, {"message": "Not Found"})
Row = dict[str, Any]


def answer(fake: "FakeGitHub", call: Call) -> Answer | None:
    """One request, None when it is none of these."""
    for pattern, do in ROUTES:
        found = re.fullmatch(r"/repos/([^/]+/[^/]+)" + pattern, call.path)
        if found:
            known = fake.repositories.get(found[1])
            return do(fake, call, known, *found.groups()[1:]) if known else LOST
    return None


def page(fake: "FakeGitHub", call: Call, rows: list[Any]) -> Answer:
    """One page of a list, with the link to the next one."""
    number, size = (int(call.query.get(n, [d])[0]) for n, d in (("page", "1"), ("per_page", "30")))
    shown = rows[(number - 1) * size : number * size]
    if number * size >= len(rows):
        return Answer(200, shown)
    given = "".join(f"&{n}={v[0]}" for n, v in call.query.items() if n != "page")
    return Answer(
        200, shown, {"link": f'<{fake.url}{call.path}?page={number + 1}{given}>; rel="next"'}
    )


def _repository(fake: "FakeGitHub", call: Call, known: Row) -> Answer:
    return Answer(200, known)


def _issues(fake: "FakeGitHub", call: Call, known: Row) -> Answer:
    if call.method == "POST":
        given = call.json()
        body = fake.open(
            BOT["login"], known["full_name"], given["title"], given.get("body", ""),
            labels=tuple(given.get("labels", ())),
        )  # fmt: skip
        shown = {**body["issue"], "repository_url": f"{fake.url}/repos/{known['full_name']}"}
        return Answer(201, shown)
    rows = [row for (key, _), row in fake.things.items() if key == known["id"]]
    return page(fake, call, [{k: v for k, v in row.items() if k != "kind"} for row in rows[::-1]])


def _issue(fake: "FakeGitHub", call: Call, known: Row, number: str) -> Answer:
    row = fake.things.get((known["id"], int(number)))
    if row is None:
        return LOST
    if call.method == "PATCH":
        row.update(call.json(), updated_at=fake.now())
    return Answer(200, {k: v for k, v in row.items() if k != "kind"})


def _labels(fake: "FakeGitHub", call: Call, known: Row, number: str, name: str = "") -> Answer:
    row = fake.things.get((known["id"], int(number)))
    if row is None:
        return LOST
    names = [label["name"] for label in row["labels"]]
    if call.method == "POST":
        names += [n for n in call.json()["labels"] if n not in names]
    elif unquote(name) in names:
        names.remove(unquote(name))
    else:
        return LOST
    row.update(labels=[{"name": n} for n in names], updated_at=fake.now())
    return Answer(200, row["labels"])


def _comments(fake: "FakeGitHub", call: Call, known: Row, number: str) -> Answer:
    place = [known["id"], int(number)]
    thing = fake.things.get((known["id"], int(number)))
    if thing is None:
        return LOST
    if call.method == "GET":
        rows = [row for row in fake.comments.values() if row["where"] == place]
        return page(fake, call, rows)
    if thing.get("locked"):
        return Answer(403, {"message": "Unable to create comment because issue is locked"})
    return Answer(201, fake._comment(known["id"], int(number), BOT, call.json()["body"]))


def _said(table: str) -> Any:
    """One comment of a table of the fake's."""

    def do(fake: "FakeGitHub", call: Call, known: Row, *numbers: str) -> Answer:
        rows: dict[int, Row] = getattr(fake, table)
        key = int(numbers[-1])
        if key not in rows:
            return LOST
        if call.method == "DELETE":
            del rows[key]
            return Answer(204, b"")
        if call.method in ("PATCH", "PUT"):
            rows[key].update(body=call.json()["body"], updated_at=fake.now())
        return Answer(200, rows[key])

    return do


ROUTES: list[tuple[str, Any]] = [
    ("", _repository),
    ("/issues", _issues),
    (r"/issues/(\d+)", _issue),
    (r"/issues/(\d+)/labels", _labels),
    (r"/issues/(\d+)/labels/(.+)", _labels),
    (r"/issues/(\d+)/comments", _comments),
    (r"/issues/comments/(\d+)", _said("comments")),
    (r"/pulls/comments/(\d+)", _said("review_comments")),
    (r"/pulls/(\d+)/reviews/(\d+)", _said("reviews")),
]
