"""From a ticket to an issue: whose words, without which, when, and what follows."""

from datetime import timedelta

import pytest

from inbox import pipeline
from inbox.accounts.models import Team, User
from inbox.channels.contract import DeliveryError
from inbox.channels.models import Source
from inbox.common.work import Actor
from inbox.loop import issues
from inbox.loop import services as loop
from inbox.loop.issues import Wanted
from inbox.loop.models import Link
from inbox.loop.tests.forge import BUG, IDEA, Forge, connect
from inbox.outbox import deciding
from inbox.outbox.models import Outgoing
from inbox.people.models import Identity
from inbox.tickets import services as tickets
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.models import Ticket, TicketEvent
from rig.desk import NOW, act, agent, asker, ticket, writes

pytestmark = pytest.mark.django_db
LOOP = {"issue_asked", "sent", "linked", "issue_opened", "closed"}
URL = "https://forge.example/acme/zeta/issues/1"


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch) -> Forge:
    """A tracker with three places."""
    return connect(monkeypatch)


@pytest.fixture
def ana() -> User:
    """An agent."""
    return agent("ana")


def want(**fields: object) -> Wanted:
    source = Source.objects.select_related("channel").get(external_key="acme/zeta")
    given = {"title": "It hangs", "text": "Words", "token": "t1", **fields}
    return Wanted(source=source, **given)  # type: ignore[arg-type]  # a test's fields


def ask(row: Ticket | None, user: User, **fields: object) -> Outgoing:
    with pipeline.change(Actor.user(user), now=NOW):
        return issues.open_issue(want(**fields), user=user, ticket=row, delay=timedelta(seconds=10))


def leave(row: Outgoing, *, seconds: int = 11) -> str:
    return pipeline.deliver(row.pk, now=NOW + timedelta(seconds=seconds))


def kinds_of(row: Ticket) -> list[str]:
    return list(row.events.order_by("pk").values_list("kind", flat=True))


# ------------------------------------------------------------------ where


def test_places_by_group_and_the_last_one_first(forge: Forge) -> None:
    """Patterns of the handbook and kinds that open nothing are no places."""
    ticket()
    names = [str(row) for row in issues.places()]
    assert names == ["acme/alpha", "acme/zeta", "acme/odd"]
    odd = Source.objects.get(external_key="acme/odd")
    assert [str(row) for row in issues.places(last=odd.pk)] == [
        "acme/odd",
        "acme/alpha",
        "acme/zeta",
    ]


def test_templates_are_kept_and_trouble_is_said(forge: Forge) -> None:
    source = Source.objects.get(external_key="acme/zeta")
    forge.trouble = DeliveryError("The forge is not there.")
    assert issues.templates_of(source) == ((), "The forge is not there.")
    forge.trouble = None
    assert issues.templates_of(source) == ((BUG, IDEA), "")
    forge.trouble = DeliveryError("The forge is not there.")
    assert issues.templates_of(source) == ((BUG, IDEA), "")


# ------------------------------------------------------------------ the words


def conversation() -> tuple[Ticket, list[int]]:
    """A question with a secret in it, an answer, a note, a word of somebody else."""
    mira = asker("mira", handle="mirela")
    row = ticket(who=mira)
    other = asker("tom")
    said = [
        writes(row, mira, at=NOW, new_text="Mira here (mirela, mira@example.org)\npassword=hunter22"),
        act(tickets.reply, row, body="Hi Mira, try 2", user=agent("ana")),
        act(tickets.add_note, row, body="Mira is rude", user=agent("ana")),
        writes(row, other, role="community", at=NOW, new_text="Tom saw this too"),
    ]  # fmt: skip
    return row, [message.pk for message in said]


def test_quotes_say_neither_who_nor_secrets(forge: Forge) -> None:
    """S45; notes are never quoted, even when they are asked for."""
    row, said = conversation()
    assert issues.quote(row, said) == (
        "**A community member** wrote:\n\n"
        "> a community member here (a community member, a community member)\n"
        "> password=[removed: password]\n\n"
        "**The team** wrote:\n\n> Hi a community member, try 2\n\n"
        "**A community member** wrote:\n\n> a community member saw this too\n\n"
        f"From support ticket {row.pk}."
    )


def test_only_the_asker_who_agreed_is_named(forge: Forge) -> None:
    row, said = conversation()
    assert issues.quote(row, [said[0], said[3]], named=True) == (
        "**Mira** wrote:\n\n> Mira here (mirela, [removed: address])\n"
        "> password=[removed: password]\n\n"
        "**A community member** wrote:\n\n> a community member saw this too\n\n"
        f"From support ticket {row.pk}."
    )


def test_a_conversation_that_is_public_is_linked(forge: Forge) -> None:
    channel = Source.objects.get(external_key="acme/odd").channel
    row = ticket(channel=channel, permalink="https://forge.example/acme/odd/issues/9")
    assert issues.quote(row, []) == "The conversation: https://forge.example/acme/odd/issues/9"
    private = ticket(permalink="https://mail.example/9")
    assert issues.quote(private, []) == f"From support ticket {private.pk}."


# ------------------------------------------------------------------ opening it


def test_issue_leaves_by_the_outbox_and_closes_the_ticket(forge: Forge, ana: User) -> None:
    """S61: linked once it is out, and closed by the one who asked for it."""
    row = ticket()
    sent = ask(row, ana, labels=("kind/Bug",), close=True, text="Key: ghp_" + "aB3d" * 9)
    row.refresh_from_db()
    assert (row.status, forge.opened, leave(sent, seconds=9)) == ("open", [], "")
    assert leave(sent) == "sent"
    out = forge.opened[0]
    assert (out.thread_key, out.place, out.subject, out.labels) == (
        "",
        "acme/zeta",
        "It hangs",
        ("kind/Bug",),
    )
    assert out.text == "Key: [removed: token]"
    row.refresh_from_db()
    link = Link.objects.select_related("item").get()
    assert (row.status, row.resolution) == ("closed", "became_issue")
    assert (link.ticket_id, link.kind, link.url, link.state) == (
        row.pk,
        "github_issue",
        URL,
        "open",
    )
    assert link.item is not None
    assert (link.item.key, link.item.title, link.item.place) == (
        "7:issue:1",
        "It hangs",
        "acme/zeta",
    )
    told = [kind for kind in kinds_of(row) if kind in LOOP]
    assert told == ["issue_asked", "sent", "linked", "issue_opened", "closed"]
    closed = TicketEvent.objects.get(kind="closed")
    assert (closed.actor_kind, closed.actor_label) == ("user", "ana")


def test_new_words_of_the_asker_keep_the_ticket_open(forge: Forge, ana: User) -> None:
    row = ticket()
    sent = ask(row, ana, close=True)
    assert row.asker is not None
    writes(row, row.asker, at=NOW + timedelta(seconds=5), new_text="one more thing")
    assert leave(sent) == "sent"
    row.refresh_from_db()
    assert (row.status, row.links.count()) == ("open", 1)


def test_a_merged_ticket_passes_its_link_on(forge: Forge, ana: User) -> None:
    row, into = ticket(), ticket()
    sent = ask(row, ana, close=True)
    act(tickets.merge, row, into=into)
    assert leave(sent) == "sent"
    into.refresh_from_db()
    assert (into.status, into.links.count(), row.links.count()) == ("closed", 1, 0)


def test_failure_is_said_and_nothing_is_lost(forge: Forge, ana: User) -> None:
    row = ticket()
    forge.trouble = DeliveryError("Issues are switched off there.", permanent=True)
    sent = ask(row, ana, close=True)
    assert leave(sent) == "failed"
    row.refresh_from_db()
    failed = row.events.get(kind="send_failed")
    assert (row.status, row.links.count(), failed.data["why"]) == (
        "open",
        0,
        "Issues are switched off there.",
    )
    forge.trouble = None
    act(deciding.retry, Outgoing.objects.get())
    assert leave(sent, seconds=12) == "sent"
    row.refresh_from_db()
    assert (row.resolution, len(forge.opened)) == ("became_issue", 1)


def test_a_temporary_failure_is_tried_again(forge: Forge, ana: User) -> None:
    forge.trouble = DeliveryError("Not now.", retry_after_seconds=5)
    sent = ask(ticket(), ana)
    assert leave(sent) == "queued"
    forge.trouble = None
    assert leave(sent, seconds=60) == "sent"
    assert len(forge.opened) == 1


def test_pressing_twice_opens_one(forge: Forge, ana: User) -> None:
    row = ticket()
    assert ask(row, ana).pk == ask(row, ana).pk
    assert Outgoing.objects.count() == 1


def test_undone_in_time_nothing_leaves(forge: Forge, ana: User) -> None:
    row = ticket()
    sent = ask(row, ana, close=True)
    act(deciding.discard, sent)
    assert (leave(sent), forge.opened, row.links.count()) == ("", [], 0)


def test_the_agents_own_account_speaks(forge: Forge, ana: User) -> None:
    """S68."""
    who = asker("ana-there")
    Identity.objects.filter(pk=who.pk).update(
        kind="forge", realm="forge.example", external_id="5", user=ana
    )
    leave(ask(None, ana))
    assert forge.opened[0].author_key == "5"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 251}, "title"),
        ({"text": "x " * 30_001}, "quote"),
    ],
)
def test_what_cannot_be_an_issue(
    forge: Forge, ana: User, fields: dict[str, str], field: str
) -> None:
    with pytest.raises(VerbError) as refused:
        ask(None, ana, **fields)
    assert (refused.value.field, Outgoing.objects.count()) == (field, 0)


def test_a_place_that_takes_no_issues_is_refused(forge: Forge, ana: User) -> None:
    mail = Source.objects.create(channel=ticket().channel, external_key="x")
    wanted = Wanted(source=mail, title="a", text="b", token="t")
    with pytest.raises(VerbError):
        act(issues.open_issue, wanted, user=ana, ticket=None, delay=timedelta())
    assert Outgoing.objects.count() == 0


@pytest.mark.parametrize("why", ["restricted", "security"])
def test_what_few_may_see_becomes_public_only_by_a_confirming_admin(
    forge: Forge, ana: User, why: str
) -> None:
    row = ticket(kind="security") if why == "security" else ticket()
    if why == "restricted":
        act(tickets.restrict, row, Team.objects.create(key="sec", name="Security"))
    root = agent("root", role="admin")
    for user, confirmed in ((ana, True), (root, False)):
        with pytest.raises(NotAllowed):
            ask(row, user, confirmed=confirmed)
    assert Outgoing.objects.count() == 0
    assert ask(row, root, confirmed=True).state == "queued"


# ------------------------------------------------------------------ links


def test_a_link_is_taken_off_and_put_back() -> None:
    row = ticket()
    act(loop.add_link, row, url=URL)
    act(loop.remove_link, row, url=URL)
    act(loop.remove_link, row, url=URL)
    assert (row.links.count(), row.events.filter(kind="unlinked").count()) == (0, 1)
    act(loop.add_link, row, url=URL)
    assert row.links.get().kind == "github_issue"


@pytest.mark.parametrize("resolution", ["became_issue", "docs_gap"])
def test_the_last_link_of_an_end_that_rests_on_it_stays(resolution: str) -> None:
    """S9, S61."""
    row = ticket()
    act(loop.add_link, row, url=URL)
    act(tickets.close, row, resolution=resolution)
    with pytest.raises(NotAllowed):
        act(loop.remove_link, row, url=URL)
    act(loop.add_link, row, url="https://docs.example/page")
    act(loop.remove_link, row, url=URL)
    assert [link.url for link in row.links.all()] == ["https://docs.example/page"]
