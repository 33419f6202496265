"""What search keeps: a document per message and ticket, the words it knows, errors and where."""

from django.db import models


class SearchDoc(models.Model):
    """The analysed words of one message; without a message, of the ticket's own facts.

    One document per message: an edit costs one row, however long the ticket is. The database keeps
    its full-text index beside `words` by itself (a generated column, or triggers).
    """

    ticket = models.ForeignKey("inbox.Ticket", on_delete=models.CASCADE, related_name="+")
    message = models.OneToOneField(
        "inbox.Message", on_delete=models.CASCADE, null=True, blank=True, related_name="search_doc"
    )
    words = models.TextField(blank=True)
    # what a word found here counts, in percent: facts and the question more than what follows
    weight = models.PositiveSmallIntegerField(default=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ticket"],
                name="search_facts_once",
                condition=models.Q(message__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"words of {self.message_id or f'#{self.ticket_id}'}"


class Word(models.Model):
    """A plain word of unrestricted tickets, its stem, and in about how many documents it stands."""

    word = models.CharField(max_length=32, unique=True)
    stem = models.CharField(max_length=32, db_index=True)
    n = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.word


class Spelling(models.Model):
    """A word with one letter left out, or as it is: where a misspelt word meets its right one."""

    key = models.CharField(max_length=32)
    word = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "word"], name="spelling_once")]

    def __str__(self) -> str:
        return f"{self.key}: {self.word}"


class SearchState(models.Model):
    """How far the index has come: the last row that was looked at, per kind of row."""

    name = models.CharField(max_length=20, unique=True)
    value = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


class Fingerprint(models.Model):
    """An error without what differs from one time to the next."""

    key = models.CharField(max_length=16, unique=True)
    kind = models.CharField(max_length=12)
    words = models.CharField(max_length=200)
    first_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.words


class Occurrence(models.Model):
    """One message that shows an error. The ticket is the message's, kept for counting."""

    fingerprint = models.ForeignKey(
        Fingerprint, on_delete=models.CASCADE, related_name="occurrences"
    )
    ticket = models.ForeignKey("inbox.Ticket", on_delete=models.CASCADE, related_name="occurrences")
    message = models.ForeignKey("inbox.Message", on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["fingerprint", "message"], name="occurrence_once")
        ]
        indexes = [models.Index(fields=["fingerprint", "at"], name="occurrence_when")]

    def __str__(self) -> str:
        return f"{self.fingerprint_id} in #{self.ticket_id}"


class Spike(models.Model):
    """An error that rose after a release; told once for each release."""

    fingerprint = models.ForeignKey(Fingerprint, on_delete=models.CASCADE, related_name="spikes")
    release = models.CharField(max_length=200)
    before = models.PositiveIntegerField()
    after = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["fingerprint", "release"], name="spike_once")
        ]

    def __str__(self) -> str:
        return f"{self.fingerprint_id} after {self.release}"
