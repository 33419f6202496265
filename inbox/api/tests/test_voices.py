"""Quotes and product's list by the API: read, changed, and only what may be seen."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from inbox.accounts.models import ApiToken, Role, Team
from inbox.audit.models import AuditEntry
from inbox.community import referring
from inbox.community.models import Referral
from inbox.community.records import Quote
from inbox.community.tests.speaking import SAID, VERBATIM, WORDS, quote_with, said
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Ticket
from rig.desk import NOW, act, agent, asker, ticket, writes

pytestmark = pytest.mark.django_db


class Api:
    """A token's owner."""

    def __init__(self, name: str = "ana", **fields: Any) -> None:
        self.headers = {"Authorization": f"Bearer {ApiToken.issue(agent(name, **fields))[1]}"}

    def get(self, path: str) -> Any:
        return Client().get(f"/api/v1/{path}", headers=self.headers)

    def post(self, path: str, **body: Any) -> Any:
        url, json = f"/api/v1/{path}", "application/json"
        return Client().post(url, body, content_type=json, headers=self.headers)


# ------------------------------------------------------------------ quotes


def test_a_quote_is_kept_asked_for_answered_and_withdrawn() -> None:
    api, message = Api(), said()
    number = message.ticket_id
    made = api.post(f"tickets/{number}/quote/", message=message.pk, words=WORDS, about="speed")
    quote = made.json()
    assert (quote["text"], quote["context"], quote["state"]) == (VERBATIM, "speed", "not_asked")
    asked = api.post(f"quotes/{quote['id']}/ask/").json()
    sent = Outgoing.objects.get().message
    assert sent is not None
    assert asked["consent"][0] | {"at": ""} == {
        "state": "asked", "at": "", "by": "ana", "evidence": sent.pk, "words": "",
    }  # fmt: skip
    assert "> our nightly run takes" in sent.body_text
    author, later = message.author, NOW + timedelta(days=1)
    assert author is not None
    yes = writes(Ticket.objects.get(), author, at=later, new_text="Yes", body_text="Yes")
    answer = {"state": "attributed", "evidence": yes.pk, "credit": "Mira, Solvane"}
    given = api.post(f"quotes/{quote['id']}/answer/", **answer).json()
    assert given["export"] == {"text": VERBATIM, "by": "Mira, Solvane", "about": "speed"}
    gone = api.post(f"quotes/{quote['id']}/withdraw/", words="by mail").json()
    assert (gone["state"], gone["exportable"], gone["export"]) == ("withdrawn", False, None)
    assert api.get("quotes/?exportable=true").json()["results"] == []
    noted = AuditEntry.objects.filter(target=f"quote {quote['id']}").order_by("number")
    assert list(noted.values_list("what", flat=True)) == [
        "quote.ask", "quote.answer", "quote.withdraw",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"state": "attributed"}, 400),  # nothing proves it
        ({"state": "withdrawn", "words": "x"}, 400),  # no answer
        ({"state": "attributed", "words": "x", "more": 1}, 400),
        ({"state": "attributed", "evidence": 987654}, 404),
        ({"state": "attributed", "words": "x"}, 409),  # after a no only their own newer words
    ],
)
def test_a_consent_that_nothing_proves_is_refused(body: dict[str, Any], status: int) -> None:
    quote = quote_with("refused")
    assert Api().post(f"quotes/{quote.pk}/answer/", **body).status_code == status
    assert Quote.objects.get().state == "refused"


def test_words_of_another_ticket_and_quotes_that_may_not_be_seen_are_not_there() -> None:
    api, message, other = Api(), said(), ticket()
    body = {"message": message.pk, "words": WORDS}
    assert api.post(f"tickets/{other.pk}/quote/", **body).status_code == 404
    quote = quote_with("attributed")
    row = Ticket.objects.get(pk=quote.message.ticket_id)  # type: ignore[union-attr]  # it was just kept
    act(tickets.restrict, row, Team.objects.create(key="sec", name="Sec", restricted=True))
    for path in (f"quotes/{quote.pk}/withdraw/", f"tickets/{row.pk}/quote/"):
        assert api.post(path, message=1, words=WORDS).status_code == 404
    assert Quote.objects.get().state == "attributed"


def test_viewers_change_nothing_and_read_no_address() -> None:
    eye, ana, quote = Api("eye", role=Role.VIEWER), Api(), quote_with("attributed")
    assert eye.post(f"quotes/{quote.pk}/withdraw/").status_code == 403
    who = asker("mira")
    text = f"{SAID} Write to mira@example.org."
    message = writes(ticket(who=who), who, at=NOW, new_text=text, body_text=text)
    ana.post(f"tickets/{message.ticket_id}/quote/", message=message.pk, words=text)
    shown = eye.get("quotes/").json()["results"][0]["text"]
    assert shown.endswith("Write to m…@e….org.")
    found = [len(one.get("quotes/?q=mira@ex").json()["results"]) for one in (eye, ana)]
    assert found == [0, 1]  # nobody spells an address out, letter by letter


# ------------------------------------------------------------------ for product


def test_a_ticket_is_referred_listed_and_answered() -> None:
    api, row = Api(), ticket()
    done = api.post(f"tickets/{row.pk}/refer/", reason="Third company.", area="Connectors")
    assert done.json()["number"] == row.pk
    found = api.get("referrals/?state=new&area=connectors").json()["results"]
    assert [(one["ticket"], one["reason"], one["by"]) for one in found] == [
        (row.pk, "Third company.", "ana")
    ]
    answer = {"state": "planned", "note": "next quarter"}
    told = api.post(f"referrals/{found[0]['id']}/answer/", **answer).json()
    assert told["state"] == "planned"
    assert api.get("referrals/?state=new").json()["results"] == []
    notes = Message.objects.filter(ticket=row, visibility="internal").order_by("pk")
    assert [note.body_text for note in notes] == [
        "Third company.", "Product, planned: next quarter",
    ]  # fmt: skip


def test_what_product_may_not_see_is_on_no_list() -> None:
    api, row = Api(), ticket()
    act(referring.refer, row, why="secret words")
    act(tickets.restrict, row, Team.objects.create(key="sec", name="Sec", restricted=True))
    pk = Referral.objects.get().pk
    assert api.get("referrals/").json()["results"] == []
    assert api.post(f"referrals/{pk}/answer/", state="done").status_code == 404
    assert Api("eye", role=Role.VIEWER).post(f"referrals/{pk}/answer/").status_code == 403


@pytest.mark.parametrize("query", ["?state=odd", "?more=1"])
def test_filters_are_known_or_refused(query: str) -> None:
    assert Api().get(f"referrals/{query}").status_code == 400
