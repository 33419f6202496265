"""Making issues without JavaScript: choose, read, send; and what a ticket is linked to."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.utils import timezone

from inbox import pipeline
from inbox.accounts.models import Team, User
from inbox.channels.contract import DeliveryError
from inbox.channels.models import Source
from inbox.loop import services as loop
from inbox.loop.models import Item, Release
from inbox.loop.tests.forge import BUG, Forge, connect
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from rig.desk import NOW, act, agent, asker, ticket

pytestmark = pytest.mark.django_db
QUOTE = re.compile(r'<textarea[^>]* name="(quote)"[^>]*>\n(.*?)</textarea>', re.S)
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch) -> Forge:
    """A tracker with three places."""
    return connect(monkeypatch)


@pytest.fixture
def desk() -> Client:
    """Ana, an agent, signed in."""
    client = Client()
    client.force_login(agent("ana"))
    return client


def place(name: str = "acme/zeta") -> int:
    return Source.objects.get(external_key=name).pk


def hidden(page: str) -> dict[str, str]:
    """What the form carries from step to step, the CSRF token aside."""
    found = {k: v for k, v in HIDDEN.findall(page) if k in ("token", "applied", "quoted", "seen")}
    return {name: unescape(text) for name, text in (*found.items(), *QUOTE.findall(page))}


def send(client: Client, path: str, **fields: Any) -> tuple[int, str]:
    answer = client.post(path, fields)
    return answer.status_code, answer.content.decode()


def test_an_issue_is_read_before_it_leaves(desk: Client, forge: Forge) -> None:
    """S45: chosen words of the asker are quoted; nothing leaves without a preview."""
    row = ticket(who=asker("mira"))
    path = f"/tickets/{row.pk}/issue/"
    first = desk.get(path).content.decode()
    said = row.messages.get().pk
    assert f'value="{said}" checked' in first
    assert "&gt; a question" in first
    words = {"place": place(), "title": "It hangs", "summary": "password=hunter22", "close": "on"}
    status, page = send(desk, path, **words, **hidden(first), message=said, step="create")
    assert (status, Outgoing.objects.count()) == (200, 0)
    assert "1 secret removed: password." in page
    assert "hunter22" not in page.partition("issueform__preview")[2]
    status, _ = send(desk, path, **words, **hidden(page), message=said, step="create")
    sent = Outgoing.objects.get()
    assert (status, sent.kind, sent.ticket_id, sent.payload["close"]) == (
        302,
        "issue",
        row.pk,
        True,
    )
    assert sent.payload["text"] == (
        "password=[removed: password]\n\n"
        f"**A community member** wrote:\n\n> a question\n\nFrom support ticket {row.pk}."
    )
    page = desk.get(f"/tickets/{row.pk}/").content.decode()
    assert "made an issue for acme/zeta: It hangs" in page
    assert f'action="/dead-letters/out/{sent.pk}/retry/"' in page


def test_what_changed_after_the_preview_is_shown_again(desk: Client, forge: Forge) -> None:
    words = {"place": place(), "title": "It hangs", "summary": "a", "step": "create"}
    _, page = send(desk, "/issues/new/", **words)
    status, page = send(desk, "/issues/new/", **{**words, **hidden(page), "summary": "b"})
    assert (status, Outgoing.objects.count()) == (200, 0)
    status, _ = send(desk, "/issues/new/", **{**words, **hidden(page), "summary": "b"})
    assert (status, Outgoing.objects.get().payload["text"]) == (302, "b")


def test_a_template_fills_the_form_and_keeps_what_was_written(desk: Client, forge: Forge) -> None:
    """S83."""
    path = "/issues/new/"
    _, page = send(desk, path, place=place(), template="bug.md", step="edit")
    assert f'value="{BUG.title}"' in page
    assert f"{BUG.text}</textarea>" in page
    assert 'name="labels" value="kind/Bug"' in page
    mine = {"place": place(), "title": "Mine", "summary": "My words", "labels": "kind/Bug, mine"}
    _, page = send(desk, path, **mine, applied="bug.md", template="idea.md", step="edit")
    assert 'value="Mine"' in page
    assert "My words\n\n### Why?\n</textarea>" in page
    assert 'name="labels" value="mine"' in page


def test_templates_that_cannot_be_had_stop_nobody(desk: Client, forge: Forge) -> None:
    forge.trouble = DeliveryError("The forge is not there.")
    words = {"place": place(), "title": "It hangs", "summary": "a"}
    _, page = send(desk, "/issues/new/", **words, step="edit")
    assert "No templates: The forge is not there." in page
    _, page = send(desk, "/issues/new/", **words, step="preview")
    send(desk, "/issues/new/", **words, **hidden(page), step="create")
    assert Outgoing.objects.count() == 1


def test_other_messages_change_the_quotation_and_nothing_else(desk: Client, forge: Forge) -> None:
    row = ticket(who=asker("mira"))
    answer = act(tickets.reply, row, body="Try two", user=agent("ana"))
    given = {"place": place(), "title": "T", "summary": "My words", "message": [answer.pk]}
    _, page = send(desk, f"/tickets/{row.pk}/issue/", **given, quote="old", step="edit")
    assert "**The team** wrote:\n\n&gt; Try two" in page
    assert "My words</textarea>" in page
    edited = {**given, **hidden(page), "quote": "my own cut"}
    _, page = send(desk, f"/tickets/{row.pk}/issue/", **edited, step="edit")
    assert "my own cut</textarea>" in page


def test_a_name_that_is_left_is_said_before_it_leaves(desk: Client, forge: Forge) -> None:
    row = ticket(who=asker("mira"))
    given = {"place": place(), "title": "Mira hangs", "summary": "", "step": "preview"}
    _, page = send(desk, f"/tickets/{row.pk}/issue/", **given)
    assert "did not agree to it: Mira." in page
    _, page = send(desk, f"/tickets/{row.pk}/issue/", **given, named="on")
    assert "did not agree to it" not in page


def test_last_place_comes_first(desk: Client, forge: Forge) -> None:
    words = {"place": place("acme/odd"), "title": "T", "summary": "a"}
    _, page = send(desk, "/issues/new/", **words, step="preview")
    send(desk, "/issues/new/", **words, **hidden(page), step="create")
    page = desk.get("/issues/new/").content.decode()
    assert f'<option value="{place("acme/odd")}" selected>acme/odd</option>' in page
    assert "acme/odd" in page.partition("Made here lately")[2]


def test_issue_without_a_ticket_is_undone_where_it_was_made(desk: Client, forge: Forge) -> None:
    words = {"place": place(), "title": "T", "summary": "a"}
    _, page = send(desk, "/issues/new/", **words, step="preview")
    send(desk, "/issues/new/", **words, **hidden(page), step="create")
    row = Outgoing.objects.get()
    answer = desk.post(f"/dead-letters/out/{row.pk}/undo/", {"from": "issues"})
    row.refresh_from_db()
    assert (answer["Location"], row.state) == ("/issues/new/", "failed")


def test_an_unknown_place_opens_nothing(desk: Client, forge: Forge) -> None:
    words = {"place": 999_999, "title": "T", "summary": "a"}
    _, page = send(desk, "/issues/new/", **words, step="preview")
    send(desk, "/issues/new/", **words, **hidden(page), step="create")
    assert Outgoing.objects.count() == 0


@pytest.mark.parametrize(("role", "status"), [("viewer", 404), ("light", 404), ("agent", 200)])
def test_roles_decide_who_may(role: str, status: int, forge: Forge) -> None:
    client = Client()
    client.force_login(agent("lee", role=role))
    row = ticket()
    paths = (f"/tickets/{row.pk}/issue/", "/issues/new/")
    assert [client.get(path).status_code for path in paths] == [status, status]


def test_strangers_and_other_teams_see_nothing(desk: Client, forge: Forge) -> None:
    row = ticket(restricted_team=Team.objects.create(key="sec", name="Security"))
    path = f"/tickets/{row.pk}/issue/"
    assert (desk.get(path).status_code, Client().get(path).status_code) == (404, 302)
    assert AnonymousUser().is_authenticated is False


def test_what_few_may_see_is_refused_with_the_reason(forge: Forge) -> None:
    """Its own team cannot make it public, an admin confirms it."""
    team = Team.objects.create(key="sec", name="Security")
    ben, root = agent("ben"), agent("root", role="admin")
    ben.teams.add(team)
    row = ticket(restricted_team=team)
    path = f"/tickets/{row.pk}/issue/"
    words = {"place": place(), "title": "T", "summary": "a"}
    for user, more in ((ben, {"confirmed": "on"}), (root, {})):
        client = Client()
        client.force_login(user)
        _, page = send(client, path, **words, **more, step="preview")
        status, page = send(client, path, **words, **more, **hidden(page), step="create")
        assert (status, Outgoing.objects.count()) == (422, 0)
        assert "Few people may see this ticket." in page
    words["confirmed"] = "on"
    _, page = send(client, path, **words, step="preview")
    status, _ = send(client, path, **words, **hidden(page), step="create")
    assert (status, Outgoing.objects.count()) == (302, 1)


# ------------------------------------------------------------------ afterwards


def opened(row: Ticket, user: User, *, state: str = "sent") -> None:
    """An issue of the ticket is out, or not."""
    client = Client()
    client.force_login(user)
    words = {"place": place(), "title": "It hangs", "summary": "a"}
    _, page = send(client, f"/tickets/{row.pk}/issue/", **words, step="preview")
    send(client, f"/tickets/{row.pk}/issue/", **words, **hidden(page), step="create")
    sent = Outgoing.objects.latest("pk")
    assert pipeline.deliver(sent.pk, now=timezone.now() + timedelta(seconds=11)) == state


def test_the_asker_is_told_only_when_somebody_sends_the_words(desk: Client, forge: Forge) -> None:
    row = ticket()
    opened(row, agent("ana"))
    assert Outgoing.objects.exclude(kind="issue").count() == 0
    page = desk.get(f"/tickets/{row.pk}/").content.decode()
    assert "acme/zeta#1</a>. Nobody told them yet." in page
    page = desk.get(f"/tickets/{row.pk}/?say=issue").content.decode()
    link = "https://forge.example/acme/zeta/issues/1"
    assert f"This became {link}. We will tell you here when it is released.</textarea>" in page
    act(
        tickets.reply,
        row,
        body="It is an issue now",
        user=agent("ana"),
        at=timezone.now() + timedelta(seconds=12),
    )
    assert "Nobody told them" not in desk.get(f"/tickets/{row.pk}/").content.decode()


def test_a_failed_issue_is_said_on_the_ticket(desk: Client, forge: Forge) -> None:
    row = ticket()
    forge.trouble = DeliveryError("Issues are switched off there.", permanent=True)
    opened(row, agent("ana"), state="failed")
    page = desk.get(f"/tickets/{row.pk}/").content.decode()
    assert "Not sent: Issues are switched off there." in page
    assert "It could not be sent: Issues are switched off there." in page


def test_linked_items_show_title_state_and_release(desk: Client, forge: Forge) -> None:
    row = ticket()
    channel = Source.objects.get(external_key="acme/zeta").channel
    release = Release.objects.create(channel=channel, place="acme/zeta", tag="v1.2", at=NOW)
    url = "https://forge.example/acme/zeta/issues/9"
    Item.objects.create(
        channel=channel, key="7:issue:9", kind="issue", place="acme/zeta", number=9, url=url,
        title="Slot <b>", state="closed", released_in=release,
    )  # fmt: skip
    act(loop.add_link, row, url=f"{url}#comment-4")
    page = desk.get(f"/tickets/{row.pk}/").content.decode()
    assert ">Slot &lt;b&gt;</a>" in page
    assert '<span class="chip chip--ok">closed</span>' in page
    assert '<span class="chip chip--ok">released in v1.2</span>' in page


def test_a_link_is_taken_off_and_put_back_from_the_conversation(desk: Client) -> None:
    row = ticket()
    url = "https://docs.example/page"
    desk.post(f"/tickets/{row.pk}/link/", {"url": url})
    desk.post(f"/tickets/{row.pk}/unlink/", {"url": url})
    assert row.links.count() == 0
    page = desk.get(f"/tickets/{row.pk}/").content.decode()
    assert f'name="url" value="{url}"><button class="btn btn--s">' in page
    assert "Put it back" in page
    desk.post(f"/tickets/{row.pk}/link/", {"url": url})
    assert row.links.count() == 1


def test_who_asked_elsewhere_stands_on_the_items_ticket(desk: Client, forge: Forge) -> None:
    """S62; a restricted ticket is there for its team only."""
    channel = Source.objects.get(external_key="acme/zeta").channel
    home = ticket(channel=channel)
    url = "https://forge.example/acme/zeta/issues/9"
    Item.objects.create(
        channel=channel, key=home.threads.get().thread_key, kind="issue", place="acme/zeta",
        number=9, url=url,
    )  # fmt: skip
    mail, secret = ticket(), ticket(restricted_team=Team.objects.create(key="sec", name="S"))
    for row in (mail, secret):
        act(loop.add_link, row, url=url)
    shown = desk.get(f"/tickets/{home.pk}/").content.decode().partition("Also asked in")[2]
    assert mail.subject in shown
    assert secret.subject not in shown


def test_docs_gap_asks_for_the_page_and_keeps_it(desk: Client) -> None:
    """S9."""
    row = ticket()
    path = f"/tickets/{row.pk}/close/"
    answer = desk.post(path, {"resolution": "docs_gap"})
    row.refresh_from_db()
    assert (answer.status_code, row.status) == (422, "open")
    assert b"Which page, issue or pull request closes the gap?" in answer.content
    assert b'<option value="docs_gap" selected>' in answer.content
    desk.post(path, {"resolution": "docs_gap", "link": "https://github.com/a/docs/pull/3"})
    row.refresh_from_db()
    link = row.links.get()
    assert (row.resolution, link.kind) == ("docs_gap", "github_pull")


@pytest.mark.parametrize("count", [0, 1, 4])
def test_linked_items_cost_the_same_at_any_number(
    count: int, desk: Client, forge: Forge, django_assert_max_num_queries: Any
) -> None:
    channel = Source.objects.get(external_key="acme/zeta").channel
    row = ticket(channel=channel)
    for number in range(count):
        url = f"https://forge.example/acme/zeta/issues/{number}"
        Item.objects.create(
            channel=channel, key=f"7:issue:{number}", kind="issue", place="acme/zeta",
            number=number, url=url,
        )  # fmt: skip
        act(loop.add_link, row, url=url)
    desk.get(f"/tickets/{row.pk}/")
    with django_assert_max_num_queries(15):
        page = desk.get(f"/tickets/{row.pk}/").content.decode()
    assert page.count('class="linked"') == count
