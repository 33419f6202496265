"""Issues made here: from a ticket, or out of a place's template. Read first, then sent."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any, Self

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from inbox import pipeline
from inbox.accounts.models import User
from inbox.channels.models import Source
from inbox.channels.tracker import IssueTemplate
from inbox.common.config import setting
from inbox.common.work import Actor
from inbox.loop import issues
from inbox.loop.masking import anonymise, mask, named_in, removed_from
from inbox.outbox.models import Outgoing
from inbox.outbox.rendering import to_html
from inbox.tickets import queries
from inbox.tickets.errors import VerbError
from inbox.tickets.models import AuthorRole, Message, Ticket
from inbox.web.page import page
from inbox.web.verbs import may

LAST_PLACE = "issue-place"
NO_TEMPLATE = IssueTemplate(key="", name="")


@dataclass(kw_only=True)
class Draft:
    """The form as it stands; it travels with every step, so that nothing is kept in between."""

    place: int = 0
    template: str = ""
    applied: str = ""  # the template whose words are in the form
    messages: list[int] = field(default_factory=list)
    named: bool = False
    quoted: str = ""  # which messages are in `quote`, and how
    title: str = ""
    summary: str = ""
    quote: str = ""
    labels: str = ""
    close: bool = False
    confirmed: bool = False
    token: str = ""
    seen: str = ""  # the fingerprint of what was read in the preview

    @classmethod
    def read(cls, data: QueryDict) -> Self:
        """What was sent."""
        place = str(data.get("place", ""))
        words = ("template", "applied", "quoted", "title", "summary", "quote", "labels", "seen")
        return cls(
            place=int(place) if place.isascii() and place.isdigit() and len(place) < 19 else 0,
            messages=[int(pk) for pk in data.getlist("message") if pk.isascii() and pk.isdigit()],
            named="named" in data,
            close="close" in data,
            confirmed="confirmed" in data,
            token=data.get("token", "")[:40] or uuid.uuid4().hex,
            **{name: data.get(name, "").replace("\r\n", "\n") for name in words},
        )

    @property
    def text(self) -> str:
        """The issue's words, as they leave."""
        return mask(f"{self.summary.strip()}\n\n{self.quote.strip()}".strip())

    @property
    def label_list(self) -> list[str]:
        """Labels, each once."""
        return list(dict.fromkeys(part.strip() for part in self.labels.split(",") if part.strip()))

    @property
    def fingerprint(self) -> str:
        """What a preview showed."""
        parts = (self.title, self.text, self.place, self.label_list, self.named, self.close)
        return sha256(repr(parts).encode()).hexdigest()[:20]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ticket_issue(request: HttpRequest, number: int) -> HttpResponse:
    """An issue out of a ticket: place, words, preview (S45, S61)."""
    user = _agent(request)
    return _step(request, user, get_object_or_404(queries.visible_to(user), pk=number))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_issue(request: HttpRequest) -> HttpResponse:
    """An issue out of a place's template (S83)."""
    return _step(request, _agent(request), None)


def _agent(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    if not may(user, "issue", request.POST):
        raise Http404
    return user


def _step(request: HttpRequest, user: User, ticket: Ticket | None) -> HttpResponse:
    places = issues.places(last=request.session.get(LAST_PLACE, 0))
    said = issues.quotable(ticket) if ticket else []
    draft = Draft.read(request.POST) if request.method == "POST" else _first(ticket, said)
    source = next((row for row in places if row.pk == draft.place), None)
    draft.place = source.pk if source else places[0].pk if places else 0
    asked = request.method == "POST"
    templates, trouble = issues.templates_of(source) if source and asked else ((), "")
    _refill(draft, ticket, templates)
    step, problem = request.POST.get("step", ""), None
    if step == "create" and source is not None and draft.seen == draft.fingerprint:
        try:
            return _create(request, user, ticket, source, draft)
        except VerbError as error:
            problem, step = error, "edit"
    elif step == "create":
        step = "preview"
    context = {
        "ticket": ticket,
        "draft": draft,
        "places": places,
        "source": source or (places[0] if places else None),
        "templates": templates,
        "trouble": trouble,
        "loaded": asked,
        "said": said,
        "problem": problem,
        "refused": issues.may_become_public(ticket, user, confirmed=True) if ticket else "",
        "is_delicate": ticket is not None
        and bool(issues.may_become_public(ticket, user, confirmed=False)),
        "path": request.path,
        **(_preview(ticket, draft) if step == "preview" else {}),
        "recent": _recent() if ticket is None else [],
    }
    status = 422 if problem else 200
    return page(request, "tickets/issue.html", context, fragments={"issue-form"}, status=status)


def _first(ticket: Ticket | None, said: Sequence[Message]) -> Draft:
    """The form before anybody wrote in it: what the asker said is chosen."""
    draft = Draft(token=uuid.uuid4().hex)
    if ticket is not None:
        draft.title = anonymise(mask(ticket.subject), issues.names_of(ticket))
        draft.messages = [m.pk for m in said if m.role == AuthorRole.ASKER]
    return draft


def _refill(draft: Draft, ticket: Ticket | None, templates: Sequence[IssueTemplate]) -> None:
    """Bring in a template or messages that were chosen since; what was written stays."""
    if draft.template != draft.applied and templates:
        known = {template.key: template for template in templates}
        old, new = known.get(draft.applied, NO_TEMPLATE), known.get(draft.template, NO_TEMPLATE)
        untouched = draft.summary.strip() in ("", old.text.strip())
        draft.summary = new.text if untouched else f"{draft.summary.rstrip()}\n\n{new.text}"
        if draft.title.strip() in ("", old.title.strip()):
            draft.title = new.title
        kept = [label for label in draft.label_list if label not in old.labels]
        draft.labels = ", ".join([*kept, *new.labels])
        draft.template = draft.applied = new.key
    wanted = f"{sorted(draft.messages)} {draft.named}"
    if ticket is not None and draft.quoted != wanted:
        draft.quote = issues.quote(ticket, draft.messages, named=draft.named)
        draft.quoted = wanted


def _preview(ticket: Ticket | None, draft: Draft) -> dict[str, Any]:
    names = issues.names_of(ticket, except_asker=draft.named) if ticket else []
    return {
        "shown": to_html(draft.text),
        "title": mask(draft.title),
        "removed": removed_from(f"{mask(draft.title)}\n{draft.text}"),
        "still": named_in(f"{draft.title}\n{draft.text}", names),
    }


def _create(
    request: HttpRequest, user: User, ticket: Ticket | None, source: Source, draft: Draft
) -> HttpResponse:
    seconds = int(setting("undo_seconds"))
    wanted = issues.Wanted(
        source=source,
        title=draft.title,
        text=draft.text,
        labels=draft.label_list,
        close=draft.close and ticket is not None,
        confirmed=draft.confirmed,
        token=draft.token,
    )
    with pipeline.change(Actor.user(user)):
        issues.open_issue(wanted, user=user, ticket=ticket, delay=timedelta(seconds=seconds))
    request.session[LAST_PLACE] = source.pk
    messages.success(request, f"The issue leaves in {seconds} seconds. Undo it until then.")
    to = reverse("ticket", args=[ticket.pk]) if ticket else reverse("issue-new")
    if getattr(request, "htmx", None):
        return HttpResponse(headers={"HX-Redirect": to})
    return HttpResponseRedirect(to)


def _recent() -> list[Outgoing]:
    """The last issues that were made without a ticket, with what became of them."""
    rows = Outgoing.objects.filter(ticket=None, kind=issues.ISSUE).order_by("-pk")
    return list(rows.select_related("channel")[:5])
