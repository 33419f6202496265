"""What is made into SQL once holds the same as the queryset that it was made of."""

from threading import Thread as Worker

import pytest
from django.db import connection
from django.db.models import Count, QuerySet
from django.test.utils import CaptureQueriesContext

from inbox.common.prepared import Prepared
from inbox.people.models import Contact, Identity

pytestmark = pytest.mark.django_db


def plain(*keys: int) -> QuerySet[Identity]:
    """Identities with a joined relation, an annotation, and a text beside the numbers."""
    rows = Identity.objects.filter(pk__in=keys, kind="email").select_related("contact")
    return rows.annotate(beside=Count("contact__identities")).order_by("-pk")


def people(count: int) -> list[Identity]:
    """So many of them, each a contact of its own."""
    return [
        Identity.objects.create(
            contact=Contact.objects.create(name=f"Mira {n}"),
            kind="email",
            realm="mail",
            external_id=f"mira{n}@example.org",
            utc_offset_minutes=n,
        )
        for n in range(count)
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_the_rows_are_those_of_the_queryset(count: int) -> None:
    keys = [one.pk for one in people(4)]
    prepared = Prepared(plain)
    for asked in (keys[:count], keys[1 : count + 1]):
        found = prepared.rows(*asked)
        assert [vars(one)["beside"] for one in found] == [1] * count
        with CaptureQueriesContext(connection) as seen:
            told = [(one.pk, one.contact.name, one.created_at) for one in found]
        assert told == [(one.pk, one.contact.name, one.created_at) for one in plain(*asked)]
        assert len(seen) == 0
    assert prepared.rows(0) == []
    assert prepared.first(keys[0]) == Identity.objects.get(pk=keys[0])
    assert prepared.first(0) is None
    assert prepared.first(2**63 - 1) is None
    assert prepared.first(2**63) is None


def test_it_reads_anew_each_time() -> None:
    (one,) = people(1)
    prepared = Prepared(plain)
    assert prepared.rows(one.pk)[0].name == ""
    Identity.objects.filter(pk=one.pk).update(name="Mira")
    assert prepared.rows(one.pk)[0].name == "Mira"
    key = one.pk
    one.delete()
    assert prepared.rows(key) == []


def test_numbers_of_its_own_are_kept() -> None:
    early, late = people(2)
    prepared = Prepared(lambda least: Identity.objects.filter(utc_offset_minutes=1, pk__gte=least))
    assert prepared.rows(early.pk) == [late]
    assert prepared.rows(late.pk + 1) == []


def test_each_thread_asks_by_its_own_connection() -> None:
    prepared = Prepared(lambda least: Contact.objects.filter(pk__gte=least)[:1])
    prepared.rows(0)
    seen: list[str] = []

    def ask() -> None:
        try:
            with CaptureQueriesContext(connection) as queries:
                prepared.rows(0)
            seen.extend(query["sql"] for query in queries)
        finally:
            connection.close()

    worker = Worker(target=ask)
    worker.start()
    worker.join()
    assert len(seen) == 1
