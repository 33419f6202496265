"""From an action to a verb, and to an answer: commands, buttons, shortcuts, forms, home views.

Everything runs in one change; mistakes come back as words. Only the team acts; everybody may ask
who is on duty.
"""

from collections.abc import Callable

import structlog
from django.db import Error as DatabaseError
from django.utils import timezone

from inbox import pipeline
from inbox.accounts.permissions import Right, can
from inbox.actions import commands, forms, home
from inbox.actions.asking import Ask
from inbox.channels.contract import ActionAnswer, DeliveryError, InboundAction
from inbox.channels.models import Channel
from inbox.common import work
from inbox.common.work import Actor
from inbox.guard import screening
from inbox.people import services as people
from inbox.tickets.errors import VerbError

log = structlog.get_logger(__name__)

# what is not named here changes a ticket
NEEDS_OF_COMMANDS = {
    "queue": Right.READ,
    "mine": Right.READ,
    "find": Right.READ,
    "note": Right.NOTE,
    "cover": Right.DUTY,
}
NEEDS_OF_BUTTONS = {"home_all": Right.READ, "home_mine": Right.READ, "desk_open": Right.READ}
STRANGER = "This is for the team; ask an admin to name your account with `staff`."
Do = Callable[[Ask], ActionAnswer]


def respond(channel: Channel, asked: InboundAction) -> tuple[str, bytes]:
    """Run an action and say its answer in the vendor's words: (content type, body)."""
    asked = screening.clean(asked)
    said = _run(channel, asked)
    if said.form is not None and channel.type.open_form is not None:
        try:
            channel.type.open_form(asked, said.form, channel.config)
        except DeliveryError as error:
            log.warning("form_not_opened", form=said.form.key, reason=error.text)
            said = ActionAnswer(text=f"The form could not be opened: {error.text}")
    if channel.type.answer is None:
        return "text/plain; charset=utf-8", b""
    return channel.type.answer(asked, said)


def _run(channel: Channel, asked: InboundAction) -> ActionAnswer:
    try:
        with pipeline.change(Actor.system("actions")):
            said = _act(channel, asked)
        if home.is_stale_after(channel, asked):
            with pipeline.change(Actor.system("actions")):
                home.refresh(channel, asked)
        return said
    except VerbError as error:
        return _mistake(asked, error)
    except DatabaseError:
        log.exception("action_failed", action=asked.name)
        return ActionAnswer(text="That could not be stored; please try again.")
    except Exception:
        # whoever waits gets words, never a stack trace
        log.exception("action_failed", action=asked.name)
        return ActionAnswer(text="Something went wrong here; the team can see it in the log.")


def _mistake(asked: InboundAction, error: VerbError) -> ActionAnswer:
    if asked.kind == "submit" and asked.fields:
        name = error.field if error.field in asked.fields else next(iter(asked.fields))
        return ActionAnswer(errors={name: error.text})
    return ActionAnswer(text=error.text)


def _act(channel: Channel, asked: InboundAction) -> ActionAnswer:
    identity = people.resolve(channel.kind, channel.realm, asked.author)
    user = identity.user if people.is_team(identity) else None
    ask = Ask(channel=channel, action=asked, identity=identity, user=user, now=timezone.now())
    do = _find(asked)
    if do is None:
        return ActionAnswer()
    if user is None and not _is_open(asked):
        return ActionAnswer(text=STRANGER)
    if user is not None and not _is_open(asked) and not can(user, need_of(asked)):
        return ActionAnswer(text="Your account may not do this.")
    actor = Actor.user(user) if user else Actor.contact(identity.pk, identity.label)
    with work.current().acting_as(actor):
        return do(ask)


def _find(asked: InboundAction) -> Do | None:
    if asked.kind == "command":
        return commands.run
    if asked.kind == "home":
        return home.show
    table: dict[str, dict[str, Do]] = {
        "press": forms.PRESSES,
        "shortcut": forms.SHORTCUTS,
        "submit": forms.SUBMITS,
    }
    return table.get(asked.kind, {}).get(asked.name.partition(":")[0])


def _is_open(asked: InboundAction) -> bool:
    """Who is on duty is no secret in the workspace."""
    return asked.kind == "command" and asked.value.split(" ")[0] in ("oncall", "help", "")


def need_of(asked: InboundAction) -> Right:
    """What an action from outside needs; what nobody has thought of needs as much as a change."""
    if asked.kind == "home":
        return Right.READ
    if asked.kind == "command":
        return NEEDS_OF_COMMANDS.get(asked.value.split(" ")[0].lower(), Right.ACT)
    return NEEDS_OF_BUTTONS.get(asked.name.partition(":")[0], Right.ACT)
