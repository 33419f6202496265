"""Configuration that belongs to no room: editable values, and stamps that say it changed."""

from django.db import models


class Setting(models.Model):
    """One editable value: `pleasantries`, `require_admin_totp`, `quiet_hours`, …"""

    name = models.SlugField(primary_key=True)
    value = models.JSONField()

    def __str__(self) -> str:
        return self.name


class ConfigVersion(models.Model):
    """A stamp that rises with every change of a part of the configuration.

    Processes keep compiled rules, policies and calendars and compare one number per change.
    """

    name = models.SlugField(primary_key=True)
    version = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
