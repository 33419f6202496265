"""Quotes and interviews on the desk, without JavaScript: pages, forms, files, what they cost."""

import csv
import io
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inbox.accounts.models import ApiToken, User
from inbox.audit.models import AuditEntry
from inbox.channels.models import Channel
from inbox.common.config import change_setting
from inbox.community import quotes
from inbox.community.records import Consent, DirectoryNote, Interview, Quote
from inbox.community.tests.speaking import VERBATIM, WORDS, kept, quote_with, said
from inbox.outbox.models import Outgoing
from inbox.sla.models import Clock
from inbox.tickets.models import Ticket
from rig.desk import NOW, act, agent, asker, policy, writes

pytestmark = pytest.mark.django_db


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def desk() -> Client:
    return client_of(agent("ana"))


def shown(desk: Client, query: str = "") -> list[str]:
    """The states of the quotes on the list, the newest first."""
    found = desk.get(f"/people/quotes/{query}").content.decode()
    rows = re.findall(r'<span class="chip [\w-]+">.*?</svg>([^<]+)</span>', found)
    return [row for row in rows if row in dict(Consent.choices).values()]


def table(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_a_quote_is_kept_from_its_message_asked_for_answered_and_exported(desk: Client) -> None:
    message = said()
    row = Ticket.objects.get()
    page = f"/tickets/{row.pk}/quotes/"
    assert (
        f'href="{page}?message={message.pk}#keep"'
        in desk.get(f"/tickets/{row.pk}/").content.decode()
    )
    answer = desk.post(page, {"message": message.pk, "words": WORDS, "context": "speed"})
    assert answer.status_code == 302
    quote = Quote.objects.get()
    assert (quote.text, quote.context) == (VERBATIM, "speed")
    desk.post(f"/people/quotes/{quote.pk}/ask/", {"body": "May we?"})
    assert Outgoing.objects.get().payload["text"].startswith("May we?")
    yes = writes(row, quote.identity, at=NOW, new_text="With my name", body_text="With my name")
    given = {"state": "attributed", "evidence": yes.pk, "credit": "Mira, Solvane"}
    desk.post(f"/people/quotes/{quote.pk}/answer/", given)
    assert "With my name" in desk.get(page).content.decode()
    (line,) = table(desk.post("/people/quotes/export/"))[1:]
    assert line[:4] == [VERBATIM, "Mira, Solvane", "With name", "2026-11-18"]
    assert AuditEntry.objects.filter(what="export.read", target="quotes").count() == 1


def test_words_that_do_not_stand_there_come_back_with_the_reason(desk: Client) -> None:
    message = said()
    page = f"/tickets/{message.ticket_id}/quotes/"
    answer = desk.post(page, {"message": message.pk, "words": "We adore it", "context": "speed"})
    assert answer.status_code == 422
    assert "do not stand in the message" in answer.content.decode()
    assert ">We adore it</textarea>" in answer.content.decode()
    assert Quote.objects.count() == 0


def test_the_file_and_the_page_of_what_may_be_used_have_every_state_but_no_other(
    desk: Client,
) -> None:
    for state in Consent.values:
        quote_with(state)
    labels = [label for _, label in Consent.choices]
    assert shown(desk) == labels[::-1]
    assert shown(desk, "?show=usable") == ["Blinded", "With name"]
    assert shown(desk, "?show=refused") == ["Refused"]
    assert [row[1] for row in table(desk.post("/people/quotes/export/"))] == [
        "Said by", "Asker-attributed", "A community member",
    ]  # fmt: skip


def test_withdrawing_takes_it_off_the_next_page_and_file_at_once(desk: Client) -> None:
    quote = quote_with("attributed")
    assert shown(desk, "?show=usable") == ["With name"]
    desk.post(f"/people/quotes/{quote.pk}/withdraw/", {"next": "list"})
    assert shown(desk, "?show=usable") == []
    assert len(table(desk.post("/people/quotes/export/"))) == 1


def test_a_formula_is_no_formula_in_the_file(desk: Client) -> None:
    row = said().ticket
    bad = "=HYPERLINK(1)"
    quote = kept(writes(row, asker("formula"), at=NOW, new_text=bad, body_text=bad), bad)
    act(quotes.answer, quote, state="attributed", words="on a call")
    assert table(desk.post("/people/quotes/export/"))[1][0] == f"'{bad}"


@pytest.mark.parametrize("path", ["/people/quotes/", "/people/interviews/"])
def test_lists_cost_the_same_at_any_size(path: str, desk: Client) -> None:
    spent, portal = [], Channel.objects.create(kind="hubspot", key="crm")
    for count in (1, 12):
        for n in range(count):
            quote = quote_with("blinded", f"mira{count}-{n}")
            row = quote.message.ticket  # type: ignore[union-attr]  # it was just kept
            desk.post(f"/tickets/{row.pk}/interview/", {"about": "A talk", "body": "Come"})
            DirectoryNote.objects.create(channel=portal, quote=quote, due_at=NOW)
            DirectoryNote.objects.create(channel=portal, interview=row.interviews.get(), due_at=NOW)
        desk.get(path)
        with CaptureQueriesContext(connection) as found:
            desk.get(path)
        spent.append(len(found))
    assert spent[0] == spent[1]


def test_the_api_tells_every_state_and_exports_only_what_is_allowed(desk: Client) -> None:
    for state in Consent.values:
        quote_with(state)
    _, token = ApiToken.issue(agent("ana"))
    api = Client(headers={"authorization": f"Bearer {token}"})
    rows = api.get("/api/v1/quotes/").json()["results"]
    found = {row["state"]: row["export"] for row in rows}
    nothing: dict[str, Any] = dict.fromkeys(Consent.values)
    assert found == nothing | {
        "attributed": {"text": VERBATIM, "by": "Asker-attributed", "about": ""},
        "blinded": {"text": VERBATIM, "by": "A community member", "about": ""},
    }
    usable = api.get("/api/v1/quotes/?exportable=true").json()["results"]
    assert [row["state"] for row in usable] == ["blinded", "attributed"]
    one = api.get(f"/api/v1/quotes/{usable[0]['id']}/").json()
    assert [(e["state"], e["words"]) for e in one["consent"]] == [("blinded", "on a call")]
    assert api.get("/api/v1/quotes/?state=odd").status_code == 400


# ------------------------------------------------------------------ interviews


def test_somebody_is_invited_with_the_scheduling_link_while_the_conversation_is_live(
    desk: Client,
) -> None:
    change_setting("call_link", "https://savvycal.com/team/call")
    row = said().ticket
    page = desk.get(f"/tickets/{row.pk}/quotes/").content.decode()
    assert "https://savvycal.com/team/call?utm_source=desk" in page
    desk.post(f"/tickets/{row.pk}/interview/", {"about": "Nightly runs", "body": "Come, talk"})
    made = Interview.objects.get()
    assert (made.about, made.state, made.ticket_id, made.is_story) == (
        "Nightly runs", "invited", row.pk, False,
    )  # fmt: skip
    assert made.link.startswith("https://savvycal.com/team/call?")
    sent = Outgoing.objects.get()
    assert sent.payload["text"].startswith("Come, talk")
    assert "noted about an interview" in desk.get(f"/tickets/{row.pk}/").content.decode()


def test_nobody_is_invited_on_a_conversation_that_is_over(desk: Client) -> None:
    row = said().ticket
    desk.post(f"/tickets/{row.pk}/close/", {"resolution": "answered"})
    answer = desk.post(f"/tickets/{row.pk}/interview/", {"about": "x", "body": "Come"})
    assert (answer.status_code, Interview.objects.count()) == (422, 0)


def test_asking_for_the_story_later_is_a_task_of_the_ticket(desk: Client) -> None:
    policy()
    row = said().ticket
    page = desk.get(f"/tickets/{row.pk}/quotes/").content.decode()
    words = "Ask to interview them and to share the story"
    assert f'name="words" value="{words}"' in page
    given = {"words": words, "due_at": "2099-01-01T10:00", "next": f"/tickets/{row.pk}/quotes/"}
    desk.post(f"/tickets/{row.pk}/promise/", given)
    assert Clock.objects.get(metric="promise").words == words


def test_an_interview_is_written_down_held_and_taken_out(desk: Client) -> None:
    contact = said().author.contact  # type: ignore[union-attr]  # it has one
    desk.post(f"/people/{contact.pk}/interview/", {"about": "Replication", "at": ""})
    row = Interview.objects.get()
    given = {"about": "Replication", "state": "held", "at": "", "notes": "Wants 2.4"}
    answer = desk.post(f"/people/interviews/{row.pk}/change/", given)
    assert answer.status_code == 422
    assert ">Wants 2.4</textarea>" in answer.content.decode()
    desk.post(f"/people/interviews/{row.pk}/change/", given | {"at": "2026-11-20T15:00"})
    lines = table(desk.post("/people/interviews/export/"))
    assert lines[1] == ["Replication", "Mira", "Held", "2026-11-20 15:00", "", "Wants 2.4", ""]
    assert "Replication" in desk.get(f"/people/{contact.pk}/").content.decode()
