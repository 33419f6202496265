"""Fixtures of the whole suite. First of all it fences the environment off, then Django starts.

`DATABASE_URL` and `REDIS_URL` come from `make test`; without them the suite runs embedded, on
SQLite. Nothing here ever reads the developer's `.env` or touches the developer's data.
"""

import os
import tempfile
from pathlib import Path

import pytest

from rig import network

_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
_data = tempfile.TemporaryDirectory(prefix="desk-tests-")


def _fence() -> None:
    """Set every variable of the contract, so that neither `.env` nor the shell leaks in."""
    if redis_url := os.environ.get("REDIS_URL", ""):
        # every parallel process of the suite has a database of its own in the one Redis
        os.environ["REDIS_URL"] = redis_url.rpartition("/")[0] + f"/{int(_worker[2:] or 0) + 1}"
    fixed = {
        "SECRET_KEY": "only-for-tests-" + "0123456789" * 5,
        "DEBUG": "0",
        "BASE_URL": "http://127.0.0.1:8000",
        "ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
        "FIELD_KEYS": "",
        "DATA_DIR": _data.name,
        "SYSTEM_CHANNEL": "",
        "OUTBOUND_ALLOW": "",
        "TIME_ZONE": "UTC",
        "LOG_LEVEL": "WARNING",
        "DATABASE_URL": os.environ.get("DATABASE_URL", ""),
        "REDIS_URL": os.environ.get("REDIS_URL", ""),
        "DJANGO_SETTINGS_MODULE": "helpdesk.settings",
    }
    os.environ.update(fixed)
    os.environ.pop("DESK_CRASH_AT", None)


_fence()

# After the fence: importing these reads the settings.
import django  # noqa: E402 - see above
from django.conf import settings  # noqa: E402 - see above
from django.core.cache import cache  # noqa: E402 - see above
from hypothesis import HealthCheck  # noqa: E402 - beside the others
from hypothesis import settings as hypothesis_settings  # noqa: E402 - beside the others

# Tests sign in hundreds of times; a slow hash would measure nothing but itself.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
django.setup()

from inbox.channels import directory  # noqa: E402 - models load only after setup
from inbox.common import presence, versions  # noqa: E402 - the same

hypothesis_settings.register_profile(
    "suite",
    deadline=None,  # a busy machine is no defect
    derandomize=True,  # a red suite is red for everybody
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
hypothesis_settings.register_profile("soak", deadline=None, max_examples=2_000)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

pytest_plugins = ("rig.fixtures",)


def pytest_configure(config: pytest.Config) -> None:
    """Close the network for this process, once and for all."""
    del config
    network.close()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Let parallel processes fence themselves off first, too: with the name of the settings in
    their environment they would read them before this file, and so those of nobody in particular.
    """
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what the suite has written."""
    del config
    _data.cleanup()


@pytest.fixture(autouse=True)
def clean_slate() -> None:
    """Start with empty caches: limits, rules, channels and people of other tests are not ours."""
    cache.clear()
    presence.forget()
    versions.forget()
    directory.forget()


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real mails, where the person who runs the suite has one (`CORPUS_DIR`)."""
    folder = os.environ.get("CORPUS_DIR", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("CORPUS_DIR names no folder of real mails")
    return Path(folder)
