"""What the demo community did for one another: answers, first-timers, and what is made of them."""

from datetime import datetime, timedelta

from inbox import pipeline
from inbox.accounts.models import User
from inbox.common.work import Actor
from inbox.community import nominating, referring
from inbox.loop import services as loop
from inbox.operations import counting
from inbox.operations.sample import words
from inbox.people import standing
from inbox.people.models import Contact, Identity
from inbox.tickets import services as tickets
from inbox.tickets.models import Thread, ThreadRole, Ticket

ROUNDS = 20  # each counts a hundred people


def make(users: dict[str, User], now: datetime) -> None:
    """Everything, and then everybody is counted."""
    noor = Actor.user(users["noor"])
    _answers(now)
    open_ones = list(Ticket.objects.filter(status="open", restricted_team=None).order_by("-number"))
    for ticket, (area, why) in zip(open_ones, words.REFERRED, strict=False):
        with pipeline.change(noor, now=now):
            referring.refer(ticket, why=why, area=area)
    for ticket in open_ones[5:8]:
        with pipeline.change(noor, now=now):
            referring.talk_about(ticket, topic="")
    ended = Ticket.objects.filter(status="in_progress", channel__key="support").order_by("number")
    for n, ticket in enumerate(ended[:5]):
        with pipeline.change(noor, now=now):
            _docs_gap(ticket, words.GAPS[n % len(words.GAPS)])
    count_everybody(now)
    known = Contact.objects.filter(engagement__level="helping", champion=False, merged_into=None)
    for contact in known.order_by("pk")[:1]:
        with pipeline.change(noor, now=now):
            standing.set_alias(contact, "the one with the graphs")
        with pipeline.change(noor, now=now):
            nominating.nominate(contact, reason="kind words for newcomers")


def count_everybody(now: datetime) -> None:
    """What the clockwork does, for all at once."""
    for _ in range(ROUNDS):
        due = counting.due_ids(now)
        for pk in due:
            with pipeline.change(Actor.system("community"), now=now):
                counting.count(pk, now)
        if not due:
            return


def _answers(now: datetime) -> None:
    """People of the rooms answer questions of others in the rooms."""
    threads = Thread.objects.filter(
        channel__kind="slack", role=ThreadRole.CUSTOMER, ticket__restricted_team=None
    ).select_related("ticket")
    people = Identity.objects.filter(kind="slack", user=None).order_by("pk")
    helpers = list(people.filter(messages__isnull=False).distinct()[:3])
    for n, thread in enumerate(threads.order_by("pk")):
        helper = helpers[n % len(helpers)] if helpers else None
        asker = thread.ticket.asker
        if helper is None or asker is None or helper.contact_id == asker.contact_id:
            continue
        at = now - timedelta(hours=3 + 7 * n)
        with pipeline.change(Actor.system("sample"), now=at):
            _answer(thread, helper, n, at)


def _answer(thread: Thread, helper: Identity, n: int, at: datetime) -> None:
    text = words.HELPED[n % len(words.HELPED)]
    tickets.add_message(
        tickets.lock(thread.ticket_id),
        thread,
        direction="in",
        visibility="public",
        role="community",
        external_id=f"sample:helped:{n}",
        sent_at=at,
        author=helper,
        author_label=helper.label,
        body_text=text,
        new_text=text,
        quiet=True,
    )


def _docs_gap(ticket: Ticket, url: str) -> None:
    loop.add_link(ticket, url=url)
    tickets.close(ticket, resolution="docs_gap")
