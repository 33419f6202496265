"""Quotes on the desk: kept from a message, asked about, answered, shared, taken back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inbox import pipeline
from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.audit import services as audit
from inbox.common.config import setting
from inbox.common.work import Actor
from inbox.community import elsewhere, exporting, interviews, quotes, reading
from inbox.community.exporting import Shown
from inbox.community.records import Consent, Quote
from inbox.tickets import queries, scheduling
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Message, Ticket
from inbox.web.guard import entered
from inbox.web.onpaper import csv_of, numbered
from inbox.web.page import page

PER_PAGE, MOST_ON_TICKET, MOST_ANSWERS, MOST_IN_FILE = 50, 50, 20, 10_000
FILTERS = {"": "All", "usable": "May be used", **dict(Consent.choices)}
CHIPS = {
    Consent.NOT_ASKED: ("chip--line", "none"),
    Consent.ASKED: ("chip--wait", "send"),
    Consent.ATTRIBUTED: ("chip--ok", "check"),
    Consent.BLINDED: ("chip--today", "eye"),
    Consent.REFUSED: ("chip--line", "x"),
    Consent.WITHDRAWN: ("chip--line", "lock"),
}
SOURCES = {
    reading.CHANGED: "The message was changed since; the quote says what stood there.",
    reading.GONE: "The message is gone, so the quote cannot be used.",
}


@dataclass(frozen=True, kw_only=True)
class QuoteRow:
    """A quote as a page shows it."""

    quote: Quote
    name: str
    chip: str
    icon: str
    source: str  # what became of the message, where that matters
    shown: Shown | None  # as others may read it


def rows_of(found: Sequence[Quote]) -> list[QuoteRow]:
    """What pages show of some quotes; two statements, however many they are."""
    book = exporting.book_of(found) if found else {}
    return [_row(quote, book) for quote in found]


def _row(quote: Quote, book: exporting.Book) -> QuoteRow:
    chip, icon = CHIPS[Consent(quote.state)]
    return QuoteRow(
        quote=quote,
        name=quote.identity.person_name,
        chip=chip,
        icon=icon,
        source=SOURCES.get(reading.source_of(quote), ""),
        shown=exporting.shown(quote, book) if reading.is_usable(quote) else None,
    )


# ------------------------------------------------------------------ the list


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Every quote that may be seen, narrowed by its consent and by words."""
    user = entered(request)
    show, text = _asked(request.GET)
    rows = reading.narrowed(user, state=show, text=text)
    before = numbered(request.GET.get("before", ""))
    found = list(
        reading.with_all(rows.filter(pk__lt=before) if before else rows).order_by("-pk")[
            : PER_PAGE + 1
        ]
    )
    more = found[PER_PAGE - 1].pk if len(found) > PER_PAGE else 0
    context = {
        "rows": rows_of(found[:PER_PAGE]),
        "show": show,
        "q": text,
        "filters": [(name, words, _address(name, text)) for name, words in FILTERS.items()],
        "more": _address(show, text, more) if more else "",
        **what_may(user),
    }
    return page(request, "people/quotes.html", context, fragments={"quotes"})


def what_may(user: User) -> dict[str, Any]:
    """Which buttons somebody gets, and where notes can be kept."""
    takes = can(user, Right.EXPORT)
    return {
        "acts": can(user, Right.ACT),
        "replies": can(user, Right.REPLY),
        "takes": takes,
        "directories": elsewhere.directories() if takes else [],
    }


def _asked(data: QueryDict) -> tuple[str, str]:
    show = data.get("show", "")
    return show if show in FILTERS else "", data.get("q", "").replace("\x00", "").strip()[:200]


def _address(show: str, text: str, before: int = 0) -> str:
    given = {"show": show, "q": text, "before": before or ""}
    return "?" + urlencode({name: value for name, value in given.items() if value})


@login_required
@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """What may be used of the list as it is narrowed, as CSV; who took it is written down."""
    user = entered(request)
    show, text = _asked(request.POST)
    rows = reading.narrowed(user, state=show, text=text)
    usable = list(reading.with_all(rows.filter(reading.USABLE)).order_by("pk")[:MOST_IN_FILE])
    answer = csv_of("quotes", exporting.QUOTE_HEADINGS, exporting.quote_lines(usable))
    with pipeline.change(Actor.user(user)):
        taken = {"quotes": len(usable), "show": show, "narrowed": bool(text)}
        audit.record(user, "export.read", "quotes", new=taken, request=request)
    return answer


# ------------------------------------------------------------------ on a ticket


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def of_ticket(request: HttpRequest, number: int) -> HttpResponse:
    """What was kept of a ticket, and a form to keep more; it works without scripts."""
    user = entered(request)
    row = get_object_or_404(queries.visible_to(user), pk=number)
    if request.method != "POST":
        return on_ticket(request, row)
    try:
        with pipeline.change(Actor.user(user)):
            quotes.keep(
                row,
                message=_message(row, request.POST),
                words=request.POST.get("words", ""),
                context=request.POST.get("context", ""),
            )
    except VerbError as error:
        return on_ticket(request, row, status=422, problem=error)
    messages.success(request, "Kept, word for word. Nobody was asked yet.")
    return HttpResponseRedirect(reverse("ticket-quotes", args=[number]))


def on_ticket(
    request: HttpRequest, row: Ticket, *, status: int = 200, **extra: Any
) -> HttpResponse:
    """The page of a ticket's quotes and interviews, also as the answer to a mistake."""
    user, data = entered(request), request.POST or request.GET
    said = _said(row)
    chosen = next((m for m in said if f"{m.pk}" == data.get("message", "")), None)
    chosen = chosen or next(iter(said), None)
    kept = reading.with_all(reading.visible_to(user).filter(message__ticket=row)).order_by("-pk")
    held = reading.with_people(row.interviews.order_by("-pk"))
    context = {
        "ticket": row,
        "chosen": chosen,
        "words": data.get("words", ""),
        "draft": data,
        "others": [m for m in said if m != chosen][:MOST_ANSWERS],
        "rows": [
            (one, _answers(one.quote, said), quotes.asking_words(one.quote))
            for one in rows_of(list(kept[:MOST_ON_TICKET]))
        ],
        "answers": [(state, Consent(state).label) for state in quotes.ANSWERS],
        "interviews": list(held[:MOST_ON_TICKET]),
        "inviting": interviews.inviting_words(row),
        "story": interviews.inviting_words(row, is_story=True),
        "no_link": not scheduling.link(row),
        **what_may(user),
        **extra,
    }
    return page(request, "tickets/quotes.html", context, status=status)


def _said(row: Ticket) -> list[Message]:
    """What can be quoted, the newest first."""
    rows = row.messages.filter(direction="in", visibility="public", deleted_at=None)
    found = rows.select_related("author__user", "thread__channel").order_by("-sent_at", "-pk")
    return [message for message in found[:200] if quotes.can_be_quoted(message)]


def _answers(quote: Quote, said: list[Message]) -> list[Message]:
    """Which messages of a ticket may prove what somebody answered."""
    contact = quote.identity.contact_id
    return [m for m in said if m.author and m.author.contact_id == contact][:MOST_ANSWERS]


def _message(row: Ticket, data: QueryDict) -> Message:
    rows = row.messages.select_related("author__user", "thread__channel")
    found = rows.filter(pk=numbered(data.get("message", ""))).first()
    if found is None:
        raise VerbError("Choose a message of this ticket.", field="message")
    return found


# ------------------------------------------------------------------ verbs


@login_required
@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """One verb about one quote. A mistake comes back on the page of its ticket."""
    user, chosen = entered(request), VERBS.get(verb)
    if chosen is None:
        raise Http404
    rows = reading.visible_to(user).select_related(
        "message__ticket__channel", "message__thread__channel", "identity__contact"
    )
    quote = get_object_or_404(rows, pk=pk)
    try:
        with pipeline.change(Actor.user(user)):
            said = chosen(quote, request.POST, user)
            what = {"state": Quote.objects.values_list("state", flat=True).get(pk=pk)}
            audit.record(user, f"quote.{verb}", f"quote {pk}", new=what, request=request)
    except VerbError as error:
        if quote.message is not None:
            row = quote.message.ticket
            return on_ticket(request, row, status=422, problem=error, about=quote.pk)
        messages.error(request, error.text)
        return HttpResponseRedirect(reverse("quotes"))
    messages.success(request, said)
    if request.POST.get("next") == "list" or quote.message is None:
        return HttpResponseRedirect(reverse("quotes"))
    return HttpResponseRedirect(reverse("ticket-quotes", args=[quote.message.ticket_id]))


def _ask(quote: Quote, data: QueryDict, user: User) -> str:
    seconds = int(setting("undo_seconds"))
    quotes.ask(quote, body=data.get("body", ""), user=user, delay_seconds=seconds)
    return "Asked, where they said it. Their answer stands in the conversation."


def _answer(quote: Quote, data: QueryDict, user: User) -> str:
    entry = quotes.answer(
        quote,
        state=data.get("state", ""),
        evidence=_evidence(quote, data),
        words=data.get("words", ""),
        credit=data.get("credit", ""),
    )
    return f"Filed: {entry.get_state_display().lower()}."


def _evidence(quote: Quote, data: QueryDict) -> Message | None:
    pk = numbered(data.get("evidence", ""))
    if not pk or quote.message is None:
        return None
    return _message(quote.message.ticket, QueryDict(f"message={pk}"))


def _withdraw(quote: Quote, data: QueryDict, user: User) -> str:
    quotes.withdraw(quote, words=data.get("words", ""), evidence=_evidence(quote, data))
    return "Withdrawn: it is in no list and no file any more."


def _elsewhere(quote: Quote, data: QueryDict, user: User) -> str:
    channel = elsewhere_or_404(data)
    exporting.keep_quote(quote, channel=channel)
    return f"It becomes a note in {channel.type.label} within a minute."


def elsewhere_or_404(data: QueryDict) -> Any:
    """The directory that a form names."""
    wanted = numbered(data.get("directory", ""))
    found = next((c for c in elsewhere.directories() if c.pk == wanted), None)
    if found is None:
        raise Http404
    return found


VERBS: dict[str, Callable[[Quote, QueryDict, User], str]] = {
    "ask": _ask,
    "answer": _answer,
    "withdraw": _withdraw,
    "elsewhere": _elsewhere,
}
