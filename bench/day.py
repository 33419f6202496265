"""A whole day at the desk by keyboard: from each key to the next paint, in Chromium.

The day is the one of the recorded test. A key that leaves the page is also measured to the first
paint of the page that comes; that one holds the server's work and has no goal of its own.
"""

import os
import tempfile
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - after setup

from bench import figures  # noqa: E402 - after setup
from inbox.web.tests.dayplan import lay_out  # noqa: E402 - after setup
from inbox.web.tests.daywork import whole_day  # noqa: E402 - after setup
from rig import chromium, keys, worker  # noqa: E402 - after setup
from rig.session import sign_in  # noqa: E402 - after setup

SHOWN = 10  # of the slowest keys


def main() -> None:
    """Lay out the morning, press the keys, print."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright's synchronous face runs a loop
    call_command("migrate", verbosity=0)
    day = lay_out()
    env = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL", "DATA_DIR")}
    with (
        tempfile.TemporaryDirectory() as folder,
        worker.web(env, folder=Path(folder)) as site,
        chromium.chromium() as browser,
        chromium.page(browser, base_url=site.url) as (tab, watch),
    ):
        watch.allow("htmx:")  # a key may leave the page while a fragment of it is fetched
        sign_in(tab, day.ana, url=site.url)
        board = keys.Keys(tab)
        whole_day(board, day)
        pressed, tasks = board.record()
    figures.say("day_keys", **keys.figures(pressed, tasks))
    for one in sorted(pressed, key=lambda one: -one.paint_ms)[:SHOWN]:
        figures.say("day_slow_key", key=one.key, path=one.path, ms=one.paint_ms,
                    waits_ms=round(one.waits_ms), works_ms=round(one.works_ms))  # fmt: skip


if __name__ == "__main__":
    main()
