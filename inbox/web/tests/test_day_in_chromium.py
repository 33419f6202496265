"""A whole day at the desk by keyboard alone, recorded: every key, its milliseconds, the stations."""

from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser

from inbox.web.tests.dayplan import lay_out
from inbox.web.tests.daywork import whole_day
from rig import chromium, keys
from rig.session import sign_in
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]


def test_a_whole_day_by_keyboard_alone(
    process_env: dict[str, str], live_site: Site, browser_process: Browser
) -> None:
    """The log is printed (`-s`); how quick keys are is measured by `make bench`, never asserted."""
    del process_env
    day = lay_out()
    pictures = Path(settings.DATA_DIR) / "screens"
    with chromium.page(browser_process, base_url=live_site.url) as (tab, watch):
        for part in ("htmx:sendAbort", "htmx:afterRequest"):
            watch.allow(part)  # a key may leave the page while a fragment of it is fetched
        sign_in(tab, day.ana, url=live_site.url)
        board = keys.Keys(tab, pictures=pictures)
        whole_day(board, day)
        pressed, tasks = board.record()
    print("\n".join(keys.log(board, pressed)))  # noqa: T201 - read with `-s`
    print(keys.figures(pressed, tasks))  # noqa: T201 - read with `-s`
    assert len(pressed) == board.count  # nothing was done but by these keys
