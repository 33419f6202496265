"""Quotes and interviews as notes in HubSpot: once, said anew, and taken away with the consent."""

import pytest
from django.test import Client
from django.utils import timezone

from inbox.channels.models import Channel, Lookup
from inbox.community import elsewhere, exporting, interviews, quotes
from inbox.community.records import DirectoryNote, Interview
from inbox.community.tests.speaking import VERBATIM, fresh, quote_with
from inbox.operations import directories, forgetting
from inbox.people.models import Contact
from integrations.hubspot.tests.conftest import connected
from rig.desk import NOW, act, agent
from rig.hubspot import FakeHubSpot

pytestmark = pytest.mark.django_db(transaction=True)
SAYS = "<p>“our nightly run takes<br>ten minutes”</p>"


@pytest.fixture
def channel(portal: FakeHubSpot) -> Channel:
    return connected(portal)


def work() -> list[bool]:
    """What the clockwork does once."""
    now = timezone.now()
    return [directories.keep_note(pk, now) for pk in directories.due_ids(now)]


def known(portal: FakeHubSpot, channel: Channel, contact: Contact) -> str:
    """The person at HubSpot, looked up."""
    identity = contact.identities.get()
    key = portal.crm.contact(identity.external_id, firstname="Ada", company="Solvane")
    assert directories.look_up(contact, channel, now=timezone.now()) is not None
    return key


def said(portal: FakeHubSpot) -> list[str]:
    """The notes there, without our keys."""
    return [body.rpartition("<p>Switchboard")[0] for body in portal.crm.bodies]


def test_looking_up_keeps_a_link_and_merges_nobody(portal: FakeHubSpot, channel: Channel) -> None:
    contact = quote_with("attributed").identity.contact
    before = Contact.objects.count()
    key = portal.crm.contact(contact.identities.get().external_id, firstname="Ada")
    client = Client()
    client.force_login(agent("ana"))
    answer = client.post(f"/people/{contact.pk}/look-up/", {"directory": channel.pk})
    assert answer.status_code == 302
    found = elsewhere.person_at(channel, contact)
    assert found is not None
    assert (found.external_id, found.name) == (key, "Ada")
    assert Contact.objects.count() == before
    page = client.get(f"/people/{contact.pk}/").content.decode()
    assert f"https://app.hubspot.com/contacts/62515/contact/{key}" in page
    assert "Look up in HubSpot" in page


def test_nobody_found_forgets_the_link(portal: FakeHubSpot, channel: Channel) -> None:
    contact = quote_with("attributed").identity.contact
    known(portal, channel, contact)
    portal.crm.contacts.clear()
    assert directories.look_up(contact, channel, now=timezone.now()) is None
    assert Lookup.objects.count() == 0


def test_a_quote_becomes_one_note_and_withdrawing_takes_it_away(
    portal: FakeHubSpot, channel: Channel
) -> None:
    quote = quote_with("attributed")
    known(portal, channel, quote.identity.contact)
    act(exporting.keep_quote, quote, channel=channel)
    assert work() == [True]
    act(exporting.keep_quote, quote, channel=channel)  # asked for twice
    work()
    assert said(portal) == [f"{SAYS}<p>Asker-attributed (with name)</p>"]
    assert work() == []
    act(quotes.withdraw, quote)
    assert work() == [True]
    assert said(portal) == []
    assert DirectoryNote.objects.count() == 0


def test_another_consent_is_another_note(portal: FakeHubSpot, channel: Channel) -> None:
    quote = quote_with("attributed")
    known(portal, channel, quote.identity.contact)
    act(exporting.keep_quote, quote, channel=channel)
    work()
    act(quotes.answer, quote, state="blinded", words="she wrote")
    work()
    assert said(portal) == [f"{SAYS}<p>A community member (blinded)</p>"]


def test_what_they_deleted_is_taken_away_without_being_asked(
    portal: FakeHubSpot, channel: Channel
) -> None:
    quote = quote_with("blinded")
    known(portal, channel, quote.identity.contact)
    act(exporting.keep_quote, quote, channel=channel)
    work()
    quote.message.deleted_at = NOW  # type: ignore[union-attr]  # it was just kept
    quote.message.save()  # type: ignore[union-attr]  # as above
    assert work() == [True]
    assert said(portal) == []


@pytest.mark.parametrize("state", ["not_asked", "asked", "refused", "withdrawn"])
def test_what_is_not_allowed_is_never_sent(
    portal: FakeHubSpot, channel: Channel, state: str
) -> None:
    quote = quote_with(state)
    known(portal, channel, quote.identity.contact)
    with pytest.raises(exporting.NotUsable):
        act(exporting.keep_quote, quote, channel=channel)
    assert (work(), said(portal)) == ([], [])


def test_a_lost_answer_makes_no_second_note_and_is_taken_away_too(
    portal: FakeHubSpot, channel: Channel
) -> None:
    quote = quote_with("attributed")
    known(portal, channel, quote.identity.contact)
    act(exporting.keep_quote, quote, channel=channel)
    work()
    # the answer of the directory never came: its id is not known here
    DirectoryNote.objects.update(note_key="", due_at=timezone.now())
    work()
    assert len(said(portal)) == 1
    DirectoryNote.objects.update(note_key="", due_at=timezone.now())
    act(quotes.withdraw, fresh(quote))
    work()
    assert said(portal) == []


def test_trouble_is_said_and_tried_again(portal: FakeHubSpot, channel: Channel) -> None:
    quote = quote_with("attributed")
    known(portal, channel, quote.identity.contact)
    portal.crm.contacts.clear()  # HubSpot knows nobody of this id any more
    act(exporting.keep_quote, quote, channel=channel)
    assert work() == [True]
    row = DirectoryNote.objects.get()
    assert (row.error, row.note_key) == ("HubSpot knows nothing there", "")
    assert row.due_at is not None
    assert row.due_at > timezone.now() + directories.A_DAY / 2
    assert work() == []


def test_an_interview_is_a_note_that_follows_what_is_written(
    portal: FakeHubSpot, channel: Channel
) -> None:
    quote, ana = quote_with("not_asked"), agent("ana")
    contact = quote.identity.contact
    known(portal, channel, contact)
    row: Interview = act(interviews.begin, contact, about="Replication", held_at=NOW, user=ana)
    act(exporting.keep_interview, row, channel=channel)
    work()
    assert said(portal) == ["<p>Interview: Replication (scheduled, 2026-11-18)</p>"]
    act(interviews.change, row, state="held", held_at=NOW, about="Replication", notes="Wants 2.4")
    work()
    assert said(portal) == ["<p>Interview: Replication (held, 2026-11-18)</p><p>Wants 2.4</p>"]


def test_erasing_a_person_takes_their_notes_away_there_too(
    portal: FakeHubSpot, channel: Channel
) -> None:
    quote = quote_with("attributed")
    contact = quote.identity.contact
    known(portal, channel, contact)
    act(exporting.keep_quote, quote, channel=channel)
    work()
    assert VERBATIM in quote.text
    forgetting.erase(contact.pk)
    assert (type(quote).objects.count(), Lookup.objects.count()) == (0, 0)
    work()
    assert (said(portal), DirectoryNote.objects.count()) == ([], 0)
