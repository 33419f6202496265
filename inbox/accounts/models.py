"""Staff accounts, their teams, and the API tokens they made."""

import secrets
from typing import ClassVar, Self

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q

from inbox.common.crypto import digest_of


class Role(models.TextChoices):
    """What an account may do; the matrix stands in `accounts.permissions`."""

    ADMIN = "admin", "Admin"
    AGENT = "agent", "Agent"
    LIGHT = "light", "Light agent"
    VIEWER = "viewer", "Viewer"


class User(AbstractUser):
    """A member of staff. Accounts are personal; there is no shared login (S33)."""

    role = models.CharField(max_length=10, choices=Role.choices, default=Role.AGENT)
    timezone = models.CharField(max_length=64, blank=True)
    theme = models.CharField(max_length=8, blank=True)
    density = models.CharField(max_length=8, blank=True)
    # told by mail too, through the system channel; never without being asked for
    mail_notices = models.BooleanField(default=False)
    mail_digests = models.BooleanField(default=False)
    # takes part in automatic assignment, and how many live tickets at most (L20)
    available = models.BooleanField(default=True)
    most_tickets = models.PositiveSmallIntegerField(null=True, blank=True)
    teams: "models.ManyToManyField[Team, models.Model]" = models.ManyToManyField(
        "Team", related_name="members", blank=True
    )

    @property
    def display_name(self) -> str:
        """The name shown to colleagues and customers."""
        return self.get_full_name() or self.username

    @property
    def is_admin(self) -> bool:
        """Whether the account manages the installation and sees every team's tickets."""
        return self.is_superuser or self.role == Role.ADMIN

    @property
    def sees_addresses(self) -> bool:
        """Whether people's addresses are shown in full: not to viewers."""
        return self.is_admin or self.role != Role.VIEWER


class Team(models.Model):
    """A group of staff; `restricted` keeps its tickets from everybody else."""

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    restricted = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def named_to(cls, user: User) -> "models.QuerySet[Team]":
        """The teams that somebody may know of: a restricted one's name is for its members."""
        if user.is_admin:
            return cls._default_manager.all()
        mine = user.teams.values("pk")
        return cls._default_manager.filter(Q(restricted=False) | Q(pk__in=mine))


class ApiToken(models.Model):
    """A token of the REST API; only its SHA-256 is kept."""

    PREFIX: ClassVar[str] = "hd_"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    label = models.CharField(max_length=120, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.user}: {self.label or self.pk}"

    @classmethod
    def issue(cls, user: User, *, label: str = "") -> tuple[Self, str]:
        """Make a token; its text is returned once and never stored."""
        text = cls.PREFIX + secrets.token_urlsafe(32)
        return cls.objects.create(user=user, label=label, digest=digest_of(text)), text


class ApiAnswer(models.Model):
    """The first answer to a request with an `Idempotency-Key`, given again to a repetition."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="api_answer_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.key}"
