"""Statements composed once: every place is found again, on both databases."""

from datetime import UTC, datetime

import pytest

from inbox.accounts.models import User
from inbox.common.statements import Places, Statement, moment

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)


def composed() -> Statement:
    """Accounts by number and name, seen since a moment, and one fixed value."""
    places = Places()
    rows = User.objects.filter(
        pk__in=[places.number("first"), places.number("second")],
        username=places.text("name"),
        last_seen_at__gte=places.moment("since"),
        is_active=True,
    )
    return places.statement(*rows.values_list("pk", "last_seen_at").query.sql_with_params())


def test_a_statement_is_asked_again_with_other_values() -> None:
    one = User.objects.create(username="ana", last_seen_at=DAY)
    two = User.objects.create(username="bo", last_seen_at=DAY)
    asked = composed()
    numbers = {"first": one.pk, "second": two.pk}
    for name, since, found in (
        ("ana", DAY, [one.pk]),
        ("bo", DAY, [two.pk]),
        ("bo", DAY.replace(hour=11), []),
        ("nobody's", DAY, []),
    ):
        rows = asked.ask(**numbers, name=name, since=since)
        assert [(pk, moment(at)) for pk, at in rows] == [(pk, DAY) for pk in found]


def test_a_place_without_a_value_is_an_error_and_no_answer() -> None:
    with pytest.raises(KeyError, match="since"):
        composed().ask(first=1, second=2, name="ana")
