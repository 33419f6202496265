"""Sending in three steps: claim a subscription, commit · network · a change that records it.

One request at a time leaves for each subscription, so a slow receiver holds up nobody but itself.
A worker that dies leaves a lease that ends; its request is made again under the same id
(https://www.standardwebhooks.com/). A receiver that fails is left in peace for a while.
"""

import base64
import hmac
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256

import requests
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from inbox.accounts.models import Role, User
from inbox.common import http
from inbox.common.versions import bump
from inbox.notify import services as notify
from inbox.webhooks.models import (
    Webhook,
    WebhookAttempt,
    WebhookEvent,
    WebhookEventState,
    WebhookState,
)

LEASE = timedelta(seconds=60)
TIMEOUT = (3.05, 10)
KEPT_BYTES = 2048
# minutes between attempts; the last ones are given up after three days
WAITS = (1, 5, 30, 120, 300, 600, 1200, 1440)
GIVE_UP = timedelta(days=3)
LONGEST_REST_SECONDS = 300
MANY_FAILURES = 20
LONG_FAILING = timedelta(hours=1)
KEEP = timedelta(days=30)
GONE = 410


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one request; `record` writes it inside a change."""

    hook: Webhook
    row: WebhookEvent
    status: int = 0
    milliseconds: int = 0
    answer: str = ""
    error: str = ""
    wait_seconds: float = 0  # asked for by the receiver
    dropped: bool = False

    @property
    def is_ok(self) -> bool:
        """Whether the receiver has taken it."""
        return 200 <= self.status < 300


# ------------------------------------------------------------------ claiming


def _free(now: datetime) -> QuerySet[Webhook]:
    unheld = Q(lease_until=None) | Q(lease_until__lt=now)
    rested = Q(rest_until=None) | Q(rest_until__lte=now)
    return Webhook.objects.filter(unheld, rested, state=WebhookState.ON)


def _due(now: datetime) -> QuerySet[WebhookEvent]:
    return WebhookEvent.objects.filter(state=WebhookEventState.QUEUED, not_before__lte=now)


def due_ids(now: datetime) -> list[int]:
    """Subscriptions that nobody serves and for which something is due."""
    waiting = _due(now).filter(webhook=OuterRef("pk"))
    return list(_free(now).filter(Exists(waiting)).order_by("pk").values_list("pk", flat=True))


def claim(pk: int, *, now: datetime) -> Webhook | None:
    """Take a subscription; None while somebody else serves it, or it rests."""
    if not _free(now).filter(pk=pk).update(lease_until=now + LEASE, fence=F("fence") + 1):
        return None
    return Webhook.objects.get(pk=pk)


def next_row(hook: Webhook, *, now: datetime) -> WebhookEvent | None:
    """What is due first."""
    mine = _due(now).filter(webhook=hook).select_related("event", "ticket")
    return mine.order_by("not_before", "pk").first()


def release(hook: Webhook) -> None:
    """Let the next one serve it."""
    Webhook.objects.filter(pk=hook.pk, fence=hook.fence).update(lease_until=None)


# ------------------------------------------------------------------ network


def signatures(hook: Webhook, message_id: str, stamp: int, body: str, *, now: datetime) -> str:
    """`v1,…` over id, time and body; with the old secret too while it counts."""
    keys = [hook.secret]
    if hook.old_secret and hook.old_until and hook.old_until > now:
        keys.append(hook.old_secret)
    signed = f"{message_id}.{stamp}.{body}".encode()
    return " ".join(_signature(key, signed) for key in keys)


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()


def post(hook: Webhook, row: WebhookEvent, body: str, *, now: datetime) -> Outcome:
    """One request, outside any transaction. Never raises for what the receiver does."""
    stamp = int(now.timestamp())
    headers = {
        "content-type": "application/json",
        "user-agent": "Switchboard-Webhooks/1",
        "webhook-id": row.message_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": signatures(hook, row.message_id, stamp, body, now=now),
    }
    began = time.perf_counter()
    try:
        with (
            http.session() as line,
            line.post(
                hook.url,
                data=body.encode(),
                headers=headers,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
            ) as answer,
        ):
            said = answer.raw.read1(KEPT_BYTES, decode_content=True)[:KEPT_BYTES]
            status, wait = answer.status_code, _asked_wait(answer, now)
    except (OSError, ValueError) as error:
        spent = _since(began)
        return Outcome(hook=hook, row=row, error=_reason(error), milliseconds=spent)
    return Outcome(
        hook=hook,
        row=row,
        status=status,
        milliseconds=_since(began),
        answer=said.decode("utf-8", "replace").replace("\x00", ""),
        error="" if 200 <= status < 300 else f"answered {status}",
        wait_seconds=wait,
    )


def _since(began: float) -> int:
    return int((time.perf_counter() - began) * 1000)


def _reason(error: Exception) -> str:
    if isinstance(error, requests.Timeout):
        return "no answer within ten seconds"
    if isinstance(error, requests.TooManyRedirects):
        return "answered with a redirect, which is not followed"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not accepted"
    if "cannot be reached from here" in str(error):
        return "this address cannot be reached from here"
    return "no connection"


def _asked_wait(answer: requests.Response, now: datetime) -> float:
    """Seconds of a `Retry-After`, at most a day."""
    text = answer.headers.get("retry-after", "")
    if answer.status_code not in (429, 503) or not text:
        return 0
    try:
        asked = (
            float(text) if text.isdigit() else (parsedate_to_datetime(text) - now).total_seconds()
        )
    except (ValueError, TypeError):
        return 0
    return min(max(asked, 0), 86_400)


# ------------------------------------------------------------------ the record


def record(outcome: Outcome, *, now: datetime) -> bool:
    """Write the outcome, unless the subscription was taken over; whether to go on with it."""
    hook, row = outcome.hook, outcome.row
    mine = Webhook.objects.filter(pk=hook.pk, fence=hook.fence)
    if not mine.update(lease_until=now + LEASE):
        return False
    if outcome.dropped:
        _write(row, state=WebhookEventState.DROPPED, error=outcome.error)
        return True
    WebhookAttempt.objects.create(
        row=row,
        at=now,
        status=outcome.status,
        milliseconds=outcome.milliseconds,
        answer=outcome.answer,
        error=outcome.error,
    )
    if outcome.is_ok:
        mine.update(failures=0, failing_since=None, rest_until=None, last_ok_at=now)
        sent = {"state": WebhookEventState.SENT, "sent_at": now, "error": ""}
        _write(row, attempts=row.attempts + 1, **sent)
        return True
    _failed(mine, outcome, now)
    return False


def _write(row: WebhookEvent, **values: object) -> None:
    WebhookEvent.objects.filter(pk=row.pk).update(**values)


def _failed(mine: QuerySet[Webhook], outcome: Outcome, now: datetime) -> None:
    hook, row = outcome.hook, outcome.row
    attempts = row.attempts + 1
    wait = timedelta(minutes=WAITS[min(row.attempts, len(WAITS) - 1)])
    again = now + max(wait, timedelta(seconds=outcome.wait_seconds))
    over = attempts > len(WAITS) or again - row.queued_at > GIVE_UP or outcome.status == GONE
    state = WebhookEventState.FAILED if over else WebhookEventState.QUEUED
    _write(row, attempts=attempts, state=state, not_before=again, error=outcome.error)
    failures, since = hook.failures + 1, hook.failing_since or now
    rest = now + timedelta(seconds=min(5 * 2 ** min(failures - 1, 10), LONGEST_REST_SECONDS))
    mine.update(failures=failures, failing_since=since, rest_until=rest)
    if outcome.status == GONE:
        _stop(hook, WebhookState.OFF, "the receiver says that it is gone (410)")
    elif failures >= MANY_FAILURES and now - since >= LONG_FAILING:
        _stop(hook, WebhookState.PAUSED, f"{failures} requests in a row failed: {outcome.error}")


def _stop(hook: Webhook, state: str, why: str) -> None:
    """Stop it, and tell the admins once."""
    Webhook.objects.filter(pk=hook.pk).update(state=state, stopped_because=why)
    bump("webhooks")
    admins = User.objects.filter(Q(role=Role.ADMIN) | Q(is_superuser=True), is_active=True)
    for admin in admins.order_by("pk"):
        notify.tell(
            admin,
            key=f"webhook:{hook.pk}:{hook.fence}:{admin.pk}",
            kind="webhook",
            text=f"The webhook “{hook.label}” was stopped: {why}",
            url=f"/webhooks/{hook.pk}/",
        )


# ------------------------------------------------------------------ the log


def stale_ids(now: datetime) -> list[int]:
    """Rows whose time in the log is over."""
    old = WebhookEvent.objects.filter(created_at__lt=now - KEEP).order_by("pk")
    return list(old.values_list("pk", flat=True)[:500])


def forget(pk: int, now: datetime) -> bool:
    """Take one away with its attempts."""
    return bool(WebhookEvent.objects.filter(pk=pk, created_at__lt=now - KEEP).delete()[0])
