"""Search: errors are counted for the person who looks, and a rise after a release is told once."""

from datetime import datetime, timedelta

import pytest

from inbox.accounts.models import Team
from inbox.channels.models import Channel
from inbox.loop.models import Item, Link, Release
from inbox.notify.models import Notice
from inbox.operations import spikes
from inbox.search import errors
from inbox.search.models import Fingerprint, Occurrence
from inbox.tickets import changing, merging
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from rig import desk

pytestmark = pytest.mark.django_db
NOW = desk.NOW
LINE = "psycopg.OperationalError: connection to server at {} failed: timeout expired"


def shows(n: int, *, days: int = 0) -> Ticket:
    at = NOW - timedelta(days=days)
    row = desk.ticket(at=at)
    assert row.asker is not None
    desk.writes(row, row.asker, at=at, new_text=LINE.format(f"10.0.0.{n}"), body_text="")
    return row


def test_one_error_in_many_tickets() -> None:
    rows = [shows(n) for n in range(4)]
    boss = desk.agent("boss", is_superuser=True)
    desk.act(tickets.close, rows[0], resolution="answered")
    (seen,) = errors.of_ticket(boss, rows[1])
    assert (seen.tickets, seen.open, seen.sentence) == (4, 3, "seen 4×, 3 open")
    assert [s.fingerprint for s in errors.of_text(boss, f"now {LINE.format('1.2.3.4')}")] == [
        seen.fingerprint
    ]
    assert errors.tickets_with(boss, seen.fingerprint) == rows[::-1]
    desk.act(merging.merge, rows[2], into=rows[3])
    assert errors.of_ticket(boss, rows[3])[0].tickets == 3
    message = rows[1].messages.order_by("-pk")[0]
    desk.act(lambda: changing.delete_message(message, at=NOW))
    assert errors.of_ticket(boss, rows[1]) == []


def test_fixed_in_the_release_of_a_linked_issue() -> None:
    row = shows(1)
    release, item = _release(NOW)
    Item.objects.filter(pk=item.pk).update(released_in=release)
    Link.objects.create(ticket=row, kind="github_issue", url=item.url, item=item, created_at=NOW)
    boss = desk.agent("boss", is_superuser=True)
    assert errors.of_ticket(boss, shows(2))[0].sentence == "seen 2×, 2 open, fixed in v1.8.2"


def test_counts_leave_out_what_a_person_may_not_see() -> None:
    team = Team.objects.create(key="security", name="Security", restricted=True)
    open_one, secret = shows(1), shows(2)
    desk.act(tickets.restrict, secret, team)
    outsider, boss = desk.agent("outsider"), desk.agent("boss", is_superuser=True)
    assert errors.of_ticket(outsider, open_one)[0].tickets == 1
    assert errors.of_ticket(boss, open_one)[0].tickets == 2
    fingerprint = Fingerprint.objects.get()
    assert errors.tickets_with(outsider, fingerprint) == [open_one]


def test_a_rise_after_a_release_is_told_once() -> None:
    boss = desk.agent("boss", role="admin")
    desk.agent("viewer", role="viewer")
    release, _ = _release(NOW - timedelta(days=2))
    shows(99, days=9)
    for n in range(4):
        shows(n)
    later = NOW + timedelta(hours=1)
    assert desk.act(spikes.look, release.pk, later) is False
    team = Team.objects.create(key="security", name="Security", restricted=True)
    desk.act(tickets.restrict, shows(5), team)
    assert desk.act(spikes.look, release.pk, later) is False
    shows(6)
    assert desk.act(spikes.look, release.pk, later) is True
    assert desk.act(spikes.look, release.pk, later) is False
    (notice,) = Notice.objects.filter(kind="spike")
    assert (notice.user, notice.text.partition(" show")[0]) == (boss, "5 tickets")
    assert spikes.due_ids(later) == [release.pk]
    assert spikes.due_ids(later) == []


def test_no_rise_is_told_when_it_was_as_frequent_before() -> None:
    release, _ = _release(NOW - timedelta(days=2))
    for n in range(28):
        shows(n, days=3 + n % 25)
    for n in range(6):
        shows(n)
    assert desk.act(spikes.look, release.pk, NOW + timedelta(hours=1)) is False
    assert Occurrence.objects.count() == 34


def _release(at: datetime) -> tuple[Release, Item]:
    channel = Channel.objects.get_or_create(kind="github", key="code", defaults={"settings": {}})[0]
    release = Release.objects.create(
        channel=channel, place="mill/race", tag="v1.8.2", published_at=at, at=at
    )
    item = Item.objects.create(
        channel=channel, kind="issue", place="mill/race", number=7, url="https://git.example/7"
    )
    return release, item
