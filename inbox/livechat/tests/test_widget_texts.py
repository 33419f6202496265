"""The widget's words come from one table, its parts fit together, and it stays small."""

import gzip
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, FrameLocator, Locator

from inbox.calendars.clock import DAYS
from inbox.channels.models import Channel
from inbox.livechat.models import Visitor
from inbox.livechat.tests import host
from inbox.livechat.tests.browsing import (
    Widget,
    allow,
    answers_soon,
    came_before,
    file_all,
    payload,
    reads,
    session_says,
    tomas,
    works,
    writes,
)
from inbox.livechat.tests.conftest import answer
from inbox.outbox import effects
from inbox.tickets.models import Message, Ticket
from inbox.web import chatscript
from rig import chromium
from rig.desk import act, agent
from rig.worker import Site

LIMIT_BYTES = 25_000
FOLDER = Path(settings.ROOT) / "static" / "chat"
ROW = re.compile(r'^  (\w+): "((?:[^"\\]|\\.)*)",$', re.MULTILINE)
TEXTS = dict(ROW.findall((FOLDER / "texts.js").read_text()))
LAUNCHER = ("launch", "close", "unread", "title")
# built from a word and a value: score_1 … score_5
BUILT = {f"score_{n}" for n in range(1, 6)}
FRAME = (Path(settings.ROOT) / "templates" / "chat" / "frame.html").read_text()


def source() -> str:
    """Every script of the frame but the table."""
    names = [name for name in chatscript.MODULES if name != "texts"]
    return "".join((FOLDER / f"{name}.js").read_text() for name in names)


def test_docs_and_table_say_the_same() -> None:
    told = (Path(settings.ROOT) / "docs" / "livechat.md").read_text().partition("## Texts")[2]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", told, re.MULTILINE)
    assert dict(rows) == TEXTS
    assert len(rows) == len(TEXTS) > 90


def test_the_launcher_says_what_the_table_says() -> None:
    written = (FOLDER / "widget.js").read_text()
    own = re.search(r"const texts = \{(.*?), \.\.\.settings", written)
    assert own
    assert dict(re.findall(r'(\w+): "([^"]*)"', own[1])) == {k: TEXTS[k] for k in LAUNCHER}


def test_every_text_is_used_and_every_use_is_a_text() -> None:
    written = source()
    used = set(re.findall(r'data-(?:t|label)="(\w+)"', FRAME))
    assert used <= set(TEXTS)
    words = set(re.findall(r'"(\w+)"', written)) | set(re.findall(r"\b(\w+)\b", FRAME))
    asked = set(re.findall(r'\bt\("(\w+)"', written))
    assert asked <= set(TEXTS)
    unused = set(TEXTS) - used - words - BUILT - set(LAUNCHER)
    assert unused == set()


def test_no_two_modules_use_one_name() -> None:
    """They travel as one module, so a name at the top is a name of all."""
    found: list[str] = []
    for name in chatscript.MODULES:
        text = (FOLDER / f"{name}.js").read_text()
        starts = re.findall(
            r"^(?:export )?(?:async )?(?:function|class|const|let) (.+)$", text, re.MULTILINE
        )
        for start in starts:
            found += [re.split(r"\W", start)[0], *re.findall(r"(?<=, )(\w+)(?= = )", start)]
    declared = [name for name in found if name]
    twice = {name for name in declared if declared.count(name) > 1}
    assert len(declared) > 100
    assert twice == set()


@pytest.mark.django_db
def test_the_scripts_travel_as_one_and_small(chat: Channel) -> None:
    frame, widget = Client().get("/chat/docs/frame/"), chatscript.widget()
    script = Client().get(f"/chat/docs/chat.js?v={chatscript.version()}")
    assert script["Cache-Control"] == "public, max-age=31536000"
    assert Client().get("/chat/docs/chat.js?v=old")["Cache-Control"] == "public, max-age=300"
    assert f"chat.js?v={chatscript.version()}" in frame.content.decode()
    packed = Client().get("/chat/docs/chat.js", headers={"accept-encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == script.content
    assert b"import " not in script.content
    assert b"export " not in script.content
    others = [(FOLDER / name).read_bytes() for name in ("chat.css", "proof.js")]
    sizes = [len(gzip.compress(part)) for part in (widget, script.content, frame.content, *others)]
    assert sum(sizes) <= LIMIT_BYTES, sizes
    assert Client().get("/chat/nowhere/chat.js").status_code == 404


# every text is put between marks; what stands outside of them is not from the table
PSEUDO = {
    key: f"«{number} {re.sub(r'[A-Za-z](?![^{]*})', 'ø', text)}»"
    for number, (key, text) in enumerate(TEXTS.items(), start=100)
}
GIVEN = (
    "Docs",
    "Ana",
    "Tomás",
    "Brandão",
    "TB",
    "docker",
    "you@example.org",
    "run.log",
    "Gêx",
    "Europe/Lisbon",
    "Lisbon",
)
VISIBLE = """() => {
  const found = [], walk = (node) => {
    for (const child of node.childNodes) {
      if (child.nodeType === 3 && child.data.trim()) found.push(child.data);
      else if (child.nodeType === 1 && !child.hidden && !child.closest("[hidden]")) {
        for (const name of ["aria-label", "placeholder", "title"]) found.push(child.getAttribute(name) || "");
        walk(child);
      }
    }
  };
  walk(document.body);
  return found.join("\\n");
}"""


def english(said: str) -> list[str]:
    """Latin words that no text of the table has brought, and no person."""
    outside = re.sub(r"«[^»]*»", " ", said)
    for word in GIVEN:
        outside = outside.replace(word, " ")
    return re.findall(r"[A-Za-z]{2,}", outside)


@pytest.mark.browser
@pytest.mark.service
def test_no_english_is_left_when_every_text_is_replaced(
    live_site: Site, browser_process: Browser
) -> None:
    """In Arabic dates, right to left, in every state that a visitor can reach."""
    given = json.dumps({"texts": PSEUDO, "locale": "ar", "titleBadge": True})
    states: list[str] = []
    asks = {"ask_name": "optional", "ask_email": "required", "ask_topic": "required"}
    links = {"invite_url": "https://join.example.com/slack", "greeting": "Gêx"}
    with host.site(live_site.url, settings=f"window.deskSettings = {given}") as origin:
        allow(origin, **asks, topics="Gêx", **links)
        tomas()
        answers_soon(works("Europe/Lisbon", (DAYS[timezone.now().weekday() - 4],)))
        with chromium.page(browser_process, size=(320, 640)) as (tab, watch):
            watch.allow("400")
            widget = PseudoWidget(tab)
            # nothing is erased by age yet, so the desk names no time
            session_says(tab, kept_months=12)
            widget.comes_as(came_before(origin, "Gêx"))
            Visitor.objects.update(email="", confirmed_email="")
            tab.goto(origin)
            tab.get_by_role("button", name=PSEUDO["launch"]).click()
            widget.press("begin")
            widget.frame.get_by_text(PSEUDO["missing"]).first.wait_for()
            states.append(widget.said())
            assert widget.inner.evaluate(
                "[document.documentElement.lang, document.documentElement.dir]"
            ) == ["ar", "rtl"]
            widget.frame.locator("#f-email").fill("you@example.org")
            widget.frame.locator("#f-topic").select_option("Gêx")
            works("Europe/Lisbon", DAYS)  # they have come to work
            widget.press("begin")
            states += [talk(widget), *misfortunes(widget), *the_end(widget)]
    left = {word for said in states for word in english(said)}
    assert left == set()
    assert len(states) == 9


class PseudoWidget(Widget):
    """The widget under its replaced texts."""

    @property
    def frame(self) -> FrameLocator:
        """The frame has another title too."""
        return self.tab.frame_locator(f"iframe[title='{PSEUDO['title']}']")

    @property
    def field(self) -> Locator:
        """Its label is another, too."""
        return self.frame.locator("#text")

    def said(self) -> str:
        """Every word that is shown or spoken."""
        return str(self.inner.evaluate(VISIBLE))

    def press(self, key: str) -> None:
        """A button by its text."""
        self.frame.get_by_role("button", name=PSEUDO[key], exact=True).last.click()


def talk(widget: PseudoWidget) -> str:
    """A question, answers that were changed and taken back, somebody who types."""
    user = agent("tomas")
    widget.field.fill("Gêx")
    widget.field.press("Enter")
    file_all()
    row = Ticket.objects.order_by("-pk")[0]
    for text in ("```\ndocker\n```", "Gêx"):
        answer(row, text, name="tomas")
    kept, gone = Message.objects.filter(ticket=row, direction="out").order_by("pk")
    act(effects.amend, kept, text="```\nGêx\n```", at=timezone.now())
    act(effects.withdraw, gone, at=timezone.now())
    reads(user, row)
    widget.frame.get_by_text(PSEUDO["deleted"]).wait_for()
    widget.frame.get_by_text(PSEUDO["seen"]).wait_for()
    writes(user, row)
    widget.frame.locator("#typing").wait_for()
    return widget.said()


def misfortunes(widget: PseudoWidget) -> list[str]:
    """Too long, a file of a wrong type, refused, another address."""
    states = []
    widget.field.fill("ø" * 3990)
    states.append(widget.said())
    widget.frame.locator("#file").set_input_files(payload("Gêx", b"x", "text/html"))
    widget.tab.route("**/messages/", lambda r: r.fulfill(status=400, json={}))
    widget.field.press("Enter")
    widget.frame.get_by_role("button", name=PSEUDO["again"]).wait_for()
    states.append(widget.said())
    widget.press("change")
    states.append(widget.said())
    return states


def the_end(widget: PseudoWidget) -> list[str]:
    """The menu, a copy, the rating."""
    states = []
    widget.press("more")
    states.append(widget.said())
    widget.press("transcript")
    widget.frame.locator("#panel-in p:not(:empty)").wait_for()
    states.append(widget.said())
    widget.tab.keyboard.press("Escape")
    widget.press("more")
    widget.press("end")
    widget.press("rate_send")
    states.append(widget.said())
    widget.frame.get_by_text(PSEUDO["score_4"]).click()
    widget.press("rate_send")
    widget.frame.locator("#rated").wait_for()
    states.append(widget.said())
    return states
