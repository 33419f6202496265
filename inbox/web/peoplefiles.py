"""Lists of people that leave: as the list is narrowed now, and written down."""

from collections.abc import Iterable, Iterator

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from inbox import pipeline
from inbox.audit import services as audit
from inbox.common.work import Actor
from inbox.people.models import Contact, Identity, PeopleExport
from inbox.people.standing import honours_of
from inbox.search.people import narrowed
from inbox.tickets.people import known_to
from inbox.web.guard import entered
from inbox.web.onpaper import csv_of
from inbox.web.people import FILTERS

AT_ONCE = 1_000
HEADINGS = (
    "Name", "E-mail address", "GitHub login", "Slack member id", "Time zone",
    "Champion", "Known since", "Last heard",
)  # fmt: skip


# ------------------------------------------------------------------ out


@login_required
@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """Those of the list as it is narrowed now, as CSV; who took it out is written down."""
    user = entered(request)
    show, text = request.POST.get("show", ""), request.POST.get("q", "").replace("\x00", "")[:200]
    rows, _ = narrowed(known_to(user), user, show, text)
    pks = list(rows.order_by("pk").values_list("pk", flat=True))
    lines = (line for some in _chunks(pks) for line in _lines(some))
    answer = csv_of("people", HEADINGS, lines)
    about = ", ".join(
        part for part in (FILTERS.get(show, "Everybody"), text and f"“{text}”") if part
    )
    with pipeline.change(Actor.user(user)):
        PeopleExport.objects.create(by=user, at=timezone.now(), people=len(pks), about=about)
        # what was looked for may be a name: the list of exports says it, and forgets
        taken = {"people": len(pks), "show": show, "narrowed": bool(text)}
        audit.record(user, "export.read", "people", new=taken, request=request)
    return answer


def _chunks(pks: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(pks), AT_ONCE):
        yield pks[start : start + AT_ONCE]


def _lines(pks: list[int]) -> Iterable[list[str]]:
    identities = Prefetch("identities", Identity.objects.order_by("pk"))
    starred = honours_of(pks)
    for contact in Contact.objects.filter(pk__in=pks).order_by("pk").prefetch_related(identities):
        known = list(contact.identities.all())
        yield [
            contact.name or next((one.name for one in known if one.name), ""),
            " ".join(one.external_id for one in known if one.kind == "email"),
            " ".join(one.handle or one.external_id for one in known if one.kind == "github"),
            " ".join(f"{one.realm}/{one.external_id}" for one in known if one.kind == "slack"),
            next((one.timezone for one in known if one.timezone), ""),
            starred[contact.pk].reason if contact.pk in starred else "",
            f"{contact.created_at:%F}",
            f"{contact.heard_at:%F}" if contact.heard_at else "",
        ]
