"""Hostile Slack messages in a real browser: nothing runs, nothing is fetched."""

import pytest
from playwright.sync_api import Browser

from inbox.tickets.models import Ticket
from integrations.slack.tests.conftest import connected, deliver
from rig import chromium
from rig.desk import agent
from rig.session import sign_in
from rig.slack import FakeSlack
from rig.worker import Site

pytestmark = [pytest.mark.browser, pytest.mark.service]
ATTACK = "window.pwned=1"
HOSTILE = (
    f"<script>{ATTACK}</script>",
    f"&lt;script&gt;{ATTACK}&lt;/script&gt;",
    f"<javascript:{ATTACK}|click> <data:text/html,x|d>",
    f'<https://a.example/"onmouseover="{ATTACK}|x> <https://a.example|<img src=x onerror={ATTACK}>>',
    f"<@U1|<img src=x onerror={ATTACK}>> <#C1|<svg onload={ATTACK}>> <!subteam^S1|<b onclick={ATTACK}>>",
    f"*<b onclick={ATTACK}>* _<i onclick={ATTACK}>_ `<u onclick={ATTACK}>` ```<img src=x onerror={ATTACK}>```",
    f"&gt; <img src=x onerror={ATTACK}>\n\x00\x01 \x000\x00 {{{{7*7}}}} {{% load x %}}",
    "<https://a.example/" + "x" * 5000 + "|y>",
    "*" * 3000 + "_" * 3000 + "`" * 3001,
)


def test_hostile_messages_and_file_names_do_nothing(
    process_env: dict[str, str], live_site: Site, browser_process: Browser
) -> None:
    with FakeSlack() as fake:
        fake.person("U0ADA", f"<img src=x onerror={ATTACK}>")
        connected(fake)
        place = fake.room("help").id
        for n, text in enumerate(HOSTILE):
            name = f"<img src=x onerror={ATTACK}>.png"
            files = [
                {
                    "id": "F1",
                    "name": name,
                    "mimetype": "image/png",
                    "url_private": "https://evil.example/x",
                }
            ]
            ts = fake.say("U0ADA", place, text, ts=f"{1_780_000_000 + n * 500}.000100", files=files)
            deliver(fake.envelope(fake.message_event(place, ts)))
    with chromium.page(browser_process, base_url=live_site.url) as (tab, _):
        tab.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
        sign_in(tab, agent("ana", role="admin"), url=live_site.url)
        numbers = list(Ticket.objects.values_list("number", flat=True))
        assert len(numbers) == len(HOSTILE)
        for path in ("/queue/", "/sweep/", *(f"/tickets/{number}/" for number in numbers)):
            tab.goto(path)
            assert tab.evaluate("window.pwned") is None
            hot = "[onclick], [onerror], [onload], [onmouseover], .msg__body script, .msg__body img"
            assert tab.locator(hot).count() == 0
            assert (
                tab.locator(".msg__body a[href^='javascript'], .msg__body a[href^='data']").count()
                == 0
            )
