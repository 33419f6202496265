"""`make test`, `make quick`, `make soak`: the stages, one after the other, and their summary.

Every stage runs even when one before it has failed. Services are private, on free ports, and
end with this process; one that already runs on the machine is never used.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType

from rig import descriptions, migrated, postgres, redis, tools

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("helpdesk", "inbox", "integrations", "rig", "scripts", "bench")
CLOSING = re.compile(r"^=*\s*\d+ (?:passed|failed|skipped|errors?|deselected)\b.* in [\d.]+s.*$")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# what the outside might have set and no stage may see
FOREIGN = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "BASE_URL", "DEBUG", "SECRET_KEY")


@dataclass(frozen=True)
class Stage:
    """One command that must end with 0."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """How a stage went; `closing` is pytest's last line."""

    name: str
    code: int
    seconds: float
    closing: str = ""


def main(arguments: Sequence[str]) -> int:
    """Run one of the modes. Returns 0 when every stage passed."""
    modes: dict[str, Callable[[], list[Result]]] = {
        "test": test,
        "quick": quick,
        "soak": soak,
        "pytest": lambda: some(arguments[1:]),
    }
    if not arguments or arguments[0] not in modes:
        print(f"usage: python -m rig.suite {'|'.join(modes)} [arguments]", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, _leave)  # so that the services end with us
    signal.signal(signal.SIGINT, signal.default_int_handler)  # shells let background jobs ignore it
    try:
        results = modes[arguments[0]]()
    except (tools.MissingTool, descriptions.MissingDescription) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; the services are stopped.", file=sys.stderr)
        return 130
    report(results)
    return int(any(result.code for result in results))


def test() -> list[Result]:
    """Everything that must pass."""
    install_packages()
    descriptions.install()
    results = [run(stage) for stage in static_stages(complete=True)]
    with services() as env:
        ready = postgres.create_database(env["DATABASE_URL"], "ready")
        results.append(run(migrating(ready)))
        results += [run(stage) for stage in service_stages({**env, migrated.VARIABLE: "ready"})]
    with tempfile.TemporaryDirectory(prefix="desk-migrated-") as folder:
        results.append(run(migrating("", folder)))
        ready = str(Path(folder, "switchboard.sqlite3"))
        results.append(run(embedded_stage({migrated.VARIABLE: ready})))
    return results


def quick() -> list[Result]:
    """What can be told in under a minute and without any service."""
    descriptions.install()
    fast = "not (service or mail or browser or soak or slow)"
    stages = [*static_stages(complete=False), pytest_stage("unit", fast, processes=2)]
    return [run(stage) for stage in stages]


def soak() -> list[Result]:
    """Run what takes long."""
    install_packages()
    descriptions.install()
    with services() as env:
        return [run(pytest_stage("soak", "soak", env={**env, "HYPOTHESIS_PROFILE": "soak"}))]


def some(arguments: Sequence[str]) -> list[Result]:
    """Run pytest with these arguments on private services: for work on one test."""
    descriptions.install()
    with services() as env:
        return [run(Stage("pytest", _module("pytest", *arguments), env))]


def static_stages(*, complete: bool) -> list[Stage]:
    """Checks that read the code and do not run it."""
    stages = [
        Stage("format", _module("ruff", "format", "--check", "--quiet", ".")),
        Stage("lint", _module("ruff", "check", "--quiet", ".")),
        Stage("templates", [_script("djade"), "--check", "--target-version", "5.2", *templates()]),
        Stage("types", [*_module("mypy"), *typed_packages()]),
        Stage("imports", [_script("lint-imports"), "--no-logo"]),
    ]
    if complete:
        check = [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"]
        stages.append(Stage("migrations", check))
        stages.append(Stage("dependencies", _module("deptry", ".")))
    return stages


def service_stages(env: Mapping[str, str]) -> list[Stage]:
    """The suite against PostgreSQL, Redis and real processes."""
    most = "not (soak or mail or browser)"
    return [
        pytest_stage("postgres", most, env=env, processes=3),  # a third of it waits for processes
        pytest_stage("mail", "mail and not soak", env=env, files=marked("mail")),
        pytest_stage(
            "browser", "browser and not soak", env=env, processes=2, files=marked("browser")
        ),
    ]


def migrating(database_url: str, folder: str = "") -> Stage:
    """Migrate a database that the tests' databases become copies of; without an address, SQLite."""
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    env = {"DATABASE_URL": database_url} | ({"DATA_DIR": folder} if folder else {})
    return Stage("migrated" if database_url else "migrated lite", command, env)


def embedded_stage(env: Mapping[str, str]) -> Stage:
    """The suite as the product runs without any server: SQLite, no Redis."""
    stage = pytest_stage("embedded", "not (service or browser or soak)", env=env, processes=2)
    return replace(stage, command=[*stage.command, "--only-data"])  # the others have run before


def pytest_stage(
    name: str,
    marks: str,
    *,
    env: Mapping[str, str] | None = None,
    processes: int = 0,
    files: Sequence[str] = (),
) -> Stage:
    """Run pytest on the tests that the mark expression selects."""
    # whole files to one process: fixtures of a module are made once; in our order, for what waits
    # for processes begins first
    how = ["-n", str(processes), "--dist", "loadfile", "--no-loadscope-reorder"]
    parallel = how if processes else []
    slowest = ["--durations=12", "--durations-min=8"]
    return Stage(name, _module("pytest", "-q", *slowest, *parallel, "-m", marks, *files), env or {})


def marked(mark: str) -> list[str]:
    """The test files that carry a mark: to read all the others takes longer than a small stage."""
    return sorted(
        str(path.relative_to(ROOT))
        for top in PACKAGES
        for path in (ROOT / top).rglob("test_*.py")
        if f"pytest.mark.{mark}" in path.read_text("utf-8")
    )


@contextmanager
def services() -> Iterator[dict[str, str]]:
    """Start PostgreSQL and Redis; yield the environment that leads to them."""
    with ExitStack() as stack:
        database = stack.enter_context(postgres.postgres())
        broker = stack.enter_context(redis.redis())
        yield {"DATABASE_URL": database.url(), "REDIS_URL": broker.url()}


def run(stage: Stage) -> Result:
    """Run one stage, showing what it says."""
    print(f"\n── {stage.name} ──", flush=True)
    began = time.monotonic()
    closing = ""
    with (
        tempfile.TemporaryDirectory(prefix="desk-stage-") as data,
        subprocess.Popen(
            stage.command,
            cwd=ROOT,
            env=_environment(stage, data),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as child,
    ):
        try:
            for line in child.stdout or ():
                print(line, end="", flush=True)
                if CLOSING.match(COLOURS.sub("", line)):
                    closing = COLOURS.sub("", line).strip()
            code = child.wait()
        finally:
            _end(child)
    if stage.command[:3] == _module("pytest")[:3] and code == 5:
        code = 0  # nothing selected
        closing = closing or "no tests"
    return Result(stage.name, code, time.monotonic() - began, closing)


def report(results: Sequence[Result]) -> None:
    """Print the time of every stage, then pytest's own closing lines."""
    print("\n── summary ──")
    for result in results:
        verdict = "FAILED" if result.code else "ok    "
        print(f"  {verdict} {result.name:<14}{result.seconds:7.1f} s")
    failed = [result.name for result in results if result.code]
    total = sum(result.seconds for result in results)
    print(f"  {'FAILED: ' + ', '.join(failed) if failed else 'all passed'} in {total:.0f} s")
    for result in results:
        if result.closing:
            print(f"{result.name}: {result.closing}")
    sys.stdout.flush()


def install_packages() -> None:
    """Install what the services need. Raises SystemExit with what to install when not root."""
    missing = tools.missing_packages()
    if not missing:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if os.geteuid() != 0 or tools.find("apt-get") is None:
        raise SystemExit(
            f"The suite needs these programs; install them:\n  sudo {' '.join(command)}"
        )
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], env=env, check=False)
    subprocess.run([command[0], "-qq", *command[1:]], env=env, check=True)


def typed_packages() -> list[str]:
    """Return the packages as mypy's arguments."""
    return [word for name in PACKAGES if (ROOT / name).is_dir() for word in ("-p", name)]


def templates() -> list[str]:
    """Every template of the project."""
    return sorted(
        str(path.relative_to(ROOT))
        for top in ("templates", "inbox", "integrations")
        for path in (ROOT / top).rglob("*.html")
        if "fixtures" not in path.parts and "tests" not in path.parts
    )


def _environment(stage: Stage, data: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    # an empty DATABASE_URL is what keeps one of `.env` away
    quiet = {"DATABASE_URL": "", "REDIS_URL": "", "DATA_DIR": data, "PYTHONUNBUFFERED": "1"}
    return {**plain, **quiet, **stage.env}


def _end(child: "subprocess.Popen[str]") -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", name, *arguments]


def _script(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def _leave(number: int, frame: FrameType | None) -> None:
    del frame
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
