"""Quotes by the API: the words, the consent with its proof, and how they may leave."""

from collections.abc import Callable
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from inbox import pipeline
from inbox.accounts.models import User
from inbox.api import bodies, shapes
from inbox.api.auth import account
from inbox.api.paging import Pages
from inbox.api.posting import posted, told
from inbox.api.tickets import known_filters, reading, visible
from inbox.audit import services as audit
from inbox.common.work import Actor
from inbox.community import exporting
from inbox.community import quotes as consent
from inbox.community import reading as quotes
from inbox.community.records import Consent, ConsentEntry, Quote
from inbox.tickets.queries import messages_visible_to

ANY = OpenApiTypes.OBJECT


def shape(row: Quote, book: exporting.Book) -> dict[str, Any]:
    """A quote. `export` is how it may leave the house, and null where nobody has allowed it."""
    message = row.message
    return {
        "id": row.pk,
        "text": row.text,
        "context": row.context,
        "person": row.identity.contact_id,
        "ticket": message.ticket_id if message is not None else None,
        "message": message.pk if message is not None else None,
        "source": quotes.source_of(row),
        "said_at": shapes.stamp(row.said_at),
        "made_at": shapes.stamp(row.made_at),
        "state": row.state,
        "state_at": shapes.stamp(row.state_at),
        "exportable": quotes.is_usable(row),
        "export": _export(row, book),
        "consent": [_entry(entry) for entry in row.entries.all()],
    }


def _export(row: Quote, book: exporting.Book) -> dict[str, Any] | None:
    if not quotes.is_usable(row):
        return None
    found = exporting.shown(row, book)
    return {"text": found.text, "by": found.by, "about": found.about}


def _entry(row: ConsentEntry) -> dict[str, Any]:
    return {
        "state": row.state,
        "at": shapes.stamp(row.at),
        "by": row.by.username if row.by else None,
        "evidence": row.evidence_id,
        "words": row.words,
    }


@extend_schema(
    responses={200: ANY},
    operation_id="quotes_list",
    parameters=[
        OpenApiParameter("state", str, enum=Consent.values),
        OpenApiParameter("exportable", str, enum=["true", "false"]),
        OpenApiParameter("q", str),
    ],
)
@reading
def listing(request: Request) -> Response:
    """Quotes of the tickets that the reader may see, newest first."""
    user, params = account(request), request.query_params
    known_filters(request, {"state", "exportable", "q"})
    state, exportable = params.get("state", ""), params.get("exportable", "")
    if state and state not in Consent.values:
        raise ValidationError({"state": [f"Use one of {', '.join(Consent.values)}."]})
    if exportable not in ("", "true", "false"):
        raise ValidationError({"exportable": ["Use true or false."]})
    rows = quotes.narrowed(user, state=state, text=params.get("q", "")[:200])
    if exportable:
        rows = rows.filter(quotes.USABLE if exportable == "true" else ~quotes.USABLE)
    pages = Pages()
    page: list[Quote] = pages.paginate_queryset(quotes.with_all(rows), request) or []
    book = exporting.book_of(page)
    return pages.get_paginated_response([shape(row, book) for row in page])


@extend_schema(responses={200: ANY}, operation_id="quotes_retrieve")
@reading
def quote(request: Request, pk: int) -> Response:
    """One quote."""
    return _one(request, pk)


def _one(request: Request, pk: int) -> Response:
    row = get_object_or_404(quotes.with_all(quotes.visible_to(account(request))), pk=pk)
    return Response(shape(row, exporting.book_of([row])))


# ------------------------------------------------------------------ verbs

Verb = Callable[[Quote, dict[str, Any], User], object]


@posted("tickets_quote", bodies.Keep)
def keep(request: Request, number: int) -> Response:
    """Keep words of a message, exactly as they stand in it; answers with the quote."""
    user, ticket = account(request), visible(request, number)
    data = told(bodies.Keep, request)
    message = get_object_or_404(ticket.messages, pk=data["message"])
    with pipeline.change(Actor.user(user)):
        made = consent.keep(ticket, message=message, words=data["words"], context=data["about"])
    return _one(request, made.pk)


def verb(fields: type[bodies.Strict]) -> Callable[[Verb], Any]:
    """Make a function of (quote, data, user) a POST; it answers with the quote."""

    def wrap(act: Verb) -> Any:
        name = act.__name__

        def do(request: Request, pk: int) -> Response:
            user = account(request)
            row = get_object_or_404(quotes.with_all(quotes.visible_to(user)), pk=pk)
            data = told(fields, request)
            with pipeline.change(Actor.user(user)):
                act(row, data, user)
                audit.record(user, f"quote.{name}", f"quote {pk}", request=request)
            return _one(request, pk)

        do.__doc__ = act.__doc__
        return posted(f"quotes_{name}", fields)(do)

    return wrap


@verb(bodies.Ask)
def ask(row: Quote, data: dict[str, Any], user: User) -> None:
    """Ask whoever said it, where they said it."""
    consent.ask(row, body=data["body"] or consent.asking_words(row), user=user)


@verb(bodies.Answer)
def answer(row: Quote, data: dict[str, Any], user: User) -> None:
    """File what they answered, with what proves it."""
    consent.answer(row, **_proven(data, user))


@verb(bodies.Withdraw)
def withdraw(row: Quote, data: dict[str, Any], user: User) -> None:
    """It may not be used any more, from this moment on."""
    consent.withdraw(row, **_proven(data, user))


def _proven(data: dict[str, Any], user: User) -> dict[str, Any]:
    """The same with the message instead of its number."""
    if data["evidence"] is None:
        return data
    rows = messages_visible_to(user).select_related("author__user")
    return {**data, "evidence": get_object_or_404(rows, pk=data["evidence"])}
