"""Configuration that belongs to no room: editable values, and stamps that say it changed."""

from django.db import models

from inbox.common.crypto import EncryptedTextField


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


class Heartbeat(models.Model):
    """A process that works for us was alive at this moment: `worker web1:42`, `sweep`, `tick`."""

    name = models.CharField(primary_key=True, max_length=150)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.at:%H:%M:%S}"


class SigningKey(models.Model):
    """The key under which short signatures are made, once its field key is to be taken away.

    Reply addresses that customers have must outlive a rotation of keys (`crypto.signature`).
    """

    name = models.SlugField(unique=True)
    key = EncryptedTextField()

    def __str__(self) -> str:
        return self.name
