"""What a ticket is linked to outside, in which release it came out, and who is told about it."""

from django.db import models
from django.db.models import F, Q

from inbox.outbox.models import OutgoingState
from inbox.tickets.models import Ticket


class Release(models.Model):
    """A release of a place, as the vendor described it last."""

    channel = models.ForeignKey("inbox.Channel", on_delete=models.CASCADE, related_name="+")
    place = models.CharField(max_length=200)
    tag = models.CharField(max_length=200)
    name = models.CharField(max_length=250, blank=True)
    url = models.CharField(max_length=500, blank=True)
    prerelease = models.BooleanField(default=False)
    draft = models.BooleanField(default=False)
    gone = models.BooleanField(default=False)  # deleted there, or unpublished
    published_at = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField()  # of two states the later one counts

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "place", "tag"], name="release_once")
        ]

    def __str__(self) -> str:
        return self.tag

    @property
    def counts(self) -> bool:
        """Whether people get it: published for everybody."""
        return not (self.draft or self.prerelease or self.gone) and self.published_at is not None


class Item(models.Model):
    """An issue, pull request or discussion, as the vendor described it last.

    `due_at` says when it is looked up there: its state, or the first release that has its fix.
    """

    channel = models.ForeignKey("inbox.Channel", on_delete=models.CASCADE, related_name="items")
    key = models.CharField(max_length=250, blank=True)  # of its thread; "" until it was read
    kind = models.CharField(max_length=12)  # issue · pull · discussion
    place = models.CharField(max_length=200)
    number = models.PositiveIntegerField()
    url = models.CharField(max_length=500)
    title = models.CharField(max_length=250, blank=True)
    state = models.CharField(max_length=10, default="open")  # open · closed · merged
    reason = models.CharField(max_length=20, blank=True)
    commit = models.CharField(max_length=64, blank=True)
    base = models.CharField(max_length=200, blank=True)
    head = models.CharField(max_length=64, blank=True)
    draft = models.BooleanField(default=False)
    backport_of = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(null=True, blank=True)  # of two states the later one counts
    ended_at = models.DateTimeField(null=True, blank=True)
    # a review is owed while it was asked for after the last one (S51)
    asked_review_at = models.DateTimeField(null=True, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    released_in = models.ForeignKey(
        Release, on_delete=models.SET_NULL, null=True, blank=True, related_name="items"
    )
    due_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    trouble = models.CharField(max_length=250, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "place", "number"], name="item_once_in_place"
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], name="item_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["channel", "key"], name="item_key"),
            models.Index(
                fields=["asked_review_at"],
                name="item_review_owed",
                condition=Q(state="open", kind="pull", draft=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place}#{self.number}"


# a review that is owed: open, ready, and nobody of us has reviewed since it was asked for
REVIEW_OWED = Q(kind="pull", state="open", draft=False, asked_review_at__isnull=False) & (
    Q(reviewed_at__isnull=True) | Q(reviewed_at__lt=F("asked_review_at"))
)


class Closing(models.Model):
    """A pull request says that it closes an item, which need not be known here."""

    pull = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="closings")
    place = models.CharField(max_length=200)
    number = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pull", "place", "number"], name="closing_once")
        ]
        indexes = [models.Index(fields=["place", "number"], name="closing_of")]

    def __str__(self) -> str:
        return f"{self.pull} closes {self.place}#{self.number}"


class Link(models.Model):
    """A link of a ticket to something with an address of its own."""

    ticket = models.ForeignKey("inbox.Ticket", on_delete=models.CASCADE, related_name="links")
    kind = models.CharField(max_length=30)  # github_issue · github_pull · page · ticket …
    url = models.URLField(max_length=500)
    item = models.ForeignKey(
        Item, on_delete=models.SET_NULL, null=True, blank=True, related_name="links"
    )
    state = models.CharField(max_length=20, blank=True)
    released_in = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "url"], name="link_once")]

    def __str__(self) -> str:
        return self.url


class LoopNotice(models.Model):
    """Somebody who waits is told: that a release has the fix, or that the page is there.

    Its words are an outgoing row that waits for approval. Once per release, person and channel.
    """

    release = models.ForeignKey(
        Release, on_delete=models.CASCADE, null=True, blank=True, related_name="notices"
    )
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="notices")
    ticket = models.ForeignKey("inbox.Ticket", on_delete=models.CASCADE, related_name="notices")
    contact = models.ForeignKey("inbox.Contact", on_delete=models.CASCADE, related_name="+")
    channel = models.ForeignKey("inbox.Channel", on_delete=models.CASCADE, related_name="+")
    outgoing = models.OneToOneField(
        "inbox.Outgoing", on_delete=models.CASCADE, related_name="notice"
    )
    created_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["release", "contact", "channel"],
                name="notice_once_per_release",
                condition=Q(release__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["item", "contact", "channel"],
                name="notice_once_per_page",
                condition=Q(release__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.release or self.item} to {self.contact}"

    @property
    def home(self) -> Ticket:
        """The ticket that has the conversation now, after merges and splits."""
        thread = self.outgoing.thread
        return thread.ticket if thread else self.ticket

    @property
    def is_dropped(self) -> bool:
        """Whether somebody decided that it is not said."""
        return self.outgoing.state == OutgoingState.FAILED and self.outgoing.message_id is None

    @property
    def can_be_undone(self) -> bool:
        """Whether the draft can wait for approval again: nothing has left."""
        return self.is_dropped or self.outgoing.state == OutgoingState.QUEUED
