"""Programs from Debian that the suite starts: where they are, and which package brings them."""

import shutil
from pathlib import Path

PACKAGES = {
    "initdb": "postgresql",
    "pg_ctl": "postgresql",
    "redis-server": "redis-server",
    "dovecot": "dovecot-imapd",
    "chromium": "chromium",
    "npm": "npm",
}
# Debian keeps these off PATH
FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/sbin", "/usr/bin", "/usr/local/bin")


class MissingTool(RuntimeError):
    """A program that the suite starts is not installed; the text says what to install."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is missing: apt-get install {PACKAGES[name]}")


def find(name: str) -> Path | None:
    """Where the program is; the newest version where several are installed."""
    for folder in FOLDERS:
        found = sorted(Path("/").glob(f"{folder[1:]}/{name}"), key=_version)
        if found:
            return found[-1]
    on_path = shutil.which(name)
    return Path(on_path) if on_path else None


def require(name: str) -> Path:
    """Where the program is. Raises MissingTool."""
    path = find(name)
    if path is None:
        raise MissingTool(name)
    return path


def missing_packages() -> list[str]:
    """Debian packages that still have to be installed, without repeats."""
    return sorted({package for name, package in PACKAGES.items() if find(name) is None})


def _version(path: Path) -> tuple[int, ...]:
    """`/usr/lib/postgresql/15/bin/pg_ctl` -> (15,)."""
    return tuple(int(part) for part in path.parts if part.isdigit())
