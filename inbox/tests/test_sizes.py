"""House: no file and no function grows past what a person reads in one go."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOPS = ("inbox", "integrations", "helpdesk", "rig", "bench", "scripts")
# docs/architecture.md, "File cards"
LIMITS = {
    "models.py": 300,
    "services.py": 350,
    "queries.py": 250,
    "engine.py": 250,
    "clock.py": 250,
    "rota.py": 250,
    "tasks.py": 250,
    "views.py": 400,
    "inbound.py": 350,
    "outbound.py": 250,
}
ANY_FILE = 400
TEMPLATE = 200
FUNCTION = 50
MEDIAN = 8
# path -> limit, each with its reason in a comment. Starts empty and should stay so.
ALLOWED: dict[str, int] = {}


def _sources() -> Iterator[Path]:
    for top in TOPS:
        for path in (ROOT / top).rglob("*.py"):
            if (
                not {"tests", "migrations", "fixtures"} & set(path.parts)
                and path.name != "tests.py"
            ):
                yield path


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def _limit(path: Path) -> int:
    return ALLOWED.get(_name(path), LIMITS.get(path.name, ANY_FILE))


def too_long(paths: Iterator[Path]) -> list[str]:
    """Return the files over their limit, as sentences."""
    return [
        f"{_name(path)}: {_lines(path)} lines, limit {_limit(path)}"
        for path in sorted(paths)
        if _lines(path) > _limit(path)
    ]


def functions(source: str) -> dict[str, int]:
    """Return every function with its length in lines, decorators set aside."""
    return {
        f"{node.name}:{node.lineno}": (node.end_lineno or 0) - node.lineno + 1
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_files_stay_under_their_limits() -> None:
    assert too_long(_sources()) == []


def test_templates_stay_under_their_limit() -> None:
    folders = [ROOT / "templates", *ROOT.glob("integrations/*/templates")]
    kinds = ("*.html", "*.jinja")
    paths = [path for folder in folders for kind in kinds for path in folder.rglob(kind)]
    assert [
        f"{_name(path)}: {_lines(path)} lines"
        for path in sorted(paths)
        if _lines(path) > ALLOWED.get(_name(path), TEMPLATE)
    ] == []


def test_functions_stay_short() -> None:
    lengths = {
        f"{_name(path)}:{name}": length
        for path in _sources()
        for name, length in functions(path.read_text("utf-8")).items()
    }
    assert {name: length for name, length in lengths.items() if length > FUNCTION} == {}
    assert median(lengths.values()) <= MEDIAN


def test_allow_list_names_only_files_that_need_it() -> None:
    lengths = {name: _lines(ROOT / name) for name in ALLOWED}
    needed = {name: n for name, n in lengths.items() if n > LIMITS.get(Path(name).name, ANY_FILE)}
    assert set(ALLOWED) == set(needed)


@pytest.mark.parametrize(("name", "limit"), [("models.py", 300), ("words.py", 400)])
def test_limit_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, limit: int
) -> None:
    monkeypatch.setattr("inbox.tests.test_sizes.ROOT", tmp_path)
    path = tmp_path / name
    path.write_text("x = 1\n" * limit, "utf-8")
    assert too_long(iter([path])) == []
    path.write_text("x = 1\n" * (limit + 1), "utf-8")
    assert too_long(iter([path])) == [f"{name}: {limit + 1} lines, limit {limit}"]


def test_function_length_is_counted() -> None:
    source = "@decorated\ndef outer() -> None:\n    async def inner() -> None:\n        pass\n"
    assert functions(source) == {"outer:2": 3, "inner:3": 2}
