"""What somebody is writing: one draft per person and ticket, kept here, shown to others on demand.

Keeping a draft is no change of its ticket and makes no event; sharing one and taking one over do.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet

from inbox.accounts.models import User
from inbox.common import work
from inbox.common.config import setting
from inbox.common.prepared import Prepared
from inbox.tickets import kinds
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.messages import Attachment
from inbox.tickets.models import Message, Ticket
from inbox.tickets.recording import own, record

LONGEST = 100_000  # characters
UNSENT_FILES_STAY = timedelta(days=1)


class Mode(models.TextChoices):
    """What the words will be."""

    REPLY = "reply", "Reply"
    NOTE = "note", "Note"
    ASK = "ask", "Question to the team"


class Draft(models.Model):
    """Words that were not sent yet; `shared` lets colleagues read them and take them over."""

    ticket = models.ForeignKey("inbox.Ticket", on_delete=models.CASCADE, related_name="drafts")
    # nobody: a rule wrote it, whose name is the label
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="drafts"
    )
    label = models.CharField(max_length=150, blank=True)
    mode = models.CharField(max_length=5, choices=Mode.choices, default=Mode.REPLY)
    body = models.TextField(blank=True)
    shared = models.BooleanField(default=False)
    updated_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "user"], name="draft_once"),
            models.UniqueConstraint(
                fields=["ticket", "label"], name="draft_once_a_rule", condition=Q(user=None)
            ),
            models.CheckConstraint(
                name="draft_of_nobody_is_shared", condition=Q(user__isnull=False) | Q(shared=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.by} on #{self.ticket_id}: {self.body[:60]}"

    @property
    def by(self) -> str:
        """Whose words these are, in words."""
        return self.user.display_name if self.user else f"the rule “{self.label}”"


def _on_page(ticket: int, user: int) -> QuerySet[Draft]:
    here = Q(ticket=ticket) | Q(ticket__merged_into=ticket)
    rows = Draft.objects.filter(here, Q(user=user) | Q(shared=True)).select_related("user")
    return rows.order_by("updated_at", "pk")


ON_PAGE = Prepared(_on_page)


def on_page(ticket: Ticket, user: User) -> list[Draft]:
    """Somebody's own draft and those that colleagues share, the oldest first.

    What was written on a ticket that was merged into this one is found here.
    """
    return ON_PAGE.rows(ticket.pk, user.pk)


def keep(ticket: Ticket, user: User, *, body: str, mode: str = Mode.REPLY) -> Draft | None:
    """Keep somebody's words; empty ones without a file are no draft any more."""
    if len(body) > LONGEST:
        raise VerbError(f"That is longer than {LONGEST} characters.", field="body")
    if mode not in Mode.values:
        raise VerbError(f"There is no “{mode}”.", field="mode")
    mine = Draft.objects.filter(ticket=ticket, user=user)
    if not body.strip() and not Attachment.objects.filter(draft__in=mine).exists():
        mine.delete()
        return None
    values = {"body": body, "mode": mode, "updated_at": work.current().now}
    draft, _ = Draft.objects.update_or_create(ticket=ticket, user=user, defaults=values)
    _bring_along(draft)
    return draft


def propose(ticket: Ticket, *, body: str, label: str) -> Draft | None:
    """Words that a rule would say, for whoever takes them over; one draft a rule and ticket.

    They never leave by themselves. None when the rule has drafted before.
    """
    values = {"body": body[:LONGEST], "shared": True, "updated_at": work.current().now}
    known = {"ticket": own(ticket), "user": None, "label": label[:150]}
    draft, is_new = Draft.objects.get_or_create(**known, defaults=values)
    if not is_new:
        return None
    record(own(ticket), kinds.DRAFT_SHARED, shared=True)
    return draft


def _bring_along(draft: Draft) -> None:
    """What the same person wrote on a ticket that was merged was shown here; it is in this now."""
    merged = Draft.objects.filter(ticket__merged_into=draft.ticket_id, user=draft.user_id)
    Attachment.objects.filter(draft__in=merged).update(draft=draft)
    merged.delete()


def attach(ticket: Ticket, user: User, file: Attachment) -> Attachment:
    """Keep an uploaded file with somebody's draft until it is sent or taken off."""
    now = work.current().now
    draft, _ = Draft.objects.get_or_create(ticket=ticket, user=user, defaults={"updated_at": now})
    file.uploader, file.draft = user, draft
    file.save()
    return file


def waiting_files(user: User, pks: Sequence[int]) -> list[Attachment]:
    """Somebody's own uploads of these keys that no message has yet. Raises `VerbError`."""
    rows = Attachment.objects.filter(pk__in=pks, uploader=user, message=None)
    found = list(rows.order_by("pk"))
    if len(found) != len(set(pks)):
        raise VerbError("A file is gone; attach it again.", field="files")
    return found


def drop(ticket: Ticket, user: User) -> None:
    """The words were sent, or are not wanted."""
    Draft.objects.filter(Q(ticket=ticket) | Q(ticket__merged_into=ticket), user=user).delete()


def share(draft: Draft, *, shared: bool = True) -> None:
    """Show a draft to everybody who sees its ticket, or to nobody again."""
    if draft.shared == shared:
        return
    draft.shared = shared
    draft.save(update_fields=["shared"])
    record(own(draft.ticket), kinds.DRAFT_SHARED, shared=shared)


def take_over(draft: Draft, user: User) -> Draft:
    """Make a colleague's shared draft one's own; what one has written oneself stays before it."""
    taken = Draft.objects.filter(pk=draft.pk, shared=True).exclude(user=user)
    if not taken.exists():
        raise NotAllowed("This draft is not shared any more.")
    known = Draft.objects.filter(ticket=draft.ticket, user=user).first()
    words = [known.body, draft.body] if known else [draft.body]
    body = "\n\n".join(text.strip() for text in words if text.strip())
    now = work.current().now
    mine, _ = Draft.objects.update_or_create(
        ticket=draft.ticket,
        user=user,
        defaults={"body": body, "mode": draft.mode, "updated_at": now},
    )
    Attachment.objects.filter(draft=draft).update(draft=mine, uploader=user)
    of = draft.user.username if draft.user else draft.label
    record(own(draft.ticket), kinds.DRAFT_TAKEN, of=of)
    draft.delete()
    return mine


def give_back(message: Message, user: User) -> Draft:
    """Words that did not leave are somebody's draft again, before what they wrote since."""
    known = Draft.objects.filter(ticket=message.ticket_id, user=user).first()
    words = [message.body_text, known.body if known else ""]
    body = "\n\n".join(text.strip() for text in words if text.strip())
    draft, _ = Draft.objects.update_or_create(
        ticket_id=message.ticket_id,
        user=user,
        defaults={"body": body, "mode": Mode.REPLY, "updated_at": work.current().now},
    )
    message.attachments.update(message=None, uploader=user, draft=draft)
    return draft


# ------------------------------------------------------------------ what nobody wants any more


def old_ids(now: datetime) -> list[int]:
    """Drafts that nobody has touched for so long (setting draft_days)."""
    old = now - timedelta(days=int(setting("draft_days")))
    return list(Draft.objects.filter(updated_at__lt=old).values_list("pk", flat=True)[:500])


def forget(pk: int, now: datetime) -> bool:
    """Delete an old draft. False when somebody wrote on it meanwhile."""
    old = now - timedelta(days=int(setting("draft_days")))
    return bool(Draft.objects.filter(pk=pk, updated_at__lt=old).delete()[0])


def unsent_file_ids(now: datetime) -> list[int]:
    """Uploads that belong to no message and no draft any more."""
    rows = Attachment.objects.filter(message=None, draft=None, uploader__isnull=False)
    old = rows.filter(created_at__lt=now - UNSENT_FILES_STAY)
    return list(old.values_list("pk", flat=True)[:500])


def forget_file(pk: int, now: datetime) -> bool:
    """Delete such an upload's row."""
    rows = Attachment.objects.filter(pk=pk, message=None, draft=None)
    return bool(rows.filter(created_at__lt=now - UNSENT_FILES_STAY).delete()[0])
