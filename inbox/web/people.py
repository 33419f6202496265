"""People: who they are, under which addresses, and what they asked."""

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from inbox.accounts.models import User
from inbox.people.models import Contact
from inbox.tickets import queries
from inbox.web.page import page, zone_of
from inbox.web.queue import RELATED, row_of

PER_PAGE = 50


@login_required
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Contacts, newest first, found by name or address."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    before = request.GET.get("before", "")
    rows = Contact.objects.prefetch_related("identities").order_by("-pk")
    if text:
        found = Q(name__icontains=text) | Q(identities__external_id__icontains=text)
        rows = rows.filter(found).distinct()
    if before.isascii() and before.isdigit() and len(before) < 16:
        rows = rows.filter(pk__lt=int(before))
    contacts = list(rows[: PER_PAGE + 1])
    more = contacts[PER_PAGE - 1].pk if len(contacts) > PER_PAGE else None
    context = {"contacts": contacts[:PER_PAGE], "q": text, "more": more}
    return page(request, "people/people.html", context, fragments={"people"})


@login_required
@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One contact with identities and tickets."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    contact = get_object_or_404(Contact.objects.prefetch_related("identities"), pk=pk)
    theirs = queries.visible_to(user).filter(asker__contact=contact)
    now, zone = timezone.now(), zone_of(user)
    rows = [
        row_of(t, now, zone) for t in theirs.select_related(*RELATED).order_by("-number")[:PER_PAGE]
    ]
    return page(request, "people/person.html", {"contact": contact, "rows": rows})
