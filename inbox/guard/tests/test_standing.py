"""Secrets at their source: looked at again, masked and deleted there, over HTTP."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inbox.audit.models import AuditEntry
from inbox.channels.models import Channel
from inbox.guard import secrets, standing
from inbox.guard.models import Secret
from inbox.guard.tests.test_tripwire import GITHUB, REPO, STRIPE, Doors, doors
from inbox.operations import draining
from inbox.operations.acting import CLOCKWORK
from inbox.operations.connecting import connect
from inbox.outbox.models import Outgoing
from rig.desk import act, agent
from rig.slack import ADMIN_TOKEN
from rig.vendor import Answer

__all__ = ["doors"]
pytestmark = pytest.mark.django_db(transaction=True)
MARK = "[secret removed: GitHub token]"


@pytest.fixture
def client() -> Client:
    signed_in = Client()
    signed_in.force_login(agent("ana", role="agent"))
    return signed_in


def drain() -> None:
    """Everything that is due, until nothing is left."""
    assert draining.drain(timeout_seconds=60)[1]


def commented(doors: Doors) -> tuple[Secret, str]:
    """A comment at GitHub with a token in it, under an issue without one."""
    token = doors.plant(GITHUB, 36)
    doors.happens(doors.github.open("kezia", REPO, "It hangs"))
    doors.happens(doors.github.comment("kezia", REPO, 1, f"with {token} here"))
    drain()
    return Secret.objects.get(), token


def posted(doors: Doors, thread: str = "") -> tuple[Secret, str, str]:
    """A message in Slack with a token in it: the row, its place and its time."""
    place = doors.slack.room("help").id
    ts = doors.slack.say("U0ADA", place, f"with {doors.plant(GITHUB, 36)} here", thread=thread)
    doors.says(doors.slack.message_event(place, ts))
    drain()
    return Secret.objects.get(), place, ts


def press(client: Client, row: Secret, verb: str, **given: str) -> str:
    """A button of the page; what the page says then."""
    answer = client.post(reverse("secret-do", args=[row.pk, verb]), given, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def look(pk: int, now: datetime) -> bool:
    """The clockwork's own way of looking."""
    return next(do for find, do in CLOCKWORK if find is standing.due_ids)(pk, now)


def words(doors: Doors) -> str:
    """The only comment, as it stands at GitHub."""
    (comment,) = doors.github.comments.values()
    return str(comment["body"])


def test_a_comment_is_looked_at_and_found_until_its_author_edits_it(
    doors: Doors, client: Client
) -> None:
    row, _ = commented(doors)
    assert "It still stands there." in press(client, row, "look")
    next(iter(doors.github.comments.values()))["body"] = "with nothing here"
    assert "It stands there no more." in press(client, row, "look")
    row.refresh_from_db()
    assert row.gone_at is not None
    told = row.ticket.events.filter(kind__startswith="secret_").order_by("pk")
    assert list(told.values_list("kind", flat=True)) == [
        "secret_found",
        "secret_stands",
        "secret_gone",
    ]


def test_a_deleted_comment_is_gone_and_a_hidden_repository_says_nothing(
    doors: Doors, client: Client
) -> None:
    row, _ = commented(doors)
    doors.github.comments.clear()
    doors.github.fail(f"/repos/{REPO}", answer=Answer(404, {"message": "Not Found"}))
    assert "It could not be looked at" in press(client, row, "look")
    row.refresh_from_db()
    assert (row.gone_at, row.look_error) == (
        None,
        "GitHub knows nothing there, or the token may not see it",
    )
    press(client, row, "look")
    row.refresh_from_db()
    assert (row.gone_at is not None, row.look_error) == (True, "")


def test_a_comment_is_masked_where_it_stands_once_and_only_when_somebody_means_it(
    doors: Doors, client: Client
) -> None:
    row, token = commented(doors)
    assert "say that you mean it" in press(client, row, "mask")
    assert "On its way" in press(client, row, "mask", sure="1")
    assert "This is on its way already" in press(client, row, "mask", sure="1")
    drain()
    assert words(doors) == f"with {MARK} here"
    changes = [call for call in doors.github.calls if call.method == "PATCH"]
    assert len(changes) == 1
    row.refresh_from_db()
    sent = Outgoing.objects.get(payload__effect="mask")
    assert (row.tidying_id, sent.state, token in str(sent.payload)) == (sent.pk, "sent", False)
    entry = AuditEntry.objects.get(what="secret.masked_there")
    assert (entry.actor, entry.new) == ("ana", {"source": row.message.external_id})
    assert row.look_at is not None
    assert standing.due_ids(row.look_at) == [row.pk]
    assert look(row.pk, row.look_at) is True
    row.refresh_from_db()
    assert row.gone_at is not None
    assert standing.due_ids(row.gone_at + timedelta(days=1)) == []


def test_an_opening_text_is_masked_with_its_title(doors: Doors, client: Client) -> None:
    token, other = doors.plant(GITHUB, 36), doors.plant(STRIPE, 24)
    doors.happens(doors.github.open("kezia", REPO, f"It hangs with {token}", f"and {other}"))
    drain()
    press(client, Secret.objects.order_by("pk")[0], "mask", sure="1")
    drain()
    (thing,) = doors.github.things.values()
    assert thing["title"] == f"It hangs with {MARK}"
    assert other not in thing["body"]
    assert "[secret removed" in thing["body"]


def test_words_that_changed_meanwhile_are_not_written_over(doors: Doors, client: Client) -> None:
    row, token = commented(doors)
    press(client, row, "mask", sure="1")
    next(iter(doors.github.comments.values()))["body"] = f"more about {token}"
    drain()
    assert words(doors) == f"more about {token}"
    sent = Outgoing.objects.get(payload__effect="mask")
    assert (sent.state, sent.error) == (
        "failed",
        "it was edited there meanwhile; look at it again",
    )
    assert "Did not work: it was edited there meanwhile" in press(client, row, "look")


def test_a_token_that_may_not_write_says_what_it_needs(doors: Doors, client: Client) -> None:
    row, _ = commented(doors)
    key = next(iter(doors.github.comments))
    refusal = Answer(403, {"message": "Resource not accessible by integration"})
    press(client, row, "erase", sure="1")
    doors.github.fail(f"/issues/comments/{key}", answer=refusal)
    drain()
    sent = Outgoing.objects.get(payload__effect="erase")
    assert (sent.state, "give it write access to issues" in sent.error) == ("failed", True)
    press(client, row, "erase", sure="1")
    drain()
    assert doors.github.comments == {}


def test_a_message_in_a_thread_is_looked_at_and_its_tombstone_is_gone(
    doors: Doors, client: Client
) -> None:
    place = doors.slack.room("help").id
    root = doors.slack.say("U0ADA", place, "hello")
    doors.says(doors.slack.message_event(place, root))
    row, _, ts = posted(doors, root)
    assert "It still stands there." in press(client, row, "look")
    asked = doors.slack.called("conversations.replies")[-1]
    assert (asked.query["ts"], asked.query["oldest"]) == ([root], [ts])
    doors.slack.rooms[place].posts[ts].deleted = True
    assert "It stands there no more." in press(client, row, "look")


def test_slack_lets_only_an_admins_own_token_delete(doors: Doors, client: Client) -> None:
    row, place, ts = posted(doors)
    page = client.get(reverse("secret", args=[row.pk])).content.decode()
    assert "connect the user_token of a workspace admin" in page
    assert "cannot be deleted there from here" in press(client, row, "erase", sure="1")
    connect("slack", "main", {"user_token": ADMIN_TOKEN})
    press(client, row, "erase", sure="1")
    drain()
    assert doors.slack.rooms[place].posts[ts].deleted is True
    assert Outgoing.objects.get(payload__effect="erase").state == "sent"
    assert [c.headers["authorization"] for c in doors.slack.called("chat.delete")] == [
        f"Bearer {ADMIN_TOKEN}"
    ]


def test_slack_refuses_and_the_page_says_the_remedy(doors: Doors, client: Client) -> None:
    row, _, _ = posted(doors)
    connect("slack", "main", {"user_token": ADMIN_TOKEN})
    refusal = Answer(200, {"ok": False, "error": "cant_delete_message"})
    doors.slack.fail("chat.delete", answer=refusal)
    press(client, row, "erase", sure="1")
    drain()
    page = client.get(reverse("secret", args=[row.pk])).content.decode()
    assert "Slack does not let this token delete it (cant_delete_message)" in page


def test_after_somebody_confirmed_it_the_source_is_looked_at_by_itself(doors: Doors) -> None:
    row, _, _ = posted(doors)
    now = timezone.now()
    act(secrets.acknowledge, row, at=now)
    due = now + timedelta(minutes=60)
    assert standing.due_ids(due - timedelta(seconds=1)) == []
    assert standing.due_ids(due) == [row.pk]
    doors.slack.fail("conversations.replies", answer=Answer(500, b""))
    assert look(row.pk, due) is False
    row.refresh_from_db()
    assert (row.look_at, row.look_error) == (due + timedelta(hours=1), "Slack answered 500")
    assert look(row.pk, due + timedelta(hours=1)) is True
    row.refresh_from_db()
    assert (row.look_at, row.look_error, row.gone_at) == (None, "", None)


def test_a_channel_that_cannot_be_read_back_offers_nothing(doors: Doors, client: Client) -> None:
    doors.mail("Help", f"it is {doors.plant(GITHUB, 36)}", "", b"x", "<9@example.org>")
    drain()
    row = Secret.objects.get()
    act(secrets.acknowledge, row)
    row.refresh_from_db()
    assert (row.look_at, standing.offer(row)) == (None, standing.Offer())
    assert "nothing can be read there" in press(client, row, "look")
    assert Channel.objects.get(kind="email").type.upkeep is None
