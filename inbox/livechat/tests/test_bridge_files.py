"""Files of a bridged chat, both ways, once each."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from inbox import pipeline
from inbox.channels import wire
from inbox.channels.models import Delivery, Fetch
from inbox.livechat.tests.conftest import SITE, Browser
from inbox.livechat.tests.slackside import (
    card_of,
    edit,
    fetch_files,
    flush,
    lines,
    room,
)
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Attachment, Message
from integrations.slack.tests.conftest import deliver, workspace
from rig.desk import act
from rig.slack import FakeSlack
from rig.slack_api import Room
from rig.vendor import Answer

__all__ = ["room", "workspace"]
pytestmark = pytest.mark.django_db
TRACE = b"trace of the sluice\n"


def upload(visitor: Browser, name: str, content: bytes) -> None:
    """The visitor sends a file."""
    data = {"client_id": "file-0001", "file": SimpleUploadedFile(name, content)}
    headers = {"origin": SITE, "authorization": f"Bearer {visitor.token}"}
    given = Client().post("/chat/docs/files/", data, headers=headers)
    assert given.status_code in (200, 201), given.content
    for pk in Delivery.objects.filter(state="pending").values_list("pk", flat=True):
        assert pipeline.process_delivery(pk) == "done"


def files(fake: FakeSlack, room: Room) -> list[tuple[str, bytes]]:
    """(name, bytes) of the files under the card."""
    posts = fake.posted(room.id, card_of(fake, room).ts)
    rows = [row for post in posts for row in post.extra.get("files", ())]
    return [(row["name"], fake.files[row["id"]]) for row in rows]


def download(visitor: Browser, file: int) -> tuple[int, bytes]:
    """What the widget's link gives."""
    given = visitor.call("GET", f"files/{file}/")
    return given.status_code, given.content


def share(fake: FakeSlack, room: Room, text: str = "", content: bytes = TRACE) -> str:
    """Ana adds a file under the card."""
    ts = fake.share(
        "U0ANA", room.id, "trace.log", content, text=text, thread=card_of(fake, room).ts
    )
    deliver(fake.envelope(fake.message_event(room.id, ts)))
    return ts


def test_a_visitors_file_is_in_the_thread(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    upload(visitor, "trace.txt", TRACE)
    flush()
    assert lines(workspace, room)[0] == ("Visitor (visitor)", "sent trace.txt")
    assert files(workspace, room) == [("trace.txt", TRACE)]


@pytest.mark.parametrize(
    ("method", "drop"),
    [
        ("files.completeUploadExternal", "after"),
        ("files.completeUploadExternal", "before"),
        ("files.getUploadURLExternal", "before"),
        ("chat.postMessage", "after"),
    ],
)
def test_a_file_is_there_once_whatever_breaks(
    visitor: Browser, workspace: FakeSlack, room: Room, method: str, drop: str
) -> None:
    workspace.fail(method, times=2, drop=drop)
    upload(visitor, "trace.txt", TRACE)
    flush()
    assert [text for _, text in lines(workspace, room)] == ["sent trace.txt", ""]
    assert files(workspace, room) == [("trace.txt", TRACE)]
    assert len([p for p in workspace.posted(room.id) if not p.thread_ts]) == 1


def test_a_file_that_slack_refuses_stops_no_line(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    no = Answer(200, {"ok": False, "error": "file_upload_size_restricted"})
    workspace.fail("files.getUploadURLExternal", answer=no)
    upload(visitor, "trace.txt", TRACE)
    visitor.say("did you get it?", "line-0002")
    flush()
    assert [text for _, text in lines(workspace, room)] == ["sent trace.txt", "did you get it?"]
    assert Outgoing.objects.filter(kind="bridge", state="failed").count() == 1


def test_a_file_from_the_thread_reaches_the_visitor(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    visitor.say("question")
    flush()
    share(workspace, room, "look at line 3")
    seen = visitor.read()[-1]
    assert (seen["text"], seen["files"]) == ("look at line 3", [])
    fetch_files()
    seen = visitor.read(seen["id"])[-1]
    assert (seen["kind"], seen["author"]) == ("changed", "Ana")
    (file,) = seen["files"]
    assert (file["name"], file["size"]) == ("trace.log", len(TRACE))
    assert download(visitor, file["id"]) == (200, TRACE)
    other = Browser()
    other.begin()
    assert download(other, file["id"])[0] == 404


def test_a_file_without_words_says_what_it_is(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    visitor.say("question")
    flush()
    share(workspace, room)
    assert visitor.read()[-1]["text"] == "sent trace.log"


@pytest.mark.parametrize("text", ["note: for us", "🔒"])
def test_an_internal_file_stays_inside(
    visitor: Browser, workspace: FakeSlack, room: Room, text: str
) -> None:
    visitor.say("question")
    flush()
    share(workspace, room, text)
    fetch_files()
    assert [row["text"] for row in visitor.read()] == ["question"]
    assert download(visitor, Attachment.objects.get().pk)[0] == 404


def test_a_file_is_taken_back_with_its_line(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    visitor.say("question")
    flush()
    ts = share(workspace, room, "look")
    fetch_files()
    edit(workspace, room, ts, "note: look")
    assert visitor.read()[-1]["deleted"] is True
    assert visitor.read()[-1]["files"] == []
    file = Attachment.objects.get()
    assert download(visitor, file.pk)[0] == 404
    assert file.message is not None
    assert file.message.visibility == "internal"


def test_a_file_that_is_too_large_or_gone_is_said_at_the_desk(
    visitor: Browser, workspace: FakeSlack, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.say("question")
    flush()
    monkeypatch.setattr(wire, "MOST_FILE_BYTES", 10)
    share(workspace, room, "look")
    fetch_files()
    assert Fetch.objects.get().state == "failed"
    assert Attachment.objects.get().missing_reason.startswith("the file is larger than")
    assert visitor.read()[-1]["files"] == []


def test_a_deleted_line_takes_its_file_along(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    visitor.say("question")
    upload(visitor, "more.txt", TRACE)
    flush()
    assert [name for name, _ in files(workspace, room)] == ["more.txt"]
    line = Message.objects.get(external_id__contains="file-0001")
    act(lambda: tickets.delete_message(line, at=timezone.now()))
    flush()
    assert files(workspace, room) == []
    assert [text for _, text in lines(workspace, room)] == ["question"]
