"""Search: the same answers on both databases, what is fresh, and who may see what."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from inbox.accounts.models import Team, User
from inbox.channels.models import Channel
from inbox.common.config import change_setting
from inbox.people.models import Identity
from inbox.search import indexing, similar, vocabulary
from inbox.search.filters import Scope, values_for
from inbox.search.language import parse
from inbox.search.models import SearchDoc, SearchState, Word
from inbox.search.services import Found, find, narrow, people, snippet
from inbox.tickets import changing, merging, splitting
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Ticket
from rig import desk

pytestmark = pytest.mark.django_db
NOW = desk.NOW
HOUR = timedelta(hours=1)


def ask(text: str, user: User | None = None, *, typing: bool = False) -> Found:
    scope = Scope(user=user or boss(), bounds=(NOW, NOW + HOUR, NOW + 8 * HOUR), zone="UTC")
    return find(parse(text), scope, typing=typing)


def numbers(text: str, user: User | None = None) -> list[int]:
    return ask(text, user).numbers


def boss() -> User:
    return desk.agent("boss", is_superuser=True)


def rewrite(message: Message, text: str, version: str) -> None:
    """A newer version of a message."""
    new = {"text": text, "new_text": text, "html": "", "version": version}
    desk.act(lambda: changing.edit_message(message, at=NOW, **new))


def ticket(*texts: str, subject: str = "", **fields: Any) -> Ticket:
    """A ticket whose first message is the first text."""
    row = desk.ticket(**fields)
    first = row.messages.get()
    rewrite(first, texts[0], "1")
    for text in texts[1:]:
        assert row.asker is not None
        desk.writes(row, row.asker, at=NOW, new_text=text, body_text=text)
    if subject:
        desk.act(tickets.set_subject, row, subject)
    return row


def learned() -> None:
    while indexing.catch_up(50):
        pass


# ------------------------------------------------------------------ words


def test_every_word_must_be_there_in_whichever_message() -> None:
    one = ticket("the replication slot grows", "we have little disk space")
    ticket("the replication slot is fine")
    assert numbers("slots disk") == [one.pk]
    assert numbers("replicating slot grow") == [one.pk]


def test_phrase_negation_and_or() -> None:
    one = ticket("the replication slot grows")
    two = ticket("a slot for replication")
    three = ticket("write ahead log fills up")
    assert numbers('"replication slot"') == [one.pk]
    assert numbers("slot -grows") == [two.pk]
    assert numbers('slot -"replication slot"') == [two.pk]
    assert sorted(numbers("grows OR ahead")) == [one.pk, three.pk]


def test_when_no_ticket_has_every_word_the_closest_come_and_it_is_said() -> None:
    one = ticket("the replication slot grows")
    ticket("nothing of the kind")
    found = ask("replication slot kubernetes")
    assert (found.numbers, found.partial) == ([one.pk], True)
    assert not ask("replication slot").partial


def test_synonyms_shipped_and_own() -> None:
    one = ticket("I cannot log in any more")
    learned()
    assert numbers("login") == [one.pk]
    two = ticket("the millstone is stuck")
    learned()
    assert numbers("grinder") == []
    change_setting("search_synonyms", ["millstone, grinder"])
    assert numbers("grinder") == [two.pk]


def test_a_typo_finds_what_was_meant_and_says_so() -> None:
    one = ticket("kubernetes evicts the pod")
    ticket("kubernetes again")
    learned()
    found = ask("kubenretes evicts")
    assert (found.numbers, found.meant) == ([one.pk], {"kubenretes": "kubernetes"})


def test_beginning_of_the_last_word_is_enough_while_typing() -> None:
    one = ticket("kubernetes evicts the pod")
    two = ticket("kubernetes runs")
    learned()
    assert sorted(ask("kube", typing=True).numbers) == [one.pk, two.pk]
    assert ask("kube").numbers == []


def test_facts_of_a_ticket_are_found() -> None:
    row = ticket("text", subject="Heartbeat table", permalink="https://chat.example/p17")
    desk.act(tickets.add_tags, row, ["needs-docs"])
    assert row.asker is not None
    for text in ("heartbeat", "needs-docs", "p17", row.asker.external_id, row.asker.name):
        assert numbers(text) == [row.pk], text


def test_a_number_is_the_ticket_itself() -> None:
    row = ticket("text")
    other = ticket(f"see {row.pk} there")
    assert numbers(f"#{row.pk}") == [row.pk]
    assert numbers(str(row.pk)) == [row.pk, other.pk]


# ------------------------------------------------------------------ freshness


def test_edits_and_deletions_are_followed() -> None:
    row = ticket("alpha")
    message = row.messages.get()
    rewrite(message, "beta", "2")
    assert (numbers("alpha"), numbers("beta")) == ([], [row.pk])
    desk.act(lambda: changing.delete_message(Message.objects.get(pk=message.pk), at=NOW))
    assert numbers("beta") == []
    assert list(SearchDoc.objects.filter(ticket=row).values_list("message", flat=True)) == [None]


def test_words_changed_without_an_edit_can_be_taken_over() -> None:
    row = ticket("token hunter2secret leaked")
    message = row.messages.get()
    Message.objects.filter(pk=message.pk).update(new_text="token [removed] leaked")
    indexing.reindex_message(Message.objects.get(pk=message.pk))
    assert (numbers("hunter2secret"), numbers("leaked")) == ([], [row.pk])


def test_merge_unmerge_and_split_are_followed() -> None:
    one, two = ticket("alpha", subject="Windmill"), ticket("beta", "gamma")
    desk.act(merging.merge, one, into=two)
    assert (numbers("alpha"), numbers("windmill")) == ([two.pk], [two.pk])
    assert numbers("is:merged windmill") == [one.pk]
    desk.act(merging.unmerge, one)
    assert (numbers("alpha"), numbers("windmill")) == ([one.pk], [one.pk])
    moved = two.messages.order_by("pk").last()
    assert moved is not None
    fresh = desk.act(splitting.split, two, [moved.pk])
    assert (numbers("gamma"), numbers("beta")) == ([fresh.pk], [two.pk])


def test_what_happens_to_a_message_in_the_change_that_files_it_is_followed() -> None:
    one, two = ticket("alpha"), ticket("beta")

    def file_and_merge() -> None:
        tickets.add_note(tickets.lock(one.pk), body="omega")
        merging.merge(one, into=two)

    def file_and_delete() -> None:
        message = tickets.add_note(tickets.lock(two.pk), body="sigma")
        changing.delete_message(Message.objects.get(pk=message.pk), at=NOW)

    desk.act(file_and_merge)
    desk.act(file_and_delete)
    assert (numbers("omega"), numbers("sigma")) == ([two.pk], [])


def test_a_rolled_back_change_leaves_nothing() -> None:
    row = ticket("alpha")

    def fail() -> None:
        tickets.add_note(tickets.lock(row.pk), body="omega")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        desk.act(fail)
    assert numbers("omega") == []


def test_rows_that_came_past_the_pipeline_are_caught_up_and_go_on() -> None:
    rows = [ticket(f"stone{n} alpha") for n in range(5)]
    SearchDoc.objects.all().delete()
    SearchState.objects.all().delete()
    assert numbers("alpha") == []
    assert indexing.due_batches(NOW) != []
    indexing.catch_up(2)
    assert len(numbers("alpha")) == 2
    indexing.catch_up(2)
    assert len(numbers("alpha")) == 4
    learned()
    assert sorted(numbers("alpha")) == [row.pk for row in rows]
    assert indexing.due_batches(NOW) == []
    assert SearchDoc.objects.count() == 10
    call_command("index", again=True, stdout=StringIO())
    assert SearchDoc.objects.count() == 10


def test_a_long_ticket_costs_one_document_an_edit() -> None:
    row = ticket(*[f"word{n}" for n in range(30)])
    assert SearchDoc.objects.filter(ticket=row).count() == 31
    before = set(SearchDoc.objects.filter(ticket=row).values_list("pk", flat=True))
    message = row.messages.order_by("pk")[7]
    rewrite(message, "omega", "2")
    after = set(SearchDoc.objects.filter(ticket=row).values_list("pk", flat=True))
    assert (len(before - after), len(after - before)) == (1, 1)


# ------------------------------------------------------------------ filters


def test_filters_narrow_down() -> None:
    ana = desk.agent("ana")
    mine, theirs, done = ticket("alpha"), ticket("alpha"), ticket("alpha")
    desk.act(tickets.assign, mine, ana)
    desk.act(tickets.set_category, theirs, "How-to")
    desk.act(tickets.add_tags, theirs, ["wal", "disk"])
    desk.act(tickets.close, done, resolution="answered")
    Ticket.objects.filter(pk=mine.pk).update(next_due_at=NOW - HOUR, priority="high")
    Ticket.objects.filter(pk=theirs.pk).update(
        next_due_at=NOW + HOUR / 2, created_at=NOW - 72 * HOUR
    )
    every = {
        "is:open": [mine, theirs],
        "is:closed": [done],
        "is:solved": [done],
        "is:mine": [mine],
        "is:unassigned": [theirs, done],
        "-is:closed": [mine, theirs],
        "is:over": [mine],
        "sla:over": [mine],
        "sla:hour": [theirs],
        "sla:over,hour": [mine, theirs],
        "is:urgent": [mine],
        "is:restricted": [],
        "category:how-to": [theirs],
        "tag:wal": [theirs],
        "tag:wal,disk": [theirs],
        "assignee:ana": [mine],
        "assignee:me": [mine],
        "assignee:none": [theirs, done],
        "channel:email": [mine, theirs, done],
        "channel:email/support": [mine, theirs, done],
        "channel:slack": [],
        "before:2d": [theirs],
        "after:2d": [mine, done],
        "has:file": [],
        "is:banana": [],
        "tag:nothing": [],
    }
    found = {text: sorted(numbers(f"alpha {text}", ana)) for text in every}
    assert found == {text: [row.pk for row in rows] for text, rows in every.items()}
    alone = {text: sorted(numbers(text, ana)) for text in every}
    assert alone == found
    scope = Scope(user=ana, bounds=(NOW, NOW + HOUR, NOW + 8 * HOUR), zone="UTC")
    lists = {text: narrow(Ticket.objects.order_by("pk"), parse(text), scope) for text in every}
    assert {text: [row.pk for row in rows] for text, rows in lists.items()} == found


def test_from_knows_name_handle_and_address() -> None:
    who = desk.asker("mirela", handle="mdutko")
    row = ticket("alpha", who=who)
    ticket("alpha")
    for text in ("from:mirela", "from:@mdutko", "from:mirela@example.org", 'from:"Mirela"'):
        assert numbers(f"alpha {text}") == [row.pk], text


def test_unknown_values_are_said() -> None:
    ticket("alpha")
    assert ask("alpha tag:nothing").notes == ["There is no tag “nothing”."]
    assert ask("alpha assignee:me").notes == []
    assert ask("alpha category:none").notes == ["There is no category “none”."]


def test_values_to_choose_from() -> None:
    row = ticket("alpha")
    desk.act(tickets.add_tags, row, ["wal", "disk"])
    user = boss()
    assert values_for("tag", "", user) == ["disk", "wal"]
    assert values_for("tag", "W", user) == ["wal"]
    assert values_for("is", "un", user) == ["unassigned", "unanswered"]
    assert values_for("before", "", user) == []


# ------------------------------------------------------------------ who may see what


@pytest.fixture
def secret() -> Ticket:
    team = Team.objects.create(key="security", name="Security", restricted=True)
    desk.agent("insider").teams.add(team)
    row = ticket(
        "zirconium leaks in the vault",
        "KeyError: 'vault'",
        subject="Vault",
        who=desk.asker("whistler"),
    )
    desk.act(tickets.restrict, row, team)
    desk.act(tickets.add_tags, row, ["vaulted"])
    learned()
    return row


def test_restricted_ticket_is_nowhere_for_outsiders(secret: Ticket) -> None:
    outsider, insider = desk.agent("outsider"), desk.agent("insider")
    for text in ("zirconium", f"#{secret.pk}", "is:restricted", "tag:vaulted", "is:open"):
        assert numbers(text, outsider) == [], text
        assert numbers(text, insider) == [secret.pk], text
    for user, seen in ((outsider, 0), (insider, 1)):
        scope = Scope(user=user, bounds=(NOW, NOW, NOW), zone="UTC")
        assert len(people(parse("whistler"), scope)) == seen
        assert len(values_for("tag", "vault", user)) == seen
        assert len(values_for("from", "whistler", user)) == seen
        assert len(values_for("team", "security", user)) == 2 * seen


def test_restricted_ticket_teaches_no_words_and_hides_nothing_else(secret: Ticket) -> None:
    outsider = desk.agent("outsider")
    assert not Word.objects.filter(word="zirconium").exists()
    open_to_all = ticket("zirconium in the yard")
    # the restricted one holds every word; that must not make the partial match disappear
    found = ask("zirconium leaks", outsider)
    assert (found.numbers, found.partial) == ([open_to_all.pk], True)


def test_restricted_ticket_is_like_no_other(secret: Ticket) -> None:
    desk.act(tickets.close, secret, resolution="answered")
    row = ticket("zirconium leaks in the vault", subject="Vault")
    learned()
    assert similar.alike(desk.agent("insider"), row).solved == []


# ------------------------------------------------------------------ similar, and elsewhere


def test_similar_solved_questions_with_their_answer() -> None:
    old = ticket(
        "The replication slot grows and the disk is full",
        subject="Slot grows",
        permalink="https://c.example/1",
    )
    assert old.asker is not None
    desk.writes(
        old,
        desk.asker("helper"),
        role="team",
        at=NOW,
        new_text="Add a heartbeat table.\nIt moves the slot.",
        body_text="",
    )
    desk.act(tickets.close, old, resolution="answered")
    ticket("The login button is grey", subject="Grey button")
    row = ticket("Our disk is full because the replication slot grows", subject="Disk is full")
    learned()
    found = similar.alike(boss(), row)
    assert [like.ticket.pk for like in found.solved] == [old.pk]
    assert (
        found.solved[0].quote
        == "> Add a heartbeat table.\n> It moves the slot.\n\nhttps://c.example/1"
    )
    assert found.elsewhere == []


def test_the_same_question_in_another_channel() -> None:
    chat = Channel.objects.create(kind="email", key="other", settings={"address": "o@example.com"})
    words = "The replication slot grows after every run and the disk is nearly full"
    first = ticket(words, subject="Slot grows")
    twin = ticket(words, subject="Slot grows", channel=chat)
    ticket(words, subject="Slot grows", channel=chat, at=NOW - timedelta(days=30))
    who = (
        Identity.objects.create(
            contact=first.asker.contact, kind="slack", realm="T1", external_id="U1"
        )
        if first.asker
        else None
    )
    theirs = ticket("quite another thing", channel=chat, who=who)
    learned()
    found = {like.ticket.pk: like.why for like in similar.alike(boss(), first).elsewhere}
    assert found == {theirs.pk: "by the same person", twin.pk: "in nearly the same words"}


# ------------------------------------------------------------------ snippets and odd input


def test_snippet_marks_whole_words_and_nothing_is_lost() -> None:
    text = "x" * 50 + " some words " * 20 + "the replication SLOTS <b>grow</b> " + "more " * 60
    pieces = snippet(text, [("slot",), ("grow",)])
    assert [piece.text for piece in pieces if piece.marked] == ["SLOTS", "grow"]
    assert "".join(piece.text for piece in pieces).strip("… ") in text
    assert [p.text for p in snippet("plain", [])] == ["plain"]


@pytest.mark.parametrize(
    "text",
    [
        "'\"%_\\",
        "a" * 2000,
        '"',
        "(((",
        "OR OR -",
        "NEAR(a b)",
        "a* b^2",
        "''';--",
        "is:",
        "-",
        "#",
        "日本語",
        "\x00",
    ],
)
def test_odd_input_never_errs(text: str) -> None:
    ticket("alpha")
    assert ask(text, typing=True).numbers == []


class TestAnything(TestCase):
    """Whatever is typed, the databases are asked something they understand."""

    @given(
        st.lists(
            st.sampled_from(
                [
                    *"'\"%_\\:-#*()&|!<>^ ",
                    "OR",
                    "is:",
                    "before:1",
                    "tag:",
                    "alpha",
                    "é",
                    "日本",
                    "0x1f",
                    "1e5",
                    "2.4.0",
                    "a_b",
                    "x/y.z",
                ]
            ),
            max_size=60,
        ).map("".join)
    )
    @examples(max_examples=40)
    def test_anything(self, text: str) -> None:
        """Never an error, and what is found is what is there."""
        row = Ticket.objects.first() or ticket("alpha")
        assert set(numbers(text)) <= {row.pk}


@pytest.mark.parametrize(
    "word",
    [
        "1e5",
        "0x1f",
        "2.4.0",
        "a_b",
        "x/y.z",
        "foo@bar.example",
        "tap-postgres",
        "v2",
        "it's",
        "C++",
        "Größe",
        "ñandú",
        "日本語",
    ],
)
def test_every_kind_of_word_is_found_again(word: str) -> None:
    row = ticket(f"before {word} after")
    assert numbers(f'"{word}"') == [row.pk]
    assert numbers(f"before {word}") == [row.pk]


def test_rare_words_weigh_more_and_frequent_ones_are_looked_up_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("inbox.search.ranking.PER_WORD", 3)
    rows = [ticket(f"error in part {n}") for n in range(6)]
    rare = ticket("error in the zirconium part")
    other = ticket("zirconium only")
    learned()
    assert vocabulary.frequencies(["error"]) == {"error": 7}
    assert numbers("error zirconium") == [rare.pk]
    assert numbers("error zirconium nowhere")[:2] == [rare.pk, other.pk]
    assert set(numbers("error")) <= {row.pk for row in [*rows, rare]}
