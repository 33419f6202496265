"""What a person does to a ticket from the browser: one form, one verb, back to the page."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from inbox import pipeline
from inbox.accounts.doors import TICKET_VERBS
from inbox.accounts.models import Team, User
from inbox.accounts.permissions import Right, can
from inbox.bulk import services as bulk
from inbox.channels import directory
from inbox.channels.contract import Capability
from inbox.common.config import setting
from inbox.common.work import Actor
from inbox.followups import promises
from inbox.followups.models import PromiseOffer
from inbox.guard import screening, secrets
from inbox.livechat import continuing
from inbox.livechat.limits import TooMany
from inbox.loop import services as loop
from inbox.macros import services as macros
from inbox.notify import mentions
from inbox.oncall import assigning
from inbox.outbox import effects
from inbox.tickets import drafts, kinds, naming, queries, recipients
from inbox.tickets import services as tickets
from inbox.tickets.errors import StaleReply, VerbError
from inbox.tickets.models import Message, Ticket
from inbox.web import conflicts, macroing, snoozes, toasts, uniting
from inbox.web.files import uploaded
from inbox.web.page import zone_of
from inbox.web.ticket import show

TEAM = "team:"  # before the key of a team, where a person could stand too
Act = Callable[[Ticket, QueryDict, User], str | None]
# what can be taken back in one step, and what is said where the verb itself says nothing
UNDOABLE = {
    "assign": "", "close": "", "hold": "", "snooze": "", "wake": "", "status": "", "trash": "",
    "restore": "", "fields": "Changed.", "tags": "Tags changed.",
}  # fmt: skip


@login_required
@require_POST
def do(request: HttpRequest, number: int, verb: str) -> HttpResponse:
    """One verb on one ticket. A mistake comes back on the page with what was written."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    if verb not in VERBS or not may(user, verb, request.POST):
        raise Http404
    row = get_object_or_404(queries.visible_to(user), pk=number)
    try:
        said, undo = _done(row, verb, request, user)
    except VerbError as error:
        if verb in ("reply", "ask-team"):
            _keep_words(row, request.POST, user)
        return _refused(request, number, verb, error)
    if toasts.wanted(request):
        about = "" if said.startswith("#") else f"#{number}: "
        return toasts.answer(request, f"{about}{said}", undo=undo)
    if said:
        toasts.say(request, said, undo=undo)
    return HttpResponseRedirect(_back(request, number))


def _keep_words(row: Ticket, data: QueryDict, user: User) -> None:
    """What could not be sent is a draft, also for a browser without scripts."""
    words, mode = data.get("body", "")[: drafts.LONGEST], data.get("mode", "")
    words = screening.clean_text(words)
    with pipeline.change(Actor.user(user)):
        drafts.keep(row, user, body=words, mode=mode if mode in drafts.Mode.values else "reply")


def _refused(request: HttpRequest, number: int, verb: str, error: VerbError) -> HttpResponse:
    """The page once more, with what was written and why nothing was done."""
    again = None
    if isinstance(error, conflicts.Changed):
        again = conflicts.again(verb, request.POST, error)
    if toasts.wanted(request):
        status = 409 if again or isinstance(error, StaleReply) else 422
        return toasts.refused(request, number, error.text, again=again, status=status)
    if again is not None:
        return show(request, number, status=409, conflict=again, draft=request.POST)
    if isinstance(error, StaleReply):
        seen = _number(request.POST.get("last_seen_message", "")) or 0
        stale = {"error": error, "seen": seen, "files": bool(request.FILES)}
        return show(request, number, status=409, stale=stale, draft=request.POST)
    return show(request, number, status=422, problem=error, draft=request.POST)


def _done(row: Ticket, verb: str, request: HttpRequest, user: User) -> tuple[str, str]:
    """What was done, in words, and the address that takes it back where there is one."""
    act, step = VERBS[verb], None
    with pipeline.change(Actor.user(user)) as current:
        current.cache[secrets.ANYWAY] = bool(request.POST.get("anyway"))
        conflicts.check(row, request.POST, user)
        if verb == "reply":
            said = _reply(row, request, user)
        elif verb in UNDOABLE:
            with bulk.step(row, user, verb) as step:
                said = step.said = act(row, request.POST, user) or UNDOABLE[verb]
        else:
            said = act(row, request.POST, user) or ""
    if step is not None and step.run is not None:
        return said, toasts.undo_of(step.run)
    return said, getattr(said, "undo", "")


def may(user: User, verb: str, data: Mapping[str, Any]) -> bool:
    """Whether somebody may do this to tickets: a note is less than an answer."""
    need = TICKET_VERBS.need("POST", verb, str(data.get("mode", "")))
    return isinstance(need, Right) and can(user, need)


def _back(request: HttpRequest, number: int) -> str:
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}):
        return wanted
    return reverse("ticket", args=[number])


def _reply(row: Ticket, request: HttpRequest, user: User) -> str:
    data = request.POST
    files, used = uploaded(request, user), macroing.need_used(data, user)
    if "note" in (data.get("mode"), data.get("as")):
        mentions.check(row, data.get("body", ""))
        tickets.add_note(row, body=data.get("body", ""), user=user, files=files)
        drafts.drop(row, user)
        _with_macro(row, used, user)
        return "Note added. Only the team sees it."
    to, cc = recipients.agreed(row, data.getlist("also")) or (None, None)
    sent = tickets.reply(
        row,
        body=data.get("body", ""),
        user=user,
        then="none" if used and used.ends else data.get("then", "none"),
        to=to,
        cc=cc,
        files=files,
        last_seen_message=_number(data.get("last_seen_message", "")),
        delay_seconds=int(setting("undo_seconds")),
    )
    drafts.drop(row, user)
    _with_macro(row, used, user)
    if Capability.LIVE in sent.thread.channel.type.capabilities:
        return "Sent."  # somebody waits for it: there is no time to take it back
    return f"Sent in {setting('undo_seconds')} seconds. Undo it in the conversation until then."


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _with_macro(row: Ticket, used: macroing.Used | None, user: User) -> None:
    if used is not None:
        macros.apply(row, used.macro, user=user, only=used.only)


def _undo_macro(row: Ticket, data: QueryDict, user: User) -> str:
    event = data.get("event", "")
    macros.undo(row, int(event) if event.isascii() and event.isdigit() and len(event) < 19 else 0)
    return "Undone."


def _assign(row: Ticket, data: QueryDict, user: User) -> str:
    name = data.get("assignee", "")
    owner = user if name == "me" else User.objects.filter(username=name, is_active=True).first()
    if name and owner is None:
        raise VerbError("There is no active account of this name.", field="assignee")
    tickets.assign(row, owner)
    return f"Given to {owner.display_name}." if owner else "Given to nobody."


def _close(row: Ticket, data: QueryDict, user: User) -> str:
    if data.get("link"):
        loop.add_link(row, url=data.get("link", ""))
    how = data.get("resolution") or "answered"
    row = tickets.close(row, resolution=how, note=data.get("note", ""))
    if data.get("there"):
        effects.stand_there(row, closed=True)
    return "Closed."


def _hold(row: Ticket, data: QueryDict, user: User) -> str:
    tickets.hold(row, reason=data.get("reason", ""))
    return f"{naming.name('on_hold')}."


def _snooze(row: Ticket, data: QueryDict, user: User) -> str:
    until, choice = snoozes.until_of(data, zone_of(user)), data.get("until", "")
    mode = "reply" if choice == "reply" else data.get("mode") or "time"
    tickets.snooze(row, until=until, mode=mode)
    if choice == "reply":
        return "Snoozed until they reply."
    return f"Snoozed until {until:%a %d %b %H:%M}."


def _fields(row: Ticket, data: QueryDict, user: User) -> None:
    for name, act in (
        ("category", tickets.set_category),
        ("priority", tickets.set_priority),
        ("kind", tickets.set_kind),
        ("subject", tickets.set_subject),
    ):
        if conflicts.is_wanted(name, data):
            act(row, data.get(name, ""))
    if conflicts.is_wanted("team", data):
        tickets.set_team(row, Team.objects.filter(key=data["team"]).first())


def _tags(row: Ticket, data: QueryDict, user: User) -> None:
    tickets.add_tags(row, data.get("add", "").split(","))
    tickets.remove_tags(row, data.getlist("remove"))


def _status(row: Ticket, data: QueryDict, user: User) -> str:
    wanted = data.get("status", "")
    if wanted in ("them", "research"):
        tickets.wait(row, on=wanted)
        return f"{naming.name(wanted)}."
    tickets.reopen(row, why="by hand")
    return "Open again: ours to answer."


def _accept(row: Ticket, data: QueryDict, user: User) -> str:
    """An agent accepts an unverified participant: copied on answers from now on (L1)."""
    message = get_object_or_404(Message, pk=data.get("message") or 0, ticket=row)
    tickets.accept(row, message)
    return "Accepted: copied on answers from now on."


def _invite(row: Ticket, data: QueryDict, user: User) -> str:
    """Send the way to the primary channel, and count that it was sent (S2)."""
    places = [c for c in directory.active() if c.settings.get("invite_url") and c != row.channel]
    if not places:
        raise VerbError("No channel has an invite_url yet.", field="invite")
    link = places[0].settings["invite_url"]
    tickets.reply(row, body=str(setting("redirect_text")).replace("{link}", link), user=user)
    tickets.record(tickets.lock(row.pk), kinds.REDIRECTED, to=str(places[0]))
    return "Sent them the invitation."


def _own_message(row: Ticket, data: QueryDict) -> Message:
    pk = data.get("message") or 0
    return get_object_or_404(Message.objects.select_related("thread__channel"), pk=pk, ticket=row)


def _amend(row: Ticket, data: QueryDict, user: User) -> str:
    effects.amend(_own_message(row, data), text=data.get("body", ""))
    return "Changed, here and there."


def _withdraw(row: Ticket, data: QueryDict, user: User) -> str:
    effects.withdraw(_own_message(row, data))
    return "Deleted, here and there."


def _promise(row: Ticket, data: QueryDict, user: User) -> str:
    zone = ZoneInfo(zone_of(user))
    try:
        due_at = datetime.fromisoformat(data.get("due_at", "")).replace(tzinfo=zone)
    except ValueError:
        raise VerbError("Say by when.", field="due_at") from None
    promises.promise(row, due_at=due_at, words=data.get("words", ""))
    return f"Promised until {due_at:%a %d %b %H:%M}."


def _promised(row: Ticket, data: QueryDict, user: User) -> str:
    """One click on what an answer said: it is a promise, or it is none (S76)."""
    offer = get_object_or_404(PromiseOffer, pk=data.get("offer") or 0, ticket=row)
    make = data.get("answer") == "yes"
    promises.answer_offer(offer, make=make)
    return "Promised. It stands on the queue until it is kept." if make else "No promise then."


def _ask_team(row: Ticket, data: QueryDict, user: User) -> str:
    mentions.check(row, data.get("body", ""))
    promises.ask_team(row, question=data.get("body", ""), tell=data.get("tell", ""), user=user)
    drafts.drop(row, user)
    return "Asked the team, and told them so."


def _hand_over(row: Ticket, data: QueryDict, user: User) -> str:
    name = data.get("to", "")
    if name.startswith(TEAM):
        team = Team.objects.filter(key=name.removeprefix(TEAM)).first()
        if team is None:
            raise VerbError("There is no team of this name.", field="to")
        assigning.hand_over_to_team(row, team=team, note=data.get("note", ""), by=user)
        return f"Handed over to {team.name}."
    to = User.objects.filter(username=name, is_active=True).first()
    if name and to is None:
        raise VerbError("There is no active account of this name.", field="to")
    given = assigning.hand_over(row, to=to, note=data.get("note", ""), by=user)
    return f"Handed over to {given.display_name}."


def _transcript(row: Ticket, data: QueryDict, user: User) -> str:
    """The whole chat by mail, to an address that is known to be the visitor's."""
    try:
        sent = continuing.send_transcript_of(tickets.lock(row.pk))
    except TooMany:
        raise VerbError("It was sent three times today; the next one goes tomorrow.") from None
    if not sent:
        raise VerbError("No address of the visitor is confirmed.")
    return "The transcript is on its way."


def _plain(act: Callable[[Ticket], Any], said: str) -> Act:
    def verb(row: Ticket, data: QueryDict, user: User) -> str:
        act(row)
        return said

    return verb


VERBS: dict[str, Act] = {
    "reply": lambda row, data, user: None,  # needs the files of the request: see `do`
    "assign": _assign,
    "close": _close,
    "hold": _hold,
    "snooze": _snooze,
    "wake": _plain(tickets.unsnooze, "Awake."),
    "fields": _fields,
    "tags": _tags,
    "status": _status,
    **uniting.VERBS,
    "accept": _accept,
    "invite": _invite,
    "amend": _amend,
    "withdraw": _withdraw,
    "promise": _promise,
    "promised": _promised,
    "ask-team": _ask_team,
    "handover": _hand_over,
    "transcript": _transcript,
    "macro-undo": _undo_macro,
}
