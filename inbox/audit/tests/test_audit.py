"""The audit log: nothing in it changes unseen, and no secret is in it."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import RequestFactory

from inbox.audit import queries
from inbox.audit.models import AuditEntry
from inbox.audit.services import differences, record
from inbox.common.work import Actor
from rig.appendonly import writable
from rig.desk import agent

WRITERS, EACH = 4, 25


def three() -> list[AuditEntry]:
    return [record("test", "setting.changed", f"number {n}", old=n, new=n + 1) for n in range(3)]


@pytest.mark.django_db
def test_an_entry_says_who_did_what_when_and_from_where() -> None:
    request = RequestFactory().post("/x/", REMOTE_ADDR="192.0.2.7")
    ana = agent("ana")
    record(ana, "channel.changed", "email/support", old={"a": 1}, new={"a": 2}, request=request)
    record(Actor.system("retention"), "files.erased", "support", new={"files": 3})
    first, second = AuditEntry.objects.order_by("number")
    assert (first.user_pk, first.actor, first.address) == (ana.pk, "ana", "192.0.2.7")
    assert (first.what, first.target) == ("channel.changed", "email/support")
    assert (first.old, first.new) == ({"a": 1}, {"a": 2})
    assert (second.user_pk, second.actor, second.address) == (None, "retention", "")
    assert (second.number, second.previous) == (2, first.seal)
    assert queries.verify() is None


@pytest.mark.django_db
def test_secrets_are_named_but_never_kept() -> None:
    kept = {"bot_token": "xoxb-1", "settings": {"webhook_secret": "hush"}, "label": "Slack"}
    row = record("test", "channel.changed", old={"password": "old"}, new=kept)
    assert row.new == {
        "bot_token": "(kept secret)",
        "settings": {"webhook_secret": "(kept secret)"},
        "label": "Slack",
    }
    assert row.old == {"password": "(kept secret)"}


@pytest.mark.django_db
def test_any_value_can_be_written_down_and_read_back() -> None:
    odd = {
        "a\x00b": "c\x00d",
        "when": datetime(2026, 1, 1, tzinfo=UTC),
        "f": 0.1,
        "long": "x" * 999,
    }
    row = record("", "setting.changed", "\x00 né\ud800", old=[1, None, True, {"z"}], new=odd)
    row.refresh_from_db()
    assert (row.actor, row.target) == ("nobody", " né?")
    assert row.old == [1, None, True, ["z"]]
    assert isinstance(row.new, dict)
    assert row.new["ab"] == "cd"
    assert len(row.new["long"]) == 500
    assert queries.verify() is None


def test_only_what_differs_is_said() -> None:
    before, after = {"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 5, "d": 4}
    assert differences(before, after) == ({"b": 2, "c": 3}, {"b": 5, "d": 4})


@pytest.mark.django_db
def test_the_database_refuses_to_change_or_delete_entries() -> None:
    three()
    rows = AuditEntry.objects.filter(number=2)
    for attempt in (lambda: rows.update(actor="somebody"), rows.delete):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            attempt()
    assert AuditEntry.objects.count() == 3


@pytest.mark.django_db
def test_whoever_gets_round_the_database_is_found_out(capsys: pytest.CaptureFixture[str]) -> None:
    rows = three()
    call_command("audit_verify")
    said = capsys.readouterr().out.strip()
    assert said.endswith(f"3:{rows[2].seal}")
    with writable():
        AuditEntry.objects.filter(number=2).update(new=99)
    with pytest.raises(SystemExit) as ended:
        call_command("audit_verify")
    assert ended.value.code == 1
    assert capsys.readouterr().out == "entry 2 was changed after it was written\n"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("number", "said"), [(1, (1, "is missing")), (2, (2, "is missing")), (3, None)]
)
def test_an_entry_that_was_taken_away_is_missed(number: int, said: tuple[int, str] | None) -> None:
    """The last one only by what was noted of it elsewhere."""
    known = three()[2]
    with writable():
        AuditEntry.objects.filter(number=number).delete()
    broken = queries.verify()
    assert (broken and (broken.number, broken.why[:10])) == said
    assert queries.verify((known.number, known.seal)) is not None


@pytest.mark.django_db
def test_a_log_written_anew_as_a_whole_is_not_the_one_that_was_noted() -> None:
    known = three()[2]
    with writable():
        AuditEntry.objects.all().delete()
    three()
    assert queries.verify() is None
    broken = queries.verify((known.number, known.seal))
    assert broken is not None
    assert broken.why == "is not the one that was noted"


def writing(name: str) -> Iterator[None]:
    try:
        for n in range(EACH):
            with transaction.atomic():
                record(name, "setting.changed", str(n))
                if n % 5 == 4:
                    transaction.set_rollback(True)
    finally:
        connection.close()
    yield


@pytest.mark.django_db(transaction=True)
def test_writers_side_by_side_keep_the_chain_whole() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer anyway")
    threads = [threading.Thread(target=lambda n=n: list(writing(f"w{n}"))) for n in range(WRITERS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert AuditEntry.objects.count() == WRITERS * EACH * 4 // 5
    assert queries.verify() is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("again", [1, 2])
def test_each_test_begins_with_an_empty_log(again: int) -> None:
    del again
    assert record("test", "setting.changed").number == 1
