"""How long what is kept: read from the settings, checked before they are stored.

`retention` is a list; the first row that fits a ticket counts. Its names: `name` (shown on the
ticket), `channel` (`email/support`, or a kind), `group` (of sources), `category`, and the days
after closing: `files_days`, then `texts_days`. Nothing given: kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from inbox.common.config import change_setting, setting

NAMES = {"name", "channel", "group", "category", "files_days", "texts_days"}
LONGEST_DAYS = 36_500
KEPT = ("keep_raw_days", "keep_notices_days", "keep_api_answers_days")


class BadRetention(ValueError):
    """A row of the setting that cannot be meant; the text says which and why."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """One row: which tickets, and how many days after closing; 0 is never."""

    name: str
    channel: str = ""
    group: str = ""
    category: str = ""
    files_days: int = 0
    texts_days: int = 0

    @property
    def fits(self) -> Q:
        """The tickets that it is for."""
        which = Q()
        if self.channel:
            kind, _, key = self.channel.partition("/")
            which &= Q(channel__kind=kind, **({"channel__key": key} if key else {}))
        if self.group:
            which &= Q(source__group__name=self.group)
        if self.category:
            which &= Q(category=self.category)
        return which


def check(rows: Any) -> list[Policy]:
    """The rows as policies. Raises `BadRetention`."""
    if not isinstance(rows, list):
        raise BadRetention("retention: a list is needed")
    return [_policy(number, row) for number, row in enumerate(rows, 1)]


def _policy(number: int, row: Any) -> Policy:
    if not isinstance(row, dict):
        raise BadRetention(f"retention {number}: names and values are needed")
    unknown = sorted(set(row) - NAMES)
    if unknown:
        raise BadRetention(f"retention {number}: unknown name “{unknown[0]}”")
    days = {name: row.get(name, 0) for name in ("files_days", "texts_days")}
    for name, value in days.items():
        if type(value) is not int or not 0 <= value <= LONGEST_DAYS:
            raise BadRetention(f"retention {number}: {name} is a number of days")
    if not any(days.values()):
        raise BadRetention(f"retention {number}: say files_days or texts_days")
    if days["texts_days"] and days["files_days"] > days["texts_days"]:
        raise BadRetention(f"retention {number}: files go before texts, or with them")
    channel, group, category = (str(row.get(n) or "") for n in ("channel", "group", "category"))
    return Policy(
        name=str(row.get("name") or category or group or channel or "everything"),
        channel=channel,
        group=group,
        category=category,
        files_days=days["files_days"],
        texts_days=days["texts_days"],
    )


def policies() -> list[Policy]:
    """The rows that are in force."""
    return check(setting("retention"))


def tickets_of(policy: Policy, before: Iterable[Policy]) -> Q:
    """The tickets that this policy decides about: those that no earlier one fits."""
    which = policy.fits
    for earlier in before:
        which &= ~earlier.fits
    return which


def state() -> dict[str, Any]:
    """Everything that says how long things are kept, as it is stored."""
    return {name: setting(name) for name in ("retention", *KEPT)}


def keep(rows: list[dict[str, Any]], days: Mapping[str, int]) -> None:
    """Store the rows, and the days of what no ticket holds. Raises `BadRetention`."""
    check(rows)
    for name in KEPT:
        if type(days[name]) is not int or not 0 <= days[name] <= LONGEST_DAYS:
            raise BadRetention(f"{name} is a number of days")
    for name, value in {"retention": rows, **days}.items():
        if setting(name) != value:
            change_setting(name, value)


def of_channel(rows: Sequence[Policy], kind: str, key: str) -> Policy | None:
    """The first row that is for every ticket of a channel."""
    for row in rows:
        if not row.group and not row.category and row.channel in ("", kind, f"{kind}/{key}"):
            return row
    return None
