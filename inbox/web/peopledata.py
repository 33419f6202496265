"""What is kept about one person, handed out whole or erased: for admins alone."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from inbox import pipeline
from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.common.queue import Job, enqueue
from inbox.common.work import Actor
from inbox.operations import forgetting, personjobs
from inbox.people.models import Contact
from inbox.privacy.beside import export_path
from inbox.privacy.models import PersonJob, PersonJobKind, PersonJobState
from inbox.privacy.person import CannotErase
from inbox.tickets.people import known_to
from inbox.web.page import page

SHOWN = 5


def _admin(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    if not can(user, Right.MANAGE):
        raise Http404
    return user


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def data(request: HttpRequest, pk: int) -> HttpResponse:
    """What there is in numbers, the jobs so far, and both buttons."""
    user, problem = _admin(request), ""
    contact = get_object_or_404(known_to(user), pk=pk)
    if request.method == "POST":
        problem = _ask(request, contact, user)
        if not problem:
            return HttpResponseRedirect(reverse("person-data", args=[pk]))
    context = {"contact": contact, "problem": problem, "word": word_of(contact), **_jobs(contact)}
    if not context["busy"]:
        context |= _counts(contact)
    fragments = {"jobs"}
    status = 422 if problem else 200
    return page(request, "people/data.html", context, fragments=fragments, status=status)


def word_of(contact: Contact) -> str:
    """What has to be typed before somebody is erased."""
    return contact.name or f"person {contact.pk}"


def _jobs(contact: Contact) -> dict[str, Any]:
    rows = list(contact.jobs.select_related("by").order_by("-pk")[:SHOWN])
    busy = any(row.state == PersonJobState.WAITING for row in rows)
    return {"jobs": rows, "busy": busy, "offered": personjobs.OFFERED}


def _counts(contact: Contact) -> dict[str, Any]:
    try:
        return {"counts": forgetting.look(contact.pk), "never": ""}
    except CannotErase as error:
        return {"counts": {}, "never": str(error)}


def _ask(request: HttpRequest, contact: Contact, user: User) -> str:
    """Write down what was asked for; what is wrong with it, or nothing."""
    kind = request.POST.get("do", "")
    if kind not in PersonJobKind.values:
        return "Choose one of the buttons."
    if kind == PersonJobKind.ERASE:
        if request.POST.get("word", "").strip() != word_of(contact):
            return f"To erase them, type “{word_of(contact)}”. Nothing was changed."
        if never := _counts(contact)["never"]:
            return str(never)
    notes = kind == PersonJobKind.EXPORT and "notes" in request.POST
    with pipeline.change(Actor.user(user)):
        job, _ = PersonJob.objects.get_or_create(
            contact=contact,
            kind=kind,
            state=PersonJobState.WAITING,
            defaults={"by": user, "notes": notes, "made_at": timezone.now()},
        )
        enqueue(Job.PERSON, job.pk)
    return ""


@login_required
@require_safe
def archive(request: HttpRequest, pk: int, job: int) -> FileResponse:
    """The file of an export, while it is offered."""
    contact = get_object_or_404(known_to(_admin(request)), pk=pk)
    rows = contact.jobs.filter(kind=PersonJobKind.EXPORT, state=PersonJobState.DONE)
    row = get_object_or_404(
        rows.filter(finished_at__gt=timezone.now() - personjobs.OFFERED), pk=job
    )
    path = export_path(row.pk)
    if not path.exists():
        raise Http404
    answer = FileResponse(path.open("rb"), as_attachment=True, filename=f"person-{pk}.zip")
    answer["Cache-Control"] = "private, no-store"
    return answer
