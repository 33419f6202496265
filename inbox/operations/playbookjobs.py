"""What a playbook's step has to ask a vendor for: streams, forms of issues. Outside of any change.

A worker that is killed leaves a lease that ends; whoever goes on does it again, which is harmless:
a stream is made private once more, a form is read once more.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import structlog

from inbox import pipeline
from inbox.accounts.models import User
from inbox.channels.contract import DeliveryError
from inbox.channels.models import Channel
from inbox.common.crash import point
from inbox.common.work import Actor
from inbox.outbox import broadcasting
from inbox.outbox.broadcasting import NoStream
from inbox.playbooks import acting, jobs
from inbox.playbooks.models import RunStep
from inbox.tickets.errors import VerbError

log = structlog.get_logger(__name__)

BY = "playbooks"  # in the audit log, where nobody pressed


def work_on(pk: int, *, now: datetime) -> bool:
    """Do one step's action; whether it was ours to do."""
    row = jobs.claim(pk, now=now)
    if row is None:
        return False
    point("playbook_after_claim")
    error, result = "", {}
    try:
        result = _ask(row)
    except (DeliveryError, NoStream, VerbError) as refused:
        error = str(getattr(refused, "text", refused)) or type(refused).__name__
        log.warning("playbook_action_failed", step=row.pk, reason=error)
    point("playbook_after_action")
    with pipeline.change(_actor(row), now=now):
        jobs.done(row, result=result, error=error)
    return True


def _ask(row: RunStep) -> dict[str, Any]:
    """What the vendor said; nothing for what leaves by the outbox without a question."""
    action = row.step.action
    if action is None:  # the definition was changed under it
        raise VerbError("This step does nothing by itself any more.")
    params = acting.said(row)
    if not acting.asks_first(action.kind, params):
        return {}
    return ASKING[action.kind](row, params)


def _actor(row: RunStep) -> Actor:
    user = jobs.asked_by(row)
    return Actor.user(user) if user else Actor.system(BY)


# ------------------------------------------------------------------ streams


def _hide(row: RunStep, params: Mapping[str, Any]) -> dict[str, Any]:
    channel, address = _stream(row, params)
    stream = broadcasting.hide(channel, address, by=_by(row))
    return {"stream": stream.external_id, "url": stream.url, "privacy": str(stream.privacy)}


def _show(row: RunStep, params: Mapping[str, Any]) -> dict[str, Any]:
    channel, address = _stream(row, params)
    hidden = next((h for h in broadcasting.hidden() if address in (h.external_id, h.url)), None)
    stream = broadcasting.show(channel, hidden.external_id if hidden else address, by=_by(row))
    return {"stream": stream.external_id, "url": stream.url, "privacy": str(stream.privacy)}


def _by(row: RunStep) -> User | str:
    return jobs.asked_by(row) or BY


def _stream(row: RunStep, params: Mapping[str, Any]) -> tuple[Channel, str]:
    """The connection and the stream's address: as given, of the event, hidden in this run, live."""
    wanted = str(params.get("channel") or "")
    able = [c for c in broadcasting.channels() if wanted in ("", str(c))]
    if not able:
        raise VerbError("No connection has streams.")
    address = str(params.get("stream") or "").strip()
    address = address or (row.run.event.stream_url if row.run.event else "")
    address = address or jobs.hidden_in(row.run)
    return (able[0], address) if address else _the_live_one(able)


def _the_live_one(able: list[Channel]) -> tuple[Channel, str]:
    found, troubles = broadcasting.live()
    live = [one for one in found if one.channel in able]
    if troubles and not live:
        raise VerbError(troubles[0][1])
    if len(live) != 1:
        many = "More than one stream is live" if live else "No stream is live"
        raise VerbError(f"{many}. Give the stream’s address.")
    return live[0].channel, live[0].stream.external_id


# ------------------------------------------------------------------ forms


def _form(row: RunStep, params: Mapping[str, Any]) -> dict[str, Any]:
    """The repository's own form for such an issue, by its file name or its name."""
    channel = acting.tracker_for(params)
    tracker = channel.type.tracker
    wanted = str(params["template"])
    forms = tracker.templates(channel.config, str(params["place"])) if tracker else ()
    for form in forms:
        if wanted in (form.key, form.name):
            return {"form": {"text": form.text, "labels": list(form.labels), "title": form.title}}
    raise VerbError(f"{params['place']} has no issue template “{wanted}”.")


ASKING: Mapping[str, Callable[[RunStep, Mapping[str, Any]], dict[str, Any]]] = {
    "hide_stream": _hide,
    "show_stream": _show,
    "issue": _form,
}
