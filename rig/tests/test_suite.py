"""The runner of the stages: a red stage stops nobody, and nothing outlives the runner."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rig import ports, suite
from rig.suite import Result, Stage

SLEEPER = """
import os, pathlib, time

def test_sleeps() -> None:
    urls = os.environ["DATABASE_URL"] + " " + os.environ["REDIS_URL"]
    pathlib.Path(os.environ["TOLD"]).write_text(urls)
    time.sleep(120)
"""


def _python(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_stage_reports_code_and_closing_line(capsys: pytest.CaptureFixture[str]) -> None:
    said = "print('hello'); print('3 passed, 1 skipped in 0.52s'); raise SystemExit(4)"
    result = suite.run(Stage("some", _python(said)))
    assert (result.name, result.code, result.closing) == ("some", 4, "3 passed, 1 skipped in 0.52s")
    assert "hello\n" in capsys.readouterr().out


def test_stage_sees_only_the_services_it_is_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the developer's database nor a Redis that happens to run."""
    monkeypatch.setenv("DATABASE_URL", "postgres://mine")
    monkeypatch.setenv("REDIS_URL", "redis://mine")
    show = "import os; print([os.environ[n] for n in ('DATABASE_URL', 'REDIS_URL')])"
    suite.run(Stage("none", _python(show)))
    suite.run(Stage("one", _python(show), {"REDIS_URL": "redis://private"}))
    out = capsys.readouterr().out
    assert "['', '']" in out
    assert "['', 'redis://private']" in out
    assert "mine" not in out


def test_report_ends_with_the_closing_lines_of_pytest(capsys: pytest.CaptureFixture[str]) -> None:
    results = [
        Result("lint", 1, 2.0),
        Result("postgres", 0, 61.25, "12 passed in 60.00s"),
        Result("embedded", 0, 30.0, "9 passed in 29.00s"),
    ]
    suite.report(results)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[2:5]] == [
        ["FAILED", "lint"],
        ["ok", "postgres"],
        ["ok", "embedded"],
    ]
    assert lines[-3:] == [
        "  FAILED: lint in 93 s",
        "postgres: 12 passed in 60.00s",
        "embedded: 9 passed in 29.00s",
    ]


@pytest.mark.parametrize(
    ("line", "is_closing"),
    [
        ("12 passed in 60.00s", True),
        ("=== 1 failed, 12 passed, 3 deselected in 60.00s (0:01:00) ===", True),
        ("2 errors in 1.20s", True),
        ("the test passed in 3 s", False),
        ("12 passed", False),
    ],
)
def test_closing_line_is_known(line: str, is_closing: bool) -> None:
    assert (suite.CLOSING.match(line) is not None) is is_closing


def test_unknown_mode_is_refused() -> None:
    assert [suite.main([]), suite.main(["everything"])] == [2, 2]


@pytest.mark.service
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_services_end_with_the_runner(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "test_sleeper.py").write_text(SLEEPER, "utf-8")
    told = tmp_path / "told"
    arguments = ["-q", "-p", "no:cacheprovider", str(tmp_path / "test_sleeper.py")]
    runner = subprocess.Popen(
        [sys.executable, "-m", "rig.suite", "pytest", *arguments],
        cwd=suite.ROOT,
        env={**os.environ, "TOLD": str(told)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(lambda: told.exists() and " " in told.read_text())
        used = [urlsplit(url).port or 0 for url in told.read_text().split()]
        assert [ports.answers(port) for port in used] == [True, True]
        runner.send_signal(number)
        assert runner.wait(60) != 0
        assert [ports.answers(port) for port in used] == [False, False]
    finally:
        runner.kill()


def _wait(ready: object) -> None:
    assert callable(ready)
    end = time.monotonic() + 90
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.1)
