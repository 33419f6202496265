"""Editable values with their shipped defaults."""

from typing import Any

from inbox.common.models import Setting
from inbox.common.versions import bump, kept

DEFAULTS: dict[str, Any] = {
    "pleasantries": ["thanks", "thank you", "ty"],
    "require_admin_totp": False,
    "quiet_hours": ["22:00", "07:00"],
    "undo_seconds": 10,
    "automatic_per_address_hour": 3,
    "automatic_per_address_day": 6,
    "automatic_per_ticket_hour": 1,
    "automatic_per_ticket": 5,
}


class UnknownSetting(KeyError):
    """There is no editable value of this name."""


def setting(name: str) -> Any:
    """The value of a setting. Raises `UnknownSetting`."""
    if name not in DEFAULTS:
        raise UnknownSetting(name)
    return kept("settings", _load).get(name, DEFAULTS[name])


def change_setting(name: str, value: Any) -> None:
    """Store a value; every process takes it over with its next change."""
    if name not in DEFAULTS:
        raise UnknownSetting(name)
    Setting.objects.update_or_create(name=name, defaults={"value": value})
    bump("settings")


def _load() -> dict[str, Any]:
    return dict(Setting.objects.values_list("name", "value"))
