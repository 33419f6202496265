"""What lies on the desk in the morning of the recorded day: twenty questions, and one known answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from inbox import pipeline
from inbox.accounts.models import User
from inbox.channels.models import Channel
from inbox.common.work import Actor
from inbox.handbook.services import load
from inbox.intake.tests.test_mail import PRESET
from inbox.search import indexing
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from rig.desk import act, asker, writes

# subject, category, priority by its letter, owner, status by its letter: what ana makes of it
PLAN = (
    ("Sync stops after the second page", "Question", "h", "me", "r"),
    ("Where do I find the invoice of March", "Accounts Payable", "", "finn", ""),
    ("Is there a discount for schools", "Pre-sales", "", "tomas", ""),
    ("The replication slot grows on idle databases", "Question", "u", "me", ""),
    ("Import fails with a time zone error", "Question", "", "noor", ""),
    ("May I translate your tutorial", "Marketing", "l", "marek", ""),
    ("Webhook arrives twice", "Question", "h", "me", ""),
    ("Rust client, second attempt", "Question", "", "priya", "r"),
    ("Speaker for our meetup in Lyon", "Marketing", "l", "marek", "w"),
    ("Docs: the link to the schema is broken", "Question", "", "me", ""),
    ("How to rotate an API key", "Question", "", "me", ""),
    ("Rotate API keys without downtime", "Question", "", "me", ""),
    ("Two things: the limit, and the logo", "Question", "", "me", ""),
    ("Do you hire in Porto", "Hiring", "l", "ilse", "w"),
    ("Connector loses the cursor", "Question", "h", "me", ""),
    ("Thanks for the stickers", "Marketing", "l", "me", ""),
    ("Thank you, it runs again", "Question", "l", "me", ""),
    ("A short praise for the new docs", "Marketing", "l", "me", ""),
    ("Metrics endpoint answers 404", "Question", "", "me", ""),
    ("Which versions do you support", "Question", "", "me", ""),
)
ANSWERED = "Raise max_slot_wal_keep_size, then the replication slot is dropped in time."


@dataclass(frozen=True)
class Morning:
    """Who works, and the tickets in the order of the plan."""

    ana: User
    rows: list[Ticket]

    def __getitem__(self, beginning: str) -> Ticket:
        """The ticket whose subject begins so, as it stands now."""
        row = next(row for row in self.rows if row.subject.startswith(beginning))
        row.refresh_from_db()
        return row


def lay_out() -> Morning:
    """The shipped handbook, the twenty tickets, and one that was answered last week."""
    load(PRESET.read_text("utf-8"))
    support = Channel.objects.get(kind="email", key="support")
    support.owner_on_duty = False  # nobody has them yet: giving them out is the morning's work
    support.save()
    now = timezone.now()
    ana = User.objects.get(username="ana")
    _answered_before(support, now - timedelta(days=7))
    rows = [
        _came(support, subject, now - timedelta(hours=20, minutes=-n))
        for n, (subject, *_) in enumerate(PLAN)
    ]
    two = next(row for row in rows if row.subject.startswith("Two things"))
    assert two.asker is not None
    words = "And the second: may we use your logo on a slide?"
    writes(two, two.asker, at=now - timedelta(hours=2), new_text=words, body_text=words)
    while indexing.catch_up(200):
        pass  # what the scheduler does behind the writes
    return Morning(ana, rows)


def _answered_before(support: Channel, at: datetime) -> None:
    row = _came(support, "Replication slot grows on an idle database", at)
    act(tickets.reply, row, body=ANSWERED, user=User.objects.get(username="noor"), at=at)
    act(tickets.close, row, resolution="solved", at=at + timedelta(hours=1))


def _came(support: Channel, subject: str, at: datetime) -> Ticket:
    who = asker()
    words = f"{subject}. It is so since the update; what can we do about it?"
    with pipeline.change(Actor.system("test"), now=at):
        row, thread = tickets.open_ticket(
            subject=subject, channel=support, asker=who, thread_key=f"<{subject}>", at=at
        )
        tickets.add_message(
            row, thread, direction="in", visibility="public", role="asker", author=who,
            author_label=who.label, external_id=f"<{who.pk}@example.org>", new_text=words,
            body_text=words, sent_at=at,
        )  # fmt: skip
    return row
