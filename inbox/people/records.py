"""What is written down about a person: honours, notes, what was done, and lists taken in."""

from django.conf import settings
from django.db import models
from django.db.models import Q

USER = settings.AUTH_USER_MODEL


class Championship(models.Model):
    """Somebody is recognised as a champion: why, since when, and where it can be seen (S35)."""

    contact = models.ForeignKey("inbox.Contact", on_delete=models.CASCADE, related_name="honours")
    reason = models.CharField(max_length=250)
    since = models.DateField()
    evidence_url = models.URLField(max_length=500, blank=True)
    named_at = models.DateTimeField()
    named_by = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact"], name="champion_once", condition=Q(ended_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.reason


class ContactNote(models.Model):
    """What the team wrote down about somebody; nobody else ever sees it."""

    contact = models.ForeignKey("inbox.Contact", on_delete=models.CASCADE, related_name="notes")
    text = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.text[:60]


class PersonEvent(models.Model):
    """One thing that was done about a person; most can be taken back by it."""

    contact = models.ForeignKey("inbox.Contact", on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=20)
    at = models.DateTimeField()
    actor_label = models.CharField(max_length=150)
    by = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, related_name="+")
    other = models.ForeignKey(
        "inbox.Contact", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    identity = models.ForeignKey(
        "inbox.Identity", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    data = models.JSONField(default=dict, blank=True)  # ids and words of ours, never addresses
    undone_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} by {self.actor_label}"


class PeopleExport(models.Model):
    """Somebody took a list of people out of the house."""

    by = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    people = models.PositiveIntegerField()
    about = models.CharField(max_length=250, blank=True)  # which of them, in words

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.people} people"


class ImportState(models.TextChoices):
    """Where an import stands; `reading`, `checking`, `running`, `undoing` are a job's."""

    READING = "reading", "Being read"
    MAPPING = "mapping", "Say which column is what"
    CHECKING = "checking", "Being checked"
    CHECKED = "checked", "Checked, nothing changed so far"
    RUNNING = "running", "Being taken in"
    DONE = "done", "Taken in"
    UNDOING = "undoing", "Being taken back"
    UNDONE = "undone", "Taken back"


BUSY = (ImportState.READING, ImportState.CHECKING, ImportState.RUNNING, ImportState.UNDOING)


class PeopleImport(models.Model):
    """A list of people that was uploaded. `position`: lines (or undo steps) that are done."""

    by = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    filename = models.CharField(max_length=200)
    encoding = models.CharField(max_length=12)
    delimiter = models.CharField(max_length=1)
    header = models.JSONField(default=list)
    mapping = models.JSONField(default=list)  # of each column: what it is, "" to leave it out
    state = models.CharField(max_length=8, choices=ImportState.choices, default=ImportState.MAPPING)
    skip_bad = models.BooleanField(default=False)
    lines = models.PositiveIntegerField(default=0)
    position = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)  # `taking.COUNTS`
    errors = models.JSONField(default=list)  # the first: [line, words]
    examples = models.JSONField(default=list)  # of what would happen: [word, name]
    # files of a community system: who reads them, where they lie until they are read
    source = models.CharField(max_length=20, blank=True)
    folder = models.CharField(max_length=40, blank=True)
    files = models.JSONField(default=list)  # their names
    cursor = models.JSONField(default=dict)  # where the next piece of work begins
    doings = models.PositiveIntegerField(default=0)  # activities; `lines` counts the people
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["id"], name="import_busy", condition=Q(state__in=list(BUSY)))
        ]

    def __str__(self) -> str:
        return self.filename


class PeopleImportText(models.Model):
    """The uploaded text, kept until it is taken in."""

    of = models.OneToOneField(PeopleImport, on_delete=models.CASCADE, related_name="kept")
    text = models.TextField()

    def __str__(self) -> str:
        return f"text of {self.of_id}"


class RowKind(models.TextChoices):
    """What was read: people, their accounts, what they did; what is wrong; what is left out."""

    PERSON = "person", "Person"
    ACCOUNT = "account", "Account"
    ACTIVITY = "activity", "Activity"
    BAD = "bad", "Cannot be taken in"
    LEFT = "left", "Left out on purpose"
    MET = "met", "Whose a key of the list would be"


class PeopleImportRow(models.Model):
    """One thing that was read from the files of an import, kept until it is settled.

    Files name people, accounts and activities in any order; here they find each other by key.
    """

    of = models.ForeignKey(PeopleImport, on_delete=models.CASCADE, related_name="read")
    kind = models.CharField(max_length=8, choices=RowKind.choices)
    key = models.CharField(max_length=250)
    data = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["of", "kind", "key"], name="import_row_once")
        ]
        indexes = [models.Index(fields=["of", "kind", "id"], name="import_row_order")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class TakenLine(models.Model):
    """What a line of an import made or filled in, so that it can be taken back."""

    of = models.ForeignKey(PeopleImport, on_delete=models.CASCADE, related_name="taken")
    line = models.PositiveIntegerField()
    contact = models.ForeignKey(
        "inbox.Contact", on_delete=models.CASCADE, null=True, related_name="+"
    )
    is_new = models.BooleanField(default=False)
    identity_ids = models.JSONField(default=list)  # that it made
    filled = models.JSONField(default=dict)  # the contact's and identities' fields that were empty
    note = models.ForeignKey(ContactNote, on_delete=models.SET_NULL, null=True, related_name="+")
    honour = models.ForeignKey(Championship, on_delete=models.SET_NULL, null=True, related_name="+")
    trait_ids = models.JSONField(default=list)
    proposal_ids = models.JSONField(default=list)
    # what it named that was here already: it inherits that when another list is taken back
    claims = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"line {self.line}"
