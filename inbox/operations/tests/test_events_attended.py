"""Who took part in an event: on their timeline, counted, and with them through merges."""

from datetime import timedelta
from typing import Any

import pytest

from inbox.community.models import Engagement
from inbox.community.tests.desk import look
from inbox.operations import sweep
from inbox.people import merging
from inbox.people.models import Activity, Contact, Identity
from inbox.playbooks import attending, events
from inbox.playbooks.models import Event
from inbox.web.peopletime import timeline
from rig.desk import NOW, act, agent, asker

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
VIDEO = "https://video.example.com/watch?v=hours"


def event(*people: tuple[Identity, str], **fields: Any) -> Event:
    """Office hours that end now."""
    listed = [{"name": who.name, "contact": who.contact_id, "role": role} for who, role in people]
    unknown = {"name": "Somebody", "alias": "", "contact": None, "role": "guest"}
    given = {"title": "Office hours", "starts_at": NOW - HOUR, "ends_at": NOW, **fields}
    return Event.objects.create(people=[*listed, unknown], stream_url=VIDEO, **given)


def tick(at: Any = NOW) -> None:
    """What the clockwork does; twice, for nothing may happen twice."""
    for _ in range(2):
        sweep.tick(now=at)


def moments(contact: Contact) -> list[tuple[str, str, str]]:
    found, _ = timeline(contact, agent("ana"), "")
    return [(moment.title, moment.say, moment.url) for moment in found]


def level(contact: Contact) -> tuple[float, str] | None:
    look()
    row = Engagement.objects.filter(contact=contact).first()
    return (row.score, row.parts[0]["kind"]) if row else None


def test_who_took_part_has_it_on_the_timeline_and_it_counts() -> None:
    mira, oskar = asker("mira"), asker("oskar")
    row = event((mira, "brings a topic"))
    tick(NOW - HOUR / 2)
    assert moments(mira.contact) == []
    tick()
    row.refresh_from_db()
    assert row.state == "over"
    assert moments(mira.contact) == [("Took part in Office hours", "Event · brings a topic", VIDEO)]
    assert (level(mira.contact), level(oskar.contact)) == ((2, "event"), None)


def test_an_event_that_was_called_off_had_nobody() -> None:
    mira = asker("mira")
    event((mira, ""), state="cancelled")
    tick()
    assert (moments(mira.contact), level(mira.contact)) == ([], None)


def test_a_list_that_is_corrected_afterwards_is_followed() -> None:
    mira, oskar = asker("mira"), asker("oskar")
    row = event((mira, ""))
    tick()
    assert level(mira.contact) == (2, "event")
    row.refresh_from_db()
    row.people = [{"name": "Oskar", "contact": oskar.contact_id, "role": "guest"}]
    row.save()
    attending.took_part(row)
    assert (level(mira.contact), level(oskar.contact)) == (None, (2, "event"))
    assert Activity.objects.get().identity == oskar


def test_a_merge_brings_it_along_once_and_its_undo_takes_it_back() -> None:
    mira, work = asker("mira"), asker("mira-at-work")
    event((mira, ""), (work, ""))
    tick()
    undo = act(merging.merge, mira.contact, work.contact)
    told = [("Took part in Office hours", "Event", VIDEO)]
    assert [row for row in moments(mira.contact) if row in told] == told
    assert level(mira.contact) == (2, "event")
    act(merging.unmerge, undo)
    assert (level(mira.contact), level(work.contact)) == ((2, "event"), (2, "event"))


def test_somebody_who_was_merged_before_is_found() -> None:
    mira, work = asker("mira"), asker("mira-at-work")
    row = event((work, ""))
    act(merging.merge, mira.contact, work.contact)
    tick()
    assert Activity.objects.get().identity == work
    assert level(mira.contact) == (2, "event")
    assert row.people[0]["contact"] == work.contact_id


def test_people_are_recognised_by_alias_handle_or_address_and_never_by_a_name() -> None:
    mira, oskar, kez, lea = asker("mira"), asker("oskar"), asker("kez"), asker("lea")
    Contact.objects.filter(pk=oskar.contact_id).update(alias="Osk")
    Identity.objects.filter(pk__in=(kez.pk, lea.pk)).update(handle="twin")
    row = event()
    row.people = [
        {"name": name, "alias": alias, "role": "", "contact": None}
        for name, alias in (
            ("mira@example.org", ""), ("Oskar O.", "@osk"), ("Kez", ""), ("Either", "twin"),
        )
    ]  # fmt: skip
    act(events.save, row)
    known = [mira.contact_id, oskar.contact_id, None, None]
    assert [one["contact"] for one in row.people] == known
    Identity.objects.filter(pk=oskar.pk).update(handle="")
    Contact.objects.update(alias="")
    row.people = [{**one, "contact": None} for one in row.people]  # as the form sends it
    act(events.save, row)
    assert [one["contact"] for one in row.people] == known
    tick()
    assert [moment[0] for moment in moments(oskar.contact)] == ["Took part in Office hours"]
