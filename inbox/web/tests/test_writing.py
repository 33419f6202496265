"""Writing: drafts that survive, answers taken back, mentions, files, and who is new among them."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from inbox import pipeline
from inbox.accounts.models import ApiToken, Role, Team, User
from inbox.channels.models import Channel
from inbox.common.config import change_setting
from inbox.notify.models import Notice
from inbox.operations import sweep
from inbox.outbox import services as outbox
from inbox.outbox.models import Outgoing
from inbox.tickets import drafts
from inbox.tickets import services as tickets
from inbox.tickets.drafts import Draft
from inbox.tickets.models import Attachment, Message, Ticket, TicketEvent
from rig.desk import act, agent, ticket

pytestmark = pytest.mark.django_db
HTMX = {"hx-request": "true", "hx-target": "preview"}


def desk(name: str = "ana", **fields: Any) -> Client:
    """Somebody, signed in."""
    client = Client()
    client.force_login(agent(name, **fields))
    return client


def put(client: Client, row: Ticket, body: str, mode: str = "reply") -> Any:
    """As the page does while somebody writes."""
    form = f"body={body}&mode={mode}"
    return client.put(f"/tickets/{row.pk}/draft/", form, "application/x-www-form-urlencoded")


def send(client: Client, row: Ticket, body: str, **fields: Any) -> Any:
    """As the form does."""
    form = {"body": body, "then": "none", "mode": "reply", "last_seen_message": "", **fields}
    return client.post(f"/tickets/{row.pk}/reply/", form)


def page_of(client: Client, row: Ticket) -> str:
    """The ticket's page."""
    return client.get(f"/tickets/{row.pk}/").content.decode()


# ------------------------------------------------------------------ drafts


def test_a_draft_stands_on_every_device_until_it_is_sent() -> None:
    row, ana = ticket(), desk()
    assert put(ana, row, "Half an ans").content == b"Draft kept"
    assert "Half an ans</textarea>" in page_of(desk(), row)
    assert "Half an ans" not in page_of(desk("bo"), row)
    assert put(ana, row, "", "note").content == b""
    assert not Draft.objects.exists()
    put(ana, row, "Whole", "note")
    assert 'id="mode-note" value="note" checked' in page_of(ana, row)
    assert send(ana, row, "Whole").status_code == 302
    assert not Draft.objects.exists()


def test_a_draft_costs_the_ticket_nothing() -> None:
    row = ticket()
    events, version = TicketEvent.objects.count(), Ticket.objects.get().version
    put(desk(), row, "words")
    assert (TicketEvent.objects.count(), Ticket.objects.get().version) == (events, version)


def test_who_may_not_write_has_no_draft_and_nobody_a_foreign_one() -> None:
    row = ticket()
    assert put(desk("vic", role=Role.VIEWER), row, "words").status_code == 404
    assert put(desk("lia", role=Role.LIGHT), row, "words", "note").status_code == 200
    team = Team.objects.create(key="security", name="Security", restricted=True)
    act(tickets.restrict, row, team)
    assert put(desk(), row, "words").status_code == 404
    assert Client().put(f"/tickets/{row.pk}/draft/", "body=x").status_code == 302
    assert put(desk("root", role=Role.ADMIN), row, "x" * 100_001).status_code == 422


def test_a_refused_answer_is_a_draft() -> None:
    row, ana = ticket(), desk()
    act(tickets.mark_spam, row)
    assert send(ana, row, "Never lost").status_code == 422
    assert Draft.objects.get().body == "Never lost"


def test_a_mistake_in_another_form_leaves_the_words_where_they_are() -> None:
    row, ana = ticket(), desk()
    put(ana, row, "Half an answer")
    answer = ana.post(f"/tickets/{row.pk}/close/", {"resolution": "docs_gap", "note": "why"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Half an answer</textarea>" in page
    assert '<option value="docs_gap" selected>' in page


def test_a_shared_draft_can_be_taken_over() -> None:
    row, ana, bo = ticket(), desk(), desk("bo")
    form = {"body": "Try the **heartbeat**", "mode": "reply"}
    assert ana.post(f"/tickets/{row.pk}/draft/share/", form).status_code == 302
    page = page_of(bo, row)
    assert "Ana’s draft" in page
    assert "Ana’s draft" not in page_of(ana, row)
    taken = {"draft": Draft.objects.get().pk}
    put(bo, row, "Hello,")
    assert bo.post(f"/tickets/{row.pk}/draft/take/", taken).status_code == 302
    mine = Draft.objects.get()
    assert mine.user is not None
    assert (mine.user.username, mine.body) == ("bo", "Hello,\n\nTry the **heartbeat**")
    assert "Ana’s draft" not in page_of(bo, row)
    assert desk("cleo").post(f"/tickets/{row.pk}/draft/take/", taken).status_code == 422
    kinds = list(TicketEvent.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds[-2:] == ["draft_shared", "draft_taken"]


def test_words_on_a_merged_ticket_stand_where_it_went() -> None:
    row, into, ana = ticket(), ticket(), desk()
    put(ana, row, "About the first")
    act(tickets.merge, row, into=into)
    assert "About the first</textarea>" in page_of(ana, into)
    put(ana, into, "About both")
    assert [(one.ticket_id, one.body) for one in Draft.objects.all()] == [(into.pk, "About both")]


def test_what_nobody_sends_is_deleted_after_a_while() -> None:
    row = ticket()
    put(desk(), row, "old")
    file = Attachment.objects.create(filename="a", size=1, sha256="0" * 64, uploader=agent("ana"))
    now = timezone.now()
    sweep.tick(now=now + timedelta(hours=23))
    assert (Draft.objects.count(), Attachment.objects.count()) == (1, 1)
    sweep.tick(now=now + timedelta(days=29))
    assert (Draft.objects.count(), Attachment.objects.filter(pk=file.pk).count()) == (1, 0)
    sweep.tick(now=now + timedelta(days=31))
    assert not Draft.objects.exists()


# ------------------------------------------------------------------ taken back


def test_undo_brings_the_words_back_and_the_ticket_is_ours_again() -> None:
    row, ana = ticket(), desk()
    send(ana, row, "Too early", then="close")
    left = Outgoing.objects.get()
    assert "data-undo" in page_of(ana, row)
    answer = ana.post(f"/dead-letters/out/{left.pk}/undo/", {"from": "ticket"})
    assert answer["Location"] == f"/tickets/{row.pk}/#words"
    row.refresh_from_db()
    left.refresh_from_db()
    assert (row.status, row.waiting_on, left.state) == ("open", "us", "failed")
    page = page_of(ana, row)
    assert "Too early</textarea>" in page
    assert page.count("Too early") == 1
    assert "took an answer back before it left" in page
    assert "This message was deleted" not in page
    assert pipeline.deliver(left.pk) == ""


def test_undoing_a_forward_leaves_the_customers_message_alone() -> None:
    row, ana = ticket(), desk()
    message = row.messages.get()
    act(outbox.forward, row, message, address="billing@example.com")
    Outgoing.objects.update(not_before=timezone.now() + timedelta(seconds=60))
    ana.post(f"/dead-letters/out/{Outgoing.objects.get().pk}/undo/", {"from": "ticket"})
    message.refresh_from_db()
    assert (message.deleted_at, Outgoing.objects.get().state) == (None, "failed")
    assert not Draft.objects.exists()


def test_what_has_gone_cannot_be_taken_back() -> None:
    row, ana = ticket(), desk()
    send(ana, row, "Gone")
    Outgoing.objects.update(state="sending")
    ana.post(f"/dead-letters/out/{Outgoing.objects.get().pk}/undo/", {"from": "ticket"})
    assert Outgoing.objects.get().state == "sending"
    assert Message.objects.latest("pk").deleted_at is None
    assert not Draft.objects.exists()


# ------------------------------------------------------------------ mentions


def test_who_is_mentioned_in_a_note_is_told_once() -> None:
    row, ana = ticket(), desk()
    bo, team = agent("bo"), Team.objects.create(key="docs-team", name="Docs")
    for member in (bo, agent("cleo"), agent("ana")):
        member.teams.add(team)
    agent("gone", is_active=False)
    note = "@bo and @docs-team, see `@cleo` a@bo.example @gone @nobody"
    assert send(ana, row, note, mode="note").status_code == 302
    told = Notice.objects.filter(kind="mention")
    assert sorted(told.values_list("user__username", flat=True)) == ["bo", "cleo"]
    assert told.first().ticket_id == row.pk  # type: ignore[union-attr]  # it was counted above
    page = page_of(ana, row)
    assert '<span class="mention">@Bo</span>' in page
    assert '<span class="mention">@Docs</span>' in page
    assert "<code>@cleo</code>" in page


def test_a_note_by_the_api_mentions_too() -> None:
    row = ticket()
    _, token = ApiToken.issue(agent("ana"))
    agent("bo")
    client = Client(headers={"authorization": f"Bearer {token}"})
    address, kind = f"/api/v1/tickets/{row.pk}/reply/", "application/json"
    assert client.post(address, {"body": "@bo", "internal": True}, kind).status_code == 200
    assert Notice.objects.get(kind="mention").user == agent("bo")
    act(tickets.restrict, row, Team.objects.create(key="sec", name="Sec", restricted=True))
    User.objects.filter(username="ana").update(role=Role.ADMIN)
    answer = client.post(address, {"body": "@bo again", "internal": True}, kind)
    assert answer.status_code in (400, 409)
    assert "Bo cannot see this ticket" in answer.content.decode()
    assert Notice.objects.filter(kind="mention").count() == 1


def test_an_answer_mentions_nobody() -> None:
    row, ana = ticket(), desk()
    agent("bo")
    send(ana, row, "Hello @bo")
    assert not Notice.objects.filter(kind="mention").exists()
    assert (
        "mention"
        not in page_of(ana, row)
        .partition('id="thread"')[2]
        .partition("</main>")[0]
        .split('id="composer"')[0]
    )


def test_nobody_is_mentioned_who_cannot_see_the_ticket() -> None:
    row = ticket()
    team = Team.objects.create(key="security", name="Security", restricted=True)
    other = Team.objects.create(key="docs", name="Docs")
    agent("bo").teams.add(other)
    agent("sam").teams.add(team)
    act(tickets.restrict, row, team)
    sam = desk("sam")
    answer = send(sam, row, "@bo and @docs look", mode="note")
    assert answer.status_code == 422
    assert "Bo, Docs cannot see this ticket" in answer.content.decode()
    assert Draft.objects.get().body == "@bo and @docs look"
    assert not Notice.objects.filter(kind="mention").exists()
    found = sam.get(f"/tickets/{row.pk}/mentions/?q=").json()["found"]
    assert [one["key"] for one in found] == ["sam", "security"]
    assert desk("bo").get(f"/tickets/{row.pk}/mentions/?q=").status_code == 404


def test_the_names_are_found_by_their_beginnings() -> None:
    row, ana = ticket(), desk()
    agent("noor", last_name="Vestergaard")
    Team.objects.create(key="nobody-in-it", name="Nobody")
    keys = [one["key"] for one in ana.get(f"/tickets/{row.pk}/mentions/?q=ve").json()["found"]]
    assert keys == ["noor"]
    assert ana.get(f"/tickets/{row.pk}/mentions/?q=no").json()["found"] == [
        {"key": "noor", "name": "Noor Vestergaard", "what": ""}
    ]


def test_the_preview_shows_what_will_be_read() -> None:
    row, ana = ticket(), desk()
    form = {"body": "**bold** <script>x</script> @ana", "mode": "note"}
    part = ana.post(f"/tickets/{row.pk}/preview/", form, headers=HTMX).content.decode()
    assert part.startswith('<div class="composer__preview" id="preview"')
    assert "<strong>bold</strong>" in part
    assert "<script>" not in part
    assert '<span class="mention">@Ana</span>' in part
    page = ana.post(f"/tickets/{row.pk}/preview/", form).content.decode()
    assert "<strong>bold</strong>" in page
    assert "@ana</textarea>" in page


# ------------------------------------------------------------------ files


def uploaded(client: Client, row: Ticket, name: str, content: bytes = b"log") -> Any:
    """One file, as the page uploads it."""
    given = {"files": SimpleUploadedFile(name, content)}
    return client.post(f"/tickets/{row.pk}/files/", given)


def test_files_wait_with_the_draft_and_leave_with_the_answer() -> None:
    row, ana = ticket(), desk()
    first = uploaded(ana, row, "run.log").json()
    second = uploaded(ana, row, "shot.png").json()
    page = page_of(ana, row)
    assert f'name="file" value="{first["id"]}"' in page
    assert "run.log" not in page_of(desk("bo"), row)
    assert desk("bo").get(f"/attachments/{first['id']}/").status_code == 404
    assert ana.get(f"/attachments/{first['id']}/").status_code == 200
    assert ana.post(f"/tickets/{row.pk}/files/{second['id']}/").status_code == 204
    assert send(ana, row, "See the log", file=[first["id"]]).status_code == 302
    sent = Message.objects.latest("pk")
    assert [file.filename for file in sent.attachments.all()] == ["run.log"]
    assert Outgoing.objects.get().payload["files"][0][0] == "run.log"
    assert send(ana, row, "Again", file=[first["id"]]).status_code == 422


def test_a_foreign_file_is_not_sent_and_limits_are_said() -> None:
    row, ana = ticket(), desk()
    theirs = uploaded(desk("bo"), row, "bo.log").json()["id"]
    assert send(ana, row, "Mine now", file=[theirs]).status_code == 422
    assert ana.post(f"/tickets/{row.pk}/files/{theirs}/").status_code == 404
    Attachment.objects.update(size=20 * 1024 * 1024)
    refused = uploaded(desk("bo"), row, "more.log")
    assert (refused.status_code, "20.0" in refused.json()["why"]) == (422, True)


def test_a_channel_without_files_says_so_before_anything_leaves() -> None:
    hub = Channel.objects.create(kind="github", key="hub", settings={"account": "example"})
    row, ana = ticket(channel=hub), desk()
    assert "GitHub takes no files" in page_of(ana, row)
    file = uploaded(ana, row, "run.log").json()["id"]
    answer = send(ana, row, "See it", file=[file])
    assert answer.status_code == 422
    assert "GitHub takes no files. Link to them instead." in answer.content.decode()
    assert send(ana, row, "See it", file=[file], mode="note").status_code == 302


# ------------------------------------------------------------------ who gets it


def again(row: Ticket, **fields: Any) -> None:
    """The asker writes once more."""
    first = row.messages.earliest("pk")
    values: dict[str, Any] = {
        "direction": "in", "visibility": "public", "role": "asker", "author": first.author,
        "external_id": f"<{row.pk}.again@example.org>", "sent_at": timezone.now(),
        "new_text": "And now?", **fields,
    }  # fmt: skip
    act(tickets.add_message, row, first.thread, **values)


def test_somebody_new_gets_an_answer_only_after_a_click() -> None:
    row, ana = ticket(), desk()
    send(ana, row, "First")
    again(row, cc=["spy@example.net"])
    page = page_of(ana, row)
    assert 'name="also" value="spy@example.net"' in page
    send(ana, row, "Without")
    assert Message.objects.latest("pk").cc == []
    send(ana, row, "With", also=["spy@example.net"])
    assert Message.objects.latest("pk").cc == ["spy@example.net"]
    assert 'name="also"' not in page_of(ana, row)


def test_an_answer_to_a_new_address_alone_asks() -> None:
    row, ana = ticket(), desk()
    send(ana, row, "First")
    again(row, reply_to=["elsewhere@example.net"])
    answer = send(ana, row, "Second")
    assert answer.status_code == 422
    assert "elsewhere@example.net is new here" in answer.content.decode()
    assert "no longer: " in page_of(ana, row)
    assert send(ana, row, "Second", also=["elsewhere@example.net"]).status_code == 302
    assert Message.objects.latest("pk").to == ["elsewhere@example.net"]


def test_the_scheduling_link_is_one_click_away() -> None:
    row, ana = ticket(), desk()
    assert "scheduling link" not in page_of(ana, row)
    change_setting("call_link", "https://cal.example.org/devrel")
    assert row.asker is not None
    link = (
        f"https://cal.example.org/devrel?utm_source=desk&amp;utm_content={row.pk}"
        f"&amp;email={row.asker.external_id}&amp;name={row.asker.name}"
    )
    assert f'data-insert="{link}"' in page_of(ana, row)


def test_what_is_behind_can_become_a_note() -> None:
    row, ana = ticket(), desk()
    before = row.last_message_id
    act(tickets.reply, row, body="Bo was quicker", user=agent("bo"))
    answer = send(ana, row, "Mine", last_seen_message=before)
    assert answer.status_code == 409
    assert "Bo answered" in answer.content.decode()
    turned = send(ana, row, "Mine", last_seen_message=before, **{"as": "note"})
    assert turned.status_code == 302
    assert Message.objects.latest("pk").visibility == "internal"
    assert User.objects.filter(drafts__isnull=False).count() == 0


def test_drafts_of_two_tabs_make_one_row() -> None:
    row, ana = ticket(), agent("ana")
    for body in ("one", "two"):
        act(drafts.keep, row, ana, body=body)
    assert Draft.objects.get().body == "two"
