"""Staff accounts, their teams, and the API tokens they made."""

import secrets
from typing import ClassVar, Self

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q

from inbox.accounts.permissions import Right, Rights, can
from inbox.common.crypto import EncryptedTextField, digest_of


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
    # keys without Ctrl or Alt do something (WCAG 2.1.4: they can be switched off)
    single_keys = models.BooleanField(default=True)
    # what they are told of and where, as `notify.choices` reads it; what is missing is the default
    told = models.JSONField(default=dict, blank=True)
    # their own night, such as ["22:00", "07:00"]; empty: the installation's
    quiet_hours = models.JSONField(default=list, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True, editable=False)
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
        return can(self, Right.ADDRESSES)

    @property
    def may(self) -> Rights:
        """What the account may do, for templates: `request.user.may.reply`."""
        return Rights(self)

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """The Django admin is for admins by role, with or without Django's own flags."""
        return can(self, Right.MANAGE)

    def has_module_perms(self, app_label: str) -> bool:
        """The same for a whole section of it."""
        return can(self, Right.MANAGE)


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


class Invite(models.Model):
    """Somebody was asked by mail to join; the link works once, and only its SHA-256 is kept."""

    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.AGENT)
    teams = models.ManyToManyField(Team, blank=True, related_name="+")
    # the account that it opens: one that exists already, or the one that was made of it
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="invites"
    )
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                name="invite_once_open",
                condition=Q(used_at__isnull=True, withdrawn_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} as {self.get_role_display()}"


class ProviderKind(models.TextChoices):
    """Who may vouch for a person; all but GitHub speak OpenID Connect."""

    GITHUB = "github", "GitHub"
    GOOGLE = "google", "Google"
    SLACK = "slack", "Slack"
    OPENID = "openid", "OpenID Connect"


class SignInProvider(models.Model):
    """A provider that people may sign in with, and for whose proven addresses accounts are made."""

    ISSUERS: ClassVar[dict[str, str]] = {
        ProviderKind.GOOGLE: "https://accounts.google.com",
        ProviderKind.SLACK: "https://slack.com",
    }

    kind = models.CharField(max_length=10, choices=ProviderKind.choices)
    key = models.SlugField(unique=True, max_length=40)
    label = models.CharField(max_length=40)
    client_id = models.CharField(max_length=191)
    secret = EncryptedTextField(blank=True)
    issuer = models.URLField(blank=True)
    # whose proven addresses become accounts by themselves; empty: only who was invited
    domains = models.JSONField(default=list, blank=True)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.LIGHT)
    enabled = models.BooleanField("on", default=True)

    class Meta:
        verbose_name = "sign-in provider"
        ordering = ["label", "pk"]
        constraints = [
            models.CheckConstraint(
                name="provider_github_by_its_name",
                condition=~Q(kind="github") | Q(key="github"),
            ),
            models.CheckConstraint(
                name="provider_openid_has_an_issuer",
                condition=~Q(kind="openid") | ~Q(issuer=""),
            ),
            models.CheckConstraint(name="provider_never_makes_admins", condition=~Q(role="admin")),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def server(self) -> str:
        """Where its OpenID configuration lies; empty for GitHub."""
        return (self.issuer or self.ISSUERS.get(self.kind, "")).rstrip("/")
