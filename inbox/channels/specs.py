"""The names that connecting a channel accepts. No Django and no Celery in this module."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, kw_only=True)
class Previous:
    """Where a secret goes when another one takes its place, and how long both count."""

    name: str  # the setting that keeps it
    until: str  # the setting that names the last day, like 2026-12-31
    days: int

    def counts(self, last_day: str, now: datetime) -> bool:
        """Whether the secret before still counts."""
        try:
            return now.date() <= date.fromisoformat(last_day)
        except ValueError:
            return False


# the secret by which a site's server proves who its visitor is, in our room and at the border
IDENTITY_BEFORE = Previous(
    name="identity_secret_previous", until="identity_previous_until", days=14
)


@dataclass(frozen=True, kw_only=True)
class SettingSpec:
    """One name that `connect` accepts."""

    name: str
    secret: bool = False
    required: bool = False
    default: str = ""
    help: str = ""
    previous: Previous | None = None


# of every kind that can keep notes: whether the notes of the desk are kept there as well
MIRROR_NOTES = SettingSpec(
    name="mirror_notes",
    default="off",
    help="on: notes that the team writes on the desk are kept there too, for its users to read",
)
YES = frozenset({"on", "yes", "true", "1"})
