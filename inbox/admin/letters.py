"""Dead letters: deliveries and outgoing rows, with the verbs that decide about them."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from inbox import pipeline
from inbox.admin.audited import Audited
from inbox.channels.models import Delivery
from inbox.common.work import Actor
from inbox.operations import receiving
from inbox.outbox import deciding as outbox
from inbox.outbox.models import Outgoing
from inbox.tickets.errors import VerbError


class ReadOnly(Audited):
    """Rows that nobody edits; only verbs change them."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They come by themselves."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Verbs change them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Retention removes them."""
        return False


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly):
    """What came in."""

    list_display = ("id", "channel", "state", "reason", "error", "attempts", "received_at")
    list_filter = ("state", "channel")
    fields = (
        "channel",
        "dedupe_key",
        "state",
        "reason",
        "error",
        "attempts",
        "received_at",
        "done_at",
    )
    actions = ("retry", "ignore")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """Without the bodies."""
        return super().get_queryset(request).defer("body")

    @admin.action(description="Try again")
    def retry(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Process them again, now."""
        for pk in queryset.values_list("pk", flat=True):
            state = receiving.replay(pk, now=timezone.now())
            self.message_user(request, f"Delivery {pk}: {state}")

    @admin.action(description="Leave alone")
    def ignore(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Nobody looks at them again."""
        for row in queryset:
            receiving.ignore(row)


def _decide(verb: Callable[[Outgoing], None], label: str) -> Any:
    @admin.action(description=label)
    def action(owner: "OutgoingAdmin", request: HttpRequest, queryset: QuerySet[Outgoing]) -> None:
        for row in queryset:
            try:
                with pipeline.change(Actor.user(request.user)):
                    verb(row)
                owner.message_user(request, f"Outgoing {row.pk}: {label.lower()}")
            except VerbError as error:
                owner.message_user(request, f"Outgoing {row.pk}: {error.text}", messages.ERROR)

    action.__name__ = verb.__name__
    return action


@admin.register(Outgoing)
class OutgoingAdmin(ReadOnly):
    """What leaves."""

    list_display = ("id", "ticket", "channel", "kind", "state", "held_reason", "error", "attempts")
    list_filter = ("state", "held_reason", "kind", "channel")
    fields = (
        "ticket",
        "channel",
        "kind",
        "state",
        "held_reason",
        "error",
        "attempts",
        "not_before",
    )
    actions = (
        _decide(outbox.retry, "Try again"),
        _decide(outbox.approve, "Approve"),
        _decide(outbox.send_again, "Send again"),
        _decide(outbox.mark_sent, "It was sent"),
        _decide(outbox.discard, "Discard"),
    )
