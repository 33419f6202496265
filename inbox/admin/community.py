"""What people said, are asked and are thanked for. The desk changes it: its verbs keep the proofs.

A topic or a referral that was a mistake is taken away here.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from inbox.admin.audited import Audited
from inbox.admin.letters import ReadOnly
from inbox.community.models import Engagement, LiveTopic, Nomination, Referral
from inbox.community.records import ConsentEntry, DirectoryNote, Interview, Quote


class Removable(ReadOnly):
    """A list somebody works off: nothing to edit here, but a mistake goes."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for everything else of the admin."""
        return Audited.has_delete_permission(self, request, obj)


@admin.register(Nomination)
class NominationAdmin(ReadOnly):
    """Who should be a champion, and what was decided."""

    list_display = ("contact", "reason", "state", "at", "by", "decided_at", "decided_by")
    list_filter = ("state",)
    list_select_related = ("contact", "by", "decided_by")
    ordering = ("-at",)


@admin.register(Engagement)
class EngagementAdmin(ReadOnly):
    """What somebody's deeds add up to, with its parts."""

    list_display = ("contact", "level", "score", "deeds", "first_at", "counted_at")
    list_filter = ("level",)
    list_select_related = ("contact",)
    ordering = ("-score",)


@admin.register(Referral)
class ReferralAdmin(Removable):
    """What product should see."""

    list_display = ("ticket", "area", "reason", "state", "at", "by", "changed_at")
    list_filter = ("state",)
    list_select_related = ("ticket", "by")
    search_fields = ("area", "reason")
    ordering = ("-at",)


@admin.register(LiveTopic)
class LiveTopicAdmin(Removable):
    """What is better talked about live."""

    list_display = ("ticket", "topic", "state", "at", "by")
    list_filter = ("state",)
    list_select_related = ("ticket", "by")
    search_fields = ("topic",)
    ordering = ("-at",)


class ConsentInline(admin.TabularInline):
    """Each step of a consent, with what proves it."""

    model = ConsentEntry
    extra = 0
    can_delete = False
    fields = readonly_fields = ("state", "at", "by", "evidence", "words")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Steps are made on the desk."""
        return False


@admin.register(Quote)
class QuoteAdmin(ReadOnly):
    """Word for word, with its consent; its own page says how it may leave."""

    list_display = ("text", "identity", "state", "state_at", "said_at", "made_by")
    list_filter = ("state",)
    list_select_related = ("identity", "made_by")
    search_fields = ("text", "context", "identity__contact__name")
    ordering = ("-pk",)
    inlines = (ConsentInline,)


@admin.register(Interview)
class InterviewAdmin(ReadOnly):
    """Talks, from the invitation to what was learned."""

    list_display = ("about", "identity", "state", "at", "is_story", "made_by")
    list_filter = ("state", "is_story")
    list_select_related = ("identity", "made_by")
    search_fields = ("about", "identity__contact__name")
    ordering = ("-pk",)


@admin.register(DirectoryNote)
class DirectoryNoteAdmin(ReadOnly):
    """Which quotes and interviews stand at a directory, and what went wrong there."""

    list_display = ("__str__", "channel", "quote", "interview", "due_at", "attempts", "error")
    list_select_related = ("channel", "quote", "interview")
    ordering = ("-pk",)
