"""What becomes of a secret: kept, told, confirmed, revealed, forgotten."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inbox import pipeline
from inbox.accounts.models import ApiToken, Team
from inbox.audit.models import AuditEntry
from inbox.channels.models import Delivery
from inbox.common import crypto
from inbox.common.config import change_setting
from inbox.common.work import Actor
from inbox.guard import secrets
from inbox.guard.finding import find
from inbox.guard.markup import masked_html
from inbox.guard.models import Secret
from inbox.notify.models import Notice
from inbox.operations import checking, receiving, rotating
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Message, Ticket
from rig.desk import act, agent, mailbox

pytestmark = pytest.mark.django_db
TOKEN = "gh" + "p_" + "a1B2c3D4e5" * 3 + "f6G7h8"
MARK = "[secret removed: GitHub token]"


def mail(text: str = f"my token is {TOKEN}", key: str = "<1@example.org>", more: str = "") -> None:
    """A mail through the inlet."""
    mailbox()
    raw = (
        "From: Mira <mira@example.org>\r\nTo: support@example.com\r\nSubject: Help\r\n"
        f"Message-ID: {key}\r\n{more}\r\n{text}\r\n"
    )
    receiving.receive("email/support", raw.encode(), [])
    pk = Delivery.objects.order_by("-pk").values_list("pk", flat=True)[0]
    assert pipeline.process_delivery(pk) == "done"


def columns_of(table: str, column: str) -> list[bytes]:
    """A column as the database has it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} ORDER BY id")
        return [
            bytes(row[0], "utf-8") if isinstance(row[0], str) else bytes(row[0]) for row in cursor
        ]


def test_a_mail_is_masked_and_its_original_is_encrypted() -> None:
    mail()
    (message,) = Message.objects.all()
    assert (message.body_text.strip(), message.flags) == (f"my token is {MARK}", ["secret"])
    row = Secret.objects.get()
    assert (row.kind, row.place, row.original) == ("github_token", "text", TOKEN)
    assert Outgoing.objects.get().state == "held"
    (stored,) = columns_of("inbox_secret", "original")
    assert crypto.decrypt(stored.decode()) == TOKEN
    assert list(
        message.ticket.events.filter(kind="secret_found").values_list("data", flat=True)
    ) == [{"what": "GitHub token", "message": message.pk, "secret": row.pk}]


def test_the_note_to_the_sender_never_repeats_it_and_leaves_only_after_a_yes() -> None:
    mail()
    row = Outgoing.objects.get()
    text = row.payload["text"]
    assert (row.state, row.held_reason, TOKEN in text) == ("held", "approval", False)
    assert "https://github.com/settings/tokens" in text
    assert "however short it was visible" in text
    change_setting("secret_automatic", True)
    mail(f"and {TOKEN[:-1]}Z", key="<2@example.org>")
    assert Outgoing.objects.get(kind="auto_reply").state == "queued"


def test_the_same_secret_quoted_again_is_masked_and_asked_about_once() -> None:
    mail()
    mail(f"again: {TOKEN}", "<2@example.org>", "In-Reply-To: <1@example.org>\r\n")
    first, second = Secret.objects.order_by("pk")
    assert first.fingerprint == second.fingerprint
    assert (first.answer_due_at is None, second.answer_due_at) == (False, None)
    assert Outgoing.objects.count() == 1
    assert [m.body_text.strip() for m in Message.objects.order_by("pk")] == [
        f"my token is {MARK}",
        f"again: {MARK}",
    ]


def test_a_replay_reads_the_encrypted_delivery_and_changes_nothing() -> None:
    mail()
    (stored,) = columns_of("inbox_delivery", "body")
    assert stored.startswith(b"k1:gAAAA")
    assert receiving.replay(Delivery.objects.get().pk, now=timezone.now()) == "done"
    assert (Message.objects.count(), Secret.objects.count()) == (1, 1)


def test_nobody_confirms_it_and_the_team_is_told_once() -> None:
    mail()
    row, ana = Secret.objects.get(), agent("ana")
    due = row.answer_due_at
    assert due == row.found_at + timedelta(minutes=30)
    assert secrets.unanswered_ids(due - timedelta(seconds=1)) == []
    assert secrets.unanswered_ids(due) == [row.pk]
    assert act(secrets.remind, row.pk, due, at=due) is True
    assert list(Notice.objects.values_list("user", "kind", "text")) == [
        (
            ana.pk,
            "secret",
            f"Nobody has confirmed that the GitHub token in #{row.ticket_id} is being replaced",
        )
    ]
    assert secrets.unanswered_ids(due) == []


def test_of_a_restricted_ticket_only_its_team_is_told() -> None:
    mail()
    row, inside = Secret.objects.get(), agent("sol")
    agent("ana")
    team = Team.objects.create(key="security", name="Security")
    inside.teams.add(team)
    Ticket.objects.update(restricted_team=team)
    due = row.found_at + timedelta(minutes=30)
    assert act(secrets.remind, row.pk, due, at=due) is True
    assert list(Notice.objects.values_list("user", flat=True)) == [inside.pk]


def test_confirmed_and_replaced_are_noted_and_end_the_clock() -> None:
    mail()
    row = Secret.objects.get()
    at = datetime.fromisoformat("2026-11-22T12:00:00+00:00")
    act(secrets.acknowledge, row, at=at)
    act(secrets.rotate, row, at=at + timedelta(minutes=5))
    row.refresh_from_db()
    assert (row.acknowledged_at, row.rotated_at, row.answer_due_at) == (
        at,
        at + timedelta(minutes=5),
        None,
    )
    with pytest.raises(VerbError, match="replaced already"):
        act(secrets.rotate, row)


def test_the_original_is_shown_for_a_reason_and_the_log_says_so() -> None:
    mail()
    row, client = Secret.objects.get(), Client()
    client.force_login(agent("ana", role="agent"))
    here = reverse("secret-do", args=[row.pk, "reveal"])
    assert client.post(here, {"reason": "no"}).status_code == 422
    assert TOKEN not in client.get(reverse("secret", args=[row.pk])).content.decode()
    shown = client.post(here, {"reason": "to end it at the vendor"})
    assert TOKEN in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    entry = AuditEntry.objects.get(what="original.revealed")
    assert (entry.actor, entry.new) == ("ana", {"reason": "to end it at the vendor"})


def test_after_some_days_the_original_and_the_raw_mail_are_forgotten() -> None:
    mail()
    row = Secret.objects.get()
    assert secrets.expiring_ids(row.expires_at - timedelta(seconds=1)) == []
    assert act(secrets.wipe, row.pk, row.expires_at) is True
    row.refresh_from_db()
    assert (row.original, row.wiped_at, bytes(Delivery.objects.get().body)) == (
        "",
        row.expires_at,
        b"",
    )
    assert secrets.expiring_ids(row.expires_at) == []
    with pytest.raises(VerbError, match="not kept any more"):
        act(secrets.reveal, row, reason="to end it at the vendor")


def test_a_note_is_masked_and_an_answer_is_refused_unless_somebody_insists() -> None:
    mail("hello")
    client, ana = Client(), agent("ana", role="agent")
    client.force_login(ana)
    here = reverse("ticket-do", args=[Ticket.objects.get().pk, "reply"])
    assert client.post(here, {"mode": "note", "body": f"it is {TOKEN}"}).status_code == 302
    assert Ticket.objects.get().messages.get(visibility="internal").body_text == f"it is {MARK}"
    newest = Message.objects.latest("pk").pk
    answer = {"mode": "reply", "body": f"use {TOKEN}", "last_seen_message": newest}
    refused = client.post(here, answer)
    assert refused.status_code == 422
    assert "send it anyway" in refused.content.decode()
    assert Outgoing.objects.filter(kind="reply", message__isnull=False).count() == 0
    assert client.post(here, {**answer, "anyway": "1"}).status_code == 302
    assert (
        Outgoing.objects.get(kind="reply", message__isnull=False).payload["text"] == f"use {TOKEN}"
    )


def test_an_edit_that_takes_it_out_says_that_it_is_gone() -> None:
    mail()
    message, row = Message.objects.get(), Secret.objects.get()
    at = timezone.now()
    with pipeline.change(Actor.system("test"), now=at):
        tickets.edit_message(message, text="x", new_text="x", html="", version="2", at=at)
    row.refresh_from_db()
    assert row.gone_at is not None
    assert message.ticket.events.filter(kind="secret_gone").count() == 1


def test_the_raw_delivery_is_read_after_the_key_was_changed(
    settings: pytest.FixtureRequest,
) -> None:
    mail()
    old = next(iter(crypto.key_ring().items()))
    new = Fernet.generate_key().decode()
    settings.FIELD_KEYS = f"k2:{new},{old[0]}:{old[1].decode()}"  # type: ignore[attr-defined]  # pytest-django's wrapper
    crypto.key_ring.cache_clear()
    try:
        assert rotating.rotate()["inbox.delivery.body"] == {"renewed": 1}
        (stored,) = columns_of("inbox_delivery", "body")
        assert stored.startswith(b"k2:gAAAA")
        assert TOKEN.encode() in bytes(Delivery.objects.get().body)
    finally:
        crypto.key_ring.cache_clear()
        crypto.sign_with(None)


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        (f"<p>a {TOKEN} b</p>", f"<p>a {MARK} b</p>"),
        (f"<p>a <b>{TOKEN[:9]}</b><i>{TOKEN[9:]}</i> b</p>", f"<p>a <b>{MARK}</b><i></i> b</p>"),
        (f"<p>{TOKEN[:9]}&#{ord(TOKEN[9])};{TOKEN[10:]}</p>", f"<p>{MARK}</p>"),
        (
            f'<a href="https://x.example/?t={TOKEN}">x</a>',
            f'<a href="https://x.example/?t={MARK}">x</a>',
        ),
        ("<p>1 &lt; 2 &amp; 3</p>", "<p>1 &lt; 2 &amp; 3</p>"),
    ],
)
def test_markup_loses_the_secret_and_keeps_its_tags(source: str, wanted: str) -> None:
    assert masked_html(source, find) == wanted


def test_what_an_older_version_stored_plain_is_encrypted_with_the_keys() -> None:
    mail()
    row = Delivery.objects.get()
    plain, known = b"\x00\xff plain, it is " + TOKEN.encode(), {"who": TOKEN}
    table = Delivery._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET body = %s, completed = %s WHERE id = %s",
            [plain, json.dumps(known), row.pk],
        )
    assert columns_of(table, "body") == [plain]
    done = rotating.rotate()
    assert (done["inbox.delivery.body"], done["inbox.delivery.completed"]) == (
        {"sealed": 1},
        {"sealed": 1},
    )
    assert columns_of(table, "body")[0].startswith(next(iter(crypto.key_ring())).encode())
    assert TOKEN not in str(columns_of(table, "completed"))
    row.refresh_from_db()
    assert (bytes(row.body), row.completed) == (plain, known)
    assert [counts["sealed"] for counts in rotating.rotate().values() if "sealed" in counts] == []


def test_the_doctor_counts_secrets_that_nobody_has_replaced() -> None:
    mail()
    row = Secret.objects.get()
    text = "1 secrets came in and are not replaced, 1 of them not confirmed: see"
    found = [finding for finding in checking.findings() if text in finding.text]
    assert [finding.level for finding in found] == ["warn"]
    act(secrets.rotate, row)
    assert [one for one in checking.findings() if "secrets came in" in one.text] == []


def test_the_admin_lists_secrets_and_changes_none() -> None:
    mail()
    row, client = Secret.objects.get(), Client()
    client.force_login(agent("ana", role="admin", is_superuser=True, is_staff=True))
    shown = client.get(reverse("admin:inbox_secret_changelist"))
    assert "GitHub token" in shown.content.decode()
    here = reverse("admin:inbox_secret_change", args=[row.pk])
    page = client.get(here)
    assert (page.status_code, TOKEN in page.content.decode()) == (200, False)
    assert client.post(here, {"kind": "x"}).status_code == 403
    assert client.get(reverse("admin:inbox_secret_add")).status_code == 403


def test_the_api_masks_a_note_and_refuses_an_answer_until_it_is_told_to_send_it() -> None:
    mail("hello")
    url = f"/api/v1/tickets/{Ticket.objects.get().pk}/reply/"
    client = Client(headers={"authorization": f"Bearer {ApiToken.issue(agent('ana'))[1]}"})

    def say(**body: object) -> Any:
        return client.post(url, body, "application/json")

    assert say(body=f"it is {TOKEN}", internal=True).status_code == 200
    assert Ticket.objects.get().messages.get(visibility="internal").body_text == f"it is {MARK}"
    refused = say(body=f"use {TOKEN}")
    said = refused.json()
    assert (refused.status_code, said["type"], list(said["errors"])) == (
        400,
        "invalid",
        ["secret"],
    )
    assert '"anyway": true' in said["detail"]
    assert TOKEN not in refused.content.decode()
    assert Ticket.objects.get().messages.filter(direction="out", visibility="public").count() == 0
    assert say(body=f"use {TOKEN}", anyway=True).status_code == 200
    sent = Outgoing.objects.get(kind="reply", message__isnull=False)
    assert sent.payload["text"] == f"use {TOKEN}"


def test_the_schema_says_how_an_answer_with_a_secret_is_sent() -> None:
    client = Client()
    client.force_login(agent("ana"))
    schema = client.get("/api/schema/?format=json").json()
    field = schema["components"]["schemas"]["Reply"]["properties"]["anyway"]
    assert "true sends it as it is" in field["description"]
