"""A secret on a livestream: two people in two browsers follow the playbook, from press to log."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from inbox import pipeline
from inbox.accounts.models import User
from inbox.operations import playbookjobs, sweep
from inbox.outbox.models import Outgoing
from inbox.people.models import Contact, Identity
from inbox.playbooks import jobs
from inbox.playbooks.models import Playbook, Run, RunStep
from integrations.slack.tests.conftest import connected as slack
from integrations.slack.tests.conftest import workspace
from integrations.youtube.tests.conftest import connected as youtube
from integrations.youtube.tests.conftest import vendor
from rig import chromium
from rig.desk import agent
from rig.session import sign_in
from rig.slack import FakeSlack
from rig.slack_model import TEAM
from rig.worker import Site
from rig.youtube import FakeYouTube

__all__ = ["vendor", "workspace"]
pytestmark = [pytest.mark.browser, pytest.mark.service]

LEAK: dict[str, Any] = {
    "key": "secret-in-stream",
    "name": "Secret shown during a livestream",
    "summary": "The secret is changed, however short it was on screen.",
    "anchor": "Seen",
    "starts_on": "secret_found",
    "roles": [{"key": "presenter", "label": "Presenter"}, {"key": "host", "label": "Host"}],
    "cues": [{"title": "Next time, before sharing", "text": "Please close credential files."}],
    "steps": [
        {
            "key": "tell",
            "title": "Tell the presenter to change the secret",
            "body": "Directly in Slack, and ask for a sign that it arrived.",
            "role": "not:presenter",
            "measure": "Time to tell",
            "ack": {"after_minutes": 3, "escalate_to": "call-out", "question": "Did they answer?"},
            "action": {
                "kind": "message",
                "to": "presenter",
                "text": "{role.presenter}, a secret is on screen. Please rotate it.",
                "label": "Send it in Slack",
            },
        },
        {
            "key": "call-out",
            "title": "Say it in the video chat",
            "at": "when called",
            "role": "not:presenter",
            "action": {"kind": "copy", "text": "Please look at your Slack messages."},
        },
        {
            "key": "hide",
            "title": "Set the livestream to private",
            "at": "after:tell",
            "role": "not:presenter",
            "measure": "Time to private",
            "action": {"kind": "hide_stream"},
        },
        {"key": "rotate", "title": "Confirm the change", "role": "presenter", "measure": "Time to rotate"},
        {
            "key": "public",
            "title": "Make it public again",
            "at": "after:hide",
            "gate": "I have watched the edit to its end",
        },
    ],
}  # fmt: skip


@contextmanager
def two(browser: Browser, site: Site) -> Iterator[tuple[Page, Page]]:
    """Noor does the steps, Luca was sharing the screen; each with cookies of their own."""
    with (
        chromium.page(browser, base_url=site.url) as (one, _),
        chromium.page(browser, base_url=site.url) as (other, _),
    ):
        sign_in(one, agent("noor"), url=site.url)
        sign_in(other, agent("luca"), url=site.url)
        yield one, other


@pytest.fixture
def people(process_env: dict[str, str], workspace: FakeSlack, vendor: FakeYouTube, settings: Any) -> tuple[User, User]:  # fmt: skip
    """Luca can be written to in Slack; a stream is live."""
    settings.OUTBOUND_ALLOW = ",".join(
        fake.url.removeprefix("http://") for fake in (workspace, vendor)
    )
    Playbook.objects.create(key=LEAK["key"], name=LEAK["name"], summary=LEAK["summary"], definition=LEAK)  # fmt: skip
    slack(workspace)
    youtube(vendor)
    noor, luca = agent("noor"), agent("luca")
    workspace.person("U0LUCA", "luca", zone="UTC")
    contact = Contact.objects.create(name="Luca")
    Identity.objects.create(
        contact=contact, kind="slack", realm=TEAM, external_id="U0LUCA", handle="luca", user=luca
    )
    return noor, luca


def work() -> None:
    """What waits for a worker is done."""
    now = timezone.now()
    for pk in jobs.due_ids(now):
        playbookjobs.work_on(pk, now=now)
    rows = Outgoing.objects.filter(state="queued")
    rows.update(not_before=now)
    for pk in list(rows.order_by("pk").values_list("pk", flat=True)):
        pipeline.deliver(pk)


def minutes_pass(run: Run, minutes: int) -> None:
    """Time is set, not waited for: the sign was due so long ago."""
    step = RunStep.objects.get(run=run, key="tell")
    assert step.ack_due_at is not None
    step.ack_due_at -= timedelta(minutes=minutes)
    step.save(update_fields=["ack_due_at"])
    sweep.tick(now=timezone.now())


def step(tab: Page, key: str) -> Locator:
    return tab.locator(f"#step-{key}")


def looked_at(tab: Page, name: str) -> None:
    """Axe finds nothing, nothing sticks out, in all four looks; each is kept as a picture."""
    for size in (chromium.PHONE, chromium.DESKTOP):
        for scheme in ("dark", "light"):
            tab.set_viewport_size({"width": size[0], "height": size[1]})
            tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = Axe().run(tab).response["violations"]
            assert [(v["id"], n["html"][:200]) for v in found for n in v["nodes"]] == []
            assert tab.evaluate("document.documentElement.scrollWidth") <= size[0]
            folder = Path(settings.DATA_DIR) / "screens"
            chromium.screenshot(tab, folder / f"{name}-{size[0]}-{scheme}.png")


def test_a_leaked_secret_from_the_press_to_the_log(
    people: tuple[User, User],
    live_site: Site,
    browser_process: Browser,
    workspace: FakeSlack,
    vendor: FakeYouTube,
) -> None:
    """S94–S101."""
    key = vendor.put("Office hours")
    with two(browser_process, live_site) as (noor, luca):
        noor.goto("/playbooks/")
        noor.get_by_role("button", name="Secret exposed").click()
        noor.get_by_role("heading", level=1, name=LEAK["name"]).wait_for()
        run = Run.objects.get()
        for role, who in (("Presenter", "Luca"), ("Host", "Noor")):
            noor.get_by_role("button", name=re.compile(f"Choose ?: {role}")).click()
            noor.locator(".menu:popover-open").get_by_role("button", name=who).click()
            noor.get_by_role("button", name=re.compile(f"Hand over ?: {role}")).wait_for()
        expect(step(noor, "tell").locator(".step__meta")).to_contain_text("Noor (you)")
        luca.goto(run.get_absolute_url())
        expect(luca.locator("#here")).to_contain_text("Noor is here")
        expect(noor.locator("#here")).to_contain_text("Luca is here")

        # the sharer is told by the button, and the other page knows at once
        noor.get_by_role("button", name="Send it in Slack").click()
        expect(step(noor, "tell")).to_contain_text("On its way")
        work()
        expect(step(luca, "tell")).to_have_class(re.compile("is-done"))
        sent = [json.loads(call.body) for call in workspace.called("chat.postMessage")]
        assert "Luca, a secret is on screen. Please rotate it." in sent[-1]["text"]
        expect(step(noor, "tell")).to_contain_text("Did they answer?")

        # no sign comes in three minutes: it is said aloud
        minutes_pass(run, 3)
        expect(step(luca, "tell")).to_contain_text("No sign in 3 min")
        expect(step(noor, "call-out")).to_contain_text("Please look at your Slack messages.")
        step(noor, "call-out").get_by_role("button", name="Done").click()
        expect(step(luca, "call-out")).to_have_class(re.compile("is-done"))

        step(noor, "hide").get_by_role("button", name="Make the stream private").click()
        expect(step(noor, "hide")).to_contain_text("On its way")
        work()
        expect(step(luca, "hide")).to_have_class(re.compile("is-done"))
        assert vendor.videos[key]["status"]["privacyStatus"] == "private"

        # words that somebody begins stay, whatever the others do meanwhile
        step(noor, "public").locator("summary").click()
        step(noor, "public").get_by_label("Why it is not needed").fill("half a sent")
        step(luca, "rotate").get_by_role("button", name="Done").click()
        pressed = time.monotonic()
        expect(step(noor, "rotate")).to_have_class(re.compile("is-done"))
        print(f"on the other's page after {1000 * (time.monotonic() - pressed):.0f} ms")  # noqa: T201 - measured on the way
        expect(step(noor, "public").get_by_label("Why it is not needed")).to_have_value(
            "half a sent"
        )

        assert step(noor, "public").get_by_role("button", name="Done").is_disabled()
        looked_at(noor, "run")
        step(noor, "public").get_by_role(
            "button", name="I have watched the edit to its end"
        ).click()
        # by keyboard: what is next is done with one letter
        expect(step(noor, "public").locator('[data-key="e"]')).to_be_enabled()
        noor.keyboard.press("Escape")
        noor.locator("body").press("e")
        expect(luca.locator(".runhead__state")).to_contain_text("Finished")
        spent = noor.locator(".spent")
        for label in ("Time to tell", "Time to private", "Time to rotate"):
            expect(spent).to_contain_text(label)
        expect(spent).not_to_contain_text("not yet")
        log = luca.locator(".log")
        expect(log).to_contain_text("for no sign came: Tell the presenter to change the secret")
        expect(log).to_contain_text("Confirmed: I have watched the edit to its end")
        looked_at(luca, "run-over")
    run.refresh_from_db()
    assert run.state == "finished"
