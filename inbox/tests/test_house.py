"""House: names, hidden flow, silenced checks, vendored files, locked requirements."""

import ast
import hashlib
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOPS = ("inbox", "integrations", "helpdesk", "rig", "bench", "scripts")
VENDOR = ROOT / "static" / "vendor"
# drawers into which anything fits
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "manager.py", "managers.py", "base.py", "misc.py"}
WITH_REASON = re.compile(r"#\s*(?:noqa: [A-Z0-9, ]+ - \S|type: ignore\[[\w, -]+\]\s+# \w)")
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[\w,-]+\])?==([\w.!+-]+)(?: ; .+?)? \\$")


def _sources(*, tests: bool = False) -> Iterator[Path]:
    for top in TOPS:
        for path in sorted((ROOT / top).rglob("*.py")):
            in_tests = "tests" in path.parts or path.name == "tests.py"
            if "migrations" not in path.parts and (tests or not in_tests):
                yield path


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def silenced_without_reason(text: str) -> list[int]:
    """Return the numbers of the lines that silence a check and do not say why."""
    return [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(r"#\s*(?:noqa|type:\s*ignore)", line) and not WITH_REASON.search(line)
    ]


def signal_imports(text: str) -> list[str]:
    """Return the modules of Django's signals that a source imports: flow that no reader sees."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
    return [name for name in found if "django.dispatch" in name or name.endswith(".signals")]


def pins(text: str) -> dict[str, str]:
    """Return package -> version of a locked requirements file."""
    lines = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    matches = [PIN.match(line) for line in lines]
    unlocked = [line for line, match in zip(lines, matches, strict=True) if match is None]
    assert unlocked == []
    return {match[1].lower(): match[2] for match in matches if match}


def test_no_file_has_a_name_for_anything() -> None:
    assert [_name(path) for path in _sources() if path.name in FORBIDDEN_NAMES] == []


def test_no_signals_as_flow() -> None:
    used = {_name(path): signal_imports(path.read_text("utf-8")) for path in _sources()}
    assert {name: found for name, found in used.items() if found} == {}


def test_silenced_checks_say_why() -> None:
    lines = {
        _name(path): silenced_without_reason(path.read_text("utf-8"))
        for path in _sources(tests=True)
        if path != Path(__file__)
    }
    assert {name: found for name, found in lines.items() if found} == {}


@pytest.mark.parametrize(
    ("line", "is_bad"),
    [
        ("x = y  # noqa: E402 - read after the fence", False),
        ("x = y  # noqa: E402", True),
        ("x = y  # noqa", True),
        ("x = y  # type: ignore[misc]  # the stub knows less than the library", False),
        ("x = y  # type: ignore[misc]", True),
        ("x = y  # type: ignore", True),
    ],
)
def test_silenced_check_without_reason_is_noticed(line: str, is_bad: bool) -> None:
    assert silenced_without_reason(line) == ([1] if is_bad else [])


def test_signal_is_noticed() -> None:
    source = (
        "from django.dispatch import receiver\nfrom django.db.models import signals\nimport os\n"
    )
    assert signal_imports(source) == ["django.dispatch.receiver", "django.db.models.signals"]


def test_every_test_folder_is_a_package() -> None:
    folders = {path.parent for path in _sources(tests=True) if path.name.startswith("test_")}
    assert [_name(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_pinned_hashed_and_free_of_addresses(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert re.findall(r"\S+://\S+|^-\S+.*$|^\s*--(?!hash=sha256:)\S+", text, re.MULTILINE) == []
    pinned = pins(text)
    assert len(pinned) > 40
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert [block for block in blocks if "--hash=sha256:" not in block] == []


def test_development_pins_contain_the_runtime_pins() -> None:
    runtime = pins((ROOT / "requirements.txt").read_text("utf-8"))
    development = pins((ROOT / "requirements-dev.txt").read_text("utf-8"))
    assert {name: development.get(name) for name in runtime} == runtime


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_every_direct_requirement_is_locked(name: str) -> None:
    pinned = pins((ROOT / f"{name}.txt").read_text("utf-8"))
    assert [package for package in _direct(name) if package not in pinned] == []


def test_vendored_files_are_the_ones_that_were_released() -> None:
    """Each file has its name, version, licence and sha256; nothing else lies beside them."""
    catalogue = json.loads((VENDOR / "VENDOR.json").read_text("utf-8"))
    recorded = {entry["file"]: entry["sha256"] for entry in catalogue}
    found = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "VENDOR.json"
    }
    assert found == recorded
    assert [e["file"] for e in catalogue if not (e["name"] and e["version"] and e["licence"])] == []


def test_lowest_python_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["tool"]["ruff"]["target-version"] == "py311"
    assert project["tool"]["mypy"]["python_version"] == "3.11"
    assert "sys.version_info < (3, 11)" in (ROOT / "scripts" / "bootstrap.sh").read_text("utf-8")
    assert "--python-version 3.11 " in (ROOT / "Makefile").read_text("utf-8")


def test_every_direct_dependency_is_explained_with_its_locked_version() -> None:
    pinned = pins((ROOT / "requirements-dev.txt").read_text("utf-8"))
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    rows = re.findall(r"^\| ([\w.-]+) \| (\d[\w.]*) \| [^|]+ \| [^|]+ \|$", page, re.MULTILINE)
    explained = {re.sub(r"[._]", "-", name.lower()): version for name, version in rows}
    assert explained == {name: pinned[name] for name in _direct("requirements", "requirements-dev")}


def _direct(*files: str) -> list[str]:
    lines = [line for f in files for line in (ROOT / f"{f}.in").read_text("utf-8").splitlines()]
    matches = [re.match(r"[A-Za-z][\w.-]*", line) for line in lines]
    return [re.sub(r"[._]", "-", match[0].lower()) for match in matches if match]
