"""Quotes: word for word, used as far as they are allowed, gone when they are taken back."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from inbox.accounts.models import Team
from inbox.community import exporting, quotes, reading
from inbox.community.records import Consent, ConsentEntry, Quote
from inbox.community.tests.speaking import SAID, VERBATIM, WORDS, fresh, kept, quote_with, said
from inbox.outbox import deciding
from inbox.outbox.models import Outgoing
from inbox.people.models import Contact, Identity
from inbox.privacy import expiring
from inbox.privacy.policies import Policy
from inbox.tickets import services as tickets
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.models import Message, Ticket
from rig.desk import NOW, act, agent, asker, ticket, writes

pytestmark = pytest.mark.django_db


def lines() -> list[list[str]]:
    """What an export has."""
    rows = list(reading.with_all(Quote.objects.filter(reading.USABLE)).order_by("pk"))
    return [line[:3] for line in exporting.quote_lines(rows)]


# ------------------------------------------------------------------ word for word


def test_a_quote_is_what_stands_in_the_message_whatever_a_browser_made_of_its_lines() -> None:
    quote = kept(said(), "  our nightly   run takes ten minutes ", context="speed")
    assert (quote.text, quote.context, quote.state) == (VERBATIM, "speed", "not_asked")
    assert quote.text in SAID
    assert [e.kind for e in Ticket.objects.get().events.order_by("-pk")[:1]] == ["quoted"]


@pytest.mark.parametrize(
    "words", ["our nightly run takes nine minutes", "Ten minutes", "", " ", "x" * 2001]
)
def test_words_that_do_not_stand_there_are_no_quote(words: str) -> None:
    message = said()
    with pytest.raises(VerbError):
        kept(message, words)
    assert Quote.objects.count() == 0


def test_only_what_somebody_outside_said_in_public_is_quoted() -> None:
    message = said()
    row, ana = Ticket.objects.get(), agent("ana")
    act(tickets.add_note, row, body=WORDS, user=ana)
    act(tickets.reply, row, body=WORDS, user=ana)
    ours = Message.objects.filter(new_text=WORDS)
    assert ours.count() == 2
    for other in ours:
        with pytest.raises(NotAllowed):
            kept(other)
    assert kept(message).identity == message.author


def test_the_same_words_are_kept_once() -> None:
    message = said()
    kept(message)
    with pytest.raises(VerbError, match="already"):
        kept(message)


@pytest.mark.parametrize("change", [{"text": "We love it"}, {"identity": "other"}])
def test_the_database_lets_nobody_change_the_words(change: dict[str, object]) -> None:
    quote = kept(said())
    values = {name: asker("ada") if value == "other" else value for name, value in change.items()}
    with pytest.raises(DatabaseError), transaction.atomic():
        Quote.objects.filter(pk=quote.pk).update(**values)
    assert fresh(quote).text == VERBATIM


def test_the_database_lets_nobody_change_a_step_of_a_consent() -> None:
    entry = quote_with("refused").entries.get()
    with pytest.raises(DatabaseError), transaction.atomic():
        ConsentEntry.objects.filter(pk=entry.pk).update(state="attributed")
    assert ConsentEntry.objects.get().state == "refused"


# ------------------------------------------------------------------ consent


def test_of_every_state_only_the_two_that_allow_it_leave_the_desk() -> None:
    for state in Consent.values:
        quote_with(state)
    assert lines() == [
        [VERBATIM, "Asker-attributed", "With name"],
        [VERBATIM, "A community member", "Blinded"],
    ]
    for quote in Quote.objects.exclude(state__in=["attributed", "blinded"]):
        with pytest.raises(exporting.NotUsable):
            exporting.shown(quote)


def test_what_is_withdrawn_is_gone_from_the_next_export() -> None:
    quote = quote_with("attributed")
    assert len(lines()) == 1
    act(quotes.withdraw, quote, words="by phone")
    assert lines() == []
    assert [(e.state, e.words) for e in quote.entries.order_by("pk")] == [
        ("attributed", "on a call"), ("withdrawn", "by phone"),
    ]  # fmt: skip


def test_asking_goes_to_whoever_said_it_alone_and_the_answer_is_the_proof() -> None:
    message = said()
    quote, ana = kept(message), agent("ana")
    row = Ticket.objects.get()
    other = asker("oskar")
    writes(row, other, at=NOW + timedelta(minutes=1), new_text="me too", body_text="me too")
    act(quotes.ask, fresh(quote), body=quotes.asking_words(fresh(quote)), user=ana)
    sent = Outgoing.objects.get().message
    assert sent is not None
    assert (sent.to, sent.cc) == ([quote.identity.external_id], [])
    assert "> our nightly run takes\n> ten minutes" in sent.body_text
    yes = writes(row, quote.identity, at=NOW + timedelta(hours=1), new_text="Yes", body_text="Yes")
    act(quotes.answer, quote, state="attributed", evidence=yes, credit="Mira, Solvane")
    assert [(e.state, e.evidence_id) for e in quote.entries.order_by("pk")] == [
        ("asked", sent.pk), ("attributed", yes.pk),
    ]  # fmt: skip
    assert exporting.shown(fresh(quote)).by == "Mira, Solvane"


def test_a_yes_needs_a_proof_and_only_their_own_words_are_one() -> None:
    message = said()
    quote = kept(message)
    with pytest.raises(VerbError, match="proves"):
        act(quotes.answer, quote, state="attributed")
    row = Ticket.objects.get()
    theirs = writes(row, asker("oskar"), at=NOW, new_text="Yes", body_text="Yes")
    with pytest.raises(VerbError, match="own message"):
        act(quotes.answer, quote, state="attributed", evidence=theirs)
    with pytest.raises(VerbError):
        act(quotes.answer, quote, state="withdrawn", words="x")
    assert fresh(quote).state == "not_asked"


@pytest.mark.parametrize("no", ["refused", "withdrawn"])
def test_after_a_no_only_a_newer_message_says_yes(no: str) -> None:
    quote = quote_with(no, "mira")
    with pytest.raises(NotAllowed, match="newer"):
        act(quotes.answer, quote, state="blinded", words="I am sure")
    with pytest.raises(NotAllowed, match="newer"):
        act(quotes.answer, quote, state="blinded", evidence=quote.message)
    later = NOW + timedelta(days=1)
    row = Ticket.objects.get()
    yes = writes(row, quote.identity, at=later, new_text="Go on", body_text="Go on")
    act(quotes.answer, quote, state="blinded", evidence=yes, at=later)
    assert fresh(quote).state == "blinded"


@pytest.mark.parametrize("no", ["refused", "withdrawn"])
def test_asking_again_does_not_make_the_no_forgotten(no: str) -> None:
    quote = quote_with(no, "mira")
    row, when = Ticket.objects.get(), NOW + timedelta(hours=2)
    act(quotes.ask, quote, body="May we after all?", user=agent("ana"), at=when)
    for proof in ({"words": "I am sure"}, {"evidence": quote.message}):
        with pytest.raises(NotAllowed, match="newer"):
            act(quotes.answer, fresh(quote), state="attributed", **proof)
    assert fresh(quote).state == "asked"
    later = NOW + timedelta(days=1)
    yes = writes(row, quote.identity, at=later, new_text="Go on", body_text="Go on")
    act(quotes.answer, quote, state="attributed", evidence=yes, at=later)
    act(quotes.answer, quote, state="blinded", words="told us on the phone", at=later)
    assert fresh(quote).state == "blinded"


def test_words_that_were_refused_are_not_kept_again_with_a_word_less() -> None:
    quote = quote_with("refused")
    with pytest.raises(NotAllowed, match="no"):
        kept(quote.message, "run takes ten minutes")  # type: ignore[arg-type]  # it was just kept
    assert kept(quote.message, "Thank you!").state == "not_asked"  # type: ignore[arg-type]  # the same


def test_nobody_is_asked_twice_a_day() -> None:
    quote, ana = quote_with("asked"), agent("ana")
    with pytest.raises(NotAllowed, match="a day"):
        act(quotes.ask, quote, body="May we?", user=ana)
    act(quotes.ask, fresh(quote), body="May we?", user=ana, at=NOW + timedelta(days=1))
    assert [entry.state for entry in quote.entries.all()] == ["asked", "asked"]


@pytest.mark.parametrize("state", ["not_asked", "refused"])
def test_a_question_that_was_taken_back_was_not_asked(state: str) -> None:
    quote, ana = quote_with(state), agent("ana")
    before, later = quote.state_at, NOW + timedelta(hours=2)
    act(quotes.ask, quote, body="May we?", user=ana, delay_seconds=10, at=later)
    sent = Outgoing.objects.get()
    act(deciding.undo, sent, at=later + timedelta(seconds=5))
    assert fresh(quote).state == state
    assert quote.entries.order_by("-pk")[0].words == "The question was taken back."
    if state == "refused":
        assert fresh(quote).state_at == before
    act(quotes.ask, fresh(quote), body="May we?", user=ana, at=later + timedelta(minutes=1))
    assert fresh(quote).state == "asked"


# ------------------------------------------------------------------ the source


def test_an_edited_source_is_said_and_the_quote_keeps_its_words() -> None:
    quote = quote_with("attributed")
    Message.objects.filter(quotes=quote).update(new_text="Never mind.", body_text="Never.")
    assert reading.source_of(fresh(quote)) == "changed"
    assert lines() == [[VERBATIM, "Asker-attributed", "With name"]]


def test_what_they_deleted_leaves_no_more() -> None:
    quote = quote_with("attributed")
    Message.objects.filter(quotes=quote).update(deleted_at=timezone.now())
    assert reading.source_of(fresh(quote)) == "gone"
    assert lines() == []
    with pytest.raises(exporting.NotUsable):
        exporting.shown(fresh(quote))


def test_a_retention_takes_quotes_that_nobody_allowed_with_the_texts() -> None:
    for state in Consent.values:
        quote_with(state)
    policy = Policy(name="all", channel="", category="", files_days=1, texts_days=1)
    for row in Ticket.objects.all():
        act(expiring.take_texts, row, policy, NOW)
    left = Quote.objects.order_by("state").values_list("state", flat=True)
    assert list(left) == ["attributed", "blinded"]


# ------------------------------------------------------------------ blinding, seeing


def test_a_blinded_quote_says_nothing_of_any_account_of_theirs() -> None:
    who = asker("mirela")
    contact = Contact.objects.get(pk=who.contact_id)
    for kind, key, handle in (("github", "90125", "mdutko"), ("slack", "T0/U0MIRELA", "mira.d")):
        Identity.objects.create(
            contact=contact, kind=kind, realm=kind, external_id=key, handle=handle
        )
    text = f"I am mdutko, on Slack mira.d or U0MIRELA, by mail {who.external_id}: it is 4x faster."
    message = writes(ticket(who=who), who, at=NOW, new_text=text, body_text=text)
    quote = kept(message, text, context="Mirela's run")
    act(quotes.answer, quote, state="blinded", words="on a call", credit="An engineer at mdutko")
    found = exporting.shown(fresh(quote))
    assert found.text == "I am […], on Slack […] or […], by mail […]: it is 4x faster."
    assert (found.by, found.about, found.ticket) == ("An engineer at […]", "[…]'s run", "")


def test_quotes_of_a_restricted_ticket_are_for_its_team() -> None:
    quote = quote_with("attributed")
    team = Team.objects.create(key="security", name="Security", restricted=True)
    act(tickets.restrict, quote.message.ticket, team)  # type: ignore[union-attr]  # it was just kept
    inside, outside = agent("ines"), agent("otto")
    inside.teams.add(team)
    assert list(reading.visible_to(inside)) == [quote]
    assert list(reading.visible_to(outside)) == []
