"""House: what the image and the compose file promise, read instead of run."""

import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from rig import ports, processes, worker

ROOT = Path(__file__).resolve().parents[2]
OURS = ("web", "worker", "scheduler")
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
EXAMPLE = (ROOT / ".env.example").read_text("utf-8")
# contract "Environment"
VARIABLES = {
    "SECRET_KEY", "DEBUG", "DATABASE_URL", "REDIS_URL", "BASE_URL", "ALLOWED_HOSTS", "FIELD_KEYS",
    "DATA_DIR", "SYSTEM_CHANNEL", "OUTBOUND_ALLOW", "TIME_ZONE",
}  # fmt: skip
TOOLS = Path(sys.executable).parent


def _instructions(name: str) -> list[str]:
    """Return the arguments of every such instruction of the Dockerfile, lines joined."""
    joined = re.sub(r"\\\n\s*", "", DOCKERFILE)
    found = re.findall(rf"^{name}\s+(.*)$", joined, re.MULTILINE)
    return [text.strip() for text in found]


def _example_names() -> set[str]:
    return set(re.findall(r"^#? ?([A-Z_]+)=", EXAMPLE, re.MULTILINE))


def test_services_are_the_ones_of_the_contract() -> None:
    assert set(SERVICES) == {*OURS, "migrate", "postgres", "redis"}


def test_commands_are_plain_lists_of_installed_programs() -> None:
    for name in (*OURS, "migrate"):
        command = SERVICES[name]["command"]
        assert all(isinstance(word, str) for word in command), name
        assert (TOOLS / command[0]).exists(), f"{name}: {command[0]} is not installed"
        assert not re.search(r"[;&|<>$`*]", " ".join(command)), f"{name} needs a shell"


def test_every_lasting_service_has_a_health_check_without_a_shell() -> None:
    kinds = {
        name: service["healthcheck"].get("test", ["off"])[0] for name, service in SERVICES.items()
    }
    assert kinds == {name: "off" if name == "migrate" else "CMD" for name in SERVICES}


def test_worker_takes_every_queue_that_settings_route_to() -> None:
    text = (ROOT / "helpdesk" / "settings.py").read_text("utf-8")
    routed = set(re.findall(r'\{"queue": "(\w+)"\}', text)) | {"bulk"}
    command = SERVICES["worker"]["command"]
    assert set(command[command.index("-Q") + 1].split(",")) == routed


def test_containers_run_without_privileges() -> None:
    for name in (*OURS, "migrate"):
        service = SERVICES[name]
        assert service["cap_drop"] == ["ALL"], name
        assert service["read_only"] is True, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "user" not in service, f"{name} overrides the image's user"


def test_only_the_web_port_is_published_and_only_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web": ["127.0.0.1:${PORT:-8000}:8000"]}


def test_images_are_named_with_their_version() -> None:
    named = [service["image"] for service in SERVICES.values()]
    named += [re.split(r"\s", text)[0] for text in _instructions("FROM")]
    assert [image for image in named if not re.search(r":\d", image)] == []


def test_variables_of_the_compose_file_are_explained() -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    assert set(re.findall(r"\$\{([A-Z_]+)", text)) - _example_names() == set()


def test_environment_of_the_contract_is_explained_and_nothing_else() -> None:
    assert _example_names() == VARIABLES | {"PORT", "POSTGRES_PASSWORD", "FORWARDED_ALLOW_IPS"}


def test_example_holds_no_secret() -> None:
    values = dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    assert {name for name, value in values.items() if value} == {"BASE_URL"}


def test_image_is_built_in_two_stages_and_runs_as_nobody_special() -> None:
    assert next(text.rpartition(" AS ")[2] for text in _instructions("FROM")) == "build"
    assert len(_instructions("FROM")) == 2
    assert _instructions("USER") == ["10001:10001"]
    # nothing after it needs root again
    assert DOCKERFILE.index("\nUSER ") > max(
        m.start() for m in re.finditer(r"\n(RUN|COPY) ", DOCKERFILE)
    )
    assert "--compile-bytecode" in DOCKERFILE
    assert "--require-hashes" in DOCKERFILE


def test_image_has_a_health_check_and_the_web_command_of_the_compose_file() -> None:
    (check,) = _instructions("HEALTHCHECK")
    assert check.endswith('CMD ["python", "-m", "scripts.probe", "web"]')
    assert yaml.safe_load(_instructions("CMD")[-1]) == SERVICES["web"]["command"]


def test_image_gets_every_package_and_no_data() -> None:
    copied = {text.split()[0] for text in _instructions("COPY") if not text.startswith("--from")}
    packages = {"helpdesk", "inbox", "integrations", "scripts", "static", "templates"}
    assert copied == packages | {"manage.py", "requirements.txt"}
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert next(line for line in ignored if line and not line.startswith("#")) == "*"
    assert {line[1:] for line in ignored if line.startswith("!")} == copied


@pytest.mark.service
def test_compose_commands_run_from_the_checkout_and_their_probes_agree(
    process_env: dict[str, str], tmp_path: Path
) -> None:
    port = str(ports.free_port())
    env = {**process_env, "PATH": f"{TOOLS}:{os.environ['PATH']}", "PROBE_PORT": port}
    env["BASE_URL"] = f"http://127.0.0.1:{port}"
    running: list[processes.Process] = []
    try:
        for name in OURS:
            command = [port if word == "8000" else word for word in SERVICES[name]["command"]]
            command[0] = str(TOOLS / command[0])
            log = tmp_path / f"{name}.log"
            running.append(processes.start(command, log=log, env=env, cwd=ROOT))
        for name, process in zip(OURS, running, strict=True):
            process.wait_until(partial(_is_healthy, name, env), seconds=60)
        running[0].kill()
        assert not _is_healthy("web", env)
        running[1].kill()
        assert not _is_healthy("worker", env)
    finally:
        for process in running:
            process.stop()


def _is_healthy(name: str, env: dict[str, str]) -> bool:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.probe", name],
        cwd=worker.ROOT,
        env={**os.environ, **env},
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


@pytest.mark.slow
def test_process_that_only_rings_knows_every_job() -> None:
    """The web server and the commands never load a worker; their rings must find the task."""
    code = (
        "import django; django.setup(); from celery import current_app;"
        "from inbox.common.queue import Job;"
        "print([job for job in Job if job not in current_app.tasks])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
