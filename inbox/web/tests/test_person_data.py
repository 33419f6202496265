"""Admins hand out or erase everything about a person; nobody else finds the page."""

import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
from django.test import Client
from django.utils import timezone

from inbox.audit.models import AuditEntry
from inbox.operations import personjobs
from inbox.people.models import Contact
from inbox.privacy.beside import export_path
from inbox.privacy.models import PersonJob
from inbox.tickets.models import Ticket
from rig import desk
from rig.desk import agent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mira() -> Contact:
    """Somebody with one ticket."""
    who = desk.asker("Mira Kovac")
    desk.ticket(who=who)
    return who.contact


@pytest.fixture
def admin() -> Client:
    """A signed-in admin."""
    client = Client()
    client.force_login(agent("root", role="admin"))
    return client


def test_the_file_is_made_offered_for_a_day_and_forgotten(mira: Contact, admin: Client) -> None:
    page = f"/people/{mira.pk}/data/"
    assert admin.post(page, {"do": "export"}).status_code == 302
    job = PersonJob.objects.get()
    personjobs.work(job.pk, timezone.now())
    job.refresh_from_db()
    assert (job.state, job.counts["tickets"]) == ("done", 1)
    assert f"{page}{job.pk}.zip" in admin.get(page).text
    answer = admin.get(f"{page}{job.pk}.zip")
    names = zipfile.ZipFile(BytesIO(answer.getvalue())).namelist()
    assert any(name.endswith("conversations.json") for name in names)
    assert AuditEntry.objects.get().target == f"person {mira.pk}"
    tomorrow = timezone.now() + timedelta(days=1, minutes=1)
    assert personjobs.due_ids(tomorrow) == [job.pk]
    assert personjobs.work(job.pk, tomorrow)
    assert (PersonJob.objects.count(), export_path(job.pk).exists()) == (0, False)
    assert admin.get(f"{page}{job.pk}.zip").status_code == 404


def test_erasing_needs_their_name_typed_and_takes_earlier_files_too(
    mira: Contact, admin: Client
) -> None:
    page = f"/people/{mira.pk}/data/"
    admin.post(page, {"do": "export"})
    export = PersonJob.objects.get()
    personjobs.work(export.pk, timezone.now())
    shown = admin.get(page).text
    assert "Erase them" in shown
    assert f"Type “{mira.name}”" in shown
    refused = admin.post(page, {"do": "erase", "word": "Mira"})
    assert (refused.status_code, Ticket.objects.get().subject != "(erased)") == (422, True)
    assert admin.post(page, {"do": "erase", "word": mira.name}).status_code == 302
    job = PersonJob.objects.get(kind="erase")
    personjobs.work(job.pk, timezone.now())
    job.refresh_from_db()
    assert (job.state, Ticket.objects.get().subject) == ("done", "(erased)")
    assert not export_path(export.pk).exists()
    mira.refresh_from_db()
    assert mira.name == f"Erased person {mira.pk}"


def test_only_admins_find_it(mira: Contact) -> None:
    for role in ("agent", "light", "viewer"):
        client = Client()
        client.force_login(agent(role, role=role))
        assert client.get(f"/people/{mira.pk}/data/").status_code == 404
        assert client.post(f"/people/{mira.pk}/data/", {"do": "export"}).status_code == 404
        assert "data/" not in client.get(f"/people/{mira.pk}/").text


def test_one_of_the_team_is_never_erased(mira: Contact, admin: Client) -> None:
    mira.identities.update(user=agent("ana"))
    page = f"/people/{mira.pk}/data/"
    assert "one of the team" in admin.get(page).text
    assert admin.post(page, {"do": "erase", "word": mira.name}).status_code == 422
    assert not PersonJob.objects.exists()


def test_a_job_that_was_interrupted_is_taken_up_again(mira: Contact, admin: Client) -> None:
    now = timezone.now()
    job = PersonJob.objects.create(
        contact=mira, kind="export", made_at=now, lease_until=now + personjobs.LEASE
    )
    assert (personjobs.due_ids(now), personjobs.work(job.pk, now)) == ([], False)
    assert personjobs.due_ids(now + personjobs.LEASE * 2) == [job.pk]
