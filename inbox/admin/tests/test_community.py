"""The community's tables in the admin: read there, changed on the desk."""

import pytest
from django.contrib import admin
from django.test import Client

from inbox.admin.audited import Audited
from inbox.audit.models import AuditEntry
from inbox.community import interviews, nominating, referring
from inbox.community.models import LiveTopic, Referral
from inbox.community.tests.desk import helped, look
from inbox.community.tests.speaking import VERBATIM, quote_with
from rig.desk import act, agent, asker, ticket

pytestmark = pytest.mark.django_db
TABLES = "nomination engagement referral livetopic quote interview directorynote".split()


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(agent("root", role="admin"))
    return client


def something_of_each() -> None:
    ana, oskar = agent("ana"), asker("oskar")
    helped(oskar, 1)
    look()
    act(nominating.nominate, oskar.contact, reason="answers about WAL")
    act(referring.refer, ticket(), why="third company")
    act(referring.talk_about, ticket(), topic="Replication live")
    act(interviews.begin, oskar.contact, about="their pipeline", held_at=None, user=ana)


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_read_and_nothing_in_it_is_edited(table: str, desk: Client) -> None:
    something_of_each()
    quote_with("refused")
    model = next(m for m in admin.site._registry if m._meta.model_name == table)
    assert isinstance(admin.site._registry[model], Audited)
    base = f"/admin/inbox/{table}/"
    assert desk.get(base).status_code == 200
    assert desk.post(f"{base}add/", {}).status_code == 403
    row = model._default_manager.first()
    if row is not None:  # nothing stands at a directory here
        assert desk.get(f"{base}{row.pk}/change/").status_code == 200
        assert desk.post(f"{base}{row.pk}/change/", {"state": "x"}).status_code == 403


def test_a_quote_stands_there_with_each_step_of_its_consent(desk: Client) -> None:
    quote = quote_with("withdrawn")
    text = desk.get(f"/admin/inbox/quote/{quote.pk}/change/").content.decode()
    steps = [
        text.count(words) > 0 for words in (VERBATIM.splitlines()[0], "With name", "on a call")
    ]
    assert steps == [True] * 3
    assert desk.post(f"/admin/inbox/quote/{quote.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(("model", "table"), [(Referral, "referral"), (LiveTopic, "livetopic")])
def test_a_mistake_on_a_list_is_taken_away_and_written_down(
    model: type[Referral | LiveTopic], table: str, desk: Client
) -> None:
    something_of_each()
    pk = model.objects.get().pk
    desk.post(f"/admin/inbox/{table}/{pk}/delete/", {"post": "yes"})
    assert model.objects.count() == 0
    assert AuditEntry.objects.filter(what=f"{table}.deleted", target=f"{table} {pk}").count() == 1
