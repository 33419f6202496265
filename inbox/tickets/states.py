"""The fixed words of a ticket: statuses, kinds, resolutions, roles."""

from django.db import models
from django.db.models import Case, Q, Value, When


class Status(models.TextChoices):
    """Fixed categories with invariants; the names shown are editable (L19)."""

    OPEN = "open", "Open"
    IN_PROGRESS = "in_progress", "In progress"
    ON_HOLD = "on_hold", "On hold"
    CLOSED = "closed", "Closed"
    TRASHED = "trashed", "Trashed"
    SPAM = "spam", "Spam"
    MERGED = "merged", "Merged"


LIVE = (Status.OPEN, Status.IN_PROGRESS, Status.ON_HOLD)
ENDED = (Status.CLOSED, Status.TRASHED, Status.SPAM, Status.MERGED)


class WaitingOn(models.TextChoices):
    """Whose turn it is."""

    US = "us", "Us"
    THEM = "them", "Them"
    RESEARCH = "research", "Research"


# us: ours to answer · wait: their turn, or on hold · snoozed · "": nobody waits any more
LANE = Case(
    When(~Q(status__in=LIVE), then=Value("")),
    When(snoozed_until__isnull=False, then=Value("snoozed")),
    When(Q(status="open") | Q(status="in_progress", waiting_on="research"), then=Value("us")),
    default=Value("wait"),
)


class Kind(models.TextChoices):
    """What somebody asks for (S43)."""

    HELP = "help", "Help"
    BUG = "bug", "Bug"
    FEATURE = "feature", "Feature"
    DOCS = "docs", "Docs"
    SECURITY = "security", "Security"
    LEAD = "lead", "Lead"
    OTHER = "other", "Other"


class Resolution(models.TextChoices):
    """How a ticket ended."""

    ANSWERED = "answered", "Answered"
    SOLVED = "solved", "Solved"
    BECAME_ISSUE = "became_issue", "Became an issue"
    DOCS_GAP = "docs_gap", "Docs gap"
    NO_REPLY = "no_reply", "No reply"
    DUPLICATE = "duplicate", "Duplicate"
    TRANSACTIONAL = "transactional", "Transactional"
    MOVED_TO_DM = "moved_to_dm", "Moved to DM"
    SPAM = "spam", "Spam"


class Priority(models.TextChoices):
    """How much it matters, beside the time promised."""

    LOW = "low", "Low"
    NORMAL = "normal", "Normal"
    HIGH = "high", "High"
    URGENT = "urgent", "Urgent"


class ThreadRole(models.TextChoices):
    """What a thread is to its ticket."""

    CUSTOMER = "customer", "Customer"
    BRIDGE = "bridge", "Bridge"
    TRIAGE = "triage", "Triage"


class Direction(models.TextChoices):
    """From the asker's side or from ours."""

    IN = "in", "In"
    OUT = "out", "Out"


class Visibility(models.TextChoices):
    """Internal never leaves the house."""

    PUBLIC = "public", "Public"
    INTERNAL = "internal", "Internal"


class AuthorRole(models.TextChoices):
    """Who wrote a message, computed when it is filed. `bot` is our own."""

    ASKER = "asker", "Asker"
    TEAM = "team", "Team"
    COMMUNITY = "community", "Community"
    BOT = "bot", "Bot"
