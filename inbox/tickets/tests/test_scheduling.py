"""The scheduling link says whose booking it will be (S81), and in a forum nothing of a person."""

import pytest

from inbox.channels.models import Channel
from inbox.common.config import change_setting
from inbox.tickets import scheduling
from rig.desk import asker, ticket

pytestmark = pytest.mark.django_db


def test_link_is_filled_in_and_keeps_what_it_has() -> None:
    row = ticket(who=asker("mira"))
    assert scheduling.link(row) == ""
    change_setting("call_link", " https://savvycal.com/team/intro?d=30&email=desk@example.com#top")
    assert scheduling.link(row) == (
        "https://savvycal.com/team/intro?d=30&email=desk@example.com"
        f"&utm_source=desk&utm_content={row.pk}&name=Mira#top"
    )
    assert scheduling.link(row, person=False).endswith(f"&utm_content={row.pk}#top")


def test_in_a_forum_the_link_names_nobody() -> None:
    channel = Channel.objects.create(kind="slack", key="main", settings={"team_id": "T1"})
    row = ticket(who=asker("mira"), channel=channel)
    change_setting("call_link", "https://calendly.com/team/intro")
    assert scheduling.link(row) == (
        f"https://calendly.com/team/intro?utm_source=desk&utm_content={row.pk}"
    )


def test_words_that_are_no_link_stay_as_they_are() -> None:
    change_setting("call_link", "ask for a time")
    assert scheduling.link(ticket()) == "ask for a time"
