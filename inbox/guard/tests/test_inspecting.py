"""`manage.py inspect secrets` says where they stand and never what they are."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command

SECRET = "a1B2" + "c3D4"


def test_each_file_is_answered_with_positions_by_kind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, windows, clean = (tmp_path / name for name in ("plain", "windows", "clean"))
    plain.write_text(f"password: {SECRET}, pw: {SECRET}")
    windows.write_bytes(f"token = {SECRET}".encode("utf-16"))
    clean.write_text("I forgot my password")
    call_command("inspect", "secrets", str(plain), str(windows), str(clean))
    said = capsys.readouterr().out
    assert SECRET not in said
    assert [json.loads(line) for line in said.splitlines()] == [
        {
            "file": str(plain),
            "error": None,
            "found": 2,
            "spans": {"password_assignment": [[10, 18], [24, 32]]},
        },
        {
            "file": str(windows),
            "error": None,
            "found": 1,
            "spans": {"token_assignment": [[8, 16]]},
        },
        {"file": str(clean), "error": None, "found": 0, "spans": {}},
    ]
