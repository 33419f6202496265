"""Vendors' own descriptions of their REST APIs: is a request one that they would understand?

Where the descriptions come from stands in `rig.descriptions`. The check is stricter than the
vendors: a parameter or a field that is not named is an error, for they would silently ignore it.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, unquote

from jsonschema import Draft202012Validator, FormatChecker

from rig import clients, descriptions
from rig.descriptions import Package
from rig.vendor import Call

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
KEPT = (
    "type enum required pattern format minimum maximum minLength maxLength minItems maxItems "
    "uniqueItems maxProperties"
).split()
Schema = Mapping[str, Any]
formats = FormatChecker(formats=())


def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or MOMENT.fullmatch(value) is not None


formats.checks("date-time")(_is_moment)


class Description:
    """What one vendor says of its API.

    `besides`: addresses (patterns) that the description does not hold, with the page that
    documents them; their requests are checked by the fake alone.
    """

    def __init__(
        self,
        vendor: str,
        packages: tuple[Package, ...],
        read: Callable[[Mapping[str, bytes]], Schema],
        *,
        besides: Mapping[str, str] | None = None,
        headers: Callable[[Call], str | None] = lambda call: None,
    ) -> None:
        self.vendor, self.packages = vendor, packages
        self._read, self._headers = read, headers
        self.besides = {re.compile(path): page for path, page in (besides or {}).items()}

    def is_there(self) -> bool:
        """Whether requests can be checked at all."""
        return all(package.is_there() for package in self.packages)

    def check(self, call: Call) -> str | None:
        """What the vendor would not understand about a request; None when it is fine."""
        if any(path.fullmatch(call.path) for path in self.besides):
            return None
        operation = self._operation(call)
        if operation is None:
            return f"{self.vendor} has no {call.method} {call.path}"
        problem = self._query(operation, call) or self._body(operation, call) or self._headers(call)
        return f"{operation['operationId']}: {problem}" if problem else None

    @cached_property
    def _whole(self) -> Schema:
        files = {name: raw for each in self.packages for name, raw in each.files().items()}
        return self._read(files)

    @cached_property
    def _routes(self) -> list[tuple[re.Pattern[str], str]]:
        """Every path as a pattern; those with more fixed words come first."""
        templates = sorted(self._whole["paths"], key=lambda path: (path.count("{"), path))
        return [(self._pattern(template), template) for template in templates]

    def _pattern(self, template: str) -> re.Pattern[str]:
        operations = self._operations(template).values()
        rows = [row for operation in operations for row in self._parameters(operation, "path")]
        long = {row["name"] for row in rows if row.get("x-multi-segment")}
        parts = re.split(r"\{([\w-]+)\}", template)
        for n in range(1, len(parts), 2):
            name = parts[n].replace("-", "_")
            parts[n] = f"(?P<{name}>{'.+' if parts[n] in long else '[^/]+'})"
        return re.compile("".join(re.escape(p) if n % 2 == 0 else p for n, p in enumerate(parts)))

    def _operations(self, template: str) -> dict[str, Any]:
        methods = ("get", "post", "put", "patch", "delete")
        rows = self._whole["paths"][template]
        return {name: row for name, row in rows.items() if name in methods}

    def _operation(self, call: Call) -> dict[str, Any] | None:
        for pattern, template in self._routes:
            found = pattern.fullmatch(call.path)
            operation = self._operations(template).get(call.method.lower()) if found else None
            if found and operation and self._path_fits(operation, found.groupdict()):
                return dict(operation)
        return None

    def _path_fits(self, operation: Schema, values: Mapping[str, str]) -> bool:
        rows = self._parameters(operation, "path")
        names = {row["name"]: row["name"].replace("-", "_") for row in rows}
        return all(self._reads(row["schema"], unquote(values[names[row["name"]]])) for row in rows)

    def _parameters(self, operation: Schema, where: str) -> list[Schema]:
        rows = [self._resolved(row) for row in operation.get("parameters", ())]
        return [row for row in rows if row["in"] == where]

    def _query(self, operation: Schema, call: Call) -> str | None:
        known = {row["name"]: row for row in self._parameters(operation, "query")}
        for name, values in call.query.items():
            if name not in known:
                return f"no query parameter “{name}”"
            schema = self._resolved(known[name]["schema"])
            one = schema.get("items", {}) if schema.get("type") == "array" else schema
            many = len(values) > 1 and one is schema
            if many or not all(self._reads(one, value) for value in values):
                return f"query parameter “{name}” cannot be {values}"
        for name, row in known.items():
            if row.get("required") and name not in call.query:
                return f"query parameter “{name}” is missing"
        return None

    def _reads(self, schema: Schema, text: str) -> bool:
        """Whether a parameter's text is a value of its schema, as text, number or truth."""
        values: list[Any] = [text]
        if re.fullmatch(r"-?\d{1,18}", text):
            values.append(int(text))
        if text in ("true", "false"):
            values.append(text == "true")
        validator = Draft202012Validator(self._strict(schema), format_checker=formats)
        return any(validator.is_valid(value) for value in values)

    def _body(self, operation: Schema, call: Call) -> str | None:
        wanted = operation.get("requestBody")
        if not call.body:
            return "the body is missing" if wanted and wanted.get("required") else None
        if not wanted:
            return "it takes no body"
        kind = call.headers.get("content-type", "").partition(";")[0]
        if kind not in wanted["content"]:
            return f"a body is not sent as “{kind}”"
        try:
            value = _sent(call, kind)
        except ValueError:
            return "the body is no JSON"
        validator = Draft202012Validator(
            self._strict(wanted["content"][kind]["schema"]), format_checker=formats
        )
        error = next(iter(validator.iter_errors(value)), None)
        return f"body: {error.json_path} {error.message}"[:300] if error else None

    # -------------------------------------------------------------- schemas

    def _resolved(self, row: Schema) -> Schema:
        """What a reference points to."""
        while "$ref" in row:
            found: Any = self._whole
            for name in row["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            row = found
        return row

    def _strict(self, schema: Schema, inside: tuple[str, ...] = ()) -> dict[str, Any]:
        """OpenAPI 3.0 as JSON Schema 2020-12, closed: only named fields are legal.

        Within itself (`inside`: the names on the way) a schema allows anything.
        """
        name = str(schema.get("$ref", ""))
        if name in inside:
            return {}
        inside = (*inside, name) if name else inside
        schema = self._resolved(schema)
        made = {word: schema[word] for word in KEPT if word in schema}
        if "items" in schema:
            made["items"] = self._strict(schema["items"], inside)
        fields, extra = schema.get("properties"), schema.get("additionalProperties")
        if fields:
            made["properties"] = {key: self._strict(each, inside) for key, each in fields.items()}
        if isinstance(extra, dict):
            made["additionalProperties"] = self._strict(extra, inside)
        elif fields:
            made["additionalProperties"] = False
        # GitHub's alternatives overlap; one beside fields says which of them are needed
        choices = schema.get("oneOf") or schema.get("anyOf") or ()
        if choices and fields:
            made["anyOf"] = [{"required": self._resolved(c).get("required", [])} for c in choices]
        elif choices:
            made["anyOf"] = [self._strict(each, inside) for each in choices]
        return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") else made


def _sent(call: Call, kind: str) -> Any:
    """The body as its kind has it: JSON, or the fields of a form. Raises `ValueError`."""
    if kind == FORM:
        rows = parse_qs(call.body.decode(), keep_blank_values=True)
        return {name: values[0] for name, values in rows.items()}
    if kind == MULTIPART:
        return {name.decode(): "" for name in re.findall(rb'form-data; name="([^"]+)"', call.body)}
    return call.json()


# ------------------------------------------------------------------ the vendors


def _github(files: Mapping[str, bytes]) -> Schema:
    (raw,) = files.values()
    found: Schema = json.loads(raw)
    return found


def _github_headers(call: Call) -> str | None:
    if "json" not in call.headers.get("accept", ""):
        return "no Accept header asks for JSON"
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", call.headers.get("x-github-api-version", "")):
        return "no X-GitHub-Api-Version says which version is meant"
    return None if call.headers.get("user-agent") else "no User-Agent"


def _hubspot(files: Mapping[str, bytes]) -> Schema:
    """The parts for tokens and files as they are, those for contacts and notes from the client."""
    made = dict(clients.from_openapi_generator(_named(files, ".py")))
    schemas = dict(made["components"]["schemas"])
    paths = dict(made["paths"])
    for raw in _named(files, ".json").values():
        part = json.loads(raw)
        paths |= part["paths"]
        schemas |= part["components"]["schemas"]
    return {"paths": paths, "components": {"schemas": schemas}}


def _named(files: Mapping[str, bytes], ending: str) -> dict[str, bytes]:
    return {name: raw for name, raw in files.items() if name.endswith(ending)}


def _intercom(files: Mapping[str, bytes]) -> Schema:
    """The client's words, and the order of a search, which the description leaves out.

    https://github.com/intercom/Intercom-OpenAPI/issues/114
    """
    made = clients.from_fern(files)
    search = made["paths"]["/conversations/search"]["post"]["requestBody"]["content"]
    words = {"field": {"type": "string"}, "order": {"enum": ["ascending", "descending"]}}
    search[clients.JSON]["schema"]["properties"]["sort"] = {"type": "object", "properties": words}
    return made


GITHUB = Description(
    "GitHub",
    (descriptions.GITHUB,),
    _github,
    besides={"/graphql": "https://docs.github.com/en/graphql"},
    headers=_github_headers,
)
HUBSPOT = Description(
    "HubSpot",
    (descriptions.HUBSPOT, descriptions.HUBSPOT_CRM),
    _hubspot,
    besides={
        "/conversations/.*": (
            "https://developers.hubspot.com/docs/api-reference/conversations-conversations-v3/guide"
        ),
        "/oauth/v2/private-apps/.*": (
            "https://developers.hubspot.com/docs/apps/legacy-apps/private-apps/overview"
        ),
        "/signed/.*": "https://developers.hubspot.com/docs/api-reference/files-files-v3/guide",
    },
)
INTERCOM = Description(
    "Intercom",
    (descriptions.INTERCOM,),
    _intercom,
    besides={
        "/auth/.*": (
            "https://developers.intercom.com/docs/build-an-integration/learn-more/"
            "authentication/setting-up-oauth"
        ),
        "/attachments/.*": "https://developers.intercom.com/docs/references/2.15/rest-api",
    },
)
