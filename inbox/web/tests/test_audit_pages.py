"""What is done at the desk, in the admin and by commands stands in the audit log."""

import json
from pathlib import Path

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.test import Client

from inbox.accounts.models import User
from inbox.admin.audited import Audited
from inbox.audit import queries
from inbox.audit.models import AuditEntry
from inbox.audit.services import record
from inbox.channels.models import Channel
from inbox.common.models import Setting
from inbox.people.models import Contact
from rig.desk import agent, asker

pytestmark = pytest.mark.django_db
PRESET = Path(__file__).resolve().parents[2] / "handbook/presets/devrel.yaml"


@pytest.fixture
def root() -> Client:
    """An admin, signed in."""
    client = Client()
    client.force_login(agent("root", role="admin"))
    return client


def said() -> list[tuple[str, str, str]]:
    rows = AuditEntry.objects.order_by("number")
    return list(rows.values_list("actor", "what", "target"))


def test_who_came_in_who_was_refused_and_who_went() -> None:
    user = User(username="ana", email="ana@example.com", role="agent")
    user.set_password("correct horse battery")
    user.save()
    client = Client(REMOTE_ADDR="192.0.2.9")
    client.post("/login/", {"login": "ana", "password": "wrong"})
    client.post("/login/", {"login": "my password in the wrong field", "password": "x"})
    client.post("/login/", {"login": "ana", "password": "correct horse battery"})
    client.post("/logout/")
    assert said() == [
        ("nobody", "sign-in.failed", "ana"),
        ("nobody", "sign-in.failed", "no account of ours"),
        ("ana", "sign-in.ok", "ana"),
        ("ana", "sign-in.ended", "ana"),
    ]
    assert set(AuditEntry.objects.values_list("address", flat=True)) == {"192.0.2.9"}


def test_every_form_of_the_admin_writes_it_down(root: Client) -> None:
    ours = [
        kind
        for model, kind in admin.site._registry.items()
        if model._meta.app_label == "inbox" and not isinstance(kind, Audited)
    ]
    assert ours == []
    row = Setting.objects.create(name="undo_seconds", value=10)
    data = {"name": "undo_seconds", "value": "20"}
    root.post(f"/admin/inbox/setting/{row.pk}/change/", data)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.what, entry.target) == ("root", "setting.changed", "undo_seconds")
    assert (entry.old, entry.new) == ({"value": 10}, {"value": 20})


def test_of_people_outside_only_what_was_touched_is_kept(root: Client) -> None:
    row = asker("mira").contact
    data = {
        "name": "Mira Sol", "identities-TOTAL_FORMS": "0",
        "identities-INITIAL_FORMS": "0",
    }  # fmt: skip
    root.post(f"/admin/inbox/contact/{row.pk}/change/", data)
    assert Contact.objects.get(pk=row.pk).name == "Mira Sol"
    entry = AuditEntry.objects.get()
    assert (entry.target, entry.old) == (f"contact {row.pk}", None)
    assert entry.new == {"fields": ["name"]}


def test_channels_the_handbook_and_tokens(root: Client, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_handbook", str(PRESET))
    call_command("load_handbook", str(PRESET))  # nothing is different: nothing is written
    secret = "imaps://desk:hunter2hunter2@mail.example.com/INBOX"
    call_command("connect", "email", "jobs", "address=jobs@example.com", f"imap_url={secret}")
    root.post("/channels/email/jobs/", {"address": "jobs@example.org"})
    root.post("/channels/email/jobs/", {"address": "jobs@example.org"})
    call_command("token", "root")
    token = capsys.readouterr().out.split()[-1]
    found = said()
    assert ("command line", "handbook.loaded", "") in found
    assert [one for one in found if one[1].startswith("channel.")] == [
        ("command line", "channel.changed", "email/jobs"),
        ("root", "channel.changed", "email/jobs"),
    ]
    assert found[-1][:2] == ("command line", "apitoken.added")
    whole = json.dumps(list(AuditEntry.objects.values("old", "new", "target")))
    assert "hunter2" not in whole
    assert token not in whole
    changed = AuditEntry.objects.filter(actor="root").get()
    assert (changed.old, changed.new) == (
        {"address": "jobs@example.com"}, {"address": "jobs@example.org"},
    )  # fmt: skip
    assert Channel.objects.get(key="jobs").secrets["imap_url"] == secret
    assert queries.verify() is None


def test_a_macro_that_was_written_changed_and_thrown_away() -> None:
    client = Client()
    client.force_login(agent("ana"))
    form = {"name": "Hi", "text": "Hello", "seen_by": "owner", "order": "1", "enabled": "on"}
    client.post("/macros/new/", form)
    client.post("/macros/edit/hi/", {**form, "text": "Hello there"})
    client.post("/macros/delete/hi/")
    rows = AuditEntry.objects.order_by("number")
    assert [row.what for row in rows] == ["macro.added", "macro.changed", "macro.deleted"]
    assert (rows[1].old, rows[1].new) == ({"text": "Hello"}, {"text": "Hello there"})


def test_the_page_narrows_down_and_gives_a_file(root: Client) -> None:
    for n in range(60):
        record("ana", "macro.changed", f"macro-{n}", old={"text": "a"}, new={"text": f"=b{n}"})
    record("bo", "channel.changed", "email/support")
    page = root.get("/audit/").content.decode()
    assert page.count("<tr id=") == 50
    assert "email/support" in page
    older = root.get("/audit/?before=12").content.decode()
    assert "macro-10" in older
    assert "macro-11" not in older
    only = root.get("/audit/?who=bo&what=channel").content.decode()
    assert only.count("<tr id=") == 1
    assert root.get("/audit/?from=2001-01-01&to=2001-01-02").content.count(b"<tr id=") == 0
    assert root.get("/audit/?from=tomorrow&before=x&who=%00").status_code == 200
    file = root.get("/audit.csv?who=ana")
    lines = file.content.decode().splitlines()
    assert (file["Content-Type"], len(lines)) == ("text/csv; charset=utf-8", 61)
    newest = AuditEntry.objects.order_by("-number")[0]
    assert (newest.actor, newest.what, newest.new) == ("root", "export.read", {"who": "ana"})


def test_the_page_costs_the_same_at_any_length(
    root: Client, django_assert_max_num_queries: object
) -> None:
    for n in range(30):
        record("ana", f"subject{n % 3}.changed", str(n))
    root.get("/audit/")
    with django_assert_max_num_queries(13):  # type: ignore[operator]  # a fixture that is a function
        root.get("/audit/")


def test_files_of_figures_are_noted() -> None:
    client = Client()
    client.force_login(agent("ana"))
    client.get("/reports/sla.csv?period=30d")
    assert said() == [("ana", "export.read", "reports sla")]
