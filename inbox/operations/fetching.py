"""Files whose bytes are still at the vendor: fetched by a job of their own, a few times at most."""

from datetime import datetime, timedelta

import structlog

from inbox import pipeline
from inbox.channels import directory
from inbox.channels.contract import DeliveryError
from inbox.channels.models import Fetch
from inbox.common import live
from inbox.common.work import Actor
from inbox.guard import screening, secrets
from inbox.livechat import services as livechat
from inbox.tickets import files
from inbox.tickets.models import Attachment

log = structlog.get_logger(__name__)

TRIES = 6
LEASE = timedelta(minutes=2)


def fetch(pk: int, *, now: datetime) -> str:
    """Get one file; "" when it was not ours to do, else the new state."""
    mine = Fetch.objects.filter(pk=pk, state="pending", not_before__lte=now)
    # the lease: whoever moves the moment first works on it
    if not mine.update(not_before=now + LEASE):
        return ""
    row = Fetch.objects.select_related("attachment__message__thread").get(pk=pk)
    channel = directory.by_id(row.channel_id)
    try:
        if channel.type.fetch is None:
            raise DeliveryError("this kind has no files", permanent=True)
        content = channel.type.fetch(row.url, channel.config)
    except DeliveryError as error:
        return _failed(row, error, now)
    kind = row.attachment.content_type
    found = screening.secrets_in(screening.text_of(content, kind)[0], "file")
    content = screening.clean_bytes(content, kind) if found else content
    digest = files.store(content)
    Attachment.objects.filter(pk=row.attachment_id).update(
        sha256=digest, size=len(content), is_missing=False, missing_reason=""
    )
    Fetch.objects.filter(pk=pk).update(state="done", error="")
    message = row.attachment.message
    if message is not None:
        with pipeline.change(Actor.system("fetch"), now=now):
            secrets.found_in_file(message, found)
            livechat.file_came(message)
        live.publish(0, message.ticket_id, ["file"], message.ticket.restricted_team_id)
    return "done"


def _failed(row: Fetch, error: DeliveryError, now: datetime) -> str:
    attempts = row.attempts + 1
    over = error.permanent or attempts >= TRIES
    wait = error.retry_after_seconds or 15 * 2**attempts
    values = {"attempts": attempts, "error": error.text[:250]}
    state = "failed" if over else "pending"
    Fetch.objects.filter(pk=row.pk).update(
        state=state, not_before=now + timedelta(seconds=wait), **values
    )
    reason = error.text if over else "on its way"
    Attachment.objects.filter(pk=row.attachment_id).update(missing_reason=reason[:200])
    log.warning("fetch_failed", fetch=row.pk, reason=error.text, over=over)
    return state
