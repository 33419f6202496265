"""`make bench`: one JSON line per figure, on a private PostgreSQL."""

import os
import subprocess
import sys
import tempfile

from rig import postgres


def main() -> int:
    """Start a database, then run the measurements in a process that belongs to it."""
    with postgres.postgres() as server, tempfile.TemporaryDirectory() as data:
        env = {**os.environ, "DATABASE_URL": server.url(), "REDIS_URL": "", "DATA_DIR": data}
        env |= {"DJANGO_SETTINGS_MODULE": "helpdesk.settings", "LOG_LEVEL": "ERROR"}
        return subprocess.call([sys.executable, "-m", "bench.mail"], env=env)


if __name__ == "__main__":
    sys.exit(main())
