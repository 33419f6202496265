"""What people said and may be quoted with, their consent, interviews, and notes kept elsewhere."""

from django.conf import settings
from django.db import models
from django.db.models import Q

USER = settings.AUTH_USER_MODEL


class Consent(models.TextChoices):
    """What somebody has said about being quoted."""

    NOT_ASKED = "not_asked", "Not asked"
    ASKED = "asked", "Asked"
    ATTRIBUTED = "attributed", "With name"
    BLINDED = "blinded", "Blinded"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"


GIVEN = (Consent.ATTRIBUTED, Consent.BLINDED)


class Quote(models.Model):
    """Words of somebody, exactly as they stood in a message.

    The database lets nobody change the words; only an erasure may mask a name in them. The ticket
    is that of the message, wherever it is moved. `state` repeats the newest entry.
    """

    # a message goes only with its ticket: then nothing proves the words any more
    message = models.ForeignKey(
        "inbox.Message", on_delete=models.SET_NULL, null=True, related_name="quotes"
    )
    identity = models.ForeignKey("inbox.Identity", on_delete=models.PROTECT, related_name="quotes")
    text = models.TextField()
    context = models.CharField(max_length=250, blank=True)  # what it is about, in our words
    said_at = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=Consent.choices, default=Consent.NOT_ASKED, db_index=True
    )
    state_at = models.DateTimeField()
    # how they want to be called: a name with a company, or a role where it is blinded
    credit = models.CharField(max_length=200, blank=True)
    made_by = models.ForeignKey(
        USER, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="quote_has_words", condition=~Q(text=""))]

    def __str__(self) -> str:
        return self.text[:60]


class ConsentEntry(models.Model):
    """One step of a consent, with what proves it. Never changed: the next step is another row."""

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="entries")
    state = models.CharField(max_length=10, choices=Consent.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    evidence = models.ForeignKey(
        "inbox.Message", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    words = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name_plural = "consent entries"

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.at:%F}"


class InterviewState(models.TextChoices):
    """How far an interview is."""

    INVITED = "invited", "Invited"
    SCHEDULED = "scheduled", "Scheduled"
    HELD = "held", "Held"
    DECLINED = "declined", "Declined"


class Interview(models.Model):
    """A talk with somebody of the community: from the invitation to what was learned."""

    identity = models.ForeignKey(
        "inbox.Identity", on_delete=models.PROTECT, related_name="interviews"
    )
    ticket = models.ForeignKey(
        "inbox.Ticket", on_delete=models.SET_NULL, null=True, blank=True, related_name="interviews"
    )
    state = models.CharField(
        max_length=10, choices=InterviewState.choices, default=InterviewState.INVITED, db_index=True
    )
    about = models.CharField(max_length=250)
    is_story = models.BooleanField(default=False)  # their use case may become a story (S39)
    link = models.CharField(max_length=500, blank=True)  # by which they book
    at = models.DateTimeField(null=True, blank=True)  # when it is, or was
    notes = models.TextField(blank=True)  # Markdown
    made_by = models.ForeignKey(
        USER, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="interview_held_at_a_time",
                condition=~Q(state__in=["scheduled", "held"]) | Q(at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.about


class DirectoryNote(models.Model):
    """A quote or an interview as a note at a directory.

    `key` is made of what the note says, so a note that says something else is another one.
    Without its quote and interview it is taken away there. `due_at`: when there is work; none: it
    stands as it should, unless its quote may not be used any more.
    """

    channel = models.ForeignKey("inbox.Channel", on_delete=models.CASCADE, related_name="+")
    quote = models.ForeignKey(
        Quote, on_delete=models.SET_NULL, null=True, blank=True, related_name="notes_elsewhere"
    )
    interview = models.ForeignKey(
        Interview, on_delete=models.SET_NULL, null=True, blank=True, related_name="notes_elsewhere"
    )
    person_key = models.CharField(max_length=100)  # the vendor's, of the person
    note_key = models.CharField(max_length=100, blank=True)  # the vendor's, of the note
    key = models.CharField(max_length=100, blank=True)  # ours
    due_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=250, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "quote"], name="directory_note_of_quote"),
            models.UniqueConstraint(
                fields=["channel", "interview"], name="directory_note_of_interview"
            ),
        ]

    def __str__(self) -> str:
        return self.key or f"note {self.pk}"
