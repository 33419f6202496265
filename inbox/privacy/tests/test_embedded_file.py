"""The installation without a server: what is erased is not in its one file either."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from inbox.privacy.tests.planting import canary, files_with, mail

ROOT = Path(__file__).resolve().parents[3]


def _manage(folder: Path, *arguments: str, given: bytes = b"") -> str:
    """`manage.py` in a process of its own, on a database file; what it and its log said."""
    env = {"DATABASE_URL": "", "REDIS_URL": "", "FIELD_KEYS": "", "DATA_DIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, **env},
        input=given,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return (done.stdout + done.stderr).decode()


@pytest.mark.slow
def test_nothing_is_left_in_the_database_file_its_log_or_beside_it(tmp_path: Path) -> None:
    word = canary()
    _manage(tmp_path, "migrate", "-v", "0")
    said = _manage(tmp_path, "connect", "email", "support", "address=support@example.com")
    raw = mail(f"Mira {word} <m@{word}.example>", word, f"I am {word}", f"<1@{word}>", file=word)
    said += _manage(tmp_path, "receive", "support", given=raw)
    said += _manage(tmp_path, "drain", "--timeout", "60")
    assert files_with(tmp_path, word)
    said += _manage(tmp_path, "person_erase", "1", "--yes")
    assert files_with(tmp_path, word) == []
    assert word not in said
