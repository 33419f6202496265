"""The names that connecting a channel accepts. No Django and no Celery in this module."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Previous:
    """Where a secret goes when another one takes its place, and how long both count."""

    name: str  # the setting that keeps it
    until: str  # the setting that names the last day, like 2026-12-31
    days: int


@dataclass(frozen=True, kw_only=True)
class SettingSpec:
    """One name that `connect` accepts."""

    name: str
    secret: bool = False
    required: bool = False
    default: str = ""
    help: str = ""
    previous: Previous | None = None
