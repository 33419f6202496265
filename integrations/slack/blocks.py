"""Neutral cards and forms as Block Kit, within Slack's limits; pure.

https://docs.slack.dev/reference/block-kit/
"""

from collections.abc import Iterator, Mapping
from typing import Any

from inbox.channels.contract import Button, Card, CardPart, Choice, Field, Form
from integrations.slack import mrkdwn

HEADER, SECTION, FIELD_TEXT, SMALL = 150, 3000, 2000, 2000
BUTTON, VALUE, ACTIONS, OPTIONS, OPTION = 75, 2000, 25, 100, 75
MODAL_TITLE, MODAL_LABEL, CONTEXT = 24, 200, 3000


def card_of(data: Mapping[str, Any]) -> Card:
    """A card from the JSON that an outgoing row keeps."""
    parts = []
    for row in data.get("parts", ()):
        controls = [_control(c) for c in row.get("controls", ())]
        fields = tuple((str(a), str(b)) for a, b in row.get("fields", ()))
        plain = {name: row.get(name, "") for name in ("text", "foreign", "small")}
        parts.append(CardPart(**plain, fields=fields, controls=tuple(controls)))
    return Card(
        title=data.get("title", ""),
        parts=tuple(parts),
        mention=data.get("mention", ""),
        key=data.get("key", ""),
    )


def _control(row: Mapping[str, Any]) -> Button | Choice:
    if "options" in row:
        options = tuple((str(a), str(b)) for a, b in row["options"])
        return Choice(**{**row, "options": options})
    return Button(**row)


def render(card: Card, *, most: int = 50) -> list[dict[str, Any]]:
    """A card's blocks, at most so many."""
    blocks: list[dict[str, Any]] = []
    if card.title:
        text = {"type": "plain_text", "text": _cut(card.title, HEADER), "emoji": True}
        blocks.append({"type": "header", "text": text})
    if card.mention:
        blocks.append(_section(mention(card.mention)))
    for number, part in enumerate(card.parts):
        blocks += _part(part, f"{card.key}:{number}")
    return blocks[:most]


def mention(name: str) -> str:
    """A user or group id as a mention; anything else as it stands."""
    if name.startswith(("U", "W")) and name.isupper():
        return f"<@{name}>"
    if name.startswith("S") and name.isupper():
        return f"<!subteam^{name}>"
    return mrkdwn.escape(name)


def _part(part: CardPart, key: str) -> Iterator[dict[str, Any]]:
    text = mrkdwn.from_markdown(part.text) if part.text else ""
    if part.foreign:
        quoted = "\n".join(f"> {line}" for line in mrkdwn.escape(part.foreign).splitlines())
        text = f"{text}\n{quoted}".strip()
    if text or part.fields:
        yield _section(_cut(text, SECTION), part.fields)
    if part.small:
        words = _cut(mrkdwn.from_markdown(part.small), SMALL)
        yield {"type": "context", "elements": [{"type": "mrkdwn", "text": words}]}
    if part.controls:
        elements = [_element(control) for control in part.controls[:ACTIONS]]
        yield {"type": "actions", "block_id": f"desk:{key}"[:255], "elements": elements}


def _section(text: str, fields: tuple[tuple[str, str], ...] = ()) -> dict[str, Any]:
    block: dict[str, Any] = {"type": "section"}
    if text:
        block["text"] = {"type": "mrkdwn", "text": text}
    if fields:
        block["fields"] = [
            {
                "type": "mrkdwn",
                "text": _cut(f"*{mrkdwn.escape(name)}*\n{mrkdwn.from_markdown(value)}", FIELD_TEXT),
            }
            for name, value in fields[:10]
        ]
    return block


def _plain(text: str, longest: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": _cut(text, longest) or "…"}


def _element(control: Button | Choice) -> dict[str, Any]:
    if isinstance(control, Choice):
        return {
            "type": "static_select",
            "action_id": control.action[:255],
            "placeholder": _plain(control.label, 150),
            "options": _options(control.options),
        }
    element: dict[str, Any] = {
        "type": "button",
        "action_id": control.action[:255],
        "text": _plain(control.label, BUTTON),
    }
    if control.value:
        element["value"] = control.value[:VALUE]
    if control.url:
        element["url"] = control.url[:3000]
    if control.style in ("primary", "danger"):
        element["style"] = control.style
    if control.confirm:
        element["confirm"] = {
            "title": _plain(control.label, 100),
            "text": _plain(control.confirm, 300),
            "confirm": _plain(control.label, 30),
            "deny": _plain("Not now", 30),
        }
    return element


def _options(options: tuple[tuple[str, str], ...]) -> list[dict[str, Any]]:
    return [
        {"text": _plain(label, OPTION), "value": value[:150]} for value, label in options[:OPTIONS]
    ]


def modal(form: Form) -> dict[str, Any]:
    """A form as a modal view."""
    return {
        "type": "modal",
        "callback_id": form.key[:255],
        "private_metadata": form.context[:CONTEXT],
        "title": _plain(form.title, MODAL_TITLE),
        "submit": _plain(form.submit, MODAL_TITLE),
        "close": _plain("Cancel", MODAL_TITLE),
        "blocks": [_input(field) for field in form.fields],
    }


def _input(field: Field) -> dict[str, Any]:
    element: dict[str, Any]
    if field.options:
        element = {"type": "static_select", "options": _options(field.options)}
    else:
        element = {"type": "plain_text_input", "multiline": field.multiline}
        if field.value:
            element["initial_value"] = field.value[:3000]
    element["action_id"] = field.name
    block: dict[str, Any] = {
        "type": "input",
        "block_id": field.name,
        "label": _plain(field.label, MODAL_LABEL),
        "element": element,
        "optional": not field.required,
    }
    if field.hint:
        block["hint"] = _plain(field.hint, 2000)
    return block


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
