"""House: the import contracts hold, and each of them fails when it is broken on purpose."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEPT = re.compile(r"^(.*) (KEPT|BROKEN)(?: \(.*\))?$", re.MULTILINE)
# contract -> (file, line that breaks it)
BREACHES = {
    "The project knows the integrations, the integrations know the hub, never the other way": (
        "inbox/channels/registry.py",
        "from helpdesk import settings",
    ),
    "The rooms of the hub import downwards only": (
        "inbox/people/services.py",
        "from inbox.tickets import services as tickets",
    ),
    "Integrations use only the hub's channels and common rooms": (
        "integrations/email/apps.py",
        "from inbox.tickets import services as tickets",
    ),
    "Integrations never import each other": (
        "integrations/other/apps.py",
        "from integrations.email import inbound",
    ),
    "The pure cores know neither Django nor Celery": (
        "inbox/calendars/clock.py",
        "from django.utils import timezone",
    ),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the sources, to be broken."""
    for top in ("helpdesk", "inbox", "integrations"):
        only_python = shutil.ignore_patterns("__pycache__", "tests", "fixtures", "migrations")
        shutil.copytree(ROOT / top, tmp_path / top, ignore=only_python)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _lint(folder: Path) -> tuple[int, str]:
    """Run the import linter; return its exit code and what it said, lines joined again."""
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-logo", "--no-cache"]
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "300", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def _verdicts(text: str) -> dict[str, str]:
    return {
        name: verdict for name, verdict in KEPT.findall(text) if not name.startswith("Contracts")
    }


@pytest.mark.slow
def test_contracts_hold(copy: Path) -> None:
    code, text = _lint(copy)
    assert (code, _verdicts(text)) == (0, dict.fromkeys(BREACHES, "KEPT")), text


@pytest.mark.slow
def test_every_contract_fails_when_broken(copy: Path) -> None:
    (copy / "integrations" / "other").mkdir()
    (copy / "integrations" / "other" / "__init__.py").touch()
    (copy / "integrations" / "other" / "apps.py").touch()
    for file, line in BREACHES.values():
        with (copy / file).open("a", encoding="utf-8") as source:
            source.write(f"\n{line}\n")
    code, text = _lint(copy)
    assert (code, _verdicts(text)) == (1, dict.fromkeys(BREACHES, "BROKEN")), text


@pytest.mark.slow
def test_new_room_fails_until_somebody_decides_its_floor(copy: Path) -> None:
    (copy / "inbox" / "newroom").mkdir()
    (copy / "inbox" / "newroom" / "__init__.py").touch()
    code, text = _lint(copy)
    assert code == 1
    assert "inbox.newroom" in text
