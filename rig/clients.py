"""What a vendor's own generated client says of its API, put back into the words of OpenAPI.

HubSpot's Python client comes from the OpenAPI Generator, Intercom's from Fern; both vendors build
them from their public descriptions. Read as text, never imported. What a client does not carry
(lengths, formats of text) is not checked.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Schema = dict[str, Any]
JSON = "application/json"
PLAIN = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "datetime": "string",
}


def _operation(name: str, path: str, query: Iterable[tuple[str, bool]], body: Schema | None) -> Any:
    where = [{"name": n, "in": "path", "schema": {}} for n in re.findall(r"\{([\w-]+)\}", path)]
    asked = [{"name": n, "in": "query", "required": must, "schema": {}} for n, must in query]
    made: Schema = {"operationId": name, "parameters": [*where, *asked]}
    if body is not None:
        made["requestBody"] = {"required": True, "content": {JSON: {"schema": body}}}
    return made


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


# ------------------------------------------------------------------ the OpenAPI Generator's


def from_openapi_generator(files: Mapping[str, bytes]) -> Schema:
    """Paths and schemas of a client with `api/` and `models/`."""
    paths: Schema = {}
    schemas: Schema = {}
    for name, raw in files.items():
        tree = ast.parse(raw)
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and "/models/" in name:
                schemas.update(_model(node))
            if isinstance(node, ast.FunctionDef) and node.name.endswith("_with_http_info"):
                path, method, operation = _endpoint(node)
                paths.setdefault(path, {})[method] = operation
    return {"paths": paths, "components": {"schemas": schemas}}


def _model(node: ast.ClassDef) -> Schema:
    known = {
        row.targets[0].id: ast.literal_eval(row.value)
        for row in node.body
        if isinstance(row, ast.Assign) and isinstance(row.targets[0], ast.Name)
    }
    if "openapi_types" not in known:
        return {}
    text, names = ast.unparse(node), known["attribute_map"]
    needed = set(re.findall(r"Invalid value for `(\w+)`, must not be `None`", text))
    made: Schema = {
        "type": "object",
        "properties": {names[key]: _named(kind) for key, kind in known["openapi_types"].items()},
        "required": [names[key] for key in known["openapi_types"] if key in needed],
        "additionalProperties": False,
    }
    for key, allowed in re.findall(
        r"def (\w+)\(self, \1\):.*?allowed_values = (\[.*?\])", text, re.S
    ):
        values = ast.literal_eval(allowed)
        row = made["properties"][names[key]]
        row.get("items", row)["enum"] = values
    return {node.name: made}


def _named(kind: str) -> Schema:
    """`list[str]`, `dict[str, str]` or the name of a model."""
    inner = re.fullmatch(r"(list|dict)\[(?:str, )?(.+)\]", kind)
    if inner and inner[1] == "list":
        return {"type": "array", "items": _named(inner[2])}
    if inner:
        return {"type": "object", "additionalProperties": _named(inner[2])}
    if kind == "object":
        return {}
    return {"type": PLAIN[kind]} if kind in PLAIN else _ref(kind)


def _endpoint(node: ast.FunctionDef) -> tuple[str, str, Any]:
    text, doc = ast.unparse(node), ast.get_docstring(node) or ""
    (call,) = _called(node, "call_api")
    path, method = (ast.literal_eval(word) for word in call.args[:2])
    body = re.search(r"body_params = local_var_params\['(\w+)'\]", text)
    kind = re.search(rf":type {body[1]}: (.+)", doc) if body else None
    must = set(re.findall(r":param (\w+):.*\(required\)", doc))
    pairs = re.findall(r"query_params\.append\(\('([^']+)', local_var_params\['(\w+)'\]\)\)", text)
    query = [(name, key in must) for name, key in pairs]
    name = f"{path} {node.name.removesuffix('_with_http_info')}"
    return path, method.lower(), _operation(name, path, query, _named(kind[1]) if kind else None)


def _called(tree: ast.AST, method: str) -> list[ast.Call]:
    """Where a method of this name is called."""
    rows = [row for row in ast.walk(tree) if isinstance(row, ast.Call)]
    return [row for row in rows if isinstance(row.func, ast.Attribute) and row.func.attr == method]


# ------------------------------------------------------------------ Fern's


def from_fern(files: Mapping[str, bytes]) -> Schema:
    """Paths and schemas of a client with `raw_client.py` and `types/`."""
    schemas: Schema = {}
    paths: Schema = {}
    for name, raw in files.items():
        tree = ast.parse(raw)
        if "/types/" in name:
            schemas.update(_types(tree))
        if not name.endswith("/raw_client.py"):
            continue
        for function in _functions(tree):
            for call in _called(function, "request"):
                path, method, operation = _request(function, call)
                paths.setdefault(path, {})[method] = operation
    for name in re.findall(r"#/components/schemas/(\w+)", str((paths, schemas))):
        schemas.setdefault(name, {})  # stands in a file that is not kept: anything goes
    return {"paths": paths, "components": {"schemas": schemas}}


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Those of the client that waits; the other one says the same."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("Async"):
            yield from (row for row in node.body if isinstance(row, ast.FunctionDef))


def _types(tree: ast.Module) -> Schema:
    found: Schema = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = _fern_model(node)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = _annotated(node.value)
    return found


def _fern_model(node: ast.ClassDef) -> Schema:
    rows = [row for row in node.body if isinstance(row, ast.AnnAssign)]
    fields = {_alias(row): row for row in rows if "ClassVar" not in ast.unparse(row.annotation)}
    own = {
        "type": "object",
        "properties": {name: _annotated(row.annotation) for name, row in fields.items()},
        "required": [name for name, row in fields.items() if not _is_optional(row.annotation)],
        "additionalProperties": False,
    }
    # a class that adds to another one says nothing by itself: none of what is sent here does
    bare = all(ast.unparse(base) == "UncheckedBaseModel" for base in node.bases)
    return own if bare else {}


def _alias(row: ast.AnnAssign) -> str:
    found = re.search(r"alias='([^']+)'", ast.unparse(row))
    return found[1] if found else ast.unparse(row.target)


def _is_optional(node: ast.expr) -> bool:
    return re.match(r"(?:[\w.]*Annotated\[)?typing\.Optional\[", ast.unparse(node)) is not None


def _annotated(node: ast.expr) -> Schema:
    """The schema of a type annotation."""
    if isinstance(node, ast.Constant):  # a name in quotes, which is defined further below
        return _annotated(ast.parse(str(node.value), mode="eval").body)
    if not isinstance(node, ast.Subscript):
        name = ast.unparse(node)
        if name in PLAIN or name == "dt.datetime":
            return {"type": PLAIN.get(name, "string")}
        return {} if "." in name else _ref(name)
    outer = ast.unparse(node.value).rpartition(".")[2]
    inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return _subscript(outer, inner)


def _subscript(outer: str, inner: list[ast.expr]) -> Schema:
    if outer == "Literal":
        return {"enum": [ast.literal_eval(word) for word in inner]}
    if outer in ("Optional", "Annotated"):
        return _annotated(inner[0])
    if outer in ("List", "Sequence"):
        return {"type": "array", "items": _annotated(inner[0])}
    if outer == "Union":
        # “or anything” only keeps old clients working when the vendor adds a word
        rows = [row for row in inner if ast.unparse(row) != "typing.Any"]
        return {"oneOf": [_annotated(row) for row in rows]}
    return {"type": "object"} if outer == "Dict" else {}


def _request(function: ast.FunctionDef, call: ast.Call) -> tuple[str, str, Any]:
    given = {row.arg: row.value for row in call.keywords}
    path = "/" + _template(call.args[0]) if call.args else "/"
    kinds = {row.arg: row.annotation for row in function.args.kwonlyargs if row.annotation}
    query = [(name, False) for name in _keys(given.get("params"))]
    name = f"{function.name} {path}"
    method = str(ast.literal_eval(given["method"])).lower()
    return path, method, _operation(name, path, query, _sent(given.get("json"), kinds))


def _template(node: ast.expr) -> str:
    if not isinstance(node, ast.JoinedStr):
        return str(ast.literal_eval(node))
    parts = [
        row.value if isinstance(row, ast.Constant) else f"{{p{n}}}"
        for n, row in enumerate(node.values)
    ]
    return "".join(str(part) for part in parts)


def _keys(node: ast.expr | None) -> list[str]:
    rows = node.keys if isinstance(node, ast.Dict) else []
    return [str(ast.literal_eval(row)) for row in rows if row is not None]


def _sent(node: ast.expr | None, kinds: Mapping[str, ast.expr]) -> Schema | None:
    """The body: one value of a named type, or fields that are the function's arguments."""
    if node is None:
        return None
    if not isinstance(node, ast.Dict):
        kind = kinds.get("request")
        return _annotated(kind) if kind is not None else {}
    fields = dict(zip(_keys(node), map(_argument, node.values), strict=True))
    return {
        "type": "object",
        "properties": {key: _annotated(kinds[name]) for key, name in fields.items()},
        "required": [key for key, name in fields.items() if not _is_optional(kinds[name])],
        "additionalProperties": False,
    }


def _argument(node: ast.expr) -> str:
    """The argument that a field is made of."""
    found = re.search(r"object_=(\w+)", ast.unparse(node))
    return found[1] if found else ast.unparse(node)
