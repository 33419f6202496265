"""Programs are found where Debian puts them, and what is missing is named."""

from pathlib import Path

import pytest

from rig import suite, tools


def _install(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system without any of our programs."""
    folders = (f"{tmp_path}/lib/postgresql/*/bin", f"{tmp_path}/sbin")
    monkeypatch.setattr(tools, "FOLDERS", folders)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def test_newest_version_is_taken(system: Path) -> None:
    """Fifteen is more than nine, whatever the alphabet says."""
    _install(system, "lib/postgresql/9/bin/initdb", "lib/postgresql/15/bin/initdb")
    assert tools.find("initdb") == system / "lib/postgresql/15/bin/initdb"


def test_missing_packages_are_named_once(system: Path) -> None:
    everything = ["chromium", "dovecot-imapd", "npm", "postgresql", "redis-server"]
    assert tools.missing_packages() == everything
    _install(
        system, "sbin/dovecot", "sbin/redis-server", "lib/postgresql/15/bin/initdb", "sbin/npm"
    )
    assert tools.missing_packages() == ["chromium", "postgresql"]
    with pytest.raises(tools.MissingTool, match="chromium is missing: apt-get install chromium"):
        tools.require("chromium")


def test_without_root_the_command_to_type_is_printed(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    _install(system, "sbin/dovecot", "sbin/redis-server", "sbin/npm")
    with pytest.raises(SystemExit) as stop:
        suite.install_packages()
    assert str(stop.value).splitlines()[-1] == (
        "  sudo apt-get install -y --no-install-recommends chromium postgresql"
    )
