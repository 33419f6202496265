"""`make bench`: one JSON line per figure, on a private PostgreSQL and Redis.

`BENCH_MAILS=10000` makes the memory run as long as promised. `python -m bench chat queue` measures
only what is named.
"""

import os
import subprocess
import sys
import tempfile

from rig import postgres, redis

WITH_REDIS = ("bench.processes", "bench.acks", "bench.chat", "bench.presence", "bench.day")
MODULES = (
    "bench.mail",
    "bench.queue",
    "bench.pages",
    "bench.search",
    "bench.secrets",
    "bench.reports",
    "bench.processes",
    "bench.acks",
    "bench.chat",
    "bench.presence",
    "bench.day",
)


def main(named: list[str]) -> int:
    """Start the services, then measure in processes that belong to them."""
    code = 0
    with redis.redis() as broker:
        for module in [f"bench.{name}" for name in named] or MODULES:
            with postgres.postgres() as server, tempfile.TemporaryDirectory() as data:
                env = {**os.environ, "DATABASE_URL": server.url(), "DATA_DIR": data}
                env |= {"REDIS_URL": broker.url() if module in WITH_REDIS else ""}
                env |= {"DJANGO_SETTINGS_MODULE": "helpdesk.settings", "LOG_LEVEL": "ERROR"}
                code |= subprocess.call([sys.executable, "-m", module], env=env)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
