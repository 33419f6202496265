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
# Every client of a test would read the whole folder of static files before its first page.
settings.WHITENOISE_AUTOREFRESH = True
django.setup()

from inbox.channels import directory  # noqa: E402 - models load only after setup
from inbox.common import crypto, presence, versions  # noqa: E402 - the same
from rig import appendonly, migrated  # noqa: E402 - the same

# a busy machine would ask again in the middle of a test that counts statements
directory.KEEP_SECONDS = 3600.0

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
appendonly.let_tests_empty_it()
migrated.copy_from_it()


def pytest_configure(config: pytest.Config) -> None:
    """Close the network for this process, once and for all."""
    del config
    network.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--only-data` leaves out what runs the same whatever the database is."""
    parser.addoption("--only-data", action="store_true", help="only tests that use the database")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A pure test need not run again on a second database.

    What waits for real processes begins first, so that no worker is left alone with it at the end.
    """
    items.sort(key=lambda item: item.get_closest_marker("service") is None)
    if not config.getoption("--only-data"):
        return
    needs = {item: _needs_data(item) for item in items}
    config.hook.pytest_deselected(items=[item for item in items if not needs[item]])
    items[:] = [item for item in items if needs[item]]


def _needs_data(item: pytest.Item) -> bool:
    if item.get_closest_marker("django_db"):
        return True
    return not DATABASES.isdisjoint(getattr(item, "fixturenames", ()))


DATABASES = {"db", "transactional_db", "django_db_setup", "live_server"}


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
    crypto.sign_with(crypto.oldest_key())  # nobody asks the database for it


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real mails, where the person who runs the suite has one (`CORPUS_DIR`)."""
    folder = os.environ.get("CORPUS_DIR", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("CORPUS_DIR names no folder of real mails")
    return Path(folder)
