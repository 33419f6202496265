"""Commands, buttons, shortcuts and modals as neutral actions, and their answers as Slack's JSON.

https://docs.slack.dev/interactivity/ · https://docs.slack.dev/interactivity/implementing-slash-commands
"""

import json
from collections.abc import Mapping
from typing import Any

from inbox.channels.contract import (
    ActionAnswer,
    Author,
    ChannelConfig,
    DeliveryError,
    Form,
    InboundAction,
    MalformedBody,
    RawRequest,
)
from integrations.slack import blocks, client, inbound, messages

JSON_TYPE = "application/json; charset=utf-8"


def action(raw: RawRequest, config: ChannelConfig) -> InboundAction | None:
    """What a form of Slack's asks for; None for events. Raises `MalformedBody`.

    The opening of the home view is an event that asks for something.
    """
    if not inbound.is_form(raw):
        return _home(raw, config) if b"app_home_opened" in raw.body else None
    fields = inbound.form(raw)
    if "payload" in fields:
        return _interaction(_json(fields["payload"]), config)
    if "command" in fields:
        return _command(fields, config)
    raise MalformedBody("neither a command nor an interaction")


def _json(text: str) -> dict[str, Any]:
    found = RawRequest(headers={}, body=text.encode("utf-8", "replace")).json()
    if not isinstance(found, dict):
        raise MalformedBody("the payload is no object")
    return found


def _author(user: Any, team: str, config: ChannelConfig) -> Author:
    """Who asks. Their profile says who they are; without one the id is all we know."""
    row = user if isinstance(user, dict) else {"id": user}
    user_id = str(row.get("id") or "")
    profile = client.user(config, user_id) if user_id and config.get("bot_token") else {}
    known = {"users": {user_id: messages.person(profile)}} if profile else {}
    event = {"user_team": str(row.get("team_id") or team)}
    body = {"team_id": team}
    return messages.author_of(user_id, body, config, known, event)


def _command(fields: Mapping[str, str], config: ChannelConfig) -> InboundAction:
    team = fields.get("team_id", "")
    return InboundAction(
        kind="command",
        name=fields.get("command", "").lstrip("/"),
        author=_author(fields.get("user_id", ""), team, config),
        value=fields.get("text", "").strip(),
        place=fields.get("channel_id", ""),
        respond_url=fields.get("response_url", ""),
        trigger=fields.get("trigger_id", ""),
    )


def _home(raw: RawRequest, config: ChannelConfig) -> InboundAction | None:
    body = raw.json()
    event = body.get("event") if isinstance(body, dict) else None
    if not isinstance(event, dict) or event.get("type") != "app_home_opened":
        return None
    if event.get("tab", "home") != "home":
        return None
    team = messages.team_of(body, config)
    return InboundAction(kind="home", name="home", author=_author(event.get("user"), team, config))


KINDS = {
    "block_actions": "press",
    "interactive_message": "press",
    "message_action": "shortcut",
    "shortcut": "shortcut",
    "view_submission": "submit",
    "dialog_submission": "submit",
    "block_suggestion": "options",
    "view_closed": "closed",
}


def _interaction(payload: Mapping[str, Any], config: ChannelConfig) -> InboundAction:
    kind = KINDS.get(str(payload.get("type") or ""), "other")
    team = str((payload.get("team") or {}).get("id") or "")
    own = config.get("team_id") or team
    view = payload.get("view") if isinstance(payload.get("view"), dict) else {}
    message = payload.get("message") if isinstance(payload.get("message"), dict) else {}
    place = str((payload.get("channel") or {}).get("id") or "")
    name, value = _name_and_value(payload, view or {})
    ts = (message or {}).get("ts") or (payload.get("container") or {}).get("message_ts")
    writer = (message or {}).get("user")
    return InboundAction(
        kind=kind,
        name=name,
        author=_author(payload.get("user"), team, config),
        value=value,
        fields=_values(view or {}),
        message_key=messages.message_key(own, place, ts) if place and ts else "",
        place=place,
        text=messages.text_of(message or {}),
        message_author=_author(writer, team, config) if writer else None,
        thread_key=f"{place}/{(message or {}).get('thread_ts') or ts}" if place and ts else "",
        respond_url=str(payload.get("response_url") or ""),
        trigger=str(payload.get("trigger_id") or ""),
    )


def _name_and_value(payload: Mapping[str, Any], view: Mapping[str, Any]) -> tuple[str, str]:
    actions = payload.get("actions")
    if isinstance(actions, list) and actions and isinstance(actions[0], dict):
        first = actions[0]
        chosen = first.get("selected_option")
        value = first.get("value") or (chosen.get("value") if isinstance(chosen, dict) else "")
        return str(first.get("action_id") or first.get("name") or ""), str(value or "")
    name = view.get("callback_id") or payload.get("callback_id") or payload.get("action_id")
    return str(name or ""), str(view.get("private_metadata") or payload.get("value") or "")


def _values(view: Mapping[str, Any]) -> dict[str, str]:
    """A modal's fields by their block."""
    state = view.get("state")
    values = state.get("values") if isinstance(state, dict) else {}
    found: dict[str, str] = {}
    for block, inputs in values.items() if isinstance(values, dict) else ():
        for given in inputs.values() if isinstance(inputs, dict) else ():
            chosen = given.get("selected_option") if isinstance(given, dict) else None
            value = chosen.get("value") if isinstance(chosen, dict) else given.get("value")
            found[str(block)] = str(value or "")
    return found


def answer(asked: InboundAction, said: ActionAnswer) -> tuple[str, bytes]:
    """What Slack gets back within its three seconds: (content type, body)."""
    if asked.kind == "submit":
        if said.errors:
            return JSON_TYPE, _dump({"response_action": "errors", "errors": dict(said.errors)})
        return JSON_TYPE, b""
    if asked.kind == "options":
        return JSON_TYPE, _dump({"options": []})
    if asked.kind != "command" or not (said.text or said.card):
        return "text/plain; charset=utf-8", b""
    body: dict[str, Any] = {"response_type": "in_channel" if said.in_public else "ephemeral"}
    body["text"] = said.text or (said.card.title if said.card else "")
    if said.card is not None:
        body["blocks"] = blocks.render(said.card)
    return JSON_TYPE, _dump(body)


def _dump(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body).encode()


def open_form(asked: InboundAction, form: Form, config: ChannelConfig) -> None:
    """A modal, within the three seconds that its trigger lives. Raises `DeliveryError`."""
    if not asked.trigger:
        raise DeliveryError("Slack gave nothing to open a form with", permanent=True)
    given = {"trigger_id": asked.trigger, "view": blocks.modal(form)}
    client.call(config, "views.open", given, writes=True, quick=True)
