"""A masked secret is nowhere but in the one encrypted column (issue: secret tripwire, must show 4).

Secrets come in by every door, everything that follows is done, and then all that the product keeps
or says is searched byte by byte.
"""

import asyncio
import base64
import json
import logging
import random
import string
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from django.conf import settings as django_settings
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils import timezone

from inbox import pipeline
from inbox.accounts.models import ApiToken, User
from inbox.channels.models import Channel, Delivery
from inbox.common.work import Actor
from inbox.followups import digests
from inbox.guard import secrets
from inbox.guard.models import Secret
from inbox.livechat.tests.conftest import SITE, Browser
from inbox.mirrors.models import MirrorTarget
from inbox.notify import services as notify
from inbox.notify.choices import EVENTS
from inbox.operations import draining, handing_out, receiving
from inbox.operations.connecting import connect
from inbox.outbox import deciding
from inbox.outbox.models import Outgoing
from inbox.people.models import Contact
from inbox.privacy.tests.planting import database_bytes, files_with
from inbox.tickets.models import Attachment, Message, Ticket
from inbox.webhooks.models import Webhook
from rig import github, slack
from rig.desk import act, agent
from rig.github import FakeGitHub
from rig.receiver import Receiver
from rig.slack import FakeSlack
from rig.smtp import SmtpSink, smtp_sink

pytestmark = pytest.mark.django_db(transaction=True)
REPO = "example/core"
LETTERS = string.ascii_letters + string.digits
DICE = random.Random(20261122)


def made(prefix: str, length: int, letters: str = LETTERS) -> str:
    """Something that looks like a secret, put together at run time."""
    return prefix + "".join(DICE.choice(letters) for _ in range(length))


GITHUB, STRIPE = "gh" + "p_", "sk_" + "live_"
SLACK, AWS = "xox" + "b-", "AK" + "IA"


class Doors:
    """A desk with every way in, and the vendors behind it."""

    def __init__(self, chat: FakeSlack, hub: FakeGitHub, hook: Receiver, sink: SmtpSink) -> None:
        self.slack, self.github, self.hook, self.sink = chat, hub, hook, sink
        self.client = Client()
        self.planted: list[str] = []
        chat.person("U0ADA", "ada")
        hub.person("kezia")
        keys = {"signing_secret": slack.SECRET, "bot_token": slack.TOKEN, "team_id": slack.TEAM}
        rooms = {"watch": "#help", "triage_channel": "#triage", "bridge_channel": "#bridge"}
        for name in ("help", "triage", "bridge"):
            chat.room(name)
        connect("slack", "main", {**keys, **rooms, "api_url": f"{chat.url}/api/"})
        given = {"webhook_secret": github.SECRET, "token": github.TOKEN, "api_url": hub.url}
        connect("github", "core", given)
        connect("livechat", "docs", {"site_name": "Docs", "origins": SITE})
        connect("email", "support", {"address": "support@example.com", "smtp_url": sink.url()})
        events = ["ticket.opened", "message.received", "note.added"]
        row = Webhook.objects.create(label="Hook", url=f"{hook.url}/in", events=events)
        hook.secret = row.secret

    def plant(self, prefix: str, length: int, letters: str = LETTERS) -> str:
        """A new secret that must be nowhere in the end."""
        self.planted.append(made(prefix, length, letters))
        return self.planted[-1]

    # -------------------------------------------------------------- the ways in

    def mail(self, subject: str, text: str, html: str, file: bytes, key: str) -> None:
        """A mail with both bodies and a file, each in another encoding."""
        parts = [
            ("text/plain; charset=utf-8", "", text.encode()),
            ("text/html; charset=utf-8", "", html.encode()),
            ("text/plain", 'Content-Disposition: attachment; filename="a.env"\r\n', file),
        ]
        body = "".join(
            f"--b\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n{head}\r\n"
            f"{base64.encodebytes(content).decode()}\r\n"
            for kind, head, content in parts
        )
        raw = (
            f"From: Mira <mira@example.org>\r\nTo: support@example.com\r\nSubject: {subject}\r\n"
            f"Message-ID: {key}\r\nMIME-Version: 1.0\r\n"
            f'Content-Type: multipart/mixed; boundary="b"\r\n\r\n{body}--b--\r\n'
        )
        receiving.receive("email/support", raw.encode(), [])

    def says(self, event: dict[str, Any]) -> None:
        """A signed event of Slack."""
        raw = json.dumps(self.slack.envelope(event)).encode()
        self._post("/hooks/slack/main/", raw, slack.signed(raw))

    def happens(self, body: dict[str, Any]) -> None:
        """A signed event of GitHub."""
        raw = json.dumps({k: v for k, v in body.items() if k != "event"}).encode()
        named = {"x-github-event": body["event"], "x-github-delivery": f"d{len(raw)}"}
        self._post("/hooks/github/core/", raw, {**github.signed(raw), **named})

    def _post(self, path: str, raw: bytes, headers: dict[str, str]) -> None:
        answer = self.client.post(path, raw, "application/json", headers=headers)
        assert answer.status_code == 200, answer.content


@pytest.fixture
def doors(settings: Any) -> Iterator[Doors]:
    with FakeSlack() as chat, FakeGitHub() as hub, Receiver() as hook, smtp_sink() as sink:
        fakes = (chat, hub, hook)
        reached = [fake.url.removeprefix("http://") for fake in fakes]
        settings.OUTBOUND_ALLOW = [*reached, f"127.0.0.1:{sink.port}"]
        settings.SYSTEM_CHANNEL = "email/support"
        yield Doors(chat, hub, hook, sink)


class Ear(threading.Thread):
    """The live stream of a signed-in browser, read while everything happens."""

    def __init__(self, cookie: str) -> None:
        super().__init__(daemon=True)
        self.cookie, self.heard = cookie, b""
        self.loop = asyncio.new_event_loop()
        self.listens = threading.Event()
        self.task = self.loop.create_task(self._listen())
        self.start()
        assert self.listens.wait(20)

    def run(self) -> None:
        """Until it is closed."""
        with suppress(asyncio.CancelledError):
            self.loop.run_until_complete(self.task)
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    async def _listen(self) -> None:
        client = AsyncClient()
        client.cookies[django_settings.SESSION_COOKIE_NAME] = self.cookie
        answer: Any = await client.get("/live/?after=0")
        assert answer.status_code == 200
        async for chunk in cast(AsyncIterator[bytes], answer.streaming_content):
            self.heard += chunk
            self.listens.set()

    def close(self) -> bytes:
        """What was heard."""
        time.sleep(0.5)  # the last change is on its way
        self.loop.call_soon_threadsafe(self.task.cancel)
        self.join(20)
        return self.heard


def forms_of(secret: str) -> list[bytes]:
    """A secret as it may stand in a file: plain, or inside of base64 at any offset, or as hex."""
    raw = secret.encode()
    found = [raw, raw.hex().encode()]
    for offset in range(3):
        shifted = base64.b64encode(b"\0" * offset + raw)
        found.append(shifted[4 if offset else 0 : -4])
    return found


def _written(doors: Doors) -> None:
    plant = doors.plant
    stripe, aws = plant(STRIPE, 24), plant(AWS, 16, string.ascii_uppercase + string.digits)
    split = plant(GITHUB, 36)
    doors.mail(
        f"Key {stripe}",
        f"It fails with {stripe} and\r\npassword: {plant('Zq7', 12)}\r\n",
        f"<p>It fails with <b>{split[:9]}</b>{split[9:]} and "
        f'<a href="https://bob:{plant("Xw9", 12)}@example.net/">this</a></p>',
        f"AWS_KEY={aws}\nTOKEN={plant(GITHUB, 36)}\n".encode(),
        "<1@example.org>",
    )
    place = doors.slack.room("help").id
    ts = doors.slack.say("U0ADA", place, f"my bot has {plant(SLACK + '1234567890-', 24)}")
    doors.says(doors.slack.message_event(place, ts))
    shared = f"export GH={plant(GITHUB, 36)}\n".encode()
    ts = doors.slack.share("U0ADA", place, "run.log", shared, text="the log")
    doors.says(doors.slack.message_event(place, ts))
    ts = doors.slack.say("U0ADA", place, "a moment, I look for it")
    doors.says(doors.slack.message_event(place, ts))
    added = doors.slack.edit(place, ts, f"found: {plant(GITHUB, 36)}")
    doors.says(added)
    doors.happens(doors.github.open("kezia", REPO, f"It hangs with {plant(GITHUB, 36)}"))
    doors.happens(doors.github.comment("kezia", REPO, 1, f"and with {plant(STRIPE, 24)}"))
    visitor = Browser()
    assert visitor.begin().status_code == 200
    line = {"client_id": "line-0001", "body": f"hello, {plant(GITHUB, 36)} is refused"}
    assert visitor.call("POST", "messages/", line).status_code == 201
    file = SimpleUploadedFile("app.yaml", f"key: {plant(STRIPE, 24)}\n".encode(), "text/yaml")
    assert visitor.attach(file).status_code in (200, 201)


def _worked_on(doors: Doors, client: Client) -> None:
    """What the team does: a note with a secret in it, a draft, and an answer that quotes."""
    mail = Ticket.objects.get(channel__kind="email")
    note = {"mode": "note", "body": f"@bo their key is {doors.plant(GITHUB, 36)}"}
    here = reverse("ticket-do", args=[mail.pk, "reply"])
    assert client.post(here, note).status_code == 302
    typed = f"body=try+{doors.plant(GITHUB, 36)}&mode=reply"
    draft = reverse("ticket-draft", args=[mail.pk])
    assert client.put(draft, typed, "application/x-www-form-urlencoded").status_code == 200
    refused = {"mode": "reply", "body": f"use {doors.plant(STRIPE, 24)}"}
    assert client.post(here, refused).status_code == 422
    answer = {"mode": "reply", "body": "We have hidden it. Please replace it."}
    answer["last_seen_message"] = str(Ticket.objects.get(pk=mail.pk).last_message_id)
    assert client.post(here, answer).status_code == 302
    for row in Ticket.objects.exclude(pk=mail.pk):
        client.post(reverse("ticket-do", args=[row.pk, "assign"]), {"to": "ana"})


def _pages(client: Client) -> Iterator[tuple[str, bytes]]:
    paths = ["/queue/", "/search/?q=password", "/search/?q=fails", "/dead-letters/", "/notices/"]
    paths += [f"/tickets/{n}/" for n in Ticket.objects.values_list("pk", flat=True)]
    paths += [f"/secrets/{n}/" for n in Secret.objects.values_list("pk", flat=True)]
    paths += [f"/messages/{n}/original/" for n in Message.objects.values_list("pk", flat=True)]
    paths += [f"/people/{n}/" for n in Contact.objects.values_list("pk", flat=True)]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        paths.append(reverse(f"{name}_changelist"))
        keys = list(model._default_manager.values_list("pk", flat=True)[:50])
        if model._meta.app_label == "inbox":
            paths += [reverse(f"{name}_change", args=[key]) for key in keys]
    for path in paths:
        answer = client.get(path, follow=True)
        assert answer.status_code in (200, 404), path
        yield path, answer.content


def _api(boss: User) -> Iterator[tuple[str, bytes]]:
    _, text = ApiToken.issue(boss)
    client = Client(headers={"authorization": f"Bearer {text}"})
    paths = ["tickets/", "outgoing/", "search/?q=fails", "people/"]
    for number in Ticket.objects.values_list("pk", flat=True):
        paths += [f"tickets/{number}/", f"tickets/{number}/messages/", f"tickets/{number}/events/"]
    for path in paths:
        answer = client.get(f"/api/v1/{path}")
        yield path, answer.content


def _told(boss: User) -> None:
    """What the product says by itself: notes to senders leave, the team is reminded, a digest."""
    for row in Outgoing.objects.filter(state="held", held_reason="approval"):
        with pipeline.change(Actor.user(boss)):
            deciding.approve(row)
    due = timezone.now() + timedelta(hours=2)
    for pk in secrets.unanswered_ids(due):
        act(secrets.remind, pk, due, at=due)
    later = timezone.now() + timedelta(days=2)  # whatever the night kept back
    for pk in notify.untold_ids(later):
        act(notify.send, pk, later, at=timezone.now())
    half = datetime.fromisoformat("2026-11-20T09:05:00+00:00")
    assert [act(digests.send, pk, half, at=half) for pk in digests.due_user_ids(half)]


def _letters(doors: Doors) -> Iterator[tuple[str, bytes]]:
    """Mails as they left: the raw bytes, and their texts decoded."""
    for letter in doors.sink.letters:
        yield "mail", letter.raw
        for part in letter.message.walk():
            if not part.is_multipart():
                yield "mail part", cast(bytes, part.get_payload(decode=True) or b"")


def test_a_masked_secret_is_nowhere_but_in_the_encrypted_column(
    doors: Doors,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.INFO)
    by_mail = {event.key: ["mail"] for event in EVENTS}
    boss = agent("ana", role="admin", is_superuser=True, is_staff=True, told=by_mail)
    agent("bo", told=by_mail)
    client = Client()
    client.force_login(boss)
    ear = Ear(client.cookies[django_settings.SESSION_COOKIE_NAME].value)
    _written(doors)
    assert draining.drain(timeout_seconds=60)[1]
    _worked_on(doors, client)
    _told(boss)
    assert draining.drain(timeout_seconds=60)[1]
    heard = ear.close()
    for contact in Contact.objects.all():
        handing_out.export(contact.pk, tmp_path / f"{contact.pk}", notes=True)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}
    kept = set(Secret.objects.values_list("message__ticket__channel__kind", flat=True))
    assert kept == {"email", "slack", "github", "livechat"}
    # drafts and refused answers are nobody's message: of them nothing is kept at all
    known = {row.original for row in Secret.objects.all()}
    assert set(doors.planted) - known == set(doors.planted[-2:])

    assert heard.count(b"event: ") >= Ticket.objects.count()
    letters = list(_letters(doors))
    subjects = " | ".join(str(letter.message["Subject"]) for letter in doors.sink.letters)
    for words in ("Re: Key [secret removed", "Nobody has confirmed", "unanswered", "mentioned you"):
        assert words in subjects, subjects
    shown = [*_pages(client), *_api(boss), *letters, ("live", heard)]
    said = [(call.path, call.body) for fake in (doors.slack, doors.github) for call in fake.calls]
    said += [("webhook", json.dumps(one).encode()) for one in doors.hook.taken]
    out, err = capfd.readouterr()
    logs = [("log", (caplog.text + out + err).encode())]
    dump, everything = database_bytes(), [*shown, *said, *logs]
    assert any(b"secret removed" in content for _, content in said)  # the mirrors saw it masked
    for secret in doors.planted:
        for form in forms_of(secret):
            at = dump.find(form)
            assert at == -1, dump[max(0, at - 200) : at + 60]
            assert [where for where, content in everything if form in content] == []
            assert files_with(Path(django_settings.DATA_DIR), form.decode()) == []
            assert files_with(tmp_path, form.decode()) == []


def test_the_search_would_find_what_is_not_masked(doors: Doors) -> None:
    """The same search sees words that are no secret, in the database and in files."""
    word = made("plain", 20, string.ascii_lowercase)
    doors.mail(word, f"hello {word}", f"<p>{word}</p>", word.encode(), "<2@example.org>")
    assert draining.drain(timeout_seconds=60)[1]
    assert any(form in database_bytes() for form in forms_of(word))
    assert files_with(Path(django_settings.DATA_DIR), word)
    assert Attachment.objects.get().size == len(word)
    assert Channel.objects.count() == 4
    assert not MirrorTarget.objects.filter(place=word).exists()
    assert timezone.now() > Ticket.objects.get().created_at
