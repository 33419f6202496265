"""The way back: from a fix to the release that has it, and to everybody who asked (L25, S62)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from inbox.channels.models import Source
from inbox.loop import issues, releasing
from inbox.loop import services as loop
from inbox.loop.models import Item, Link, LoopNotice
from inbox.operations import draining
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Ticket, TicketEvent
from integrations.github.tests.conftest import NOON, REPO, deliver, drafts, fixed, look
from rig.desk import act, agent, asker, mailbox, ticket
from rig.github import FakeGitHub
from rig.github_git import GitRepository

pytestmark = pytest.mark.django_db


def test_everybody_who_asked_is_told_once_when_the_release_is_out(
    hub: FakeGitHub, git: GitRepository
) -> None:
    """L25, S62: nothing for a pre-release; one message each, in mail and in the issue."""
    issue, mail = fixed(hub, git)
    deliver(git.release("v1.1.0-rc1", prerelease=True))
    look()
    assert drafts() == []
    deliver(git.release("v1.1.0", notes="What is new"))
    look()
    assert [kind for kind, _ in drafts()] == ["github", "email"]
    assert all("**v1.1.0** of core" in text for _, text in drafts())
    assert "Hi @kezia," in drafts()[0][1]
    assert not Message.objects.filter(direction="out").exists()
    assert Link.objects.get(ticket=mail).released_in == "v1.1.0"
    assert TicketEvent.objects.filter(kind="released").count() == 2
    deliver(git.edit_release("v1.1.0", body="What is new, without a slip"))
    look()
    assert LoopNotice.objects.count() == 2

    browser = Client()
    browser.force_login(agent("ana"))
    page = browser.get("/loop/").content.decode()
    assert page.count('name="notice"') == 2
    shown = list(LoopNotice.objects.values_list("pk", flat=True))
    assert browser.post("/loop/approve/", {"notice": shown}).status_code == 302
    assert set(Outgoing.objects.values_list("state", flat=True)) == {"queued"}
    told = Message.objects.filter(direction="out").order_by("pk")
    assert [message.ticket_id for message in told] == [issue.pk, mail.pk]
    mail.refresh_from_db()
    assert mail.status == "open", "being told closes nothing by itself"


def test_answer_of_somebody_who_was_told_is_noted_and_opens_again(
    hub: FakeGitHub, git: GitRepository
) -> None:
    issue, _ = fixed(hub, git)
    deliver(git.release("v1.1.0"))
    look()
    notice = LoopNotice.objects.get(ticket=issue)
    Outgoing.objects.filter(pk=notice.outgoing_id).update(state="sent", held_reason="")
    issue.refresh_from_db()
    assert issue.status == "closed"
    deliver(hub.comment("kezia", REPO, 1, "It still hangs with v1.1.0, sorry."))
    issue.refresh_from_db()
    notice.refresh_from_db()
    assert (issue.status, notice.answered_at is not None) == ("open", True)


def test_one_person_with_two_tickets_is_told_once_per_channel(
    hub: FakeGitHub, git: GitRepository
) -> None:
    _, mail = fixed(hub, git)
    again = ticket(channel=mail.channel, who=mail.asker)
    act(loop.add_link, again, url=f"https://github.com/{REPO}/issues/1", at=NOON)
    deliver(git.release("v1.1.0"))
    look()
    assert [kind for kind, _ in drafts()] == ["github", "email"]


def test_those_who_asked_the_same_elsewhere_are_included(
    hub: FakeGitHub, git: GitRepository
) -> None:
    """S62: a second issue that was linked, and a mail that is linked only to that one."""
    fixed(hub, git)
    deliver(hub.open("helper", REPO, "Same here"))
    number = max(number for _, number in hub.things)
    second = Ticket.objects.get(subject="Same here")
    act(loop.add_link, second, url=f"https://github.com/{REPO}/issues/1", at=NOON)
    third = ticket(channel=mailbox("help"), who=asker("noor"))
    act(loop.add_link, third, url=f"https://github.com/{REPO}/issues/{number}", at=NOON)
    deliver(git.release("v1.1.0"))
    look()
    told = LoopNotice.objects.order_by("ticket_id").values_list("contact__name", flat=True)
    assert list(told) == ["kezia", "Mira", "helper", "Noor"]


def test_team_is_not_told_and_neither_is_spam(hub: FakeGitHub, git: GitRepository) -> None:
    _, mail = fixed(hub, git)
    act(tickets.mark_spam, mail, at=NOON)
    deliver(hub.open("maya", REPO, "Hangs for me, too"))
    mine = Ticket.objects.get(subject="Hangs for me, too")
    act(loop.add_link, mine, url=f"https://github.com/{REPO}/issues/1", at=NOON)
    deliver(git.release("v1.1.0"))
    look()
    assert [kind for kind, _ in drafts()] == ["github"]


def test_tag_that_moves_away_takes_back_what_nobody_approved(
    hub: FakeGitHub, git: GitRepository
) -> None:
    before = git.sha()
    fixed(hub, git)
    deliver(git.release("v1.1.0"))
    look()
    assert len(drafts()) == 2
    git.move_tag("v1.1.0", before)
    deliver(git.edit_release("v1.1.0", body="oops"))
    look()
    assert drafts() == []
    item = Item.objects.get(number=1)
    assert item.released_in is None
    assert not Link.objects.exclude(released_in="").exists()
    deliver(git.release("v1.1.1"))
    look()
    assert all("v1.1.1" in text for _, text in drafts())
    assert len(drafts()) == 2


def test_link_to_what_is_out_already_says_so_and_drafts(
    hub: FakeGitHub, git: GitRepository
) -> None:
    fixed(hub, git)
    deliver(git.release("v1.1.0"))
    look()
    late = ticket(channel=mailbox("help"), who=asker("noor"))
    act(loop.add_link, late, url=f"https://github.com/{REPO}/issues/1", at=NOON)
    assert Link.objects.get(ticket=late).released_in == "v1.1.0"
    assert len(drafts()) == 3


def test_issue_that_was_never_delivered_is_read_when_it_is_linked(
    hub: FakeGitHub, git: GitRepository
) -> None:
    hub.open("kezia", REPO, "It hangs")
    deliver(hub.open("helper", REPO, "Another one"))
    mail = ticket(channel=mailbox(), who=asker("mira"))
    link = act(loop.add_link, mail, url=f"https://github.com/{REPO}/issues/1", at=NOON)
    assert link.item is not None
    assert (link.kind, link.item.at) == ("github_issue", None)
    git.push()
    look()
    item = Item.objects.get(number=1)
    assert (item.title, item.state, item.due_at) == ("It hangs", "open", None)


def test_wont_fix_and_duplicates_wait_for_no_release(hub: FakeGitHub, git: GitRepository) -> None:
    deliver(hub.open("kezia", REPO, "It hangs"))
    deliver(hub.change("maya", REPO, 1, "closed", state="closed", state_reason="not_planned"))
    deliver(git.release("v1.1.0"))
    look()
    assert drafts() == []
    assert Item.objects.get().due_at is None


def test_closed_by_nobody_knows_what_says_so_and_asks_no_more(
    hub: FakeGitHub, git: GitRepository
) -> None:
    deliver(hub.open("kezia", REPO, "It hangs"))
    deliver(hub.change("maya", REPO, 1, "closed", state="closed", state_reason="completed"))
    look()
    item = Item.objects.get()
    assert item.trouble == releasing.NO_FIX
    deliver(git.release("v1.1.0"))
    item.refresh_from_db()
    assert item.due_at is None
    page = client_page()
    assert releasing.NO_FIX in page


def client_page() -> str:
    browser = Client()
    browser.force_login(agent("ana"))
    return browser.get("/loop/").content.decode()


def test_tracker_that_is_away_is_asked_again_later(hub: FakeGitHub, git: GitRepository) -> None:
    deliver(hub.open("kezia", REPO, "It hangs"))
    number = git.pull("maya", "Do not hang", "Fixes #1")
    hub.is_away = True
    deliver(git.merge_pull(number))
    deliver(hub.change("maya", REPO, 1, "closed", state="closed", state_reason="completed"))
    deliver(git.release("v1.1.0"))
    look()
    item = Item.objects.get(number=1)
    assert (item.released_in, item.trouble) == (None, "GitHub did not answer")
    assert item.due_at is not None
    hub.is_away = False
    Item.objects.update(due_at=NOON)
    look()
    assert len(drafts()) == 1


def test_docs_gap_is_told_back_when_the_page_is_there(hub: FakeGitHub, git: GitRepository) -> None:
    """S9: the docs change was linked, the ticket closed as a docs gap; its merge is told."""
    number = git.pull("maya", "Explain taps", "", files={"docs/taps.md": "How to."})
    deliver(hub.body("maya", REPO, number, "opened"))
    mail = ticket(channel=mailbox(), who=asker("mira"))
    act(loop.add_link, mail, url=f"https://github.com/{REPO}/pull/{number}", at=NOON)
    act(tickets.close, mail, resolution="docs_gap", at=NOON)
    assert drafts() == []
    deliver(git.merge_pull(number))
    ((kind, text),) = drafts()
    assert kind == "email"
    assert f"/pull/{number}" in text
    deliver(git.release("v1.1.0"))
    look()
    assert len(drafts()) == 1


def test_naming_an_issue_on_a_ticket_links_them_and_naming_the_ticket_there_does(
    hub: FakeGitHub, git: GitRepository, settings: object
) -> None:
    """S61: links both ways, by what is written."""
    settings.BASE_URL = "https://desk.example.com"  # type: ignore[attr-defined]  # pytest-django's wrapper
    deliver(hub.open("kezia", REPO, "It hangs"))
    mail, other = ticket(channel=mailbox(), who=asker("mira")), ticket(who=asker("noor"))
    url = f"https://github.com/{REPO}/issues/1"
    act(tickets.add_note, mail, body=f"That is {url}.", user=agent("ana"), at=NOON)
    assert Link.objects.get(ticket=mail).url == url
    there = f"Asked in https://desk.example.com/tickets/{other.pk}/ as well"
    deliver(hub.comment("kezia", REPO, 1, there))
    assert not Link.objects.filter(ticket=other).exists(), "only the team names tickets of the desk"
    deliver(hub.comment("maya", REPO, 1, there))
    assert Link.objects.get(ticket=other).item == Item.objects.get()


def test_page_asks_the_same_number_of_questions_whatever_waits(
    hub: FakeGitHub, git: GitRepository, django_assert_max_num_queries: object
) -> None:
    fixed(hub, git)
    deliver(git.release("v1.1.0"))
    look()
    browser = Client()
    browser.force_login(agent("ana"))
    with django_assert_max_num_queries(14):  # type: ignore[operator]  # pytest-django's fixture
        assert browser.get("/loop/").status_code == 200


def test_issue_from_a_ticket_is_there_once_and_the_ticket_is_linked(
    hub: FakeGitHub, git: GitRepository
) -> None:
    """S45, S61: created by the outbox although the first answer was lost; our own echo is none."""
    hub.at = timezone.now().replace(microsecond=0)  # the fake's clock goes with ours
    deliver(hub.open("kezia", REPO, "Another thing"))
    mail, ana = ticket(channel=mailbox(), who=asker("mira")), agent("ana")
    source = Source.objects.get(external_key=REPO)
    wanted = issues.Wanted(
        source=source, title="It hangs", text="Steps.", labels=["bug"], close=True
    )
    hub.fail(f"/repos/{REPO}/issues", drop="after")
    act(issues.open_issue, wanted, user=ana, ticket=mail, delay=timedelta(), at=timezone.now())
    for _ in range(3):
        Outgoing.objects.update(not_before=NOON)
        assert draining.drain(timeout_seconds=30)[1]
    made = [row for row in hub.things.values() if row["title"] == "It hangs"]
    assert [[label["name"] for label in row["labels"]] for row in made] == [["bug"]]
    mail.refresh_from_db()
    assert (mail.status, mail.resolution) == ("closed", "became_issue")
    link = Link.objects.get(ticket=mail)
    assert (link.url, link.item and link.item.title) == (made[0]["html_url"], "It hangs")
    deliver(hub.body("kezia", REPO, made[0]["number"], "opened"))
    assert Ticket.objects.count() == 2
    assert Item.objects.filter(title="It hangs").count() == 1
