"""People by the API: found, read, recognised, merged and taken apart again."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from inbox import pipeline
from inbox.accounts.models import User
from inbox.api import shapes
from inbox.api.auth import MayAct, MayReply, account
from inbox.api.bodies import Empty, Strict
from inbox.api.paging import Pages
from inbox.api.posting import posted, told
from inbox.api.tickets import known_filters, reading
from inbox.audit import services as audit
from inbox.common.work import Actor
from inbox.community import nominating
from inbox.community.models import Engagement
from inbox.people import keys, merging, proposing, standing, undoing
from inbox.people.models import Championship, Contact, Identity, PersonEvent, Proposal
from inbox.search.people import narrowed
from inbox.tickets.people import known_to

ANY = OpenApiTypes.OBJECT
AUDITED = ("merge", "split", "undo")  # who is who decides what others may know of them
SHOWS = ("champions", "open", "same", "team")


def _known(user: User) -> QuerySet[Contact]:
    identities = Prefetch("identities", Identity.objects.order_by("pk"))
    return known_to(user).select_related("engagement").prefetch_related(identities)


def shape(contact: Contact, honours: Mapping[int, Championship]) -> dict[str, Any]:
    """A contact. `honours`: of the champions among those who are shown."""
    honour = honours.get(contact.pk)
    engagement: Engagement | None = getattr(contact, "engagement", None)
    return {
        "id": contact.pk,
        "name": contact.name,
        "alias": contact.alias,
        "champion": contact.champion,
        "champion_reason": honour.reason if honour else None,
        "champion_since": f"{honour.since}" if honour else None,
        "champion_evidence_url": (honour.evidence_url or None) if honour else None,
        "level": engagement.level if engagement else None,
        "score": engagement.score if engagement else None,
        "identities": [
            {"id": known.pk, **shapes.identity_row(known)} for known in contact.identities.all()
        ],
        "created_at": shapes.stamp(contact.created_at),
        "last_heard_at": shapes.stamp(contact.heard_at),
    }


@extend_schema(
    responses={200: ANY},
    operation_id="people_list",
    parameters=[OpenApiParameter("q", str), OpenApiParameter("show", str, enum=SHOWS)],
)
@reading
def people(request: Request) -> Response:
    """Contacts, newest first; of merged ones the one that stands for them."""
    user, params = account(request), request.query_params
    known_filters(request, {"q", "show"})
    show = params.get("show", "")
    if show and show not in SHOWS:
        raise ValidationError({"show": [f"Use one of {', '.join(SHOWS)}."]})
    rows, _ = narrowed(_known(user), user, show, params.get("q", "")[:200])
    pages = Pages()
    page: list[Contact] = pages.paginate_queryset(rows, request) or []
    honours = standing.honours_of([row.pk for row in page if row.champion])
    return pages.get_paginated_response([shape(row, honours) for row in page])


@extend_schema(responses={200: ANY}, operation_id="people_retrieve")
@reading
def person(request: Request, pk: int) -> Response:
    """One contact."""
    user = account(request)
    row = get_object_or_404(_known(user), pk=pk)
    return Response(shape(row, standing.honours_of([pk])))


@extend_schema(responses={200: ANY}, operation_id="people_proposals")
@reading
def proposals(request: Request) -> Response:
    """Who may be the same person as whom, with the reasons; decided by merge or apart."""
    user = account(request)
    known_filters(request, ())
    known = known_to(user).values("pk")
    rows = proposing.waiting().filter(one__contact__in=known, other__contact__in=known)
    pages = Pages()
    page: list[Proposal] = (
        pages.paginate_queryset(rows.select_related("one", "other"), request) or []
    )
    return pages.get_paginated_response([_proposal(row) for row in page])


def _proposal(row: Proposal) -> dict[str, Any]:
    return {
        "people": [row.one.contact_id, row.other.contact_id],
        "identities": [shapes.identity_row(row.one), shapes.identity_row(row.other)],
        "per_cent": row.score,
        "words": keys.sureness(row.score),
        "reasons": [{"code": code, "value": value} for code, value in row.reasons],
    }


# ------------------------------------------------------------------ verbs


class ChampionBody(Strict):
    """Why, since when (today), and where it can be seen."""

    reason = serializers.CharField(max_length=250)
    since = serializers.DateField(required=False)
    evidence_url = serializers.URLField(max_length=500, required=False, default="")


class NoteBody(Strict):
    """For the team alone."""

    text = serializers.CharField(max_length=standing.MOST_NOTE)


class NameBody(Strict):
    """How the person is called."""

    name = serializers.CharField(max_length=250)


class AliasBody(Strict):
    """By which name they are thanked in public; empty: by the one they have."""

    alias = serializers.CharField(max_length=120, allow_blank=True)


class NominateBody(Strict):
    """Why they should be a champion: whoever decides reads it."""

    reason = serializers.CharField(max_length=250)


class OtherBody(Strict):
    """The id of the other person."""

    other = serializers.IntegerField(min_value=1)


class SplitBody(Strict):
    """The id of an identity of the person."""

    identity = serializers.IntegerField(min_value=1)


class UndoBody(Strict):
    """The `event` that a verb answered with."""

    event = serializers.IntegerField(min_value=1)


Verb = Callable[[Contact, dict[str, Any], User], PersonEvent | None]


def verb(fields: type[Strict], may: type[BasePermission] = MayAct) -> Callable[[Verb], Any]:
    """Make a function of (contact, data, user) a POST; it answers with the person and the step."""

    def wrap(act: Verb) -> Any:
        def do(request: Request, pk: int) -> Response:
            return _do(act, fields, request, pk)

        do.__doc__ = act.__doc__
        return posted(f"people_{act.__name__}", fields, may)(do)

    return wrap


def _do(act: Verb, fields: type[Strict], request: Request, pk: int) -> Response:
    user = account(request)
    contact = get_object_or_404(known_to(user), pk=pk)
    data = told(fields, request)
    with pipeline.change(Actor.user(user)):
        event = act(contact, data, user)
        if act.__name__ in AUDITED:
            step = {"step": event.pk if event else data.get("event")}
            what = f"person.{act.__name__}"
            audit.record(user, what, f"person {pk}", new=step, request=request)
    shown = shape(get_object_or_404(_known(user), pk=pk), standing.honours_of([pk]))
    return Response({**shown, "event": event.pk if event else None})


@verb(ChampionBody)
def champion(contact: Contact, data: dict[str, Any], user: User) -> PersonEvent:
    """Name a champion, with the reason (S35)."""
    return nominating.name_champion(contact, **data)


@verb(Empty)
def champion_off(contact: Contact, data: dict[str, Any], user: User) -> PersonEvent:
    """No champion any more."""
    return standing.end_champion(contact)


@verb(NoteBody, MayReply)
def note(contact: Contact, data: dict[str, Any], user: User) -> PersonEvent:
    """Write something down for the team."""
    return standing.add_note(contact, data["text"])


@verb(NameBody)
def name(contact: Contact, data: dict[str, Any], user: User) -> PersonEvent:
    """Rename."""
    return standing.rename(contact, data["name"])


@verb(AliasBody)
def alias(contact: Contact, data: dict[str, Any], user: User) -> PersonEvent:
    """Say by which name they are thanked in public (S85)."""
    return standing.set_alias(contact, data["alias"])


@verb(NominateBody, MayReply)
def nominate(contact: Contact, data: dict[str, Any], user: User) -> PersonEvent:
    """Propose them as a champion; the team decides on the community's page (S35)."""
    return nominating.nominate(contact, reason=data["reason"])


@verb(OtherBody)
def merge(contact: Contact, data: dict[str, Any], user: User) -> PersonEvent:
    """Make another person a part of this one."""
    return merging.merge(contact, get_object_or_404(known_to(user), pk=data["other"]))


@verb(OtherBody)
def apart(contact: Contact, data: dict[str, Any], user: User) -> PersonEvent:
    """Different people: nobody proposes these two again."""
    return proposing.decline(contact, get_object_or_404(known_to(user), pk=data["other"]))


@verb(SplitBody)
def split(contact: Contact, data: dict[str, Any], user: User) -> PersonEvent:
    """Make one identity a person of its own."""
    return merging.split(get_object_or_404(contact.identities, pk=data["identity"]))


@verb(UndoBody)
def undo(contact: Contact, data: dict[str, Any], user: User) -> None:
    """Take a step back."""
    steps = PersonEvent.objects.filter(standing.parts_of(contact))
    undoing.undo(get_object_or_404(steps, pk=data["event"]))
