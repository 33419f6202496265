"""A person is erased: nothing of them is left anywhere, and everything else stays."""

import json
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from inbox import pipeline
from inbox.channels.models import Delivery
from inbox.operations import forgetting
from inbox.people.models import Contact
from inbox.privacy import register, remains
from inbox.privacy.columns import tables
from inbox.privacy.models import Erasure
from inbox.privacy.person import Person
from inbox.privacy.tests import planting
from inbox.privacy.tests.planting import Planter, database_bytes, files_with
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Ticket
from inbox.tickets.tokens import token_for
from rig import desk
from rig.desk import agent

pytestmark = pytest.mark.django_db(transaction=True)


def _spots(word: str) -> list[str]:
    """The tables that still have it, for whoever reads the failure."""
    found = []
    for model in tables():
        for row in model._default_manager.all().values():
            found += [
                f"{model._meta.label_lower}.{k}"
                for k, v in row.items()
                if word in repr(bytes(v) if isinstance(v, memoryview) else v)
            ]
    return sorted(set(found))


def test_nothing_is_left_of_a_person_in_any_table_file_or_cache() -> None:
    word = planting.canary()
    person = planting.write_in(word)
    planting.chats(person, word)
    person = Person(person.contact)
    planted = Planter(word, person).plant()
    assert len(planted) > 15
    assert word.encode() in database_bytes()
    assert files_with(Path(settings.DATA_DIR), word)
    said: list[str] = []
    forgetting.erase(person.contact.pk, say=said.append)
    assert not _spots(word), _spots(word)
    assert [line for line in said if "still" in line] == []
    assert files_with(Path(settings.DATA_DIR), word) == []
    dump = database_bytes()
    at = dump.find(word.encode())
    assert at == -1, dump[max(0, at - 300) : at + 100]
    assert word.encode() not in dump.lower()


def test_every_table_says_what_becomes_of_it() -> None:
    """A new table of words fails here until it hangs on a person, or is named in the register."""
    person = planting.write_in(planting.canary())
    unsaid = [
        model._meta.label_lower
        for model in tables()
        if not register.is_named(model) and register.whose(model, person) is None
    ]
    assert unsaid == []


def test_the_ticket_keeps_its_shell_and_others_keep_their_words() -> None:
    word = planting.canary()
    person = planting.write_in(word)
    asked, theirs = Ticket.objects.order_by("pk")
    before = (asked.status, asked.created_at, asked.message_count, asked.events.count())
    forgetting.erase(person.contact.pk)
    asked.refresh_from_db()
    after = (asked.status, asked.created_at, asked.message_count, asked.events.count() - 1)
    assert (after, asked.subject, asked.hold_reason) == (before, "(erased)", "(erased)")
    assert [e.kind for e in asked.events.order_by("-pk")[:1]] == ["erased"]
    assert {m.author_label for m in asked.messages.all()} == {person.pseudonym, "Ana"}
    first, second = theirs.messages.order_by("pk")
    assert first.body_text.replace("\r\n", "\n").strip() == (
        "Mine fails too.\n\nOn Monday [erased] wrote:\n> [erased]\n[erased]"
    )
    assert (second.body_text, second.flags, second.role) == ("", ["erased"], "community")
    assert theirs.asker is not None
    assert theirs.asker.external_id == "noor@others.example"
    assert Contact.objects.get(pk=person.contact.pk).name == f"Erased person {person.contact.pk}"


def test_what_comes_again_is_not_filed_and_who_writes_again_is_new() -> None:
    word = planting.canary()
    person = planting.write_in(word)
    forgetting.erase(person.contact.pk)
    mine = f"Mira <mira@{word}.example>"
    assert planting.arrive(planting.mail(mine, "Again", word, f"<1@{word}.example>")) == "ignored"
    assert word.encode() not in b"".join(bytes(d.body) for d in Delivery.objects.all())
    assert planting.arrive(planting.mail(mine, "New", "Hello again", "<9@x.example>")) == "done"
    new = Ticket.objects.latest("pk")
    assert new.asker is not None
    assert (Ticket.objects.count(), new.asker.contact_id != person.contact.pk) == (3, True)
    token = token_for(Ticket.objects.earliest("pk").pk, f"mira@{word}.example")
    extra = f"Delivered-To: support+{token}@example.com\r\n"
    assert planting.arrive(planting.mail(mine, "Re", "To it", "<10@x.example>", extra)) == "done"
    assert Ticket.objects.earliest("pk").messages.filter(body_text__contains="To it").count() == 0


def test_an_interrupted_erasure_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ended after each step in turn, as a kill would: the last run finds what is left."""
    word = planting.canary()
    person = planting.write_in(word)
    for passages in (1, 2, 3, 5, 8, 12, 20):
        passed = count(1)

        def stop(name: str, passed: "count[int]" = passed, most: int = passages) -> None:
            if next(passed) >= most:
                raise KeyboardInterrupt(name)

        with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
            patch.setattr(pipeline, "point", stop)
            forgetting.erase(person.contact.pk)
    forgetting.erase(person.contact.pk)
    assert not _spots(word), _spots(word)
    assert Erasure.objects.filter(done_at=None).count() == 0
    assert Ticket.objects.earliest("pk").events.filter(kind="erased").count() == 1


def test_a_dry_run_says_what_would_go_and_changes_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    word = planting.canary()
    person = planting.write_in(word)
    before = _spots(word)
    call_command("person_erase", person.contact.pk, "--dry-run")
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (said["tickets"], said["tickets of others"], said["files"]) == (1, 1, 1)
    with pytest.raises(CommandError, match="say --yes"):
        call_command("person_erase", person.contact.pk)
    assert _spots(word) == before


def test_colleagues_and_mailboxes_are_not_erased() -> None:
    contact = Contact.objects.create(name="Ana")
    contact.identities.create(kind="email", realm="mail", external_id="a@x", user=agent("ana"))
    with pytest.raises(CommandError, match="one of the team"):
        call_command("person_erase", contact.pk, "--yes")


def test_merged_tickets_lose_what_was_theirs_and_nothing_else() -> None:
    """Answers to them go wherever they were moved; answers to others on their ticket stay."""
    mine, theirs, ana = desk.asker("Mira Kovac"), desk.asker("Noor Hadid"), agent("ana")
    one, two = desk.ticket(who=mine), desk.ticket(who=theirs)
    for row, text in ((one, "For Mira alone"), (two, "For Noor alone")):
        desk.act(tickets.reply, row, body=text, user=ana)
    desk.act(tickets.merge, Ticket.objects.get(pk=one.pk), into=Ticket.objects.get(pk=two.pk))
    forgetting.erase(mine.contact_id)
    left = list(Message.objects.order_by("pk").values_list("body_text", flat=True))
    assert left == ["", "a question", "", "For Noor alone"]
    assert Ticket.objects.get(pk=two.pk).subject != "(erased)"


def test_what_is_written_meanwhile_goes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    who = desk.asker("Mira Kovac")
    row, hanging = desk.ticket(who=who), remains.hanging

    def and_writes() -> object:
        monkeypatch.undo()
        desk.writes(Ticket.objects.get(pk=row.pk), who, at=desk.NOW, body_text="one more")
        return hanging()

    monkeypatch.setattr(remains, "hanging", and_writes)
    forgetting.erase(who.contact_id)
    assert set(Message.objects.values_list("body_text", flat=True)) == {""}
