"""House: `make run` from a bare checkout, and what it says when something is missing."""

import http.client
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from rig import house, ports

ROOT = Path(__file__).resolve().parents[2]
DOORS = {"help", "run", "test", "quick", "soak", "bench", "screens", "lock", "fmt", "vendor"}


def _checkout(folder: Path) -> Path:
    """The bootstrap script and the lock files, alone."""
    (folder / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "bootstrap.sh", folder / "scripts")
    for name in ("requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, folder)
    return folder


def _tools(folder: Path, **scripts: str) -> str:
    """A PATH with the usual shell tools and these scripts, and no Python."""
    folder.mkdir()
    for name in ("sh", "dirname", "id", "cksum", "cat", "env"):
        (folder / name).symlink_to(str(shutil.which(name)))
    for name, text in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n", "utf-8")
        (folder / name).chmod(0o755)
    return str(folder)


def _bootstrap(checkout: Path, path: str, kind: str = "runtime") -> tuple[int, str]:
    done = subprocess.run(
        [str(checkout / "scripts" / "bootstrap.sh"), kind],
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def test_makefile_has_the_doors_of_the_contract_and_explains_each() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    assert set(re.findall(r"^([a-z]+):.*## \S", text, re.MULTILINE)) == DOORS


def test_old_python_is_refused_with_what_to_install(tmp_path: Path) -> None:
    old = 'case "$1" in --version) echo "Python 3.9.2" ;; *) exit 1 ;; esac'
    code, said = _bootstrap(_checkout(tmp_path), _tools(tmp_path / "bin", python3=old))
    assert code == 1
    assert "needs Python 3.11 or newer; found: Python 3.9.2" in said
    assert "apt-get install python3 python3-venv" in said


def test_newer_python_beside_an_old_one_is_found(tmp_path: Path) -> None:
    """It is asked to make the environment, under whatever name it goes."""
    path = _tools(
        tmp_path / "bin",
        python3="exit 1",
        **{"python3.12": 'case "$*" in *venv*--clear*) echo made >&2; exit 9 ;; esac'},
    )
    code, said = _bootstrap(_checkout(tmp_path), path)
    assert (code, said.splitlines()[-1]) == (9, "made")


def test_python_without_venv_says_which_package_to_install(tmp_path: Path) -> None:
    bare = 'case "$*" in *ensurepip*) exit 1 ;; *print*) echo 3.11 ;; esac'
    # neither root nor apt-get: nothing can be installed
    path = _tools(tmp_path / "bin", python3=bare)
    (tmp_path / "bin" / "id").unlink()
    (tmp_path / "bin" / "id").write_text("#!/bin/sh\necho 1000\n", "utf-8")
    (tmp_path / "bin" / "id").chmod(0o755)
    code, said = _bootstrap(_checkout(tmp_path), path)
    assert (code, "apt-get install python3.11-venv" in said) == (1, True)


@pytest.mark.parametrize(("stamp", "code"), [("same", 0), ("other", 7)])
def test_nothing_is_installed_twice(tmp_path: Path, stamp: str, code: int) -> None:
    """With the lock file's checksum on record there is nothing to do; otherwise pip is called."""
    checkout = _checkout(tmp_path)
    (checkout / ".venv" / "bin").mkdir(parents=True)
    python = checkout / ".venv" / "bin" / "python"
    python.write_text('#!/bin/sh\ncase "$*" in *pip*) exit 7 ;; esac\n', "utf-8")
    python.chmod(0o755)
    with (checkout / "requirements.txt").open("rb") as lock:
        known = subprocess.run(["cksum"], stdin=lock, capture_output=True, text=True, check=True)
    text = known.stdout.strip() if stamp == "same" else "1 2"
    (checkout / ".venv" / ".runtime").write_text(text, "utf-8")
    assert _bootstrap(checkout, _tools(tmp_path / "bin"))[0] == code


def _status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.slow
def test_run_prepares_serves_and_stops_and_keeps_the_first_password(tmp_path: Path) -> None:
    """Two starts on the same data: the second has nothing to prepare and says the same."""
    data = tmp_path / "var"
    accounts = []
    for _ in range(2):
        port = ports.free_port()
        server = house.serve(data, port, SAMPLE="0")
        try:
            address, *account = house.sign_in(server)
            accounts.append(account)
            assert address == f"http://127.0.0.1:{port}/"
            assert [_status(port, path) for path in ("/healthz", "/readyz")] == [200, 200]
            server.interrupt()
            assert server.popen.wait(20) == 0
            assert not ports.answers(port)
        finally:
            server.stop()
    assert accounts[0] == accounts[1]
    secret = data / "first-sign-in"
    assert (oct(secret.stat().st_mode & 0o777), (data / "prepared").exists()) == ("0o600", True)


@pytest.mark.slow
def test_run_says_that_the_port_is_taken(tmp_path: Path) -> None:
    with ports.listening() as port:
        server = house.serve(tmp_path / "var", port)
        assert server.popen.wait(60) == 1
    assert f"make run PORT={port + 1}" in server.output()
    assert not (tmp_path / "var").exists()
