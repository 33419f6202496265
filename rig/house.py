"""`make run` without the installing: a house of its own, and the line that says how to sign in."""

import re
import sys
from pathlib import Path

from rig import processes

ROOT = Path(__file__).resolve().parent.parent
SIGN_IN = re.compile(r"^Sign in at (http://127\.0\.0\.1:\d+/) as (\S+) with password (\S+)$", re.M)


def serve(folder: Path, port: int, **more: str) -> processes.Process:
    """Start it on this data folder: embedded SQLite, nothing taken over from our environment."""
    clean = {
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "FIELD_KEYS": "",
        "BASE_URL": f"http://127.0.0.1:{port}",
    }
    env = {**clean, "DATA_DIR": str(folder), "PORT": str(port), "PYTHONUNBUFFERED": "1", **more}
    command = [sys.executable, "-m", "scripts.serve"]
    return processes.start(command, log=folder.parent / f"run-{port}.log", env=env, cwd=ROOT)


def sign_in(server: processes.Process, *, seconds: float = 120) -> tuple[str, str, str]:
    """Wait for the line; return address, user and password."""
    server.wait_until(lambda: SIGN_IN.search(server.output()) is not None, seconds=seconds)
    (found,) = SIGN_IN.findall(server.output())
    return found[0], found[1], found[2]
