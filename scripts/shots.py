"""What `make screens` takes pictures of: pages and their states, and the ways to look at them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from playwright.sync_api import Page

from inbox import pipeline
from inbox.accounts.models import User
from inbox.channels import inlet
from inbox.channels.models import Channel
from inbox.common.work import Actor
from inbox.community.records import Quote
from inbox.guard.models import Secret
from inbox.operations.sample import events
from inbox.people.models import Contact
from inbox.playbooks.models import Event, Playbook, Run
from inbox.tickets.merging import merge
from inbox.tickets.models import Ticket
from rig.chromium import Scheme
from rig.github import FakeGitHub

Act = Callable[[Page], object]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The desk that is looked at, and a session of each account."""

    url: str
    sessions: dict[str, str]
    addresses: dict[str, str]


@dataclass(frozen=True)
class Look:
    """A size and a scheme."""

    width: int
    height: int
    scheme: Scheme

    @property
    def name(self) -> str:
        """As the file is called."""
        return f"{self.width}-{self.scheme}"


SIZES = ((1440, 900), (1024, 768), (390, 844))
LOOKS = [Look(*size, scheme) for size in SIZES for scheme in ("light", "dark")]


@dataclass(frozen=True, kw_only=True)
class Shot:
    """A page in one state; `theirs` is the page of the design that shows the same."""

    name: str
    path: str | Callable[[], str] = "/queue/"
    theirs: str = ""
    act: Act | None = None
    who: str = "ilse"

    def looks(self, asked: list[Look]) -> list[Look]:
        """All of them where the design has the page; else the widest and a dark phone."""
        return [look for look in asked if self.theirs or look.name in ("1440-light", "390-dark")]

    def address(self) -> str:
        """Where it is."""
        return self.path if isinstance(self.path, str) else self.path()


# put together here, so that nobody takes it for a token of somebody's
TOKEN = "gh" + "p_" + "a1B2c3D4e5" * 3 + "f6G7h8"


def account(name: str) -> User:
    """One of the team."""
    return User.objects.get(username=name)


def prepare(now: datetime) -> None:
    """What the sample leaves out: somebody who likes it compact, and a merge."""
    User.objects.filter(username="priya").update(density="compact")
    noor = account("noor")
    twins = Ticket.objects.filter(status="open", channel__key="support").order_by("number")[:2]
    with pipeline.change(Actor.user(noor), now=now):
        merge(twins[1], into=twins[0])
    leak(now)
    stream(now)


def stream(now: datetime) -> None:
    """A secret was shown in a livestream a quarter of an hour ago, and three steps are done."""
    book = Playbook.objects.get(key="secret-in-stream", active=True)
    users = {name: account(name) for name in ("noor", "ilse")}
    done = ((1, "notify"), (3, "call-out"), (7, "private"))
    events.leaked(book, users, now - timedelta(minutes=16), done)


def leak(now: datetime) -> None:
    """Somebody pastes a token under an issue at GitHub."""
    hub, channel = FakeGitHub(), Channel.objects.filter(kind="github").earliest("pk")
    channel.secrets_text = json.dumps({"token": "nobody's"})
    channel.save(update_fields=["secrets_text"])
    hub.person("kezia")
    text = f"The log says `GH_TOKEN={TOKEN}` and then nothing more."
    for body in (
        hub.open("kezia", "example/core", "The export stops half way"),
        hub.comment("kezia", "example/core", 1, text),
    ):
        headers = {"content-type": "application/json", "x-github-event": body.pop("event")}
        raw = json.dumps(body).encode()
        key = f"shots-{body['action']}-{'comment' in body}"
        row = inlet.receive(channel, dedupe_key=key, headers=headers, body=raw, now=now)
        if row is not None:
            pipeline.process_delivery(row.pk)


def keys(*pressed: str) -> Act:
    """Press these, one after the other."""

    def act(tab: Page) -> None:
        for key in pressed:
            tab.keyboard.press(key)
            tab.wait_for_timeout(100)

    return act


def ticket(subject: str) -> Callable[[], str]:
    """The newest ticket of that subject."""
    return lambda: (
        Ticket.objects.filter(subject__startswith=subject).latest("number").get_absolute_url()
    )


def person() -> str:
    """Whom the team knows best."""
    found = Contact.objects.filter(identities__kind="slack", name="Mirela Dutko").earliest("pk")
    return f"/people/{found.pk}/"


def quoted() -> str:
    """The ticket of a quote that nobody was asked about yet."""
    found = Quote.objects.filter(state="not_asked").latest("pk")
    return f"/tickets/{found.message.ticket_id if found.message else 0}/quotes/"


def streamed() -> str:
    """The run about the secret in the stream."""
    return Run.objects.filter(playbook__key="secret-in-stream").latest("pk").get_absolute_url()


def event() -> str:
    """The office hours that come next."""
    return f"/playbooks/events/{Event.objects.filter(state='planned').earliest('starts_at').pk}/"


def pasted() -> str:
    """The run that the token at GitHub started."""
    return Run.objects.filter(playbook__key="secret-in-channel").latest("pk").get_absolute_url()


def secret() -> str:
    """The page of the token that was pasted."""
    return f"/secrets/{Secret.objects.latest('pk').pk}/"


def leaky() -> str:
    """The ticket with it."""
    return Secret.objects.latest("pk").ticket.get_absolute_url()


def refused(tab: Page) -> None:
    """An answer with a token in it does not leave."""
    tab.locator(".composer textarea").fill(f"Use {TOKEN} instead.")
    tab.keyboard.press("Control+Enter")
    tab.locator(".composer [name=anyway]").wait_for()


def chosen(tab: Page) -> None:
    """Three rows of the group that is due next."""
    boxes = tab.locator('.group[data-state="hour"] .row__select input')
    for n in range(min(3, boxes.count())):
        boxes.nth(n).evaluate("box => box.click()")


def closed(tab: Page) -> None:
    """One ticket is closed, and the toast offers to take it back; others are selected."""
    button = tab.locator('.group[data-state="today"] .row__actions [formaction$="/close/"]')
    button.last.evaluate("found => found.click()")
    tab.locator("#toasts [data-toast]").first.wait_for()
    chosen(tab)


def clicked(*selectors: str) -> Act:
    """Press these, one after the other."""

    def act(tab: Page) -> None:
        for selector in selectors:
            tab.locator(selector).first.evaluate("found => found.click()")
            tab.wait_for_timeout(200)

    return act


def typed(text: str) -> Act:
    """Open the palette and ask for something."""

    def act(tab: Page) -> None:
        tab.keyboard.press("Control+k")
        tab.keyboard.type(text)
        tab.wait_for_timeout(500)

    return act


def down(tab: Page) -> None:
    """The lower half of a page."""
    tab.evaluate("document.querySelector('.page, .thread')?.scrollBy(0, 640)")


def live(**wanted: object) -> Callable[[], str]:
    """The newest ticket of that kind."""
    return lambda: Ticket.objects.filter(**wanted).latest("number").get_absolute_url()


MIRELA = ticket("Replication slot grows after every run")
SHOTS = (
    Shot(name="queue", theirs="queue.html"),
    Shot(name="queue-selection", theirs="queue.html?show=bulk,toast", act=closed),
    Shot(name="queue-compact", theirs="queue.html?density=compact", who="priya"),
    Shot(name="queue-filtered", path="/queue/?q=category%3ABug+channel%3Aslack"),
    Shot(name="queue-lanes", path="/queue/?by=lanes"),
    Shot(name="queue-empty", path="/queue/?q=channel%3Aslack+category%3AHiring"),
    Shot(name="ticket", path=MIRELA, theirs="ticket.html"),
    Shot(name="ticket-note", path=MIRELA, theirs="ticket.html?show=note", act=keys("n")),
    Shot(name="ticket-menu", path=MIRELA, act=clicked('[popovertarget="menu-close"]')),
    Shot(name="ticket-chat", path=live(channel__kind="livechat")),
    Shot(name="ticket-restricted", path=live(restricted_team__isnull=False), who="ana"),
    Shot(name="ticket-merged", path=live(status="merged")),
    Shot(name="ticket-closed", path=live(status="closed", channel__kind="slack")),
    Shot(name="new-ticket", path="/tickets/new/?name=Zo%C3%AB+Marsh&reach=zoe%40example.org"),
    Shot(name="palette", theirs="queue.html?show=palette", act=typed("slot")),
    Shot(name="help", theirs="queue.html?show=help", act=keys("?")),
    Shot(name="search", path="/search/?q=slot", theirs="search.html"),
    Shot(name="search-nothing", path="/search/?q=flux+capacitor"),
    Shot(name="people", path="/people/"),
    Shot(name="person", path=person, theirs="people.html"),
    Shot(name="community", path="/people/community/"),
    Shot(name="community-nominations", path="/people/community/?tab=nominations"),
    Shot(name="community-unanswered", path="/people/community/?tab=unanswered"),
    Shot(name="referrals", path="/people/referrals/"),
    Shot(name="topics", path="/people/topics/"),
    Shot(name="docs-gaps", path="/people/docs-gaps/"),
    Shot(name="quotes", path="/people/quotes/"),
    Shot(name="ticket-quotes", path=quoted),
    Shot(name="ticket-secret", path=leaky),
    Shot(name="ticket-secret-refused", path=leaky, act=refused),
    Shot(name="secret", path=secret),
    Shot(
        name="secret-there",
        path=secret,
        act=clicked(".secret__there details:last-of-type > summary"),
    ),
    Shot(name="interviews", path="/people/interviews/"),
    Shot(name="reports", path="/reports/", theirs="reports.html"),
    Shot(name="reports-more", path="/reports/", act=down),
    Shot(name="rules", path="/admin/inbox/rule/", theirs="rules.html", who="admin"),
    Shot(name="rule", path="/admin/inbox/rule/7/change/", who="admin"),
    Shot(name="on-call", path="/oncall/", theirs="oncall.html"),
    Shot(name="playbooks", path="/playbooks/"),
    Shot(name="playbook-run", path=streamed, theirs="playbook.html"),
    Shot(name="playbook-run-channel", path=pasted),
    Shot(name="events", path="/playbooks/events/"),
    Shot(name="event", path=event),
    Shot(name="series", path="/playbooks/series/office-hours/"),
    Shot(name="macros", path="/macros/"),
    Shot(name="login", path="/login/", theirs="login.html", who=""),
    Shot(name="first-run", path="/start/", who="admin"),
)
