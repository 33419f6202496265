"""Hand-over sheets and the sweep's digests: once, with the right things on them, at the right time."""

from datetime import UTC, datetime, timedelta

import pytest

from inbox.accounts.models import Team
from inbox.followups import digests, handovers, promises
from inbox.followups.models import Digest, Handover
from inbox.notify.models import Notice
from inbox.oncall.models import Rotation, RotationMember
from inbox.operations import sweep
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.models import Ticket
from rig.desk import NOW, act, agent, asker, mailbox, policy, ticket, writes

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CHANGE = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)


@pytest.fixture
def rotation() -> Rotation:
    row = Rotation.objects.create(key="daily", starts_on=NOW.date(), handover="09:00")
    for position, name in enumerate(("ana", "ben")):
        RotationMember.objects.create(rotation=row, user=agent(name), position=position)
    return row


def numbers(row: Handover) -> dict[str, list[int]]:
    return {name: [line["number"] for line in lines] for name, lines in row.sheet.items()}


def test_sheet_is_made_once_when_the_shift_changes(rotation: Rotation) -> None:
    ana = agent("ana")
    channel = mailbox(policy=policy())
    mine, wait, held, promised = (ticket(channel=channel) for _ in range(4))
    for row in (mine, wait, held, promised):
        act(tickets.assign, row, ana)
    act(tickets.wait, wait)
    act(tickets.hold, held, reason="a call on Friday")
    act(promises.promise, promised, due_at=NOW + 2 * DAY, words="a fix")
    hidden = ticket(restricted_team=Team.objects.create(key="sec", name="Security"))
    sweep.tick(now=CHANGE + timedelta(minutes=1))
    sweep.tick(now=CHANGE + timedelta(minutes=2))
    sheet = Handover.objects.get(shift_at=CHANGE)
    assert (sheet.outgoing, sheet.incoming) == (ana, agent("ben"))
    assert numbers(sheet) == {
        "open": [mine.pk, promised.pk],
        "waiting": [wait.pk],
        "held": [held.pk],
        "promises": [promised.pk],
    }
    assert all(hidden.pk not in found for found in numbers(sheet).values())
    assert sheet.sheet["held"][0]["reason"] == "a call on Friday"
    told = Notice.objects.filter(kind="handover").order_by("pk")
    assert [(n.user.username if n.user else "") for n in told] == ["ana", "ben"]


def test_two_lines_by_who_leaves_signed_by_who_comes(rotation: Rotation) -> None:
    sweep.tick(now=CHANGE)
    row = Handover.objects.get(shift_at=CHANGE)
    ana, ben = agent("ana"), agent("ben")
    for words in ("", "one\ntwo\nthree"):
        with pytest.raises(VerbError):
            act(handovers.write, row, by=ana, words=words)
    with pytest.raises(NotAllowed):
        act(handovers.write, row, by=ben, words="mine")
    act(handovers.write, row, by=ana, words="Kezia waits.\nAnselm has a call.", at=CHANGE)
    with pytest.raises(NotAllowed):
        act(handovers.acknowledge, row, by=ana)
    act(handovers.acknowledge, row, by=ben, at=CHANGE + HOUR)
    row.refresh_from_db()
    assert (row.words, row.acknowledged_at) == ("Kezia waits.\nAnselm has a call.", CHANGE + HOUR)


def test_unanswered_is_what_nobody_but_the_asker_has_spoken_in_last() -> None:
    """S3, S5."""
    ana, mira = agent("ana"), asker()
    silent, answered, again, community = (ticket(who=mira) for _ in range(4))
    for row in (answered, again):
        act(tickets.reply, row, body="This.", user=ana, at=NOW + HOUR)
    writes(again, mira, at=NOW + 2 * HOUR)
    writes(community, asker("helper"), role="community", at=NOW + HOUR)
    found = set(digests.unanswered(ana).values_list("pk", flat=True))
    assert found == {silent.pk, again.pk}
    assert answered.pk not in found


def test_digest_comes_twice_a_working_day_at_local_hours_once_each() -> None:
    """S5."""
    ana = agent("ana", timezone="America/New_York")
    ticket()
    begin = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)  # Friday; the weekend follows
    for quarter in range(4 * 24 * 3):
        sweep.tick(now=begin + quarter * timedelta(minutes=15))
    rows = [(d.day.isoformat(), d.half) for d in Digest.objects.filter(user=ana).order_by("pk")]
    assert rows == [("2026-11-20", "morning"), ("2026-11-20", "leaving")]
    told = Notice.objects.filter(user=ana, kind="digest").order_by("pk")
    assert [n.made_at.hour for n in told] == [14, 22]  # 9:00 and 17:30 in New York
    assert told[0].text == "1 unanswered thread this morning"


def test_digest_goes_out_by_mail_only_to_those_who_asked(settings: object) -> None:
    mailbox("support")
    settings.SYSTEM_CHANNEL = "email/support"  # type: ignore[attr-defined]  # pytest-django's wrapper
    agent("ana", told={"digest": ["browser", "mail"]})
    agent("ben")
    row = ticket()
    sweep.tick(now=datetime(2026, 11, 18, 9, 5, tzinfo=UTC))
    (mail,) = Outgoing.objects.filter(kind="notice")
    assert mail.payload["to"] == ["ana@example.com"]
    assert f"#{row.pk} {row.subject}" in mail.payload["text"]
    assert Ticket.objects.count() == 1
