"""Connections, the places in them, and what they delivered."""

import json
from collections.abc import Mapping

from django.conf import settings as django_settings
from django.db import models

from inbox.channels import registry
from inbox.channels.contract import ChannelConfig, ChannelKind, RawRequest
from inbox.common.crypto import EncryptedBytesField, EncryptedJSONField, EncryptedTextField


class Channel(models.Model):
    """One connection to one vendor, mailbox or site."""

    kind = models.CharField(max_length=20)
    key = models.SlugField(max_length=80)
    label = models.CharField(max_length=120, blank=True)
    purpose = models.CharField(max_length=20, default="support")
    settings = models.JSONField(default=dict, blank=True)
    secrets_text = EncryptedTextField(blank=True)
    active = models.BooleanField(default=True)
    owner = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    owner_on_duty = models.BooleanField(default=False)
    policy = models.ForeignKey("inbox.Policy", on_delete=models.SET_NULL, null=True, blank=True)
    next_poll_at = models.DateTimeField(null=True, blank=True)
    poll_cursor = models.JSONField(default=dict, blank=True)
    poll_lease_until = models.DateTimeField(null=True, blank=True)
    poll_fence = models.PositiveBigIntegerField(default=0)
    last_in_at = models.DateTimeField(null=True, blank=True)
    last_out_at = models.DateTimeField(null=True, blank=True)
    health = models.CharField(max_length=20, default="ok")
    health_text = models.CharField(max_length=250, blank=True)
    health_since = models.DateTimeField(null=True, blank=True)  # since when it is not ok
    # since when it is disconnected, or prepared and not connected yet
    disconnected_at = models.DateTimeField(null=True, blank=True, editable=False)
    # when the vendor is asked next to end the credentials; null: there is nothing to end
    revoke_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoke_attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    revoke_error = models.CharField(max_length=250, blank=True, editable=False)
    # only these teams and people use it; a team that is deleted opens it to nobody else
    limited = models.BooleanField(default=False, editable=False)
    teams = models.ManyToManyField("inbox.Team", blank=True, related_name="+", editable=False)
    people = models.ManyToManyField(
        django_settings.AUTH_USER_MODEL, blank=True, related_name="+", editable=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="channel_once_per_kind"),
            models.CheckConstraint(
                name="channel_revoked_when_disconnected",
                condition=models.Q(revoke_at=None) | models.Q(disconnected_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}/{self.key}"

    @property
    def name(self) -> str:
        """What people call it."""
        return self.label or str(self)

    @property
    def secrets(self) -> dict[str, str]:
        """Credentials by their documented names."""
        found: dict[str, str] = json.loads(self.secrets_text) if self.secrets_text else {}
        return found

    @property
    def type(self) -> ChannelKind:
        """The registered kind of this channel."""
        return registry.get(self.kind)

    @property
    def webhook_path(self) -> str:
        """Where the vendor posts to."""
        return f"/hooks/{self.kind}/{self.key}/"

    @property
    def config(self) -> ChannelConfig:
        """The connection as the integration sees it."""
        return ChannelConfig(
            kind=self.kind,
            key=self.key,
            settings=self.settings,
            secrets=self.secrets,
            webhook_url=django_settings.BASE_URL.rstrip("/") + self.webhook_path,
            installation=django_settings.INSTALLATION,
        )

    @property
    def address(self) -> str:
        """The channel's own address: a mailbox, a workspace, a site."""
        return self.type.address(self.config)

    @property
    def realm(self) -> str:
        """In which space its external ids are unique."""
        return self.type.realm(self.config)


class SourceGroup(models.Model):
    """Sources that share a promise; no policy means best effort (S20)."""

    name = models.SlugField(unique=True)
    policy = models.ForeignKey("inbox.Policy", on_delete=models.SET_NULL, null=True, blank=True)
    owner = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    announce_to = models.CharField(max_length=120, blank=True)

    def __str__(self) -> str:
        return self.name


class Source(models.Model):
    """A Slack channel, repository, mailbox or site inside a connection."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="sources")
    external_key = models.CharField(max_length=200)
    label = models.CharField(max_length=200, blank=True)
    group = models.ForeignKey(SourceGroup, on_delete=models.SET_NULL, null=True, blank=True)
    settings = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "external_key"], name="source_once")
        ]

    def __str__(self) -> str:
        return self.label or self.external_key


class DeliveryState(models.TextChoices):
    """How far a delivery has come."""

    PENDING = "pending", "Pending"
    PROCESSING = "processing", "Processing"
    DONE = "done", "Done"
    IGNORED = "ignored", "Ignored"
    UNKNOWN = "unknown", "Unknown"
    FAILED = "failed", "Failed"


class Delivery(models.Model):
    """What a vendor handed us, byte for byte. The row is the queue.

    Nobody has looked into it when it is stored, and a replay needs it as it came: so it is
    encrypted, always.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    dedupe_key = models.CharField(max_length=250)
    headers = models.JSONField(default=dict)
    body = EncryptedBytesField()
    completed = EncryptedJSONField(null=True, blank=True)
    state = models.CharField(
        max_length=12, choices=DeliveryState.choices, default=DeliveryState.PENDING
    )
    reason = models.CharField(max_length=250, blank=True)
    error = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveBigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["channel", "dedupe_key"], name="delivery_once")
        ]
        indexes = [
            models.Index(
                fields=["not_before", "id"],
                name="delivery_open",
                condition=models.Q(state__in=["pending", "processing"]),
            ),
            models.Index(fields=["state", "-id"], name="delivery_state"),
            # what the retention of raw bytes may still take
            models.Index(
                fields=["id"],
                name="delivery_raw",
                condition=models.Q(state__in=["done", "ignored", "unknown"]) & ~models.Q(body=b""),
            ),
        ]

    def __str__(self) -> str:
        return f"Delivery {self.pk} of {self.channel}"

    @property
    def raw(self) -> RawRequest:
        """The request as it came."""
        headers: Mapping[str, str] = self.headers
        return RawRequest(headers=headers, body=bytes(self.body), url=headers.get("x-url", ""))


class Fetch(models.Model):
    """A file whose bytes are still at the vendor: a job of its own, so that filing never waits."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    attachment = models.OneToOneField("inbox.Attachment", on_delete=models.CASCADE)
    url = models.CharField(max_length=1000)
    state = models.CharField(max_length=10, default="pending")  # pending · done · failed
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()
    error = models.CharField(max_length=250, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["not_before"], name="fetch_open", condition=models.Q(state="pending")
            )
        ]

    def __str__(self) -> str:
        return f"{self.state}: {self.url}"


class Lookup(models.Model):
    """What a look-up port fetched from a vendor, kept for the rules and the desk."""

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=200)
    name = models.CharField(max_length=250, blank=True)
    data = models.JSONField(default=dict)
    fetched_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="lookup_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name or self.key}"
