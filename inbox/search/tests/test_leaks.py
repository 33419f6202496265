"""Search: what must not come out, or stay in: a word, an address, a date, a text that was deleted."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox import pipeline
from inbox.accounts.models import Role, Team
from inbox.common.work import Actor
from inbox.people.models import Identity
from inbox.search import errors, indexing
from inbox.search.filters import Scope, values_for
from inbox.search.language import parse
from inbox.search.models import SearchDoc, SearchState
from inbox.search.services import Found, find
from inbox.tickets import changing
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Ticket
from rig import desk

NOW = desk.NOW
ERROR = "ZirconError: the vault at 10.0.0.1 is open"


def says(text: str, *, days: int = 0) -> Ticket:
    at = NOW - timedelta(days=days)
    row = desk.ticket(at=at)
    assert row.asker is not None
    desk.writes(row, row.asker, at=at, new_text=text, body_text="")
    return row


def ask(text: str, name: str) -> Found:
    scope = Scope(user=desk.agent(name), bounds=(NOW, NOW, NOW), zone="UTC")
    return find(parse(text), scope)


def caught_up() -> None:
    while indexing.catch_up(50):
        pass


def restrict(*rows: Ticket) -> None:
    team = Team.objects.get_or_create(key="security", name="Security", restricted=True)[0]
    desk.agent("insider").teams.add(team)
    for row in rows:
        desk.act(tickets.restrict, row, team)


@pytest.mark.django_db
def test_a_word_learned_before_its_tickets_were_restricted_is_told_to_nobody_else() -> None:
    rows = [says("the zirconium vault is open"), says("zirconium again")]
    caught_up()
    assert ask("zircomium", "ana").meant == {"zircomium": "zirconium"}
    restrict(*rows)
    assert ask("zircomium", "ana").meant == {}
    assert ask("zircomium", "insider").meant == {"zircomium": "zirconium"}


@pytest.mark.django_db
def test_the_first_day_of_an_error_is_the_first_that_the_person_may_see() -> None:
    hidden, shown = says(ERROR, days=9), says(ERROR, days=2)
    restrict(hidden)
    (seen,) = errors.of_ticket(desk.agent("ana"), shown)
    (known,) = errors.of_ticket(desk.agent("insider"), shown)
    assert (seen.tickets, seen.first_at) == (1, NOW - timedelta(days=2))
    assert (known.tickets, known.first_at) == (2, NOW - timedelta(days=9))


@pytest.mark.django_db
def test_viewers_are_offered_names_but_no_addresses() -> None:
    row = desk.ticket()
    assert row.asker is not None
    asker = Identity.objects.filter(pk=row.asker.pk)
    asker.update(name="", handle="", external_id="mira@example.org")
    assert values_for("from", "mira", desk.agent("ana")) == ["mira@example.org"]
    viewer = desk.agent("vera", role=Role.VIEWER)
    assert values_for("from", "mira", viewer) == []
    asker.update(name="Mira Sol")
    assert values_for("from", "mira", viewer) == ["Mira Sol"]


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/St_Johns"])
@pytest.mark.parametrize("day", ["0001", "0001-01-01", "9999", "9999-12-31", "9999d", "0000"])
def test_the_ends_of_time_are_days_too(day: str, zone: str) -> None:
    says("alpha")
    scope = Scope(user=desk.agent("ana"), bounds=(NOW, NOW, NOW), zone=zone)
    for key in ("before", "after"):
        assert len(find(parse(f"{key}:{day} alpha"), scope).numbers) <= 1


@pytest.mark.django_db
def test_catching_up_reads_no_html() -> None:
    says("alpha")
    SearchDoc.objects.all().delete()
    SearchState.objects.all().delete()
    with CaptureQueriesContext(connection) as said:
        caught_up()
    read = [one["sql"] for one in said if 'FROM "inbox_message"' in one["sql"]]
    assert read
    assert not [sql for sql in read if "body_html" in sql]
    assert SearchDoc.objects.filter(message__isnull=False).count() == Message.objects.count()


# ------------------------------------------------------------------ while somebody changes it


@pytest.fixture
def unindexed(transactional_db: None) -> Message:
    """A message from before there was an index."""
    del transactional_db
    row = says("the zirconium vault is open")
    SearchDoc.objects.all().delete()
    SearchState.objects.all().delete()
    return row.messages.order_by("-pk")[0]


@pytest.mark.service
@pytest.mark.parametrize("what", ["delete", "edit"])
def test_catching_up_never_writes_what_somebody_is_taking_back(
    unindexed: Message, what: str
) -> None:
    """The change has looked for the document and found none; only then the batch is read."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets nobody read for a write beside a write")
    behind = threading.Thread(target=_catch_up_elsewhere)
    with pipeline.change(Actor.system("test"), now=NOW):
        if what == "delete":
            changing.delete_message(unindexed, at=NOW)
        else:
            new = {"text": "the granite door", "new_text": "the granite door", "html": ""}
            changing.edit_message(unindexed, at=NOW, version="9", **new)
        behind.start()
        behind.join(1)  # it reads now, or waits until this is over
    behind.join(30)
    assert not behind.is_alive()
    caught_up()
    words = " ".join(SearchDoc.objects.filter(message=unindexed.pk).values_list("words", flat=True))
    assert "zirconium" not in words
    assert ("granit" in words) == (what == "edit")


def _catch_up_elsewhere() -> None:
    try:
        indexing.catch_up(50)
    finally:
        connection.close()
