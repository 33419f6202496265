"""What is older than the settings say goes by itself, in small batches, and says so."""

from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from inbox import pipeline
from inbox.channels.contract import InboundFile
from inbox.channels.models import Delivery
from inbox.common.config import change_setting
from inbox.common.work import Actor
from inbox.handbook.reading import BadHandbook
from inbox.handbook.services import load
from inbox.operations import receiving, sweep
from inbox.outbox.models import Outgoing
from inbox.privacy import retention
from inbox.privacy.models import RetentionRun
from inbox.privacy.policies import BadRetention, check
from inbox.search.models import SearchDoc
from inbox.tickets import files
from inbox.tickets import services as tickets
from inbox.tickets.models import Attachment, Message, Ticket
from rig.desk import NOW, act, agent, asker, mailbox, ticket, writes

pytestmark = pytest.mark.django_db
NIGHT = NOW.replace(hour=3)
SUPPORT = {"name": "support", "channel": "email/support", "files_days": 180, "texts_days": 400}


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Path) -> None:
    """A folder without the files of other tests."""
    settings.DATA_DIR = tmp_path


def _closed(channel: str = "support", **fields: Any) -> Ticket:
    """A ticket with a file, answered and closed at NOW."""
    who, ana = asker(), agent("ana")
    row = ticket(channel=mailbox(channel), who=who, **fields)
    held = files.keep(InboundFile(filename="a.log", content=row.subject.encode(), content_type=""))
    writes(row, who, at=NOW, body_text="with a file", new_text="with a file", files=[held])
    act(tickets.reply, Ticket.objects.get(pk=row.pk), body="An answer", user=ana, then="close")
    Outgoing.objects.update(state="sent")
    return Ticket.objects.get(pk=row.pk)


def _night(at: datetime) -> dict[str, int]:
    """The clockwork's turns until the night's work is done."""
    for _ in range(5):
        sweep.tick(now=at)
    run = RetentionRun.objects.get(day=at.date())
    assert run.done_at is not None
    return dict(run.counts)


def _on_disk(row: Ticket) -> bool:
    digest = sha256(row.subject.encode()).hexdigest()
    return files.path_of(digest).exists()


def test_files_go_first_and_texts_later_and_the_ticket_says_so() -> None:
    change_setting("retention", [SUPPORT])
    row = _closed()
    assert _night(NIGHT + timedelta(days=179)) == {}
    assert _on_disk(row)
    assert _night(NIGHT + timedelta(days=181)) == {"files of support": 1}
    words = "removed after 180 days, as set for support"
    file = Attachment.objects.get()
    assert (_on_disk(row), file.is_missing, file.missing_reason) == (False, True, words)
    assert row.events.get(kind="erased").data == {"words": f"Files were {words}"}
    assert {m.new_text for m in row.messages.all()} == {"a question", "with a file", "An answer"}
    assert _night(NIGHT + timedelta(days=401)) == {"texts of support": 3}
    assert {(m.body_text, m.flags[-1]) for m in row.messages.all()} == {("", "expired")}
    assert Outgoing.objects.get().payload["text"] == ""
    assert not SearchDoc.objects.filter(message__isnull=False).exists()
    row.refresh_from_db()
    assert (row.message_count, row.status) == (3, "closed")


def test_the_page_says_what_was_taken_in_words() -> None:
    change_setting("retention", [SUPPORT])
    row = _closed()
    _night(NIGHT + timedelta(days=500))
    client = Client()
    client.force_login(agent("ana"))
    page = client.get(f"/tickets/{row.pk}/").content.decode()
    assert "Files were removed after 180 days, as set for support" in page
    assert "Texts were removed after 400 days, as set for support" in page
    assert "the text was removed, as set in the retention" in page


def test_what_lives_stays_and_the_first_row_that_fits_counts() -> None:
    hiring = {"category": "Hiring", "files_days": 90}
    change_setting("retention", [hiring, SUPPORT])
    live, kept = ticket(), _closed()
    act(tickets.set_category, kept, "Hiring")
    other = _closed("billing")
    assert _night(NIGHT + timedelta(days=500)) == {"files of Hiring": 1}
    assert (_on_disk(other), other.messages.filter(flags=[]).count()) == (True, 3)
    assert live.messages.get().body_text == "a question"
    assert kept.messages.filter(body_text="").count() == 0


def test_a_ticket_that_was_opened_again_waits_from_its_last_closing() -> None:
    change_setting("retention", [SUPPORT])
    row = _closed()
    later = NIGHT + timedelta(days=181)
    _night(later)
    later += timedelta(hours=9)
    act(tickets.reopen, row, why="they wrote", at=later)
    assert row.asker is not None
    held = files.keep(InboundFile(filename="b.log", content=b"more", content_type=""))
    writes(row, row.asker, at=later, files=[held])
    act(tickets.close, Ticket.objects.get(pk=row.pk), at=later)
    assert _night(NIGHT + timedelta(days=300)) == {}
    assert _night(NIGHT + timedelta(days=363)) == {"files of support": 1}


def test_raw_deliveries_go_after_thirty_days_and_a_replay_changes_nothing() -> None:
    with time_machine.travel(NOW, tick=False):
        old = _stored("old", NOW)
    _stored("new", NOW + timedelta(days=20))
    assert _night(NIGHT + timedelta(days=32)) == {"raw deliveries": 1}
    old.refresh_from_db()
    assert (bytes(old.body), old.headers, old.dedupe_key) == (b"", {}, "old")
    assert receiving.replay(old.pk, now=NOW) == "was erased: what came is no longer here"
    assert Delivery.objects.exclude(body=b"").count() == 1


def _stored(key: str, at: datetime, state: str = "done") -> Delivery:
    return Delivery.objects.create(
        channel=mailbox(), dedupe_key=key, headers={"a": "b"}, body=b"raw", state=state,
        received_at=at, done_at=at,
    )  # fmt: skip


def test_an_edit_from_the_vendor_brings_nothing_back() -> None:
    change_setting("retention", [SUPPORT])
    row = _closed()
    _night(NIGHT + timedelta(days=500))
    message = row.messages.order_by("pk")[0]
    with pipeline.change(Actor.system("test")):
        changed = tickets.edit_message(
            message, text="back", new_text="back", html="", version="9", at=NOW
        )
    assert (changed, Message.objects.get(pk=message.pk).new_text) == (False, "")


def test_the_dry_run_says_what_would_go(capsys: pytest.CaptureFixture[str]) -> None:
    change_setting("retention", [SUPPORT])
    row = _closed()
    with time_machine.travel(NIGHT + timedelta(days=181)):
        call_command("retention", "--dry-run")
        assert capsys.readouterr().out.strip() == '{"files of support": 1}'
        assert _on_disk(row)
        call_command("retention")
    assert capsys.readouterr().out.strip() == '{"files of support": 1}'
    assert not _on_disk(row)


def test_a_file_that_somebody_else_sent_too_stays() -> None:
    change_setting("retention", [SUPPORT])
    row = _closed()
    other = _closed("billing")
    digest = Attachment.objects.get(message__ticket=row.pk).sha256
    Attachment.objects.filter(message__ticket=other.pk).update(sha256=digest)
    _night(NIGHT + timedelta(days=181))
    assert files.path_of(digest).exists()


def test_files_without_a_row_go_after_two_days(tmp_path: Path) -> None:
    digest = files.store(b"a crash came before the row")
    place = files.path_of(digest)
    part = place.with_name(f"{digest}.77.part")
    part.write_bytes(b"half")
    assert _night(NIGHT + timedelta(days=400)) == {"files of nobody": 2}
    assert list(tmp_path.glob(f"files/{digest[:2]}/{digest[2:4]}/*")) == []


def test_nothing_happens_by_day() -> None:
    assert retention.due_batches(NOW.replace(hour=1)) == []


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"chanel": "email", "files_days": 1}, "unknown name"),
        ({"channel": "email"}, "say files_days or texts_days"),
        ({"files_days": "180"}, "is a number of days"),
        ({"files_days": 200, "texts_days": 100}, "files go before texts"),
    ],
)
def test_a_row_that_cannot_be_meant_is_refused_by_the_handbook(row: Any, why: str) -> None:
    with pytest.raises(BadRetention, match=why):
        check([row])
    with pytest.raises(BadHandbook, match=why):
        load(f"version: 1\nsettings: [{{key: retention, value: [{row}]}}]\n")


def test_the_admin_refuses_it_too_and_lists_the_nights() -> None:
    client = Client()
    client.force_login(agent("root", is_staff=True, is_superuser=True, role="admin"))
    bad = client.post("/admin/inbox/setting/add/", {"name": "retention", "value": '[{"x": 1}]'})
    assert "unknown name “x”" in bad.content.decode()
    good = {"name": "retention", "value": '[{"channel": "email", "files_days": 9}]'}
    assert client.post("/admin/inbox/setting/add/", good).status_code == 302
    _closed()
    _night(NIGHT + timedelta(days=10))  # it ends the session as well
    client.force_login(agent("root"))
    assert "files of email" in client.get("/admin/inbox/retentionrun/").content.decode()
