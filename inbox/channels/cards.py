"""Cards, forms and actions: what people ask from outside and are shown there, in neutral values.

No Django and no Celery in this module. A kind renders a card in its own way and turns what is
pressed, typed or filled in into an `InboundAction`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from inbox.channels.inbound import Author


@dataclass(frozen=True, kw_only=True)
class Button:
    """A button of a card; `value` comes back with the action."""

    action: str
    label: str
    value: str = ""
    style: str = ""  # primary · danger
    url: str = ""
    confirm: str = ""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A menu of a card or form."""

    action: str
    label: str
    options: tuple[tuple[str, str], ...]  # (value, label)
    chosen: str = ""


@dataclass(frozen=True, kw_only=True)
class CardPart:
    """One part of a card: a text with fields, then what can be pressed.

    `text` is Markdown of ours; `foreign` is somebody else's text, shown as it is.
    """

    text: str = ""
    foreign: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    small: str = ""
    controls: tuple[Button | Choice, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Card:
    """A neutral card: the kind renders it in its own way."""

    title: str
    parts: tuple[CardPart, ...] = ()
    mention: str = ""  # a group or person to call, as the vendor names it
    key: str = ""  # what the card is about, kept in its marker


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a form."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...] = ()
    multiline: bool = False
    required: bool = True
    hint: str = ""
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form that somebody fills in; `key` and `context` come back with it."""

    key: str
    title: str
    fields: tuple[Field, ...]
    submit: str = "Save"
    context: str = ""


@dataclass(frozen=True, kw_only=True)
class InboundAction:
    """Somebody asks from outside: a command, a button, a shortcut, a filled-in form."""

    kind: str  # command · press · shortcut · submit · home · options
    name: str  # the command, the button's action, the shortcut's or form's key
    author: Author
    value: str = ""  # the command's words, the button's value, the form's context
    fields: Mapping[str, str] = field(default_factory=dict)
    message_key: str = ""  # the message that it was done on
    place: str = ""
    text: str = ""  # that message's text, where the vendor sends it
    message_author: Author | None = None
    thread_key: str = ""
    respond_url: str = ""
    trigger: str = ""


@dataclass(frozen=True, kw_only=True)
class ActionAnswer:
    """What is said back: words, a card, mistakes of a form, or a form to open."""

    text: str = ""
    card: Card | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    form: Form | None = None
    in_public: bool = False
