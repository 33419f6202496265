"""Contacts are found by any of their addresses, and a note is kept once."""

from datetime import UTC, datetime

import pytest

from inbox.channels.contract import DeliveryError
from integrations.hubspot.directory import find, note
from integrations.hubspot.tests.conftest import config_of
from rig.hubspot import FakeHubSpot

NOW = datetime(2026, 11, 18, 10, 0, 30, tzinfo=UTC)


def test_contact_is_found_by_the_first_address(portal: FakeHubSpot) -> None:
    key = portal.crm.contact(
        "ada@example.org", firstname="Ada", lastname="Byron", company="Engines",
        hs_timezone="europe_slash_london", lifecyclestage="customer",
    )  # fmt: skip
    portal.crm.contact("grace@example.org")
    found = find(config_of(portal), " Ada@Example.org ")
    assert found is not None
    assert (found.external_id, found.name, found.company) == (key, "Ada Byron", "Engines")
    assert found.email == "ada@example.org"
    assert found.timezone == "Europe/London"
    assert found.url == f"https://app.hubspot.com/contacts/62515/contact/{key}"
    assert found.facts == {"lifecycle stage": "customer"}


def test_contact_is_found_by_another_address(portal: FakeHubSpot) -> None:
    more = "lovelace@example.org;al@example.org"
    key = portal.crm.contact("ada@example.org", hs_additional_emails=more)
    found = find(config_of(portal), "al@example.org")
    assert found is not None
    assert found.external_id == key


def test_nobody_and_several_are_nobody(portal: FakeHubSpot) -> None:
    portal.crm.contact("a@example.org", hs_additional_emails="team@example.org")
    portal.crm.contact("b@example.org", hs_additional_emails="team@example.org")
    for email in ("team@example.org", "nobody@example.org", "", "no address"):
        assert find(config_of(portal), email) is None


def test_note_is_kept_on_the_contact_once_and_inert(portal: FakeHubSpot) -> None:
    key = portal.crm.contact("ada@example.org")
    text = "Likes <b>engines</b>\nand notes\n\nWants 2.4"
    first = note(config_of(portal), key, text, NOW, "interview:7")
    assert note(config_of(portal), key, text, NOW, "interview:7") == first
    (row,) = portal.crm.notes
    assert row["contact"] == key
    assert row["properties"]["hs_timestamp"] == "2026-11-18T10:00:30Z"
    assert row["properties"]["hs_note_body"] == (
        "<p>Likes &lt;b&gt;engines&lt;/b&gt;<br>and notes</p><p>Wants 2.4</p>"
        "<p>Switchboard interview:7</p>"
    )
    longer = note(config_of(portal), key, text, NOW, "interview:70")
    assert longer != first
    portal.crm.notes.reverse()
    assert note(config_of(portal), key, text, NOW, "interview:7") == longer  # turned round: 1 is 2


def test_note_is_found_behind_many_others(portal: FakeHubSpot) -> None:
    key = portal.crm.contact("ada@example.org")
    for number in range(205):
        properties = {"hs_note_body": f"<p>Call {number}</p>", "hs_timestamp": "2026-11-01"}
        portal.crm.notes.append({"properties": properties, "contact": key})
    first = note(config_of(portal), key, "Likes engines", NOW, "interview:7")
    assert note(config_of(portal), key, "Likes engines", NOW, "interview:7") == first
    assert len(portal.crm.notes) == 206


def test_note_on_nobody_is_refused(portal: FakeHubSpot) -> None:
    with pytest.raises(DeliveryError) as caught:
        note(config_of(portal), "1", "x", NOW, "k")
    assert caught.value.permanent
