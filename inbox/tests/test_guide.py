"""The guide for a new integration is true: its code is the example's own, and the example runs."""

import ast
import importlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "adding-an-integration.md"
BLOCK = re.compile(r"^```python (\S+) (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ALLOWED = ("inbox.channels", "inbox.common", "rig.toy", "rig.consents", "rig.vendor")


def source_of(path: str, name: str) -> str:
    """A function, class or constant of a file, as it is written, without the room before it."""
    text = (ROOT / path).read_text("utf-8")
    nodes: list[ast.stmt] = ast.parse(text).body
    for part in name.split("."):
        node = next(node for node in nodes if part in _names(node))
        nodes = getattr(node, "body", [])
    begin = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
    lines = text.splitlines()[begin - 1 : node.end_lineno]
    indent = len(lines[0]) - len(lines[0].lstrip())
    return "".join(f"{line[indent:]}".rstrip() + "\n" for line in lines)


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return [str(getattr(node, "name", ""))]


def blocks() -> Iterator[tuple[str, str, str]]:
    for found in BLOCK.finditer(GUIDE.read_text("utf-8")):
        yield found[1], found[2], found[3]


def test_every_block_is_the_examples_own_code() -> None:
    """`WRITE_GUIDE=1` takes the code over into the guide."""
    if os.environ.get("WRITE_GUIDE"):
        text = BLOCK.sub(
            lambda m: f"```python {m[1]} {m[2]}\n{source_of(m[1], m[2])}```",
            GUIDE.read_text("utf-8"),
        )
        GUIDE.write_text(text, "utf-8")
    found = list(blocks())
    assert len(found) >= 16
    for path, name, code in found:
        assert code == source_of(path, name), f"{path} {name}: WRITE_GUIDE=1 takes it over"


def test_there_are_eight_steps() -> None:
    heads = re.findall(r"^## (\d)\. ", GUIDE.read_text("utf-8"), re.MULTILINE)
    assert heads == list("12345678")


def test_every_function_of_the_kind_stands_in_the_guide() -> None:
    kind = source_of("rig/toy/kind.py", "TOY")
    used = re.findall(r"\b(client|connection|inbound|outbound)\.([a-z_]+)", kind)
    shown = {
        (path.removeprefix("rig/toy/").removesuffix(".py"), name) for path, name, _ in blocks()
    }
    assert {one for one in used if one not in shown} == set()


def test_files_that_the_guide_names_are_there() -> None:
    for name in re.findall(
        r"`((?:rig|inbox|helpdesk)/[\w/]+(?:\.py|/))`", GUIDE.read_text("utf-8")
    ):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("path", sorted((ROOT / "rig" / "toy").glob("*.py")), ids=lambda p: p.name)
def test_the_example_keeps_to_the_rules_of_integrations(path: Path) -> None:
    if path.name == "desk.py":  # of the tests
        return
    modules = [
        name
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in _imported(node)
        if name.split(".")[0] in ("inbox", "integrations", "helpdesk", "rig")
    ]
    assert [one for one in modules if not one.startswith((*ALLOWED, "rig"))] == []
    assert [one for one in modules if one.startswith("rig.") and not one.startswith(ALLOWED)] == []


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def test_the_hub_does_not_know_the_example() -> None:
    for top in ("inbox", "helpdesk", "integrations"):
        for path in (ROOT / top).rglob("*.py"):
            if "tests" not in path.parts:
                assert "rig.toy" not in path.read_text("utf-8"), path
    assert importlib.import_module("rig.toy.kind").TOY.kind == "toy"
