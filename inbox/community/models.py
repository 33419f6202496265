"""What people do for the community: deeds, what they add up to, and what the team makes of them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

USER = settings.AUTH_USER_MODEL


class DeedKind(models.TextChoices):
    """What is counted; what was imported from elsewhere is counted from its own rows."""

    ASKED = "asked", "Asked"
    ANSWERED = "answered", "Answered others"
    CREDITED = "credited", "Marked as solution"
    REPORTED = "reported", "Reported an issue"
    PROPOSED = "proposed", "Opened a pull request"
    MERGED = "merged", "Merged a pull request"


ELSEWHERE = "elsewhere"
HELPING = (DeedKind.ANSWERED, DeedKind.CREDITED, DeedKind.MERGED)


class Deed(models.Model):
    """One thing somebody did on a ticket, once for each kind: ten lines of an answer are one.

    It hangs on an identity, so that it follows merges and splits like messages do.
    """

    identity = models.ForeignKey("inbox.Identity", on_delete=models.CASCADE, related_name="deeds")
    kind = models.CharField(max_length=10, choices=DeedKind.choices)
    # no constraints: they would lock tickets for the job that counts, which holds their people
    ticket = models.ForeignKey(
        "inbox.Ticket", on_delete=models.CASCADE, db_constraint=False, related_name="deeds"
    )
    message = models.ForeignKey(
        "inbox.Message",
        on_delete=models.SET_NULL,
        null=True,
        db_constraint=False,
        related_name="+",
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["identity", "kind", "ticket"], name="deed_once")
        ]
        indexes = [
            models.Index(fields=["kind", "-at"], name="deed_of_kind"),
            models.Index(fields=["identity", "-at", "-id"], name="deed_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on #{self.ticket_id}"


class Level(models.TextChoices):
    """How much somebody takes part; from which sum on is a setting."""

    NEW = "new", "New"
    ASKING = "asking", "Asking"
    HELPING = "helping", "Helping"
    REGULAR = "regular", "Regular"
    CANDIDATE = "candidate", "Champion candidate"


class Engagement(models.Model):
    """What somebody's deeds add up to, kept with its parts; made anew by `services.count`."""

    contact = models.OneToOneField(
        "inbox.Contact", on_delete=models.CASCADE, related_name="engagement"
    )
    score = models.FloatField()
    level = models.CharField(max_length=10, choices=Level.choices)
    parts = models.JSONField(default=list)  # of `arithmetic.Part`
    deeds = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    counted_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["-first_at"], name="engagement_first"),
            # what counts less with time is counted anew every day
            models.Index(fields=["counted_at"], name="engagement_ages", condition=Q(score__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.score:g} {self.level}"


class NominationState(models.TextChoices):
    """What became of it."""

    WAITING = "waiting", "Waiting"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"


class Nomination(models.Model):
    """Somebody should be a champion, says a colleague or what they did (S35)."""

    contact = models.ForeignKey(
        "inbox.Contact", on_delete=models.CASCADE, related_name="nominations"
    )
    reason = models.CharField(max_length=250)
    at = models.DateTimeField()
    # none: what they did adds up to it
    by = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, related_name="+")
    state = models.CharField(
        max_length=8, choices=NominationState.choices, default=NominationState.WAITING
    )
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, related_name="+")
    declined_because = models.CharField(max_length=250, blank=True)
    # until then figures alone do not propose them again
    quiet_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact"], name="nominated_once", condition=Q(state="waiting")
            )
        ]

    def __str__(self) -> str:
        return self.reason


class ReferralState(models.TextChoices):
    """How far product is with it."""

    NEW = "new", "New"
    SEEN = "seen", "Seen"
    PLANNED = "planned", "Planned"
    DONE = "done", "Done"


class Referral(models.Model):
    """A ticket that product should see, and what they said to it (S46)."""

    ticket = models.ForeignKey("inbox.Ticket", on_delete=models.CASCADE, related_name="referrals")
    area = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=8, choices=ReferralState.choices, default=ReferralState.NEW)
    at = models.DateTimeField()
    by = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "area"], name="referral_once_per_area")
        ]
        indexes = [models.Index(fields=["state", "-at", "-id"], name="referral_newest")]

    def __str__(self) -> str:
        return f"#{self.ticket_id} for {self.area or 'product'}"


class TopicState(models.TextChoices):
    """Whether it was talked about."""

    WAITING = "waiting", "Waiting"
    DONE = "done", "Talked about"
    DROPPED = "dropped", "Not needed any more"


class LiveTopic(models.Model):
    """A ticket that is better talked about live, at the next office hours (S84)."""

    ticket = models.OneToOneField(
        "inbox.Ticket", on_delete=models.CASCADE, related_name="live_topic"
    )
    topic = models.CharField(max_length=200)
    at = models.DateTimeField()
    by = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=TopicState.choices, default=TopicState.WAITING)

    class Meta:
        indexes = [models.Index(fields=["state", "-at"], name="live_topic_newest")]

    def __str__(self) -> str:
        return self.topic
