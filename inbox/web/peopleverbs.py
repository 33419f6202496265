"""What an agent does about a person: one form, one verb, back to the page with a way back."""

from collections.abc import Callable
from datetime import date
from typing import TypeVar

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from inbox import pipeline
from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.audit import services as audit
from inbox.common.work import Actor
from inbox.community import nominating
from inbox.people import keys, merging, proposing, standing, undoing
from inbox.people.errors import PeopleError
from inbox.people.models import Contact, ContactNote, PersonEvent, Proposal
from inbox.search.people import find_people
from inbox.tickets import queries
from inbox.tickets.people import known_to
from inbox.web import toasts
from inbox.web.guard import entered
from inbox.web.page import page
from inbox.web.people import rows_of
from inbox.web.peopleone import name_of, reason_words, show

MOST_CHOICES, MOST_PROPOSALS = 12, 50
AUDITED = ("merge", "split")  # who is who decides what others may know of them
SAID = {
    merging.MERGED: "Merged. Their tickets and notes show here.",
    merging.SPLIT: "Split off: a person of its own, named in the activity.",
    proposing.APART: "Remembered: different people. It stands on both pages.",
    standing.NAMED: "Named a champion.",
    standing.ENDED: "No champion any more.",
    standing.NOTED: "The note is kept.",
    standing.NOTE_REMOVED: "The note is taken away.",
    standing.RENAMED: "Renamed.",
    standing.ALIASED: "The name in public is kept.",
    nominating.NOMINATED: "Nominated as a champion.",
    nominating.DECLINED: "Remembered: not now.",
}
Act = Callable[[Contact, QueryDict, User], PersonEvent]
M = TypeVar("M", bound=Model)


@login_required
@require_POST
def do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """One verb about one person. A mistake comes back on the page with what was written."""
    user = entered(request)
    act = VERBS.get(verb)
    if act is None:
        raise Http404
    contact = get_object_or_404(known_to(user), pk=pk)
    try:
        with pipeline.change(Actor.user(user)):
            event = act(contact, request.POST, user)
            if verb in AUDITED:
                target, new = f"person {pk}", {"step": event.pk}
                audit.record(user, f"person.{verb}", target, new=new, request=request)
    except PeopleError as error:
        return show(request, pk, status=422, problem=error, draft=request.POST)
    say(request, event)
    same = request.POST.get("next") == "same"
    return HttpResponseRedirect(reverse("people-same") if same else reverse("person", args=[pk]))


def say(request: HttpRequest, event: PersonEvent) -> None:
    """What was done about a person, with the way back for who may take it."""
    back = can(request.user, Right.ACT) and undoing.can_undo(event)
    undo = reverse("person-undo", args=[event.pk]) if back else ""
    toasts.say(request, SAID[event.kind], undo=undo)


@login_required
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a step back; the page comes anew, for a step changes much of it."""
    user = entered(request)
    event = get_object_or_404(PersonEvent, pk=pk)
    whole = event.contact.root_id or event.contact_id
    get_object_or_404(known_to(user), pk=whole)
    try:
        with pipeline.change(Actor.user(user)):
            contact = undoing.undo(event)
            old = {"step": pk, "kind": event.kind}
            target = f"person {contact.pk}"
            audit.record(user, "person.undone", target, old=old, request=request)
    except PeopleError as error:
        if toasts.wanted(request):
            return toasts.answer(request, error.text, bad=True, status=422)
        return show(request, whole, status=422, problem=error)
    toasts.say(request, "Taken back.")
    there = reverse("person", args=[contact.pk])
    if toasts.wanted(request):
        return HttpResponse(headers={"HX-Redirect": there})
    return HttpResponseRedirect(there)


def _champion(contact: Contact, data: QueryDict, user: User) -> PersonEvent:
    try:
        since = date.fromisoformat(data.get("since", "")) if data.get("since") else None
    except ValueError:
        raise PeopleError("This is no date.", field="since") from None
    url = link_of(data.get("evidence_url", ""))
    reason = data.get("reason", "")
    return nominating.name_champion(contact, reason=reason, evidence_url=url, since=since)


def link_of(text: str) -> str:
    """A link where something can be seen, or nothing. Raises `PeopleError`."""
    url = text.strip()
    try:
        if url:
            URLValidator(schemes=["http", "https"])(url)
    except ValidationError:
        raise PeopleError("Give a whole link, with https://.", field="evidence_url") from None
    return url


def _nominate(contact: Contact, data: QueryDict, user: User) -> PersonEvent:
    return nominating.nominate(contact, reason=data.get("why", ""))


def _alias(contact: Contact, data: QueryDict, user: User) -> PersonEvent:
    return standing.set_alias(contact, data.get("alias", ""))


def _champion_off(contact: Contact, data: QueryDict, user: User) -> PersonEvent:
    return standing.end_champion(contact)


def _note(contact: Contact, data: QueryDict, user: User) -> PersonEvent:
    return standing.add_note(contact, data.get("text", ""))


def _note_off(contact: Contact, data: QueryDict, user: User) -> PersonEvent:
    note = _own(ContactNote.objects.filter(standing.parts_of(contact)), data.get("note", ""))
    return standing.remove_note(note)


def _name(contact: Contact, data: QueryDict, user: User) -> PersonEvent:
    return standing.rename(contact, data.get("name", ""))


def _split(contact: Contact, data: QueryDict, user: User) -> PersonEvent:
    return merging.split(_own(contact.identities.all(), data.get("identity", "")))


def _merge(contact: Contact, data: QueryDict, user: User) -> PersonEvent:
    other = _own(known_to(user), data.get("with", ""))
    return merging.merge(contact, other, why=data.get("why", ""))


def _apart(contact: Contact, data: QueryDict, user: User) -> PersonEvent:
    return proposing.decline(contact, _own(known_to(user), data.get("with", "")))


def _own(rows: QuerySet[M], text: str) -> M:
    return get_object_or_404(rows, pk=int(text) if text.isascii() and text.isdigit() else 0)


VERBS: dict[str, Act] = {
    "champion": _champion,
    "champion-off": _champion_off,
    "note": _note,
    "note-off": _note_off,
    "name": _name,
    "alias": _alias,
    "nominate": _nominate,
    "split": _split,
    "merge": _merge,
    "apart": _apart,
}


# ------------------------------------------------------------------ before a merge


@login_required
@require_safe
def merge_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Whom to merge, then what it would look like; nothing changes before the button."""
    user = entered(request)
    contact = get_object_or_404(known_to(user), pk=pk)
    text = request.GET.get("with", "")
    others = known_to(user).exclude(pk=pk)
    other = others.filter(pk=int(text)).first() if text.isascii() and text.isdigit() else None
    words = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    context: dict[str, object] = {"contact": contact, "other": other, "q": words, "rows": []}
    if other is not None:
        context["sides"] = [side(contact, user), side(other, user)]
        rows = proposing.between(contact, other).order_by("-score")
        context["reasons"] = list(dict.fromkeys(reason_words(row) for row in rows[:9]))
    elif words:
        found, _ = find_people(others, words, user)
        context["rows"] = rows_of(
            list(found.order_by("-last_heard_at", "-pk")[:MOST_CHOICES]), user
        )
    context["name"] = rows_of([contact], user)[0].name
    return page(request, "people/merge.html", context, fragments={"choices"})


def side(contact: Contact, user: User) -> dict[str, object]:
    """What one of the two brings."""
    identities = list(contact.identities.order_by("pk"))
    tickets = queries.visible_to(user).filter(asker__contact=contact)
    return {
        "contact": contact,
        "name": name_of(contact, identities),
        "row": rows_of([contact], user)[0],
        "tickets": tickets.count(),
        "open": queries.live(tickets).count(),
        "notes": ContactNote.objects.filter(standing.parts_of(contact), removed_at=None).count(),
        "honour": standing.honours(contact).first(),
    }


@login_required
@require_safe
def proposals(request: HttpRequest) -> HttpResponse:
    """Everybody who may be somebody else, the surest first."""
    user = entered(request)
    known = known_to(user)
    rows = proposing.waiting().filter(
        one__contact__in=known.values("pk"), other__contact__in=known.values("pk")
    )
    found = rows.select_related("one__contact", "other__contact").order_by("-score", "pk")
    shown = _each_once(list(found[: 2 * MOST_PROPOSALS]))
    context = {
        "pairs": [_pair(row) for row in shown[:MOST_PROPOSALS]],
        "more": len(shown) > MOST_PROPOSALS,
        "acts": can(user, Right.ACT),
    }
    return page(request, "people/proposals.html", context)


def _each_once(rows: list[Proposal]) -> list[Proposal]:
    seen: dict[frozenset[int], Proposal] = {}
    for row in rows:
        seen.setdefault(frozenset((row.one.contact_id, row.other.contact_id)), row)
    return list(seen.values())


def _pair(row: Proposal) -> dict[str, object]:
    return {
        "one": row.one,
        "other": row.other,
        "names": [row.one.person_name, row.other.person_name],
        "sure": keys.sureness(row.score),
        "why": reason_words(row),
    }
