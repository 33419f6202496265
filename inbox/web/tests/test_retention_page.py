"""The page of the retention: what is kept how long, what would go, who changed it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from inbox.audit.models import AuditEntry
from inbox.channels.models import Delivery
from inbox.common.config import change_setting, setting
from inbox.handbook.services import load
from inbox.privacy.retention import next_night
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from inbox.web import retentionform
from rig.desk import NOW, act, agent, mailbox, ticket

pytestmark = pytest.mark.django_db
PAGE = "/settings/retention/"
SUPPORT = {"name": "support", "channel": "email/support", "files_days": 180, "texts_days": 400}
DAYS = {"keep_raw_days": "30", "keep_notices_days": "90", "keep_api_answers_days": "7"}


@pytest.fixture
def boss() -> Client:
    """An admin by role, signed in."""
    client = Client()
    client.force_login(agent("boss", role="admin"))
    return client


def form(*rows: tuple[str, str, str, str], do: str = "keep", **more: Any) -> dict[str, Any]:
    """The form with these rows: which, name, files, texts."""
    names = ("which", "name", "files", "texts")
    columns = {name: [row[n] for row in rows] for n, name in enumerate(names)}
    return {**columns, **DAYS, "seen": retentionform.fingerprint(), "do": do, **more}


def closed(days_ago: int) -> Ticket:
    """A ticket that was closed so many days ago."""
    row, at = ticket(at=timezone.now() - timedelta(days=days_ago)), timezone.now()
    act(tickets.close, row, resolution="answered", at=at - timedelta(days=days_ago))
    return Ticket.objects.get(pk=row.pk)


def test_only_admins_open_it() -> None:
    for role, status in (("agent", 404), ("light", 404), ("viewer", 404), ("admin", 200)):
        client = Client()
        client.force_login(agent(role, role=role))
        assert client.get(PAGE).status_code == status
        assert client.post(PAGE, form()).status_code == (302 if status == 200 else 404)


def test_rows_are_kept_and_the_log_names_who_and_what(boss: Client) -> None:
    mailbox()
    rows = (("channel=email%2Fsupport", "support", "180", "400"), ("", "", "", ""))
    assert boss.post(PAGE, form(*rows, keep_raw_days="14")).status_code == 302
    assert setting("retention") == [SUPPORT]
    assert setting("keep_raw_days") == 14
    entry = AuditEntry.objects.get(what="retention.changed")
    assert (entry.actor, entry.target) == ("boss", "retention")
    assert entry.old == {"retention": [], "keep_raw_days": 30}
    assert entry.new == {
        "retention": ["support: files after 180 days, texts after 400 days"],
        "keep_raw_days": 14,
    }
    said = boss.get(PAGE).content.decode()
    assert "<b>boss</b>" in said
    assert "180 days after closing" in said
    assert "14 days" in said


def test_what_would_go_more_is_said_and_asked_about_first(boss: Client) -> None:
    closed(40)
    closed(5)
    draft = (("", "all", "30", ""),)
    looked = boss.post(PAGE, form(*draft, do="look")).content.decode()
    assert "The next run would take more" in looked
    assert '<b class="num">1</b> files of all' in looked
    assert 'value="30"' in looked
    refused = boss.post(PAGE, form(*draft))
    assert (refused.status_code, setting("retention")) == (422, [])
    assert "This cannot be taken back." in refused.content.decode()
    assert boss.post(PAGE, form(*draft, sure="1")).status_code == 302
    assert setting("retention") == [{"name": "all", "files_days": 30}]
    assert '<b class="num">1</b> files of all' in boss.get(PAGE).content.decode()
    # keeping longer takes nothing more, so nothing is asked
    assert boss.post(PAGE, form(("", "all", "300", ""))).status_code == 302


def test_raw_deliveries_count_too(boss: Client) -> None:
    old = timezone.now() - timedelta(days=20)
    Delivery.objects.create(
        channel=mailbox(), dedupe_key="a", body=b"x", state="done", received_at=old
    )
    refused = boss.post(PAGE, form(keep_raw_days="10"))
    assert '<b class="num">1</b> raw deliveries' in refused.content.decode()
    assert (refused.status_code, setting("keep_raw_days")) == (422, 30)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (("", "x", "-3", ""), "A whole number of days"),
        (("", "x", "٣", ""), "A whole number of days"),
        (("", "x", "40000", ""), "A whole number of days"),
        (("", "x", "", ""), "Say after how many days"),
        (("", "x", "200", "100"), "Files go before texts"),
    ],
)
def test_what_cannot_be_meant_comes_back_with_its_words(
    boss: Client, row: tuple[str, str, str, str], why: str
) -> None:
    answer = boss.post(PAGE, form(row))
    said = answer.content.decode()
    assert (answer.status_code, setting("retention")) == (422, [])
    assert why in said
    assert f'name="files" value="{row[2]}"' in said
    assert boss.post(PAGE, form(keep_notices_days="soon")).status_code == 422


def test_rows_move_and_go_without_being_stored(boss: Client) -> None:
    rows = (("", "a", "1", ""), ("", "b", "2", ""), ("", "c", "3", ""))

    def order(do: str) -> list[str]:
        said = boss.post(PAGE, form(*rows, do=do)).content.decode()
        return [line.partition('"')[0] for line in said.split('name="name" value="')[1:]]

    assert order("up-1") == ["b", "a", "c"]
    assert order("down-0") == ["b", "a", "c"]
    assert order("away-1") == ["a", "c"]
    assert order("add") == ["a", "b", "c", ""]
    assert order("up-99") == ["a", "b", "c"]
    assert setting("retention") == []


def test_nobody_undoes_a_colleague_unasked(boss: Client) -> None:
    stale = form(("", "mine", "300", ""))
    change_setting("retention", [SUPPORT])
    answer = boss.post(PAGE, stale)
    assert (answer.status_code, setting("retention")) == (409, [SUPPORT])
    said = answer.content.decode()
    assert "Somebody changed this meanwhile" in said
    assert 'value="mine"' in said


def test_a_combination_of_the_handbook_stays_as_it_is(boss: Client) -> None:
    row = '{channel: email/support, category: "Hiring & more", files_days: 90}'
    load(f"version: 1\nsettings: [{{key: retention, value: [{row}]}}]\n")
    said = boss.get(PAGE).content.decode()
    assert "email/support and Hiring &amp; more" in said
    which = "channel=email%2Fsupport&category=Hiring+%26+more"
    assert boss.post(PAGE, form((which, "", "90", ""))).status_code == 302
    kept = {"channel": "email/support", "category": "Hiring & more", "files_days": 90}
    assert setting("retention") == [kept]
    assert AuditEntry.objects.filter(what="retention.changed").count() == 0


def test_each_queue_says_what_its_tickets_fall_under(boss: Client) -> None:
    mailbox()
    mailbox("jobs")
    change_setting("retention", [{"category": "Hiring", "texts_days": 9}, SUPPORT])
    said = " ".join(boss.get(PAGE).content.decode().split())
    support, jobs = (said.partition(f" email/{key}</span>")[2][:400] for key in ("support", "jobs"))
    assert "180 days after closing" in support
    assert "kept" in jobs
    assert "9 days" not in jobs


def test_the_next_run_is_tonight_or_now() -> None:
    noon = NOW.replace(hour=12)
    assert next_night(noon) == noon  # today's work is not done
    early = NOW.replace(hour=0)
    assert next_night(early) == early.replace(hour=2)
