"""`make screens`: every page and state of the desk as a picture, wide and narrow, light and dark.

The desk is the sample community on a Thursday afternoon, always the same. With `DESIGN=folder` the
pages of the design stand beside ours, where it has them. `ONLY=queue,ticket` takes some of them,
`FULL=folder` keeps the pictures as they were taken as well.
"""

import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import django
import time_machine
import uvicorn

ROOT = Path(__file__).resolve().parent.parent
NEWEST = max(path.stem for path in (ROOT / "inbox" / "migrations").glob("0*.py"))
DATA = ROOT / "var" / "screens" / NEWEST  # another schema has a community of its own
os.environ |= {"DATA_DIR": str(DATA), "DJANGO_SETTINGS_MODULE": "helpdesk.settings"}
django.setup()

from django.conf import settings  # noqa: E402 - after setup
from django.core.asgi import get_asgi_application  # noqa: E402 - after setup
from django.db import connections  # noqa: E402 - after setup
from django.test import Client  # noqa: E402 - after setup
from playwright.sync_api import Browser, Page  # noqa: E402 - after setup

from rig import chromium, ports  # noqa: E402 - after setup
from scripts import pictures, serve, shots  # noqa: E402 - after setup
from scripts.shots import LOOKS, SHOTS, Desk, Look, Shot  # noqa: E402 - after setup

THURSDAY = datetime(2026, 11, 19, 14, 18, tzinfo=UTC)
COLOURS, WIDEST = 32, 1600  # what pictures that are kept with the sources may have


def main() -> int:
    """Take the pictures that were asked for."""
    only, ways = os.environ.get("ONLY", ""), os.environ.get("LOOK", "")
    wanted = [shot for shot in SHOTS if not only or shot.name in only.split(",")]
    looks = [look for look in LOOKS if not ways or look.name in ways.split(",")]
    looks.sort(key=lambda look: ways.find(look.name))
    with (
        time_machine.travel(THURSDAY, tick=True),
        desk() as here,
        chromium.chromium() as browser,
    ):
        for look in looks:
            for shot in wanted:
                if look in shot.looks(looks):
                    take(browser, shot, look, here)
    return 0


@contextmanager
def desk() -> Iterator[Desk]:
    """The sample community, served by this process; made once, and copied for every run."""
    made, file = DATA / "made.sqlite3", DATA / "switchboard.sqlite3"
    if made.exists():
        shutil.copy(made, file)
    else:
        for half in (file, DATA / "prepared"):  # half made, where somebody interrupted it
            half.unlink(missing_ok=True)
        serve.hush()
        serve.prepare(with_sample=True)
        shots.prepare(datetime.now(UTC))
        connections.close_all()
        shutil.copy(file, made)
    port = ports.free_port()
    config = uvicorn.Config(get_asgi_application(), port=port, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        addresses = {shot.name: shot.address() for shot in SHOTS}
        yield Desk(url=f"http://127.0.0.1:{port}", sessions=signed_in(), addresses=addresses)
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)


def signed_in() -> dict[str, str]:
    """A session of each account that looks at a page."""
    found = {}
    for name in {shot.who for shot in SHOTS if shot.who}:
        client = Client(headers={"host": "127.0.0.1"})
        client.force_login(shots.account(name))
        session = client.session
        session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
        session.save()
        found[name] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return found


def take(browser: Browser, shot: Shot, look: Look, here: Desk) -> None:
    """One picture: the design's page on the left, where there is one, and ours."""
    parts = [_ours(browser, shot, look, here)]
    design, full = os.environ.get("DESIGN", ""), os.environ.get("FULL", "")
    if design and shot.theirs:
        parts.insert(0, _theirs(browser, shot, look, Path(design)))
    folder = Path(full) if full else pictures.FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with chromium.page(browser) as (tab, _):
        colours, widest = (255, 4000) if full else (COLOURS, WIDEST)
        picture = pictures.joined(tab, parts, colours=colours, widest=widest)
    (folder / f"{shot.name}-{look.name}.png").write_bytes(picture)
    print(shot.name, look.name, len(picture), flush=True)


def _ours(browser: Browser, shot: Shot, look: Look, here: Desk) -> bytes:
    with _page(browser, look, here.url) as tab:
        if shot.who:
            name, value = settings.SESSION_COOKIE_NAME, here.sessions[shot.who]
            tab.context.add_cookies([{"name": name, "value": value, "url": here.url}])
        tab.goto(here.addresses[shot.name])
        # a ticket’s list and what is like it come a little later
        tab.wait_for_timeout(1200 if "/tickets/" in here.addresses[shot.name] else 300)
        if shot.act is not None:
            shot.act(tab)
            tab.wait_for_timeout(300)
        return tab.screenshot(animations="disabled", caret="hide")


def _theirs(browser: Browser, shot: Shot, look: Look, folder: Path) -> bytes:
    page, _, query = shot.theirs.partition("?")
    with _page(browser, look, "") as tab:
        tab.goto(f"{(folder / page).as_uri()}?{query}")
        tab.wait_for_timeout(150)
        return tab.screenshot(animations="disabled", caret="hide")


@contextmanager
def _page(browser: Browser, look: Look, url: str) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": look.width, "height": look.height},
        color_scheme=look.scheme,
        base_url=url or None,
        locale="en-GB",
        timezone_id="UTC",
        reduced_motion="reduce",
        has_touch=look.width < 500,
    )
    context.set_default_timeout(20_000)
    try:
        tab = context.new_page()
        tab.clock.set_fixed_time(THURSDAY)
        yield tab
    finally:
        context.close()


if __name__ == "__main__":
    sys.exit(main())
