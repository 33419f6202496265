"""How soon a colleague's page says that somebody looks at a ticket, and that they type.

Two windows of Chromium, a web server on PostgreSQL and Redis; from the navigation's beginning, or
the key, until the other page shows the words. `BENCH_PRESENCE_ROUNDS` is how often.
"""

import os
import tempfile
from pathlib import Path

import django

# Playwright's loop runs in this thread; nothing of ours is asynchronous
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
django.setup()

from django.core.management import call_command  # noqa: E402 - after setup

from bench import figures  # noqa: E402 - after setup
from rig import chromium, twodesks, worker  # noqa: E402 - after setup
from rig.desk import agent, ticket  # noqa: E402 - after setup
from rig.session import sign_in  # noqa: E402 - after setup

ROUNDS = int(os.environ.get("BENCH_PRESENCE_ROUNDS", "25"))


def measured(url: str) -> twodesks.Spent:
    """Each round on a ticket of its own; the first one wakes everything up and does not count."""
    users = [agent("ana"), agent("bo")]
    spent = twodesks.Spent()
    with (
        chromium.chromium() as browser,
        chromium.page(browser, base_url=url) as (first, _),
        chromium.page(browser, base_url=url) as (second, _),
    ):
        for tab, user in zip((first, second), users, strict=True):
            sign_in(tab, user, url=url)
        for number in range(ROUNDS + 1):
            into = spent if number else twodesks.Spent()
            path = f"/tickets/{ticket().pk}/"
            twodesks.once(first, second, path, name="Ana", spent=into)
    return spent


def main() -> None:
    """Print the figures."""
    call_command("migrate", verbosity=0)
    env = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL", "DATA_DIR")}
    with (
        tempfile.TemporaryDirectory() as folder,
        worker.web(env, folder=Path(folder)) as site,
    ):
        spent = measured(site.url)
    for name in ("views", "types"):
        figures.say(f"presence_{name}", **spent.figures(name))


if __name__ == "__main__":
    main()
